"""Whether rattler finds packages for requests on top of a prefix whose packages stay as they are.

usage: oracle.py make CHANNEL PREFIX COUNT    makes a channel that knows the prefix, and prints COUNT requests as JSON
       oracle.py ask CHANNEL PREFIX < JSON    prints for each request what would come, as JSON; null where nothing fits
"""

import asyncio
import json
import os
import random
import sys
from pathlib import Path


def own(prefix):
    """Names and versions of the prefix's packages."""
    records = [json.loads(path.read_text()) for path in sorted(Path(prefix, "conda-meta").glob("*.json"))]
    return [(record["name"], record["version"]) for record in records]


def versions(dice, most):
    return [f"{major}.{minor}" for major in range(1, 1 + dice.randint(1, most)) for minor in range(dice.randint(1, 2))]


def need(dice, name, there):
    """A spec that some versions meet: often, seldom, or none at all."""
    version = dice.choice(there)
    return dice.choice([f"{name}", f"{name} >={version}", f"{name} <{version}", f"{name} ={version}", f"{name} >={version},<{int(version[0]) + 1}"])


def record(name, version, depends, constrains):
    file = f"{name}-{version}-0.conda"
    found = {"name": name, "version": version, "build": "0", "build_number": 0, "depends": depends, "constrains": constrains,
             "subdir": "linux-64", "size": 1000, "sha256": "0" * 64}
    return file, found


def make(channel, prefix, count):
    dice = random.Random(7)
    base = own(prefix)
    known = {name: [".".join(version.split(".")[:2])] + ["1.0", "99.0"] for name, version in base}
    records = dict(record(name, version, [], []) for name, all in known.items() for version in all[1:])
    for at in range(400):
        name = f"p{at}"
        there = versions(dice, 4)
        for version in there:
            others = dice.sample(sorted(known), min(len(known), dice.randint(0, 3)))
            limits = dice.sample(sorted(known), dice.randint(0, 1))
            depends = [need(dice, other, known[other]) for other in others]
            constrains = [need(dice, other, known[other]) for other in limits if other not in others]
            records.update([record(name, version, depends, constrains)])
        known[name] = there
    for subdir, all in (("linux-64", records), ("noarch", {})):
        place = Path(channel, subdir)
        place.mkdir(parents=True)
        text = {"info": {"subdir": subdir}, "packages": {}, "packages.conda": all, "repodata_version": 1}
        (place / "repodata.json").write_text(json.dumps(text))
    added = [name for name in known if name.startswith("p") and name[1:].isdigit()]
    asked = [dice.sample(added, dice.choice([1, 1, 2, 3])) for _ in range(count)]
    print(json.dumps([[need(dice, name, known[name]).replace(" ", "") for name in names] for names in asked]))


async def ask(channel, prefix):
    from rattler import Channel, PrefixRecord, VirtualPackage, solve

    there = [PrefixRecord.from_path(path) for path in sorted(Path(prefix, "conda-meta").glob("*.json"))]
    machine = VirtualPackage.detect()
    names = [record.name.normalized for record in there]

    async def solved(specs):
        try:
            return await solve([Channel(channel)], specs, locked_packages=there, pinned_packages=there,
                               platforms=["linux-64", "noarch"], virtual_packages=machine)
        except Exception:
            return None

    must = names if await solved(names) is not None else []
    answers = []
    for specs in json.load(sys.stdin):
        found = await solved(specs + must)
        new = found and [f"{record.name.normalized} {record.version}" for record in found if record.name.normalized not in names]
        answers.append(None if found is None else sorted(new or []))
    print(json.dumps(answers), flush=True)


if sys.argv[1] == "make":
    make(sys.argv[2], sys.argv[3], int(sys.argv[4]))
else:
    asyncio.run(ask(sys.argv[2], sys.argv[3]))
    os._exit(0)  # its threads may crash while the interpreter shuts down
