"""Makes a small conda channel: real packages (.tar.bz2 with info/) and the repodata that clients read.

usage: channel.py DIRECTORY PYTHON_VERSION [FILE]
FILE: JSON of other packages, a list of {name, version, files}, with the text of each file by path.
"""

import bz2
import hashlib
import io
import json
import sys
import tarfile
from pathlib import Path

PLACEHOLDER = "/placehold_" + "placehold_" * 24
PLACEHOLDER = PLACEHOLDER[:255]


def script(text):
    return ("#!/bin/sh\n" + text, 0o755)


def data(text):
    return (text, 0o644)


def packages(python):
    lib = "python" + ".".join(python.split(".")[:2])
    site = f"lib/{lib}/site-packages"
    yield "fresh", "1.0", 0, [], {
        "bin/fresh-tool": script(f"echo fresh {PLACEHOLDER}\n"),
        f"{site}/freshpkg.py": data("__version__ = '1.0'\n"),
        "share/fresh/place.txt": data(f"{PLACEHOLDER}/share\n"),
    }
    yield "app", "1.0", 0, ["fresh >=1"], {"bin/app": script("echo app\n")}
    # Newer than what the base has. Its scripts write where an image's own files lie, and where its old files lay.
    for version in ("3.0", "4.0"):
        yield "tools", version, 0, [], {
            "bin/shelltool": script(f"echo shell {version}\n"),
            "etc/tools.conf": data(f"tools {version}\n"),
            "etc/conda/activate.d/tools.sh": data(f"export TOOLS={version}\n"),
            "ssl/cacert.pem": data(f"certificates {version}\n"),
            "Menu/tools.json": data("{}\n"),
            "bin/.tools-post-link.sh": script(
                'echo "linked" > "$PREFIX/etc/image.conf"; echo more >> "$PREFIX/etc/tools.installed"\n'
            ),
            "bin/.tools-pre-unlink.sh": script('rm -f "$PREFIX/etc/tools.installed"\n'),
        }
    yield "needs-tools", "1.0", 0, ["tools >=3"], {"bin/needs-tools": script("shelltool\n")}
    major, minor = map(int, python.split(".")[:2])
    yield "needs-python", "1.0", 0, [f"python >={major}.{minor},<{major}.{minor + 1}.0a0"], {
        f"{site}/needs_python.py": data("")}
    # Another build of the base's Python, and a file that the base has and no package of the env owns.
    yield "python", python, 1, [], {f"bin/{lib}": data("another interpreter\n"), f"lib/{lib}/new_module.py": data("")}
    yield "clobber", "1.0", 0, [], {"etc/tools.conf": data("clobbered\n"), "ssl/cacert.pem": data("clobbered\n")}


def pack(root, name, version, build, depends, files):
    paths = []
    for path, (text, _) in sorted(files.items()):
        content = text.encode()
        entry = {
            "_path": path,
            "path_type": "hardlink",
            "sha256": hashlib.sha256(content).hexdigest(),
            "size_in_bytes": len(content),
        }
        if PLACEHOLDER in text:
            entry.update(prefix_placeholder=PLACEHOLDER, file_mode="text")
        paths.append(entry)
    index = {
        "name": name,
        "version": version,
        "build": str(build),
        "build_number": build,
        "depends": depends,
        "constrains": [],
        "subdir": "linux-64",
        "arch": "x86_64",
        "platform": "linux",
        "timestamp": 1700000000000,
    }
    info = {
        "info/index.json": json.dumps(index),
        "info/paths.json": json.dumps({"paths": paths, "paths_version": 1}),
        "info/files": "\n".join(sorted(files)) + "\n",
        "info/about.json": "{}",
    }
    tar = io.BytesIO()
    with tarfile.open(fileobj=tar, mode="w") as out:
        for path, (text, mode) in [*files.items(), *((path, data(text)) for path, text in info.items())]:
            entry = tarfile.TarInfo(path)
            entry.size, entry.mode = len(text.encode()), mode
            out.addfile(entry, io.BytesIO(text.encode()))
    content = bz2.compress(tar.getvalue())
    file = f"{name}-{version}-{build}.tar.bz2"
    (root / file).write_bytes(content)
    index.update(
        md5=hashlib.md5(content).hexdigest(), sha256=hashlib.sha256(content).hexdigest(), size=len(content)
    )
    return file, index


def told(file):
    for one in json.loads(Path(file).read_text()):
        yield one["name"], one["version"], 0, [], {path: data(text) for path, text in one["files"].items()}


def main(directory, python, file=None):
    for subdir in ("linux-64", "noarch"):
        root = Path(directory, subdir)
        root.mkdir(parents=True)
        all = told(file) if file else packages(python)
        found = dict(pack(root, *package) for package in all) if subdir == "linux-64" else {}
        repodata = {"info": {"subdir": subdir}, "packages": found, "packages.conda": {}, "repodata_version": 1}
        (root / "repodata.json").write_text(json.dumps(repodata))


main(*sys.argv[1:])
