#!/usr/bin/env python3
"""Times mlenv's hook beside direnv's and mise's in interactive shells on a terminal. Standard library only.

    python3 bench/hook.py target/dist/mlenv [--rounds N] [--fat] [--mise PROGRAM|no]

For each shell one process is measured without a hook and one with each tool, round after round, so that all meet the
same noise; of all rounds the median. `hook` is what runs at an idle prompt, alone, in a loop. `cd` is the time from the
newline to the next prompt. Of everything the time of the shell without a hook is taken off. Read the ratios: the single
figures depend on the machine and its load. mise comes from npm, into a temporary directory, unless told otherwise; it
has no hook for tcsh.
"""

import argparse
import os
import pty
import select
import shutil
import signal
import statistics
import subprocess
import tempfile
import time

READY = b"RDY>"
SHELLS = {
    "bash": ["bash", "--norc", "--noprofile", "-i"],
    "zsh": ["zsh", "-f", "-i"],
    "tcsh": ["tcsh", "-f", "-i"],
    "fish": ["fish", "-N", "-i"],
}
# A prompt that no typed line holds, drawn without starting anything.
PROMPTS = {
    "bash": "unset PROMPT_COMMAND; bind 'set enable-bracketed-paste off'; PS1='RDY>'",
    "zsh": "unsetopt zle prompt_cr prompt_sp; PS1='RDY>'",
    "tcsh": "unset edit; set prompt = 'RDY>'",
    "fish": "function fish_title; end; function fish_prompt; echo -n 'RDY>'; end",
}
HOOKS = {
    "mlenv": {
        "bash": 'eval "$($MLENV hook bash)"',
        "zsh": 'eval "$($MLENV hook zsh)"',
        "tcsh": 'eval "`$MLENV hook tcsh`"',
        "fish": "$MLENV hook fish | source",
    },
    "direnv": {
        "bash": 'eval "$(direnv hook bash)"',
        "zsh": 'eval "$(direnv hook zsh)"',
        "tcsh": "eval `direnv hook tcsh`",
        "fish": "direnv hook fish | source",
    },
    "mise": {
        "bash": 'eval "$($MISE activate bash)"',
        "zsh": 'eval "$($MISE activate zsh)"',
        "fish": "$MISE activate fish | source",
    },
    "none": {},
}
# What each tool runs at a prompt, called again and again in one line: the hook alone, without terminal and shell.
AT_PROMPT = {
    "mlenv": {"bash": "__mlenv_hook", "zsh": "__mlenv_hook", "tcsh": "__mlenv_hook", "fish": "__mlenv_hook"},
    "direnv": {"bash": "_direnv_hook", "zsh": "_direnv_hook", "tcsh": "precmd", "fish": "__direnv_export_eval"},
    "mise": {"bash": "_mise_hook_prompt_command", "zsh": "_mise_hook_precmd", "fish": "__mise_env_eval_on_prompt"},
    "none": {"bash": ":", "zsh": ":", "tcsh": "set x", "fish": "true"},
}
LOOP = {
    "bash": "for ((i = 0; i < {times}; i++)); do {hook}; done",
    "zsh": "for ((i = 0; i < {times}; i++)); do {hook}; done",
    "tcsh": "repeat {times} eval {hook}",
    "fish": "for i in (string repeat -n {times} 'x ' | string split ' '); {hook}; end",
}
TIMES = {"mlenv": 100, "direnv": 10, "mise": 10, "none": 100}
ACTIONS = ["hook outside", "hook inside", "cd in", "cd within", "cd out", "cd plain"]
# What is asked of us, against direnv.
REACH = {
    "hook inside": {"bash": 40, "zsh": 60, "tcsh": 25, "fish": 20},
    "cd in": {"bash": 8, "zsh": 8, "tcsh": 4, "fish": 4},
    "cd out": {"bash": 5, "zsh": 5, "tcsh": 1, "fish": 1},
}
RECORD = """schema = 1
mlenv = "0.1.0"
created = "2026-01-01T00:00:00Z"
layout = "standard"
user-site = false
prefix = "{env}"
[base]
path = "{base}"
prefix = "{base}"
kind = "conda"
python = "3.11.7"
python-lib = "python3.11"
[base.fingerprint]
packages = "x"
root = "0:0"
stamp = {stamp}
"""


