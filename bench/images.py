#!/usr/bin/env python3
"""What `mlenv image freeze`, `unpack`, `deploy`, `recipe` and `build` cost beside podman, umoci and cp.

usage: bench/images.py MLENV [--rounds N] [--only freeze,unpack,deploy,recipe,build]

A registry on loopback, podman's store, images and envs are made here (`registry.py`), all in a tmpfs. Ours and theirs take turns;
what each made is taken away, untimed, and every push goes to a repository that is new. Needs podman, docker-registry, skopeo, and a
Python that can be copied, as pyenv's and uv's can; root, or podman has to make do with slow storage. umoci where it is installed.
"""
import argparse
import os
import shutil
import signal
import statistics
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import registry  # noqa: E402
from conda import row  # noqa: E402

PRESETS = ("ml-base", "pyroot", "tensorflow", "torch")
IN_IMAGE = "ENV PATH=/opt/conda/bin:/usr/local/bin:/usr/bin:/bin"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("mlenv", type=os.path.realpath)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", default="freeze,unpack,deploy,recipe,build")
    options = parser.parse_args()
    for program in ("podman", "docker-registry", "skopeo"):
        if not shutil.which(program):
            sys.exit(f"bench/images.py: {program} is not installed")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("bench/images.py: ended"))  # the registry ends with it
    scratch = tempfile.mkdtemp(prefix="mlenv-bench-", dir="/dev/shm")
    world = registry.World(scratch)
    try:
        bench = Bench(options, world)
        print("| measure | ours ms | theirs ms | ratio | of shortest | reach |\n|---|---|---|---|---|---|")
        for name in options.only.split(","):
            getattr(bench, name)()
    finally:
        world.close()
        shutil.rmtree(scratch, ignore_errors=True)


