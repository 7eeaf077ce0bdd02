"""A conda client for tests: the rules by which micromamba 2.8 changes a prefix, and nothing else.

What it keeps to, as that was seen to do:
- records are read through links; a record and the files that it names are unlinked, never followed;
- a file that is in the way is unlinked, then the new one is a hard link from the package cache, or a copy;
- files with a placeholder are written anew; scripts of packages run with PREFIX, their failures are passed over;
- pins hold for what is asked for by name too, and are told as problems; `remove` passes over them and takes along
  what needs a package; `remove --force` does not;
- the package cache is $CONDA_PKGS_DIRS, else below $MAMBA_ROOT_PREFIX where that can be written, else below $HOME.
"""

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import time
from pathlib import Path


class Problem(Exception):
    """Told as the client tells what it cannot do: by hand, and with --json what its solver and its log say."""

    def __init__(self, words, problems=("unsupported request",)):
        super().__init__(words)
        self.problems = list(problems)


class Pinned(Problem):
    """The pin as a pseudo package with a random name; conda says it in other words, by solver."""

    def __init__(self, pin, spec):
        name, exact, build = (pin.split() + ["", ""])[:3]
        super().__init__(
            f"Could not solve for environment specs\nThe following packages are incompatible\n"
            f"├─ pin on {pin} is not installable because it requires\n│  └─ {spec}, which conflicts",
            [f"package pin-9xt6z3bdyq-1 has constraint {name} {exact} conflicting with {spec}"])
        self.conda = {
            "classic": ("SpecsConfigurationConflictError",
                        "Requested specs conflict with configured specs.\n  requested specs: \n"
                        f"    - {spec}\n  pinned specs: \n    - {name}{exact}={build}\nUse 'conda config"
                        " --show-sources' to look for 'pinned_specs' and 'track_features'\n"
                        "configuration parameters.\n"),
            "rattler": ("RattlerUnsatisfiableError", f"the constraint {name} {exact} {build} cannot be fulfilled"),
        }


def version_key(version):
    return [int(part) if part.isdigit() else 0 for part in re.split(r"[._-]", version)]


def fits(record, spec):
    """`name`, `name>=1,<2`, `name ==1 build`, `name=1=build`, `name=1`."""
    name, rest = re.match(r"([A-Za-z0-9_.-]+)\s*(.*)", spec.split("::")[-1]).groups()
    if record["name"] != name:
        return False
    exact = re.fullmatch(r"=([^=<>,\s]+)=(\S+)", rest)
    words = [f"=={exact[1]}", exact[2]] if exact else rest.split()
    if len(words) == 2 and record["build"] != words[1]:
        return False
    have = version_key(record["version"])
    for part in filter(None, words[0].split(",") if words else []):
        sign, wanted = re.match(r"([<>=!]*)(.*)", part).groups()
        want = version_key(wanted)
        holds = {"==": have == want, "=": have[: len(want)] == want, ">=": have >= want, ">": have > want,
                 "<": have < want, "<=": have <= want, "!=": have != want, "": have == want}
        if not holds[sign]:
            return False
    return True


