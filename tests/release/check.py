#!/usr/bin/env python3
"""Checks what `.ci/release` built: DIR/mlenv and DIR/*.whl. Standard library only; needs `readelf` of binutils.

    python3 tests/release/check.py DIR

The binary must start on EL7: no symbol newer than glibc 2.17, no library but those of glibc. Its size and the time
that it takes to start have a limit. The wheel, installed into a fresh venv, must do the main job.
"""

import glob
import os
import re
import subprocess
import sys
import tempfile
import time
import venv

NEWEST_GLIBC = (2, 17)
LIBRARIES = {"libc.so.6", "libm.so.6", "libpthread.so.0", "libdl.so.2", "librt.so.1", "libutil.so.1"}
# About 1 MB of it is the registry client with TLS of its own, 0.5 MB zstd, 1 MB the command line and its help, 3.5 MB the
# solver of conda packages. It has 12.5 MB today.
LARGEST = 15_000_000
# To start takes 2.7 times what /bin/true takes, on a quiet machine and on a busy one.
SLOWEST = 4


def told(*words, **options):
    return subprocess.run(words, check=True, stdout=subprocess.PIPE, text=True, **options).stdout


def check_symbols(binary):
    wanted = {tuple(map(int, version.split("."))) for version in re.findall(r"GLIBC_([0-9.]+)", told("readelf", "-V", binary))}
    newest = max(wanted)
    assert newest <= NEWEST_GLIBC, f"needs glibc {newest}, more than EL7 has"
    needed = set(re.findall(r"\(NEEDED\).*\[(.*)\]", told("readelf", "-d", binary)))
    needed = {library for library in needed if not library.startswith("ld-linux")}
    assert needed <= LIBRARIES, f"needs {needed - LIBRARIES}, which is not everywhere"
    return f"glibc {'.'.join(map(str, newest))}, {', '.join(sorted(needed))}"


def check_size(binary):
    size = os.path.getsize(binary)
    assert size <= LARGEST, f"{size} bytes are more than {LARGEST}"
    return f"{size / 2**20:.2f} MB"


def seconds(*words):
    start = time.perf_counter()
    subprocess.run(words, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - start


def check_start(binary):
    """A ratio to the machine's floor, of the shortest of many: those have least of what else the machine does."""
    ours, floor = [], []
    for _ in range(101):
        floor.append(seconds("/bin/true"))
        ours.append(seconds(binary, "hook", "bash"))
    ours, floor = min(ours), min(floor)
    assert ours < SLOWEST * floor, f"{ours * 1e3:.2f} ms, /bin/true {floor * 1e3:.2f} ms"
    return f"{ours / floor:.2f} times /bin/true"


def check_wheel(wheel):
    assert "manylinux2014" in wheel or "manylinux_2_17" in wheel, wheel
    with tempfile.TemporaryDirectory() as root:
        place = os.path.join(root, "venv")
        venv.create(place, with_pip=True)
        told(os.path.join(place, "bin/pip"), "install", "--quiet", "--no-index", wheel)
        program = os.path.join(place, "bin/mlenv")
        world = {"HOME": root, "PATH": "/usr/local/bin:/usr/bin:/bin"}
        env = os.path.join(root, "an env")
        told(program, "create", "--quiet", "--no-save", "-p", env, "--base", "/usr", env=world)
        code = "import sys; print(sys.prefix)"
        assert told(os.path.join(env, "bin/python"), "-c", code, env=world) == env + "\n"
        return told(program, "--version", env=world).strip()


def main(place):
    binary = os.path.join(place, "mlenv")
    [wheel] = glob.glob(os.path.join(place, "*.whl"))
    print("symbols ", check_symbols(binary))
    print("size    ", check_size(binary))
    print("start   ", check_start(binary))
    print("wheel   ", check_wheel(wheel))


if __name__ == "__main__":
    main(sys.argv[1])