class Bench:
    """The rows of the table."""

    def __init__(self, options, world):
        self.options, self.world, self.mlenv = options, world, options.mlenv
        self.count, self.made = 0, None
        self.conda, lower = world.path("conda/opt/conda"), world.path("system")
        os.makedirs(self.conda)
        registry.python(self.conda)
        registry.system(lower, self.conda)
        self.base = world.image("lab/base:v1", "scratch", [lower, world.path("conda")], IN_IMAGE)
        self.wheels = world.path("wheels")
        self.packages = registry.wheels(self.wheels)
        self.local = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": self.wheels}

    def ours(self, *words, **more):
        return self.world.run(self.mlenv, "-q", *words, **more)

    def new(self, name):
        """A name that nothing had before."""
        self.count += 1
        return f"{name}{self.count}"

    def freeze(self):
        """An env with the packages, whose base lies here as it does on CVMFS."""
        image, env = self.world.path("image"), self.world.path("env")
        self.ours("image", "unpack", self.base, image)
        self.ours("create", "--no-save", "-p", env, "--base", image)
        self.ours("install", "-y", "-p", env, "--pip", *self.packages, **self.local)
        compile_all = (os.path.join(env, "bin/python"), "-m", "compileall", "-q", os.path.join(env, "lib"))
        words = ("image", "freeze", env, "--base-image", self.base, "--push")

        def first():
            remove_compiled(env)
            return self.ours(*words, f"{self.world.address}/{self.new('lab/first')}:v1")

        def again():
            self.world.run(*compile_all)
            return self.ours(*words, f"{self.world.address}/{self.new('lab/again')}:v1")

        rounds = self.options.rounds
        row("freeze --push, nothing compiled / podman build and push", first, self.podman(push=True), rounds, "≤ 0.4, ≤ 4000 ms")
        row("the same again, all compiled / podman build and push", again, self.podman(push=True), rounds, "≤ 0.4, ≤ 4000 ms")
        relay = registry.Relay(self.world.address)
        there, target = f"{relay.address}/lab/base:v1", f"{relay.address}/lab/counted:v1"
        said = self.world.told(self.mlenv, "image", "freeze", env, "--base-image", there, "--push", target).stderr
        size = self.world.layers(f"{self.world.address}/lab/counted:v1")[-1]["size"]
        said = next(line for line in said.splitlines() if "sent " in line).split("sent ")[1]
        more = (relay.sent - size) / 1000
        print(f"| sent by it, kB more than the layer of {size / 1e6:.1f} MB (it says: {said}) | {more:.1f} | | | | ≤ 10 |", flush=True)

    def podman(self, push):
        """The same packages by pip on the same base."""
        context = self.world.path("podman")
        shutil.copytree(self.wheels, f"{context}/wheels", dirs_exist_ok=True)
        pip = "python -m pip install -q --root-user-action=ignore --no-index --find-links /wheels"
        install = f"RUN {pip} {' '.join(self.packages)}"
        self.world.write("podman/Dockerfile", f"FROM {self.base}\nCOPY wheels /wheels\n{install}\n")

        def go():
            name = f"{self.world.address}/{self.new('lab/theirs')}:v1"
            taken = self.world.run("podman", "build", "-q", "--no-cache", "-t", name, context)
            if push:
                taken += self.world.run("podman", "push", "-q", name)
            self.world.run("podman", "rmi", "-f", name)
            return taken
        return go

    def large(self):
        """Two images that have nine tenths of their 20,000 files in common; the references, and what is the second's alone."""
        if not self.made:
            below, references, own = "opt/conda/share", [], None
            site = self.world.path("lower", below)
            os.makedirs(site)
            registry.many(site, "common", 18_000)
            for tag in ("v1", "v2"):
                own = self.world.path(tag, below)
                os.makedirs(own)
                registry.many(own, tag, 2_200)
                references.append(self.world.image(f"lab/large:{tag}", self.base, [self.world.path("lower"), self.world.path(tag)]))
            old, new = (self.world.layers(reference) for reference in references)
            if old[:-1] != new[:-1] or old == new:
                sys.exit("bench: the two images do not share their lower layers")
            self.made = (*references, own)
        return self.made

    def unpack(self):
        reference, world = self.large()[0], self.world

        def ours():
            taken = self.ours("image", "unpack", reference, world.path("unpacked"))
            shutil.rmtree(world.path("unpacked"))
            return taken

        name = "skopeo copy, umoci unpack --rootless" if shutil.which("umoci") else "skopeo copy, tar -x of each layer"
        if not shutil.which("umoci"):
            print("bench: umoci is not installed: its place is taken by tar", file=sys.stderr)

        def theirs():
            layout, bundle = world.path("layout"), world.path("bundle")
            copy = ("skopeo", "--insecure-policy", "copy", "-q", "--src-tls-verify=false")
            taken = world.run(*copy, f"docker://{reference}", f"oci:{layout}:v1")
            if shutil.which("umoci"):
                taken += world.run("umoci", "unpack", "--rootless", "--image", f"{layout}:v1", bundle)
            else:
                os.mkdir(bundle)
                for layer in world.layers(reference):
                    taken += world.run("tar", "-C", bundle, "-xzf", f"{layout}/blobs/{layer['digest'].replace(':', '/')}")
            shutil.rmtree(layout)
            shutil.rmtree(bundle)
            return taken

        row(f"unpack / {name}", ours, theirs, self.options.rounds, "≤ 1")

    def deploy(self):
        old, new, own = self.large()
        root, copy = self.world.path("deployed"), self.world.path("copy")

        def ours():
            self.ours("image", "deploy", old, root)
            taken = self.ours("image", "deploy", new, root)
            shutil.rmtree(root)
            return taken

        def theirs():
            taken = self.world.run("cp", "-a", own, copy)
            shutil.rmtree(copy)
            return taken

        row("deploy, a tenth of it new / cp -a of what is new", ours, theirs, self.options.rounds, "≤ 1.5")

    def recipe(self):
        for preset in PRESETS:
            pairs = [(self.ours("image", "recipe", "--preset", preset), self.world.run("true")) for _ in range(31)]
            ours, true = (1000 * statistics.median(times) for times in zip(*pairs))
            print(f"| recipe --preset {preset}, ms more than true | {ours - true:.2f} | | | | < 20 |", flush=True)

    def build(self):
        names = "".join(f"    - {name}\n" for name in self.packages)
        file = self.world.write("build/environment.yml", f"dependencies:\n  - pip:\n{names}")

        def ours():
            where = self.world.path("built")
            taken = self.ours("image", "build", file, "--base-image", self.base, "-o", f"oci:{where}", **self.local)
            shutil.rmtree(where)
            return taken

        row("build -o oci:DIR / podman build", ours, self.podman(push=False), self.options.rounds, "≤ 0.33")


def remove_compiled(env):
    """As after an installation that compiles nothing."""
    for directory, below, _ in os.walk(env):
        if "__pycache__" in below:
            below.remove("__pycache__")
            shutil.rmtree(os.path.join(directory, "__pycache__"))


if __name__ == "__main__":
    main()
