#!/usr/bin/env python3
"""What `doctor`, `rebase` and `base check` cost, beside a `find` through the same directories.

usage: bench/doctor.py [--base PREFIX] [--other PREFIX] [--mlenv FILE] [--rounds N] [--places tmpfs,ext4]

Every row takes turns: ours, theirs, ours, theirs; the medians are divided, and so are the shortest times, which other
work on the machine disturbs least. The base is `bench/create.py`'s, its places and helpers too.
"""
import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import create  # noqa: E402


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--base", help="a conda prefix [default: a generated one of a real image's shape]")
    parser.add_argument("--other", help="another base, as a copy by hard links, to move an env onto and back")
    parser.add_argument("--mlenv", default=os.path.join(create.HERE, "../target/dist/mlenv"))
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--places", default="tmpfs,ext4")
    options = parser.parse_args()
    scratch = tempfile.mkdtemp(prefix="mlenv-bench-", dir="/dev/shm")
    places = create.Places(scratch)
    try:
        bench = create.Bench(options, scratch)
        print("| measure | place | ours ms | theirs ms | ratio | of shortest | reach |\n|---|---|---|---|---|---|---|")
        for name in options.places.split(","):
            root = places.open(name)
            if root:
                envs(bench, name, root, options.rounds)
        check = [bench.mlenv, "-q", "base", "check", bench.base]
        row(bench, "base check / find BASE", "reads only", any_end(check, bench.env), ["find", bench.base], 5, "")
    finally:
        places.close()
        shutil.rmtree(scratch, ignore_errors=True)


def envs(bench, place, root, rounds):
    env = os.path.join(root, "env")
    bench.run([bench.mlenv, "-q", "create", "--no-save", "-p", env, "--base", bench.base])
    find = ["find", env]
    row(bench, "doctor / find ENV", place, [bench.mlenv, "-q", "doctor", env], find, rounds, "≤ 2")
    if bench.options.other:
        # There and back: an env that is where it should be is left alone.
        there, back = ([bench.mlenv, "-q", "rebase", env, "--base", base] for base in (bench.options.other, bench.base))
        row(bench, "rebase, there and back / 2 find ENV", place, in_turn(there, back), in_turn(find, find), 5, "")


def in_turn(*commands):
    def go(run):
        return sum(run(command) for command in commands)
    return go


def any_end(command, env):
    """`base check` ends with 1 where something should be mended."""
    def go(run):
        began = time.perf_counter()
        subprocess.run(command, check=False, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        return time.perf_counter() - began
    return go


def row(bench, name, place, ours, theirs, rounds, reach):
    a, b = bench.pairs(ours, theirs, None, rounds)
    mine, other = statistics.median(a), statistics.median(b)
    print(f"| {name} | {place} | {1000 * mine:.1f} | {1000 * other:.1f} | {mine / other:.2f} | {min(a) / min(b):.2f} | {reach} |",
          flush=True)


if __name__ == "__main__":
    main()