class Shell:
    """One interactive shell on a terminal."""

    def __init__(self, name, tool, world):
        self.name = name
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.chdir(world.home)
            os.execvpe(SHELLS[name][0], SHELLS[name], world.variables())
        time.sleep(0.4)
        os.write(self.fd, PROMPTS[name].encode() + b"\n")
        self.until_quiet()
        if tool != "none":
            os.write(self.fd, HOOKS[tool][name].encode() + b"\n")
            self.until_quiet()

    def until_quiet(self):
        while select.select([self.fd], [], [], 0.4)[0]:
            os.read(self.fd, 65536)

    def run(self, line):
        """Seconds from the newline to the next prompt."""
        while select.select([self.fd], [], [], 0.004)[0]:
            os.read(self.fd, 65536)
        os.write(self.fd, line.encode())
        time.sleep(0.002)
        while select.select([self.fd], [], [], 0.002)[0]:
            os.read(self.fd, 65536)
        start = time.perf_counter()
        os.write(self.fd, b"\n")
        seen = b""
        while READY not in seen:
            if not select.select([self.fd], [], [], 20)[0]:
                raise SystemExit(f"{self.name}: no prompt after {line!r}: {seen[-300:]!r}")
            seen += os.read(self.fd, 65536)
        return time.perf_counter() - start

    def close(self):
        os.kill(self.pid, signal.SIGKILL)  # shells that started later hold this terminal open
        os.waitpid(self.pid, 0)
        os.close(self.fd)


class World:
    """A home with one project, known to all tools."""

    def __init__(self, root, mlenv, mise, fat):
        self.mlenv, self.mise, self.fat = os.path.abspath(mlenv), mise, fat
        self.home = os.path.join(root, "home")
        base = os.path.join(root, "image/opt/conda")
        self.project = os.path.join(self.home, "work/project")
        env = os.path.join(self.project, "env")
        for directory in ("conda-meta", "bin", "lib/python3.11"):
            os.makedirs(os.path.join(base, directory))
        for directory in ("bin", "conda-meta"):
            os.makedirs(os.path.join(env, directory))
        os.makedirs(os.path.join(self.project, "sub/deep"))
        os.makedirs(os.path.join(self.home, "work/plain"))
        open(os.path.join(base, "conda-meta/history"), "w").close()
        open(os.path.join(base, "lib/python3.11/os.py"), "w").close()
        os.symlink(base, os.path.join(env, "baseEnv_dir"))
        with open(os.path.join(env, "mlenv.toml"), "w") as record:
            stamp = int(os.stat(os.path.join(base, "conda-meta")).st_mtime)
            record.write(RECORD.format(env=env, base=base, stamp=stamp))
        # As much as an mlenv env sets: its directory on PATH and a few variables.
        with open(os.path.join(self.project, ".envrc"), "w") as rc:
            rc.write(f"PATH_add env/bin\nexport CONDA_PREFIX={env} CONDA_DEFAULT_ENV={env} CONDA_SHLVL=1\n")
        with open(os.path.join(self.project, ".mise.toml"), "w") as rc:
            rc.write(f'[env]\nCONDA_PREFIX = "{env}"\nCONDA_DEFAULT_ENV = "{env}"\nCONDA_SHLVL = "1"\n_.path = ["env/bin"]\n')
        self.consent([self.mlenv, "save", "./env"])
        self.consent(["direnv", "allow", "."])
        if mise:
            self.consent([mise, "trust"])

    def consent(self, words):
        subprocess.run(words, cwd=self.project, env=self.variables(), stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL, check=True)

    def variables(self):
        path = "/usr/local/bin:/usr/bin:/bin"
        variables = {"HOME": self.home, "TERM": "xterm", "LANG": "C.UTF-8", "MLENV": self.mlenv}
        variables.update({"DIRENV_LOG_FORMAT": "", "MISE": self.mise or "", "MISE_OFFLINE": "1", "MISE_QUIET": "1"})
        if self.fat:
            path = ":".join([path] + [f"/opt/site/package{n}/bin" for n in range(40)])
            variables.update({f"SITE_VARIABLE_{n}": "value " * 8 for n in range(120)})
        variables["PATH"] = path
        return variables


def measure(name, world, rounds):
    """Medians for each tool: {tool: {action: seconds}}."""
    tools = [tool for tool in HOOKS if tool == "none" or name in HOOKS[tool] and (tool != "mise" or world.mise)]
    shells = {tool: Shell(name, tool, world) for tool in tools}
    plain, project = os.path.join(world.home, "work/plain"), world.project
    figures = {tool: {} for tool in tools}

    def note(tool, action, seconds):
        figures[tool].setdefault(action, []).append(seconds)

    for shell in shells.values():  # warm, and older than what tcsh calls young
        shell.run(f"cd {project}")
        shell.run(f"cd {plain}")
    time.sleep(2.2)
    for number in range(rounds):
        for tool, shell in shells.items():
            loop = LOOP[name].format(times=TIMES[tool], hook=AT_PROMPT[tool][name])
            note(tool, "hook outside", shell.run(loop) / TIMES[tool])
            note(tool, "cd in", shell.run(f"cd {project}"))
            note(tool, "hook inside", shell.run(loop) / TIMES[tool])
            note(tool, "cd within", shell.run("cd sub"))
            note(tool, "cd out", shell.run(f"cd {plain}"))
            note(tool, "cd plain", shell.run("cd .."))
            shell.run("cd plain")
        if number == 0:  # what starts is not what is measured
            for actions in figures.values():
                actions.clear()
    for shell in shells.values():
        shell.close()
    return {tool: {action: statistics.median(all_) for action, all_ in actions.items()} for tool, actions in figures.items()}


