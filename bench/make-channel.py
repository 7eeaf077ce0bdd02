#!/usr/bin/env python3
"""Makes the lists of a conda channel in conda-forge's size and shape: no archives, only what a channel says that it has.

usage: bench/make-channel.py DIRECTORY [--records N] [--base PREFIX]

DIRECTORY/shards, /zst and /json are the same channel in its three forms. Most packages have few versions, a few have hundreds;
each needs some of the first three hundred, and so what the base has above all. `pure-leaf` needs only what the base has, `heavy` eight
packages that need others.
"""
import argparse
import hashlib
import json
import os
import random
import subprocess

VERSIONS = (1, 2, 3, 5, 8, 13, 25, 60, 200)
WEIGHTS = (20, 18, 15, 14, 12, 9, 7, 4, 1)


def packed(value):
    """MessagePack, the long forms alone."""
    if isinstance(value, str):
        data = value.encode()
        return b"\xdb" + len(data).to_bytes(4, "big") + data
    if isinstance(value, int):
        return b"\xd3" + value.to_bytes(8, "big", signed=True)
    if isinstance(value, bytes):
        return b"\xc6" + len(value).to_bytes(4, "big") + value
    if isinstance(value, list):
        return b"\xdd" + len(value).to_bytes(4, "big") + b"".join(map(packed, value))
    return b"\xdf" + len(value).to_bytes(4, "big") + b"".join(packed(key) + packed(item) for key, item in value.items())


def framed(data):
    """A zstd frame of raw blocks, which needs no library."""
    blocks = [data[at:at + 65536] for at in range(0, len(data), 65536)]
    frame = [b"\x28\xb5\x2f\xfd\x00\x58"]
    for at, block in enumerate(blocks):
        frame += [(len(block) << 3 | (at == len(blocks) - 1)).to_bytes(3, "little"), block]
    return b"".join(frame)


def record(name, version, number, depends, subdir):
    build = f"h{number:07x}_{number % 5}"
    file = f"{name}-{version}-{build}.conda"
    found = {
        "name": name, "version": version, "build": build, "build_number": number % 5, "depends": depends,
        "license": "BSD-3-Clause", "license_family": "BSD", "md5": hashlib.md5(file.encode()).hexdigest(),
        "sha256": hashlib.sha256(file.encode()).hexdigest(), "size": 20000 + number % 9000000, "subdir": subdir,
        "timestamp": 1500000000000 + number * 1000,
    }
    return file, found


def records(count, base, dice):
    """Names with their records, the ones that others need first."""
    known = [(name, version) for name, version in base]
    made, at = 0, 0
    for name, version in base:
        yield name, "linux-64", [record(name, f"{version}.{n}", made + n, [], "linux-64") for n in range(20)]
        made += 20
    while made < count:
        name, at = f"{dice.choice(('lib', 'py', 'r', 'x'))}-{dice.randrange(1 << 20):05x}-{at}", at + 1
        subdir = "noarch" if dice.random() < 0.35 else "linux-64"
        found = []
        for n in range(dice.choices(VERSIONS, WEIGHTS)[0]):
            needs = [f"{other} >={of}" for other, of in dice.sample(known[:300], min(len(known), 300, dice.randrange(1, 7)))]
            for _ in range(dice.choice((1, 1, 2, 4))):
                found.append(record(name, f"{1 + n // 10}.{n % 10}.0", made + len(found), needs, subdir))
        made += len(found)
        known.append((name, "1.0"))
        yield name, subdir, found
    some = [f"{name} >=1.0" for name, _ in dice.sample(known[len(base):], 8)]
    yield "heavy", "linux-64", [record("heavy", "1.0", made, some, "linux-64")]
    yield "pure-leaf", "noarch", [record("pure-leaf", "1.0", made + 1, [name for name, _ in base[:5]], "noarch")]


def of_base(prefix):
    names = sorted(name[:-5].rsplit("-", 2) for name in os.listdir(f"{prefix}/conda-meta") if name.endswith(".json"))
    return [(name, version) for name, version, _ in names]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("directory")
    parser.add_argument("--records", type=int, default=500_000)
    parser.add_argument("--base")
    options = parser.parse_args()
    base = of_base(options.base) if options.base else [("python", "3.11.7")]
    subdirs = {name: ({}, []) for name in ("linux-64", "noarch")}
    for form in ("shards", "zst", "json"):
        for subdir in subdirs:
            os.makedirs(f"{options.directory}/{form}/{subdir}/" + ("s" if form == "shards" else ""))
    for name, subdir, found in records(options.records, base, random.Random(7)):
        shards, lines = subdirs[subdir]
        lines += [f"{json.dumps(file)}:{json.dumps(told)}" for file, told in found]
        told = {file: {**told, "sha256": bytes.fromhex(told["sha256"]), "md5": bytes.fromhex(told["md5"])} for file, told in found}
        shard = framed(packed({"packages": {}, "packages.conda": told, "removed": []}))
        shards[name] = hashlib.sha256(shard).digest()
        with open(f"{options.directory}/shards/{subdir}/s/{shards[name].hex()}.msgpack.zst", "wb") as out:
            out.write(shard)
    for subdir, (shards, lines) in subdirs.items():
        info = {"subdir": subdir, "base_url": "", "shards_base_url": "./s/", "created_at": "2026-01-01T00:00:00Z"}
        with open(f"{options.directory}/shards/{subdir}/repodata_shards.msgpack.zst", "wb") as out:
            out.write(framed(packed({"info": info, "shards": shards})))
        path = f"{options.directory}/json/{subdir}/repodata.json"
        with open(path, "w", encoding="utf-8") as out:
            out.write(f'{{"info":{{"subdir":"{subdir}"}},"packages":{{}},"packages.conda":{{')
            out.write(",".join(lines) + '},"repodata_version":1}')
        subprocess.run(["zstd", "-q", path, "-o", f"{options.directory}/zst/{subdir}/repodata.json.zst"], check=True)


if __name__ == "__main__":
    main()
