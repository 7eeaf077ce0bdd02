#!/usr/bin/env python3
"""What the words that are typed most cost, beside an earlier mlenv: `list`, `status`, help, and what a hook asks.

usage: bench/words.py --before FILE [--mlenv FILE] [--rounds N]

Each command is run in turns by both programs, in a home of its own with twenty envs; of all rounds the median, as a ratio.
"""
import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--before", required=True, help="an earlier mlenv")
    parser.add_argument("--mlenv", default=os.path.join(HERE, "../target/release/mlenv"))
    parser.add_argument("--rounds", type=int, default=201)
    options = parser.parse_args()
    scratch = tempfile.mkdtemp(prefix="mlenv-bench-", dir="/dev/shm")
    try:
        homes = {program: home(scratch, program) for program in (options.before, options.mlenv)}
        print("| command | before ms | now ms | ratio |\n|---|---|---|---|")
        for words in (["list"], ["status"], ["--help"], ["create", "--help"], ["hook", "zsh"], ["complete", "zsh", "--", "mlenv", "inf"]):
            row(words, homes, options)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def home(scratch, program):
    """A home with twenty envs, one of them that of the project in which commands run."""
    place = tempfile.mkdtemp(dir=scratch)
    env = {"HOME": place, "PATH": os.environ["PATH"], "MLENV_SITE": os.path.join(scratch, "no-site")}
    for at in range(20):
        run([program, "-q", "create", "--no-save", "-n", f"env{at}", "--base", sys.executable], env, place)
    run([program, "-q", "create", "-p", "own", "--base", sys.executable], env, place)
    return env, place


def run(words, env, place):
    begun = time.monotonic()
    subprocess.run(words, env=env, cwd=place, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return 1000 * (time.monotonic() - begun)


def row(words, homes, options):
    times = {program: [] for program in homes}
    for _ in range(options.rounds):
        for program, where in homes.items():
            times[program].append(run([program, *words], *where))
    before, now = (statistics.median(times[program]) for program in (options.before, options.mlenv))
    print(f"| `mlenv {' '.join(words)}` | {before:.2f} | {now:.2f} | {now / before:.2f} |", flush=True)


if __name__ == "__main__":
    main()
