#!/usr/bin/env python3
"""Times mlenv's hook beside direnv's in interactive shells on a terminal. Standard library only.

    python3 bench/hook.py target/release/mlenv [--rounds N]

For each shell one process is measured without a hook, with mlenv and with direnv, round after round, so that all
meet the same noise; of all rounds the median. `hook` is what runs at an idle prompt, alone, in a loop. `cd` is the
time from the newline to the next prompt; what is added is that less the time of the shell without a hook. Read the ratios: the single figures depend on the machine.
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
    "none": {},
}
# What each tool runs at a prompt, called again and again in one line: the hook alone, without terminal and shell.
AT_PROMPT = {
    "mlenv": {"bash": "__mlenv_hook", "zsh": "__mlenv_hook", "tcsh": "__mlenv_hook", "fish": "__mlenv_hook"},
    "direnv": {"bash": "_direnv_hook", "zsh": "_direnv_hook", "tcsh": "precmd", "fish": "__direnv_export_eval"},
    "none": {"bash": ":", "zsh": ":", "tcsh": "set x", "fish": "true"},
}
LOOP = {
    "bash": "for ((i = 0; i < {times}; i++)); do {hook}; done",
    "zsh": "for ((i = 0; i < {times}; i++)); do {hook}; done",
    "tcsh": "repeat {times} eval {hook}",
    "fish": "for i in (string repeat -n {times} 'x ' | string split ' '); {hook}; end",
}
TIMES = {"mlenv": 100, "direnv": 10, "none": 100}
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
            os.execvpe(SHELLS[name][0], SHELLS[name], world.variables(tool))
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
    """A home with one project, known to both tools."""

    def __init__(self, root, mlenv, fat):
        self.mlenv, self.fat = os.path.abspath(mlenv), fat
        self.home = os.path.join(root, "home")
        base = os.path.join(root, "image/opt/conda")
        self.project = os.path.join(self.home, "work/project")
        env = os.path.join(self.project, "env")
        for directory in ("conda-meta", "bin", "lib/python3.11"):
            os.makedirs(os.path.join(base, directory))
        for directory in ("bin", "conda-meta"):
            os.makedirs(os.path.join(env, directory))
        for directory in ("sub/deep",):
            os.makedirs(os.path.join(self.project, directory))
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
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "check": True}
        inside = {"cwd": self.project, "env": self.variables("none")}
        subprocess.run([self.mlenv, "save", "./env"], **inside, **quiet)
        subprocess.run(["direnv", "allow", "."], **inside, **quiet)

    def variables(self, _tool):
        path = "/usr/local/bin:/usr/bin:/bin"
        variables = {"HOME": self.home, "TERM": "xterm", "LANG": "C.UTF-8", "MLENV": self.mlenv}
        variables["DIRENV_LOG_FORMAT"] = ""
        if self.fat:
            path = ":".join([path] + [f"/opt/site/package{n}/bin" for n in range(40)])
            variables.update({f"SITE_VARIABLE_{n}": "value " * 8 for n in range(120)})
        variables["PATH"] = path
        return variables


def measure(name, world, rounds):
    """Medians for each tool: {tool: {action: seconds}}."""
    shells = {tool: Shell(name, tool, world) for tool in HOOKS}
    plain, project = os.path.join(world.home, "work/plain"), world.project
    figures = {tool: {} for tool in HOOKS}

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
    for action in ("hook outside", "hook inside", "cd in", "cd within", "cd out", "cd plain"):
        none = medians["none"][action]
        mlenv = max(medians["mlenv"][action] - none, 1e-6)
        direnv = max(medians["direnv"][action] - none, 1e-6)
        whole = medians["direnv"][action] / medians["mlenv"][action]
        print(f"| {name} | {action} | {none * 1e3:.2f} | {mlenv * 1e3:.3f} | {direnv * 1e3:.2f} "
              f"| {direnv / mlenv:.1f} | {whole:.1f} |", flush=True)


def starts(world, rounds):
    """Milliseconds from fork to end, medians, all programs in turn."""
    variables = world.variables("none")
    marker = os.path.join(world.project, ".mlenv.toml")
    programs = {
        "/bin/true": ["/bin/true"],
        "mlenv hook bash": [world.mlenv, "hook", "bash"],
        "mlenv answer, one activation": [world.mlenv, "answer", "--shell", "bash", "--marker", marker],
        "direnv export, one activation": ["direnv", "export", "bash"],
    }
    figures = {what: [] for what in programs}
    for _ in range(rounds):
        for what, words in programs.items():
            start = time.perf_counter()
            subprocess.run(words, env=variables, cwd=world.project, stdout=subprocess.DEVNULL,
                           stderr=subprocess.DEVNULL, check=True)
            figures[what].append(time.perf_counter() - start)
    return {what: statistics.median(all_) * 1e3 for what, all_ in figures.items()}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("mlenv", help="the program, built with --release")
    parser.add_argument("--rounds", type=int, default=25)
    parser.add_argument("--fat", action="store_true", help="120 more variables and 40 more PATH entries")
    parser.add_argument("--shells", default="bash,zsh,tcsh,fish")
    arguments = parser.parse_args()
    missing = [name for name in [*SHELLS, "direnv"] if not shutil.which(name)]
    if missing:
        raise SystemExit(f"not installed: {', '.join(missing)}")
    with tempfile.TemporaryDirectory() as root:
        world = World(os.path.realpath(root), arguments.mlenv, arguments.fat)
        print("| shell | action | no hook, ms | mlenv adds, ms | direnv adds, ms | ratio of what is added | ratio of the whole |")
        print("|---|---|---|---|---|---|---|")
        for name in arguments.shells.split(","):
            report(name, measure(name, world, arguments.rounds))
        print("\n| process, start to end | ms |\n|---|---|")
        for what, milliseconds in starts(world, arguments.rounds * 8).items():
            print(f"| {what} | {milliseconds:.2f} |")


if __name__ == "__main__":
    main()
