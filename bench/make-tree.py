#!/usr/bin/env python3
"""Makes a base in the shape of a published machine-learning image, without its contents.

usage: make-tree.py DIR

DIR becomes a conda prefix that mlenv accepts: a link to a real Python, 380 package records, and about 9,000
directories and 88,000 empty files, of which 27,000 lie outside site-packages: the numbers of a real image, with
its long tails (icons, terminfo, time zones, headers, node modules). Needs about ten seconds on a tmpfs.
"""
import json
import os
import sys

# (directory, subdirectories, files in each): outside site-packages first, sums as measured on an image.
SHAPE = [
    ("lib", 1, 1200), ("lib/pkgconfig", 1, 250), ("lib/cmake", 60, 6), ("lib/node_modules", 560, 4),
    ("lib/tcl8.6", 20, 40), ("lib/girepository-1.0", 1, 60), ("sbin", 1, 20), ("etc/fonts/conf.d", 1, 60),
    ("etc/jupyter", 6, 4), ("etc/gtk-3.0", 2, 3), ("ssl", 1, 3), ("include", 70, 32), ("share/jupyter/lab", 80, 6),
    ("share/jupyter/kernels", 2, 4), ("share/jupyter/nbextensions", 8, 6), ("x86_64-conda-linux-gnu/lib", 2, 50),
    ("share/icons/Adwaita", 160, 35), ("share/jupyterhub", 120, 25), ("share/terminfo", 45, 62), ("share/man", 30, 53),
    ("share/zsh", 30, 44), ("share/zoneinfo", 60, 21), ("share/locale", 270, 2), ("share/X11", 20, 24),
    ("lib/python3.11", 110, 19), ("lib/python3.11/site-packages", 6500, 9),
]
PROGRAMS, SCRIPTS, PACKAGES = 560, 61, 380


def main(root):
    files = [path for row in SHAPE for path in spread(*row)]
    files += [f"bin/tool{at}" for at in range(PROGRAMS)]
    for directory in sorted({os.path.dirname(path) for path in files} | {"conda-meta"}):
        os.makedirs(os.path.join(root, directory), exist_ok=True)
    for path in files:
        os.close(os.open(os.path.join(root, path), os.O_WRONLY | os.O_CREAT, 0o644))
    scripts = [f"bin/script{at}" for at in range(SCRIPTS)]
    for path in scripts:
        with open(os.path.join(root, path), "w", encoding="utf-8") as script:
            script.write("#!/opt/conda/bin/python3.11\nimport sys\nsys.exit(0)\n")
        os.chmod(os.path.join(root, path), 0o755)
    os.symlink(sys.executable, os.path.join(root, "bin/python3.11"))
    for name in ("python", "python3"):
        os.symlink("python3.11", os.path.join(root, "bin", name))
    records(root, files + scripts)


def spread(directory, subdirectories, count):
    """`subdirectories` directories (one of them the directory itself) with `count` files each."""
    for at in range(subdirectories):
        below = directory if at == 0 else f"{directory}/part-{at // 12}/group-{at}"
        for number in range(count):
            yield f"{below}/some-file-name-{number}.x"


def records(root, files):
    """Every file belongs to a package, with the checksums that make real records large."""
    share = len(files) // (PACKAGES - 1) + 1
    for number in range(PACKAGES):
        name = "python" if number == 0 else f"package{number}"
        version, build = ("3.11.7", "h1_0_cpython") if number == 0 else ("1.0", "h0_0")
        owned = files[number * share:(number + 1) * share]
        paths = [{"_path": path, "path_type": "hardlink", "sha256": "0" * 64, "sha256_in_prefix": "0" * 64,
                  "size_in_bytes": 1234} for path in owned]
        # In the order that conda has them: what a solver wants before the lists of files.
        record = {"build": build, "build_number": 0, "channel": "https://conda.anaconda.org/conda-forge/linux-64", "constrains": [],
                  "depends": ["python"] if number else [], "files": owned, "fn": f"{name}-{version}-{build}.conda", "name": name,
                  "paths_data": {"paths": paths, "paths_version": 1}, "subdir": "linux-64", "version": version}
        with open(f"{root}/conda-meta/{name}-{version}-{build}.json", "w", encoding="utf-8") as out:
            json.dump(record, out, indent=4)


if __name__ == "__main__":
    if len(sys.argv) != 2 or sys.argv[1].startswith("-"):
        sys.exit(__doc__)
    main(sys.argv[1])
