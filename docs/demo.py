#!/usr/bin/env python3
"""Types a session into a real zsh with mlenv's hook, and draws what the terminal showed as docs/demo.svg.

    python3 docs/demo.py MLENV BASE

MLENV is the program, BASE a conda prefix with numpy; a package is fetched from PyPI. Standard library only.
"""

import html
import os
import pty
import re
import select
import shutil
import sys
import tempfile
import time

LINES = [
    "mlenv create -p myEnv --base ml",
    "python -c 'import numpy; print(numpy.__file__)'",
    "mlenv install --yes humanize",
    "python -c 'import humanize; print(humanize.__file__)'",
    "mlenv packages --added",
    "cd .. && echo ${CONDA_PREFIX-nothing is active}",
    "cd project && which python",
]
READY = "@ready@"  # ends each answer, and is taken out again
WIDTH, LINE_HEIGHT, LETTER = 104, 19, 8.4


def session(mlenv, base):
    """What a terminal shows, line by line."""
    root = tempfile.mkdtemp(prefix="demo", dir="/dev/shm")
    try:
        home = os.path.join(root, "home")
        project = os.path.join(home, "project")
        os.makedirs(project)
        os.makedirs(os.path.join(home, "bin"))
        os.symlink(os.path.abspath(mlenv), os.path.join(home, "bin/mlenv"))
        world = {"HOME": home, "PATH": f"{home}/bin:/usr/local/bin:/usr/bin:/bin", "TERM": "xterm", "LANG": "C.UTF-8"}
        world.update({name: value for name, value in os.environ.items() if name.startswith("PIP_")})
        image = os.path.join(root, "cvmfs/ml-base:alma9/opt")
        os.makedirs(image)
        os.symlink(base, os.path.join(image, "conda"))
        os.spawnve(os.P_WAIT, mlenv, [mlenv, "-q", "base", "add", os.path.join(image, "conda"), "--name", "ml"], world)
        return [(kind, text.replace(root, "").replace(base, "/cvmfs/ml-base:alma9/opt/conda")) for kind, text in typed(project, world)]
    finally:
        shutil.rmtree(root, ignore_errors=True)


def typed(project, world):
    pid, terminal = pty.fork()
    if pid == 0:
        os.chdir(project)
        os.execvpe("zsh", ["zsh", "-f", "-i"], world)
    rc = 'unsetopt zle prompt_cr prompt_sp; stty -echo; eval "$(mlenv hook zsh)"; PS1="%~ %% "'
    ask(terminal, rc)
    shown = []
    for line in LINES:
        shown.append(("prompt", prompt(terminal) + line))
        shown += [("answer", text) for text in ask(terminal, line)]
    os.close(terminal)
    os.waitpid(pid, 0)
    return shown


def prompt(terminal):
    """What stands on the last line once the shell waits."""
    seen = ""
    while select.select([terminal], [], [], 0.6)[0]:
        seen += os.read(terminal, 65536).decode()
    return plain(seen)[-1]


def ask(terminal, line):
    """Types a line; gives the lines of the answer."""
    os.write(terminal, f"{line}; echo @ready''@\n".encode())
    answer, end = "", time.time() + 120
    while READY not in answer:
        if time.time() > end:
            raise SystemExit(f"no answer to {line!r}: {answer}")
        if select.select([terminal], [], [], 1)[0]:
            # Byte by byte, so that the prompt after it stays to be read.
            answer += os.read(terminal, 1).decode("latin-1")
    answer = answer.encode("latin-1").decode()
    return [text for text in plain(answer.split(READY)[0]) if text and not text.startswith("Looking in")]


def plain(text):
    """Lines as they stand in the end: without escapes, and without what was drawn over."""
    text = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", text).replace("\r\n", "\n")
    return [line.split("\r")[-1] for line in text.split("\n")]


def drawing(shown):
    rows = []
    for kind, text in shown:
        chunks = [text[at:at + WIDTH] for at in range(0, len(text), WIDTH)] or [""]
        rows += [(kind, chunk) for chunk in chunks]
    height = LINE_HEIGHT * len(rows) + 32
    width = int(WIDTH * LETTER) + 40
    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}">',
        f'<rect width="{width}" height="{height}" rx="8" fill="#1d2129"/>',
        '<g font-family="DejaVu Sans Mono, Menlo, Consolas, monospace" font-size="14" xml:space="preserve">',
    ]
    for number, (kind, text) in enumerate(rows):
        colour = {"prompt": "#9fd3a0", "answer": "#d6dae0"}[kind]
        out.append(f'<text x="20" y="{LINE_HEIGHT * number + 32}" fill="{colour}">{html.escape(text)}</text>')
    return "\n".join([*out, "</g>", "</svg>"]) + "\n"


def main(mlenv, base):
    with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "demo.svg"), "w", encoding="utf-8") as file:
        file.write(drawing(session(os.path.abspath(mlenv), os.path.abspath(base))))


if __name__ == "__main__":
    main(*sys.argv[1:])