class Prefix:
    def __init__(self, path):
        self.path = Path(path)
        self.meta = self.path / "conda-meta"
        records = (json.loads(file.read_text()) for file in sorted(self.meta.glob("*.json")))
        self.records = {record["name"]: record for record in records}
        pinned = self.meta / "pinned"
        self.pins = [line for line in pinned.read_text().splitlines() if line.strip()] if pinned.exists() else []

    def run(self, record, kind):
        program = self.path / "bin" / f".{record['name']}-{kind}.sh"
        if program.exists():
            subprocess.run(["sh", str(program)], env={**os.environ, "PREFIX": str(self.path)}, check=False)

    def unlink(self, record):
        self.run(record, "pre-unlink")
        for file in record["files"]:
            path = self.path / file
            if path.is_symlink() or path.exists():
                path.unlink()
            for parent in path.relative_to(self.path).parents:
                try:
                    (self.path / parent).rmdir()
                except OSError:
                    break
        (self.meta / f"{record['name']}-{record['version']}-{record['build']}.json").unlink()

    def link(self, record, package):
        paths = json.loads((package / "info/paths.json").read_text())["paths"]
        for entry in paths:
            source, target = package / entry["_path"], self.path / entry["_path"]
            target.parent.mkdir(parents=True, exist_ok=True)
            if target.is_symlink() or target.exists():
                target.unlink()
            if "prefix_placeholder" in entry:
                text = source.read_text().replace(entry["prefix_placeholder"], str(self.path))
                target.write_text(text)
                target.chmod(source.stat().st_mode)
            else:
                try:
                    os.link(source, target)
                except OSError:
                    shutil.copy(source, target)
        self.run(record, "post-link")
        record = {**record, "files": [entry["_path"] for entry in paths],
                  "paths_data": {"paths": paths, "paths_version": 1}}
        name = f"{record['name']}-{record['version']}-{record['build']}.json"
        (self.meta / name).write_text(json.dumps(record))

    def remember(self, verb, specs):
        with (self.meta / "history").open("a") as history:
            history.write(f"==> {time.strftime('%F %T')} <==\n# cmd: {' '.join(sys.argv)}\n")
            history.write(f"# {verb} specs: {json.dumps(specs)}\n")


def cache():
    """Where packages are unpacked."""
    places = [os.environ.get("CONDA_PKGS_DIRS"), os.path.join(os.environ.get("MAMBA_ROOT_PREFIX", "/dev/null"), "pkgs"),
              os.path.join(os.environ["HOME"], ".mamba/pkgs")]
    for place in filter(None, places):
        try:
            os.makedirs(place, exist_ok=True)
            return Path(place)
        except OSError:
            continue
    raise Problem("no writable package cache")


def offers(channels):
    for channel in channels:
        root = Path(channel.removeprefix("file://")) / "linux-64"
        if not (root / "repodata.json").is_file():
            raise Problem(f"Could not load {channel}: No such file", [])
        for file, record in json.loads((root / "repodata.json").read_text())["packages"].items():
            yield {**record, "fn": file, "url": f"file://{root / file}", "channel": channel}


def solve(prefix, specs, channels, newest):
    """What is to come, by name. What is there stays as long as it fits."""
    found, coming, queue = list(offers(channels)), {}, list(specs)
    while queue:
        spec = queue.pop(0)
        there = [record for record in [coming.get(re.match(r"[^ <>=!]+", spec.split("::")[-1])[0])] if record]
        there += [] if there else [record for record in prefix.records.values() if fits(record, spec)]
        if there and fits(there[0], spec) and not newest:
            continue
        fitting = [record for record in found if fits(record, spec)]
        pins = [pin for pin in prefix.pins if fitting and pin.split()[0] == fitting[0]["name"]]
        allowed = [record for record in fitting if all(fits(record, pin) for pin in pins)]
        if not allowed and newest:
            continue
        if not allowed:
            raise Pinned(pins[0], spec) if pins else Problem(
                f"Could not solve for environment specs\nThe following package could not be installed\n"
                f"└─ {spec} does not exist (perhaps a typo or a missing channel).")
        best = max(allowed, key=lambda record: (version_key(record["version"]), record["build_number"]))
        there = prefix.records.get(best["name"])
        if not there or (there["version"], there["build"]) != (best["version"], best["build"]):
            coming[best["name"]] = best
            queue += best["depends"]
    return coming


def dependents(prefix, names):
    """The packages, and all that need them."""
    gone = list(names)
    for name in gone:
        for record in prefix.records.values():
            needs = [depends.split()[0] for depends in record.get("depends", [])]
            if name in needs and record["name"] not in gone:
                gone.append(record["name"])
    return gone


