#!/usr/bin/env python3
"""Times `mlenv create` and its neighbours as ratios against peers in the same run.

usage: bench/create.py [--base PREFIX] [--mlenv FILE] [--rounds N] [--places tmpfs,ext4,slow]

Every row takes turns: ours, theirs, ours, theirs; the medians are divided. Root is needed for a loop-mounted
ext4 and for the late file system (`slowfs.c`, 1 ms per operation, needs libfuse3); without it those rows are
left out, and the reason is printed. Nothing is timed on the root file system: some virtual machines refuse to
reuse inodes there. Needs only Python, a C compiler, tar and find; uv is asked where it is installed.
"""
import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))


def main():
    options = arguments()
    scratch = tempfile.mkdtemp(prefix="mlenv-bench-", dir="/dev/shm")
    places = Places(scratch)
    try:
        bench = Bench(options, scratch)
        print("| measure | place | ours ms | theirs ms | ratio | reach |\n|---|---|---|---|---|---|")
        for name in options.places.split(","):
            root = places.open(name)
            if root:
                bench.run_place(name, root)
        bench.run_anywhere()
    finally:
        places.close()
        shutil.rmtree(scratch, ignore_errors=True)


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--base", help="a conda prefix [default: a generated one of a real image's shape]")
    parser.add_argument("--mlenv", default=os.path.join(HERE, "../target/dist/mlenv"))
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--places", default="tmpfs,ext4,slow")
    return parser.parse_args()


class Places:
    """File systems to write on, made and taken away again."""

    def __init__(self, scratch):
        self.scratch, self.mounts = scratch, []

    def open(self, name):
        root = os.path.join(self.scratch, name)
        os.mkdir(root)
        try:
            return getattr(self, name)(root)
        except (OSError, subprocess.CalledProcessError) as cause:
            print(f"bench: {name} left out: {cause}", file=sys.stderr)
            return None

    def tmpfs(self, root):
        return root

    def ext4(self, root):
        image = tempfile.NamedTemporaryFile(prefix="mlenv-bench-", suffix=".img", dir="/var/tmp", delete=False).name
        self.mounts.append((root, image, None))
        os.truncate(image, 4 << 30)
        quiet("mkfs.ext4", "-q", "-F", image)
        quiet("mount", "-o", "loop", image, root)
        return root

    def slow(self, root):
        behind, program = root + "-behind", os.path.join(self.scratch, "slowfs")
        os.mkdir(behind)
        flags = subprocess.run(["pkg-config", "--cflags", "--libs", "fuse3"], check=True, capture_output=True, text=True)
        quiet("cc", "-O2", f"{HERE}/slowfs.c", "-o", program, *flags.stdout.split())
        server = subprocess.Popen([program, root, "-f", "-o", "max_threads=64"], env={**os.environ, "SLOWFS_ROOT": behind, "SLOWFS_US": "1000"})
        self.mounts.append((root, None, server))
        for _ in range(100):
            if os.path.ismount(root):
                return root
            time.sleep(0.05)
        raise OSError("slowfs did not mount")

    def close(self):
        for root, image, server in self.mounts:
            subprocess.run(["umount", "-l", root], check=False, stderr=subprocess.DEVNULL)
            if server:
                server.wait(10)
            if image:
                os.unlink(image)


class Bench:
    """The rows of the table."""

    def __init__(self, options, scratch):
        self.options, self.scratch = options, scratch
        self.mlenv = os.path.abspath(options.mlenv)
        self.base = os.path.abspath(options.base) if options.base else self.make_base()
        home = os.path.join(scratch, "home")
        os.mkdir(home)
        self.env = {"HOME": home, "PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8"}
        self.floor = os.path.join(scratch, "floor")
        quiet("cc", "-O2", f"{HERE}/floor.c", "-o", self.floor)
        sample = os.path.join(scratch, "sample")
        self.run([self.mlenv, "-q", "create", "--no-save", "-p", sample, "--base", self.base])
        self.list, self.tgz = os.path.join(scratch, "list"), os.path.join(scratch, "tree.tgz")
        write_list(sample, self.list)
        quiet("tar", "czf", self.tgz, "--exclude=./mlenv.toml", "--exclude=./baseEnv_dir", "-C", sample, ".")

    def make_base(self):
        base = os.path.join(self.scratch, "base/opt/conda")
        quiet(sys.executable, f"{HERE}/make-tree.py", base)
        return base

    def run_place(self, place, root):
        new = os.path.join(root, "new")
        create = [self.mlenv, "-q", "create", "--no-save", "-p", new, "--base", self.base]
        rounds = 1 if place == "slow" else self.options.rounds
        if place != "slow":
            self.row("create / one-threaded loop", place, create, [self.floor, self.list, new], new, rounds, "≤ 1")
            self.row("tar xzf / create", place, create, into(["tar", "xzf", self.tgz], new), new, rounds,
                     "≥ 3.5" if place == "ext4" else "≥ 8", invert=True)
        self.row("tar xPzf / create", place, create, into(["tar", "xPzf", self.tgz], new), new, rounds,
                 {"ext4": "≥ 2", "tmpfs": "≥ 4", "slow": "≥ 8"}[place], invert=True)
        uv = shutil.which("uv")
        if uv and place != "slow":
            sparse = create + ["--layout", "sparse"]
            theirs = [uv, "venv", "-q", "--system-site-packages", "--python", f"{self.base}/bin/python3.11", new]
            self.row("create --layout sparse / uv venv", place, sparse, theirs, new, rounds, "≤ 1")
        elif not uv:
            print("bench: uv left out: not installed (pip install uv)", file=sys.stderr)

    def run_anywhere(self):
        index = [self.mlenv, "-q", "base", "index", self.base, "-o", os.path.join(self.scratch, "index")]
        find = ["find", self.base]
        self.row("base index / find BASE", "reads only", index, find, None, self.options.rounds, "≤ 2")
        true = shutil.which("true")
        for verb in (["list"], ["info", os.path.join(self.scratch, "sample")]):
            ours, theirs = self.pairs([self.mlenv, *verb], [true], None, 31)
            more = 1000 * (statistics.median(ours) - statistics.median(theirs))
            print(f"| {verb[0]}, ms more than /bin/true | | | | {more:.2f} | ≤ 5 |")
        memory = self.peak_memory()
        print(f"| peak memory of create, MB | tmpfs | | | {memory:.1f} | ≤ 40 |")

    def peak_memory(self):
        target = os.path.join(self.scratch, "memory")
        process = subprocess.Popen([self.mlenv, "-q", "create", "--no-save", "-p", target, "--layout", "full", "--base", self.base], env=self.env)
        usage = os.wait4(process.pid, 0)[2]
        process.returncode = 0
        shutil.rmtree(target)
        process = subprocess.Popen([self.mlenv, "-q", "create", "--no-save", "-p", target, "--layout", "full", "--base", self.base], env=self.env)
        usage = os.wait4(process.pid, 0)[2]
        process.returncode = 0
        return usage.ru_maxrss / 1024

    def row(self, name, place, ours, theirs, new, rounds, reach, invert=False):
        a, b = self.pairs(ours, theirs, new, rounds)
        mine, other = statistics.median(a), statistics.median(b)
        ratio = other / mine if invert else mine / other
        print(f"| {name} | {place} | {1000 * mine:.1f} | {1000 * other:.1f} | {ratio:.2f} | {reach} |", flush=True)

    def pairs(self, ours, theirs, new, rounds):
        times = ([], [])
        for number in range(rounds + 1):
            for slot, command in ((0, ours), (1, theirs)):
                taken = self.run(command)
                if number:  # the first round warms caches
                    times[slot].append(taken)
                if new:
                    shutil.rmtree(new)
        return times

    def run(self, command):
        if callable(command):
            return command(self.run)
        began = time.perf_counter()
        subprocess.run(command, check=True, env=self.env, cwd=self.scratch, stdout=subprocess.DEVNULL)  # markers go there
        return time.perf_counter() - began


def into(tar, new):
    """tar wants its directory to be there; making it is not timed."""
    def go(run):
        os.mkdir(new)
        return run([*tar, "-C", new])
    return go


def write_list(env, path):
    """The directories and links of an env, in an order in which they can be made."""
    with open(path, "wb") as out:
        for directory, directories, files in os.walk(os.fsencode(env)):
            below = os.path.relpath(directory, os.fsencode(env))
            if below != b".":
                out.write(b"d" + below + b"\0")
        for directory, directories, files in os.walk(os.fsencode(env)):
            for name in sorted(directories + files):
                full = os.path.join(directory, name)
                if os.path.islink(full):
                    out.write(b"l" + os.path.relpath(full, os.fsencode(env)) + b"\0" + os.readlink(full) + b"\0")


def quiet(*command):
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


if __name__ == "__main__":
    main()
