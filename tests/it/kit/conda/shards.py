"""Makes sharded repodata (CEP 16) of a channel's repodata.json, and takes that away.

usage: shards.py DIRECTORY
"""

import hashlib
import json
import sys
from pathlib import Path


def packed(value):
    """MessagePack, the long forms alone."""
    if isinstance(value, dict):
        pairs = b"".join(packed(key) + packed(item) for key, item in value.items())
        return b"\xdf" + len(value).to_bytes(4, "big") + pairs
    if isinstance(value, list):
        return b"\xdd" + len(value).to_bytes(4, "big") + b"".join(map(packed, value))
    if isinstance(value, bool) or value is None:
        return {None: b"\xc0", False: b"\xc2", True: b"\xc3"}[value]
    if isinstance(value, int):
        return b"\xd3" + value.to_bytes(8, "big", signed=True)
    if isinstance(value, bytes):
        return b"\xc6" + len(value).to_bytes(4, "big") + value
    return b"\xdb" + len(value.encode()).to_bytes(4, "big") + value.encode()


def framed(data):
    """A zstd frame of raw blocks."""
    frame = bytearray(b"\x28\xb5\x2f\xfd\x00\x58")
    blocks = [data[at : at + 65536] for at in range(0, len(data), 65536)]
    for at, block in enumerate(blocks):
        frame += (len(block) << 3 | (at == len(blocks) - 1)).to_bytes(3, "little") + block
    return bytes(frame)


for subdir in ["linux-64", "noarch"]:
    place = Path(sys.argv[1]) / subdir
    told = json.loads((place / "repodata.json").read_text())
    by_name = {}
    for file, record in told["packages.conda"].items():
        record["sha256"] = bytes.fromhex(record["sha256"])
        by_name.setdefault(record["name"], {})[file] = record
    (place / "shards").mkdir()
    shards = {}
    for name, records in by_name.items():
        data = framed(packed({"packages": {}, "packages.conda": records, "removed": []}))
        shards[name] = hashlib.sha256(data).digest()
        (place / "shards" / (shards[name].hex() + ".msgpack.zst")).write_bytes(data)
    info = {"subdir": subdir, "base_url": "", "shards_base_url": "./shards/", "created_at": "2026-01-01T00:00:00Z"}
    (place / "repodata_shards.msgpack.zst").write_bytes(framed(packed({"info": info, "shards": shards})))
    (place / "repodata.json").unlink()
