"""Makes a conda channel of packages in the newer form, good and bad, as the first argument's JSON tells.

usage: crafted.py DIRECTORY < JSON: a list of {name, version, noarch, depends, files, copies, paths,
link, tar, index}
files: text by path; copies: files of this machine by path; paths: entries of paths.json in place of those of the files; tar: members [path, kind, text];
index: fields of repodata that differ from the truth.
"""

import hashlib
import io
import json
import sys
import tarfile
import zipfile
from pathlib import Path

PLACEHOLDER = ("/placehold_" + "placehold_" * 24)[:255]


def compressed(members):
    """A tar that is called zstd: a frame of raw blocks, which needs no library."""
    tar = io.BytesIO()
    with tarfile.open(fileobj=tar, mode="w", format=tarfile.PAX_FORMAT) as out:
        for path, kind, text in members:
            entry = tarfile.TarInfo(path)
            entry.mtime, entry.mode = 1700000000, 0o755 if "/bin/" in "/" + path else 0o644
            if kind == "link":
                entry.type, entry.linkname = tarfile.SYMTYPE, text
                out.addfile(entry)
            elif kind == "pipe":
                entry.type = tarfile.FIFOTYPE
                out.addfile(entry)
            else:
                data = text if isinstance(text, bytes) else text.encode()
                entry.size = len(data)
                out.addfile(entry, io.BytesIO(data))
    data, frame = tar.getvalue(), bytearray(b"\x28\xb5\x2f\xfd\x00\x58")
    blocks = [data[at : at + 65536] for at in range(0, len(data), 65536)]
    for at, block in enumerate(blocks):
        frame += (len(block) << 3 | (at == len(blocks) - 1)).to_bytes(3, "little") + block
    return bytes(frame)


def entry(path, text):
    data = text if isinstance(text, bytes) else text.encode()
    found = {"_path": path, "path_type": "hardlink", "sha256": hashlib.sha256(data).hexdigest(), "size_in_bytes": len(data)}
    is_named = isinstance(text, str) and PLACEHOLDER in text
    return {**found, "prefix_placeholder": PLACEHOLDER, "file_mode": "text"} if is_named else found


def pack(root, told):
    files = {path: text.replace("{prefix}", PLACEHOLDER) for path, text in told.get("files", {}).items()}
    files.update({path: Path(source).read_bytes() for path, source in told.get("copies", {}).items()})
    name, version, build = told["name"], told.get("version", "1.0"), told.get("build", "0")
    record = {"name": name, "version": version, "build": build, "build_number": 0, "depends": told.get("depends", [])}
    if told.get("noarch"):
        record["noarch"] = told["noarch"]
    links = [{"_path": path, "path_type": "softlink"} for path, kind, _ in told.get("tar", []) if kind == "link"]
    paths = told.get("paths", [entry(*file) for file in files.items()] + links)
    info = [["info/index.json", "file", json.dumps(record)],
            ["info/paths.json", "file", json.dumps({"paths": paths, "paths_version": 1})]]
    if "link" in told:
        info.append(["info/link.json", "file", json.dumps({"noarch": {"type": "python", "entry_points": told["link"]}})])
    stem = f"{name}-{version}-{build}"
    subdir = root / ("noarch" if told.get("noarch") else "linux-64")
    members = [[path, "file", text] for path, text in files.items()] + told.get("tar", [])
    with zipfile.ZipFile(subdir / f"{stem}.conda", "w", zipfile.ZIP_STORED) as out:
        out.writestr("metadata.json", '{"conda_pkg_format_version": 2}')
        out.writestr(f"pkg-{stem}.tar.zst", compressed(members))
        out.writestr(f"info-{stem}.tar.zst", compressed(info))
    data = (subdir / f"{stem}.conda").read_bytes()
    record.update(sha256=hashlib.sha256(data).hexdigest(), size=len(data), subdir=subdir.name)
    record.update(told.get("index", {}))
    return subdir.name, f"{stem}.conda", record


root = Path(sys.argv[1])
found = {"linux-64": {}, "noarch": {}}
for subdir in found:
    (root / subdir).mkdir(parents=True)
for told in json.load(sys.stdin):
    subdir, file, record = pack(root, told)
    found[subdir][file] = record
for subdir, records in found.items():
    text = {"info": {"subdir": subdir}, "packages": {}, "packages.conda": records, "repodata_version": 1}
    (root / subdir / "repodata.json").write_text(json.dumps(text))