def pruned(prefix, names):
    """As `conda remove` does it: with the packages goes all that nobody asked for, as far as the history tells."""
    asked = set()
    history = prefix.meta / "history"
    for line in history.read_text().splitlines() if history.exists() else []:
        if line.startswith("# update specs:"):
            asked |= {re.match(r"[^ <>=!]+", spec)[0] for spec in json.loads(line.split(":", 1)[1])}
    kept, queue = set(), [name for name in asked if name in prefix.records and name not in names]
    while queue:
        name = queue.pop()
        if name in prefix.records and name not in kept:
            kept.add(name)
            queue += [needed.split()[0] for needed in prefix.records[name].get("depends", [])]
    return [name for name in prefix.records if name not in kept]


def parsed():
    parser = argparse.ArgumentParser()
    parser.add_argument("verb", choices=["install", "update", "remove"])
    parser.add_argument("specs", nargs="*")
    parser.add_argument("-p", "--prefix", required=True)
    parser.add_argument("-c", "--channel", action="append", default=[])
    for flag in ["--yes", "--json", "--dry-run", "--force", "--all", "--force-reinstall"]:
        parser.add_argument(*(["-y", flag] if flag == "--yes" else [flag]), action="store_true")
    return parser.parse_intermixed_args()


def main():
    words = parsed()
    prefix = Prefix(words.prefix)
    channels = words.channel or os.environ.get("TEST_CHANNELS", "").split()
    coming, going = {}, []
    if words.verb == "remove":
        missing = [name for name in words.specs if name not in prefix.records]
        if missing:
            raise Problem(f"no such package: {missing}")
        names = words.specs if words.force else dependents(prefix, words.specs)
        names = pruned(prefix, names) if os.environ.get("TEST_CLIENT_PRUNES") else names
        going = [prefix.records[name] for name in names]
    else:
        specs = list(prefix.records) if words.all else words.specs
        coming = solve(prefix, specs, channels, words.verb == "update")
        if words.force_reinstall:
            coming = {record["name"]: record for record in offers(channels) if any(fits(record, spec) for spec in specs)}
        going = [prefix.records[name] for name in coming if name in prefix.records]
    if words.json:
        actions = {"PREFIX": words.prefix, "LINK": list(coming.values()), "UNLINK": going}
        print(json.dumps({"success": True, "dry_run": words.dry_run, "actions": actions}))
    if words.dry_run:
        return
    print(f"Transaction: {len(coming)} to link, {len(going)} to unlink")
    if os.environ.get("TEST_CLIENT_WAITS"):
        Path(os.environ["TEST_CLIENT_WAITS"]).write_text("")
        time.sleep(60)
    for record in going:
        prefix.unlink(record)
    if os.environ.get("TEST_CLIENT_DIES"):
        sys.exit(int(os.environ["TEST_CLIENT_DIES"]))
    for record in coming.values():
        package = cache() / record["fn"].removesuffix(".tar.bz2")
        if not package.is_dir():
            with tarfile.open(record["url"].removeprefix("file://")) as tar:
                tar.extractall(package)
        prefix.link(record, package)
    if coming or going:
        prefix.remember("remove" if words.verb == "remove" else "update", words.specs)


try:
    main()
except Problem as problem:
    solver = os.environ.get("TEST_CONDA_SOLVER")
    if "--json" in sys.argv and solver and isinstance(problem, Pinned):
        name, words = problem.conda[solver]
        print(json.dumps({"error": f"{name}: {words}", "exception_name": name, "message": words}))
    elif "--json" in sys.argv:
        told = {"success": False, "log_history": [
            {"message": str(problem), "level": "critical", "source": "libmamba", "location": "main.cpp:1"}
        ]}
        print(json.dumps({**told, "solver_problems": problem.problems} if problem.problems else told))
    else:
        print(f"critical libmamba {problem}", file=sys.stderr)
    sys.exit(1)