def report(name, medians):
    for action in ACTIONS:
        none = medians["none"][action]
        added = {tool: max(actions[action] - none, 1e-6) * 1e3 for tool, actions in medians.items()}
        ratio = {tool: f"{added[tool] / added['mlenv']:.1f}" for tool in added}
        reach = REACH.get(action, {}).get(name, "")
        print(f"| {name} | {action} | {none * 1e3:.2f} | {added['mlenv']:.3f} | {added['direnv']:.2f} "
              f"| {'%.2f' % added['mise'] if 'mise' in added else '-'} | {ratio['direnv']} | {reach} "
              f"| {ratio.get('mise', '-')} |", flush=True)


def starts(world, rounds):
    """Milliseconds from fork to end, medians, all programs in turn."""
    variables = world.variables()
    marker = os.path.join(world.project, ".mlenv.toml")
    programs = {
        "/bin/true": ["/bin/true"],
        "mlenv hook bash": [world.mlenv, "hook", "bash"],
        "mlenv answer, one activation": [world.mlenv, "answer", "--shell", "bash", "--marker", marker],
        "direnv export, one activation": ["direnv", "export", "bash"],
    }
    if world.mise:
        programs["mise hook-env, one activation"] = [world.mise, "hook-env", "-s", "bash"]
    figures = {what: [] for what in programs}
    for _ in range(rounds):
        for what, words in programs.items():
            start = time.perf_counter()
            subprocess.run(words, env=variables, cwd=world.project, stdout=subprocess.DEVNULL,
                           stderr=subprocess.DEVNULL, check=True)
            figures[what].append(time.perf_counter() - start)
    return {what: statistics.median(all_) * 1e3 for what, all_ in figures.items()}


def find_mise(wanted, root):
    """The program, and what to say about it."""
    if wanted == "no":
        return None, "mise left out"
    if wanted != "npm":
        return os.path.abspath(wanted), "mise as named"
    try:
        words = ["npm", "install", "--silent", "--no-audit", "--no-fund", "--prefix", root, "@jdxcode/mise"]
        subprocess.run(words, check=True, capture_output=True, timeout=600)
        program = os.path.join(root, "node_modules/.bin/mise")
        version = subprocess.run([program, "--version"], check=True, capture_output=True, text=True, timeout=60,
                                 env={"HOME": root, "PATH": "/usr/bin:/bin", "MISE_OFFLINE": "1"}).stdout.split()[0]
        return program, f"mise {version} from npm"
    except (OSError, subprocess.SubprocessError) as cause:
        return None, f"mise is not to be had here, so direnv alone: {cause}"


def version(words):
    text = subprocess.run(words, capture_output=True, text=True, stdin=subprocess.DEVNULL).stdout
    return next((word for word in text.replace(",", " ").split() if word[0].isdigit()), "?").split("(")[0]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("mlenv", help="the program, built with --profile dist")
    parser.add_argument("--rounds", type=int, default=25)
    parser.add_argument("--fat", action="store_true", help="120 more variables and 40 more PATH entries")
    parser.add_argument("--shells", default="bash,zsh,tcsh,fish")
    parser.add_argument("--mise", default="npm", help="npm (the default), a program, or no")
    arguments = parser.parse_args()
    missing = [name for name in [*SHELLS, "direnv"] if not shutil.which(name)]
    if missing:
        raise SystemExit(f"not installed: {', '.join(missing)}")
    with tempfile.TemporaryDirectory() as root, tempfile.TemporaryDirectory() as npm:
        mise, word = find_mise(arguments.mise, npm)
        world = World(os.path.realpath(root), arguments.mlenv, mise, arguments.fat)
        versions = [f"{name} {version([name, '--version'])}" for name in [*arguments.shells.split(","), "direnv"]]
        size = ", 120 more variables and 40 more PATH entries" if arguments.fat else ""
        print(f"{', '.join(versions)}, {word}; {arguments.rounds} rounds{size}; load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores\n")
        print("| shell | action | no hook, ms | mlenv adds, ms | direnv adds, ms | mise adds, ms | direnv / mlenv | reach | mise / mlenv |")
        print("|---|---|---|---|---|---|---|---|---|")
        for name in arguments.shells.split(","):
            report(name, measure(name, world, arguments.rounds))
        print("\n| process, start to end | ms |\n|---|---|")
        for what, milliseconds in starts(world, arguments.rounds * 8).items():
            print(f"| {what} | {milliseconds:.2f} |")


if __name__ == "__main__":
    main()
