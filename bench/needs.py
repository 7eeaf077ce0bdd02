#!/usr/bin/env python3
"""What it costs to check the requirements of all that an env shows, beside those who read the same files.

usage: bench/needs.py [--python PYTHON] [--mlenv FILE] [--rounds N] [--count N]

An env on the Python of PYTHON gets N distributions with ten requirements each, all of which hold. `doctor` looks at
everything, requirements among it; theirs are `pip check`, and `importlib.metadata` that reads every METADATA and parses
none of its requirements. Ours and theirs take turns; the medians are divided.
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
READ = "import importlib.metadata as m\nfor d in m.distributions(): d.version, d.requires"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--python", default=os.path.realpath(sys.executable))
    parser.add_argument("--mlenv", default=os.path.join(HERE, "../target/dist/mlenv"))
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--count", type=int, default=500)
    options = parser.parse_args()
    scratch = tempfile.mkdtemp(prefix="mlenv-bench-", dir="/dev/shm")
    try:
        bench(options, os.path.abspath(options.mlenv), scratch)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def bench(options, mlenv, scratch):
    env, home = os.path.join(scratch, "env"), os.path.join(scratch, "home")
    os.mkdir(home)
    world = {"HOME": home, "PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8"}
    quiet([mlenv, "-q", "create", "--no-save", "-p", env, "--base", options.python], world)
    python = os.path.join(env, "bin/python")
    say = "import sysconfig; print(sysconfig.get_path('purelib'))"
    site = subprocess.run([python, "-c", say], env=world, check=True, capture_output=True, text=True).stdout.strip()
    for number in range(options.count):
        lay(site, number, options.count)
    ours = [mlenv, "-q", "doctor", env]
    quiet(ours, world)
    print("| measure | ours ms | theirs ms | ratio | reach |\n|---|---|---|---|---|")
    row("doctor / pip check", ours, [python, "-m", "pip", "check"], world, options.rounds)
    row("doctor / importlib.metadata", ours, [python, "-I", "-c", READ], world, options.rounds)


def lay(site, number, count):
    """One distribution: a module, and a dist-info that pip would write."""
    info = os.path.join(site, f"dist{number}-1.{number}.dist-info")
    os.mkdir(info)
    others = [(number * 7 + step * 13) % count for step in range(10)]
    needs = [f"Requires-Dist: dist{other} (>=1.0,<2) ; python_version >= '3.8'\n" for other in others]
    head = f"Metadata-Version: 2.1\nName: dist{number}\nVersion: 1.{number}\n"
    write(info, "METADATA", head + "".join(needs) + "\n" + "Words about it.\n" * 300)
    write(info, "INSTALLER", "pip\n")
    write(info, "WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
    write(site, f"dist{number}.py", "")
    rows = [f"dist{number}.py", *(f"{os.path.basename(info)}/{name}" for name in ("METADATA", "INSTALLER", "WHEEL", "RECORD"))]
    write(info, "RECORD", "".join(f"{path},,\n" for path in rows))


def write(directory, name, text):
    with open(os.path.join(directory, name), "w", encoding="utf-8") as file:
        file.write(text)


def quiet(command, world):
    subprocess.run(command, check=True, env=world, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def row(name, ours, theirs, world, rounds):
    def took(command):
        began = time.perf_counter()
        subprocess.run(command, check=False, env=world, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        return 1000 * (time.perf_counter() - began)

    pairs = [(took(ours), took(theirs)) for _ in range(rounds)]
    mine, other = (statistics.median(times) for times in zip(*pairs))
    print(f"| {name} | {mine:.1f} | {other:.1f} | {mine / other:.2f} | ≤ 1 |", flush=True)


if __name__ == "__main__":
    main()
