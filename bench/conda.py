#!/usr/bin/env python3
"""What `install` and `uninstall` of conda packages cost, without a client, beside rattler's Python library, micromamba and
`cp -al`.

usage: bench/conda.py [--base PREFIX] [--mlenv FILE] [--rounds N] [--python WITH_RATTLER] [--micromamba FILE]

The channel is made here, and served from a directory: what is timed is choosing, unpacking, linking and the records, in whole
processes. Ours and theirs take turns; each takes out what it put in, untimed. Where a peer is not there, its rows are not
either. The base is `bench/create.py`'s.
"""
import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import create  # noqa: E402

HERE = os.path.dirname(os.path.abspath(__file__))
RATTLER = """
import asyncio, os, sys
from rattler import Channel, install, solve
async def main(prefix, cache, channel, *specs):
    await install(await solve([Channel(channel)], list(specs)), prefix, cache_dir=cache, show_progress=False)
asyncio.run(main(*sys.argv[1:]))
os._exit(0)
"""


def packages():
    """Two small packages, two of Python's, one of 1,400 files."""
    for name in ("small-a", "small-b"):
        yield {"name": name, "files": {f"share/{name}/{n}": f"{n}\n" * 50 for n in range(50)}}
    for name in ("module-a", "module-b"):
        module = name.replace("-", "_")
        files = {f"site-packages/{module}/m{n}.py": f"def f{n}(x):\n    return [x, {n}]\n" * 20 for n in range(20)}
        yield {"name": name, "noarch": "python", "files": files}
    yield {"name": "large", "files": {f"share/large/d{n % 40}/{n}": f"{n}\n" * 200 for n in range(1400)}}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--base", help="a conda prefix [default: a generated one of a real image's shape]")
    parser.add_argument("--mlenv", default=os.path.join(HERE, "../target/release/mlenv"))
    parser.add_argument("--rounds", type=int, default=21)
    parser.add_argument("--python", default=sys.executable, help="a Python with py-rattler")
    parser.add_argument("--micromamba", default=shutil.which("micromamba"))
    options = parser.parse_args()
    scratch = tempfile.mkdtemp(prefix="mlenv-bench-", dir="/dev/shm")
    try:
        table(options, create.Bench(options, scratch), scratch)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def table(options, bench, scratch):
    channel = os.path.join(scratch, "channel")
    maker = os.path.join(HERE, "../tests/it/kit/conda/crafted.py")
    subprocess.run([sys.executable, maker, channel], input=json.dumps(list(packages())), text=True, check=True)
    env, address = os.path.join(scratch, "env"), f"file://{channel}"
    bench.run([bench.mlenv, "-q", "create", "--no-save", "-p", env, "--base", bench.base])
    bench.env["MLENV_SITE"] = os.path.join(scratch, "no-site")
    print("| measure | ours ms | theirs ms | ratio | of shortest | reach |\n|---|---|---|---|---|---|")
    small, modules = ["small-a", "small-b"], ["module-a", "module-b"]
    ours = installs(bench, env, address)
    for peer, theirs, reach in peers(options, bench, scratch, address):
        row(f"two packages of 50 files / {peer}", ours(small), theirs(small), options.rounds, reach)
        # Theirs needs a Python in its prefix for those: what it is held against is the row above.
        row(f"two packages of Python, compiled / {peer}, as above", ours(modules), theirs(small), options.rounds, "")
    large = ["large"]
    ours(large)()
    cache = os.path.join(scratch, "home/.cache/mlenv/conda/packages")
    unpacked = next(os.path.join(cache, name) for name in os.listdir(cache) if name.startswith("large-"))
    copy = os.path.join(scratch, "copy")
    row("1,400 files / cp -al", ours(large), then(["cp", "-al", unpacked, copy], lambda: shutil.rmtree(copy), bench), options.rounds, "≤ 2")
    true = [shutil.which("true")]
    row("uninstall / true", uninstalls(bench, env, address), then(true, lambda: None, bench), options.rounds, "")


def installs(bench, env, address):
    def of(specs):
        words = ["-q", "-y", "-p", env]
        return then([bench.mlenv, "install", *words, "-c", address, *specs],
                    lambda: bench.run([bench.mlenv, "uninstall", *words, *specs]), bench)
    return of


def uninstalls(bench, env, address):
    def go():
        bench.run([bench.mlenv, "install", "-q", "-y", "-p", env, "-c", address, "small-a"])
        return bench.run([bench.mlenv, "uninstall", "-q", "-y", "-p", env, "small-a"])
    return go


def peers(options, bench, scratch, address):
    """Each in a prefix of its own, that holds nothing else: less than an env on a base has."""
    prefix, cache = os.path.join(scratch, "prefix"), os.path.join(scratch, "pkgs")
    gone = lambda: shutil.rmtree(prefix, ignore_errors=True)  # noqa: E731
    if subprocess.run([options.python, "-c", "import rattler"], stderr=subprocess.DEVNULL, check=False).returncode == 0:
        words = [options.python, "-c", RATTLER, prefix, cache, address]
        yield "py-rattler", lambda specs: then([*words, *specs], gone, bench), "≤ 0.13"
    if options.micromamba:
        words = [options.micromamba, "create", "-q", "-y", "-p", prefix, "--override-channels", "-c", address]
        yield "micromamba", lambda specs: then([*words, *specs], gone, bench), "≤ 0.07"


def then(command, after, bench):
    def go():
        taken = bench.run(command)
        after()
        return taken
    return go


def row(name, ours, theirs, rounds, reach):
    times = ([], [])
    for number in range(rounds + 1):
        for slot, go in enumerate((ours, theirs)):
            taken = go()
            if number:  # the first round warms caches
                times[slot].append(taken)
    a, b = times
    mine, other = statistics.median(a), statistics.median(b)
    print(f"| {name} | {1000 * mine:.1f} | {1000 * other:.1f} | {mine / other:.2f} | {min(a) / min(b):.2f} | {reach} |", flush=True)


if __name__ == "__main__":
    main()
