#!/usr/bin/env python3
"""What `create` from a requirements file costs on a base that has most of it, beside uv, which puts just the difference there.

usage: bench/projects.py --base PREFIX --requirements FILE [--mlenv FILE] [--uv FILE] [--rounds N]

PREFIX is a Python with packages, FILE asks for some that it has and some that it lacks. Ours is the whole of `mlenv create`: what is
lacking is worked out, and put there by the uv that is found. Theirs is uv alone, told exactly what to put into a venv that is there
already. Both have a warm cache, and the network is asked by both. The second row is `create` where the base has all of it.
"""
import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--base", required=True)
    parser.add_argument("--requirements", required=True)
    parser.add_argument("--mlenv", default=os.path.join(HERE, "../target/release/mlenv"))
    parser.add_argument("--uv", default=shutil.which("uv"))
    parser.add_argument("--rounds", type=int, default=7)
    options = parser.parse_args()
    if not options.uv:
        sys.exit("bench/projects.py: there is no uv to be measured against")
    scratch = tempfile.mkdtemp(prefix="mlenv-bench-", dir="/dev/shm")
    try:
        bench(options, scratch)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def bench(options, scratch):
    mlenv, env = os.path.abspath(options.mlenv), os.path.join(scratch, "env")
    path = f"{os.path.dirname(os.path.abspath(options.uv))}:/usr/bin:/bin"
    kept = {name: value for name, value in os.environ.items() if name.lower().endswith("_proxy") or name.startswith(("SSL_", "UV_"))}
    world = {**kept, "HOME": scratch, "PATH": path, "LC_ALL": "C.UTF-8", "MLENV_SITE": os.path.join(scratch, "none")}

    def create(file):
        shutil.rmtree(env, ignore_errors=True)
        return timed([mlenv, "-q", "create", "--no-save", "-p", env, "--base", options.base, "-f", file], world)

    create(options.requirements)
    told = subprocess.run([mlenv, "packages", "--added", "--json", env], env=world, check=True, capture_output=True, text=True)
    delta = [f"{row['name']}=={row['version']}" for row in json.loads(told.stdout)]
    has = os.path.join(scratch, "has.txt")
    with open(options.requirements, encoding="utf-8") as lines, open(has, "w", encoding="utf-8") as file:
        names = {spec.split("==")[0].lower().replace("_", "-") for spec in delta}
        file.writelines(line for line in lines if not any(line.lower().replace("_", "-").startswith(name) for name in names))
    venv = os.path.join(scratch, "venv")
    subprocess.run([options.uv, "venv", "-q", "-p", os.path.join(options.base, "bin/python3"), venv], env=world, check=True)

    def theirs():
        taken = timed([options.uv, "pip", "install", "-q", "--no-deps", "-p", os.path.join(venv, "bin/python"), *delta], world)
        subprocess.run([options.uv, "pip", "uninstall", "-q", "-p", os.path.join(venv, "bin/python"), *delta], env=world, check=True)
        return taken

    theirs()
    both = [(create(options.requirements), theirs(), create(has)) for _ in range(options.rounds)]
    print(f"{len(delta)} packages are lacking: {', '.join(delta)}\n")
    print("| measure | ours ms | theirs ms | ours less theirs | reach |\n|---|---|---|---|---|")
    # The shortest: an index that is asked often answers late.
    ours, uv, none = (1000 * min(column) for column in zip(*both))
    print(f"| create / uv pip install --no-deps | {ours:.0f} | {uv:.0f} | {ours - 1.3 * uv:.0f} over 1.3 x | ≤ 1200 over |")
    print(f"| create, nothing lacking | {none:.0f} | | | ≤ 150 |")


def timed(command, world):
    start = time.perf_counter()
    subprocess.run(command, env=world, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return time.perf_counter() - start


if __name__ == "__main__":
    main()
