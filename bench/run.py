#!/usr/bin/env python3
"""Times `mlenv run`, `pack` and `unpack` beside what one would do without. Standard library and GNU tar only.

    python3 bench/run.py target/dist/mlenv [--rounds N]

All commands take turns, so that they meet the same noise; of each the median, the ratio of two, and the ratio of the
shortest times, which a busy machine does not change. Files are made in a tmpfs.
"""

import argparse
import os
import pathlib
import random
import shutil
import statistics
import subprocess
import tempfile
import time


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("mlenv", type=lambda path: os.path.realpath(path))
    parser.add_argument("--rounds", type=int, default=31)
    options = parser.parse_args()
    root = pathlib.Path(tempfile.mkdtemp(prefix="mlenv-bench-", dir="/dev/shm"))
    try:
        plain, scripts = envs(options.mlenv, root)
        run = [options.mlenv, "run", "-p"]
        activate = '. "$0/bin/activate"; exec "$@"'
        pass_ = ["python3", "-c", "pass"]
        report(
            options.rounds,
            [
                ("run true / true", [*run, plain, "true"], ["/bin/true"]),
                ("run true, a script / bash, activate, exec true", [*run, scripts, "true"], ["bash", "-c", activate, scripts, "true"]),
                ("run python / ENV/bin/python", [*run, plain, *pass_], [plain / "bin/python3", *pass_[1:]]),
            ],
        )
        parcels(options, root, plain)
    finally:
        shutil.rmtree(root)


def envs(mlenv, root):
    """One env without packages' scripts, and one with a script."""
    world = {"HOME": str(root / "home"), "PATH": "/usr/bin:/bin"}
    (root / "home").mkdir()
    for name in ["plain", "scripts"]:
        subprocess.run([mlenv, "create", "-q", "--no-save", "-p", root / name, "--base", "/usr"], env=world, check=True)
    script = root / "scripts/etc/conda/activate.d/x.sh"
    script.parent.mkdir(parents=True)
    script.write_text('export X="$CONDA_PREFIX"\n')
    return root / "plain", root / "scripts"


def report(rounds, pairs):
    times = {}
    for _ in range(rounds):
        for name, ours, theirs in pairs:
            for side, words in enumerate((ours, theirs)):
                times.setdefault((name, side), []).append(timed(words))
    for name, _, _ in pairs:
        tell(name, times[name, 0], times[name, 1])


def tell(name, ours, theirs):
    middle, other = (statistics.median(times) * 1000 for times in (ours, theirs))
    shortest = min(ours) / min(theirs)
    print(f"| {name} | {middle:.1f} | {other:.1f} | {middle / other:.2f} | {shortest:.2f} |")


def timed(words):
    world = {"HOME": "/nonexistent", "PATH": "/usr/bin:/bin", "LC_ALL": "C"}
    start = time.perf_counter()
    subprocess.run(words, env=world, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return time.perf_counter() - start


def parcels(options, root, env):
    """The plain env with 200 MB in a few large files and 8,000 small ones, of which half can be made smaller."""
    noise = random.Random(1)
    for number in range(20):
        half = noise.randbytes(5_000_000)
        (env / f"large{number}.so").write_bytes(half + bytes(5_000_000))
    for number in range(8000):
        path = env / f"lib/many/{number % 100}/m{number}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(noise.randbytes(500) + b"x = 1\n" * 80)
    parcel, peer, at = root / "parcel", root / "peer", root / "at"
    quiet = [options.mlenv, "-q"]
    pairs = {
        "pack / tar --zstd -cf": ([*quiet, "pack", "--force", env, "-o", parcel], ["tar", "--zstd", "-C", root, "-cf", peer, "plain"]),
        "unpack / tar --zstd -xf": ([*quiet, "unpack", parcel, "-p", at], ["tar", "--zstd", "-C", at, "-xf", peer]),
    }
    for name, sides in pairs.items():
        times = ([], [])
        for _ in range(max(3, options.rounds // 4)):
            for side, words in enumerate(sides):
                shutil.rmtree(at, ignore_errors=True)
                if side and "unpack" in name:
                    at.mkdir()
                times[side].append(timed(words))
        tell(name, *times)


if __name__ == "__main__":
    main()
