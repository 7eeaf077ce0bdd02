"""What `bench/images.py` works in: a registry on loopback, podman with a store of its own, a base image of two layers that is
made of this machine's Python, wheels, and a relay that counts what is sent. All of it lies in one directory, and ends with it.
"""
import csv
import io
import json
import os
import random
import shutil
import socket
import subprocess
import sys
import threading
import time
import zipfile

# Of the standard library, what no measure needs.
HEAVY = ("test", "tests", "idlelib", "turtledemo", "tkinter", "lib2to3", "ensurepip", "site-packages", "__pycache__", "pydoc_data",
         "EXTERNALLY-MANAGED", "config-3*")
HEADS = ("lay", "mo", "tra", "ten", "fi", "ra", "de", "pro", "vec", "sum")
TAILS = ("er", "de", "ck", "sor", "lter", "nge", "pth", "be", "tor", "mand")
WORDS = [head + tail for head in HEADS for tail in TAILS]
CONF = """[containers]
default_ulimits = ["nofile=1024:1024", "nproc=4096:4096"]
netns = "host"
[engine]
{runtime}cgroup_manager = "cgroupfs"
events_logger = "file"
tmp_dir = "{run}/libpod"
"""
REGISTRY = """version: 0.1
log: {{level: error, accesslog: {{disabled: true}}}}
storage: {{filesystem: {{rootdirectory: "{data}"}}, delete: {{enabled: true}}}}
http: {{addr: "{address}"}}
"""


class World:
    """Programs at work in one directory, on images in one registry."""

    def __init__(self, scratch):
        self.scratch = scratch
        self.address = f"127.0.0.1:{free_port()}"
        for name in ("home", "tmp", "registry"):
            os.mkdir(self.path(name))
        runtime = 'runtime = "runc"\n' if shutil.which("runc") else ""
        driver = "vfs" if os.geteuid() else "overlay"
        run = self.path("run")
        storage = f'[storage]\ndriver = "{driver}"\ngraphroot = "{self.path("store")}"\nrunroot = "{run}"\n'
        settings = {
            "CONTAINERS_CONF": ("containers.conf", CONF.format(runtime=runtime, run=run)),
            "CONTAINERS_STORAGE_CONF": ("storage.conf", storage),
            "CONTAINERS_REGISTRIES_CONF": ("registries.conf", '[[registry]]\nlocation = "127.0.0.1"\ninsecure = true\n'),
        }
        self.env = {name: self.write(*file) for name, file in settings.items()}
        self.env |= {"HOME": self.path("home"), "TMPDIR": self.path("tmp"), "PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8",
                     "MLENV_SITE": self.path("no-site")}
        config = self.write("registry.yml", REGISTRY.format(data=self.path("registry"), address=self.address))
        with open(self.path("registry.log"), "wb") as log:
            self.server = subprocess.Popen(["docker-registry", "serve", config], stdout=log, stderr=log)
        for _ in range(200):
            try:
                socket.create_connection(("127.0.0.1", int(self.address.split(":")[1]))).close()
                return
            except OSError:
                time.sleep(0.05)
        sys.exit("bench: docker-registry did not start")

    def close(self):
        self.server.terminate()
        self.server.wait()
        if os.geteuid():  # its files belong to users of podman's own
            subprocess.run(["podman", "unshare", "rm", "-rf", self.path("store")], check=False, env=self.env)

    def path(self, *below):
        return os.path.join(self.scratch, *below)

    def write(self, name, text):
        path = self.path(name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        return path

    def run(self, *command, **more):
        """Seconds that it took; its words are shown where it fails."""
        began = time.perf_counter()
        self.told(*command, **more)
        return time.perf_counter() - began

    def told(self, *command, **more):
        ended = subprocess.run(command, env={**self.env, **more}, cwd=self.scratch, capture_output=True, text=True, check=False)
        if ended.returncode:
            sys.exit(f"bench: {' '.join(command)}: {ended.stdout[-2000:]}{ended.stderr[-4000:]}")
        return ended

    def image(self, name, base, trees, more=""):
        """An image in the registry, one layer for each directory; its reference."""
        reference, context = f"{self.address}/{name}", self.path("context")
        os.mkdir(context)
        lines = [f"FROM {base}"]
        for number, tree in enumerate(trees):
            subprocess.run(["tar", "-C", tree, "--owner=0", "--group=0", "-cf", f"{context}/{number}.tar", "."], check=True)
            lines.append(f"ADD {number}.tar /")
        self.write("context/Dockerfile", "\n".join([*lines, more]) + "\n")
        self.run("podman", "build", "-q", "-t", reference, context)
        self.run("podman", "push", "-q", reference)
        shutil.rmtree(context)
        return reference

    def layers(self, reference):
        """The layers of an image, as its manifest names them."""
        words = ("skopeo", "inspect", "--raw", "--tls-verify=false", f"docker://{reference}")
        return json.loads(self.told(*words).stdout)["layers"]


def free_port():
    with socket.socket() as asked:
        asked.bind(("127.0.0.1", 0))
        return asked.getsockname()[1]


class Relay:
    """Passes connections on to a registry, and counts what is sent to it."""

    def __init__(self, address):
        host, port = address.split(":")
        self.to, self.sent = (host, int(port)), 0
        self.server = socket.create_server(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self.server.getsockname()[1]}"
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            here = self.server.accept()[0]
            there = socket.create_connection(self.to)
            for one, other, counts in ((here, there, True), (there, here, False)):
                threading.Thread(target=self.carry, args=(one, other, counts), daemon=True).start()

    def carry(self, one, other, counts):
        try:
            while piece := one.recv(1 << 16):
                self.sent += len(piece) if counts else 0
                other.sendall(piece)
            other.shutdown(socket.SHUT_WR)
        except OSError:
            pass


def system(root, prefix):
    """A shell and the libraries that it and the Python in `prefix` need, by their own paths."""
    programs = ["/bin/sh", "/usr/bin/env", os.path.join(prefix, "bin/python3")]
    for directory, _, names in os.walk(prefix):
        programs += [os.path.join(directory, name) for name in names if name.endswith(".so")]
    told = subprocess.run(["ldd", *programs], capture_output=True, text=True, check=False).stdout
    files = {word.rstrip(":") for word in told.split() if word.startswith("/")} | set(programs[:2])
    for file in files:
        if not file.startswith((prefix, sys.base_prefix)) and os.path.isfile(file):
            os.makedirs(root + os.path.dirname(file), exist_ok=True)
            shutil.copy(file, root + file)
    for directory in ("etc", "opt", "proc", "root", "sys", "dev", "run", "tmp", "var/tmp"):
        os.makedirs(os.path.join(root, directory), exist_ok=True)
    os.chmod(os.path.join(root, "tmp"), 0o1777)
    with open(os.path.join(root, "etc/passwd"), "w", encoding="utf-8") as file:
        file.write("root:x:0:0:root:/root:/bin/sh\n")


def python(prefix):
    """A conda prefix with this Python, its standard library and its pip, which runs from any path."""
    name, old = f"python{sys.version_info[0]}.{sys.version_info[1]}", sys.base_prefix
    if old.startswith("/usr") and not old.startswith("/usr/local"):
        sys.exit("bench: the system's Python cannot be put elsewhere: run this with one of pyenv or uv")
    library = os.path.join(prefix, "lib", name)
    shutil.copytree(os.path.join(old, "lib", name), library, ignore=shutil.ignore_patterns(*HEAVY), symlinks=True)
    os.mkdir(os.path.join(library, "site-packages"))
    import pip  # what this Python has is copied
    packages = os.path.dirname(os.path.dirname(pip.__file__))
    for entry in os.listdir(packages):
        if entry == "pip" or entry.startswith("pip-"):
            to = os.path.join(library, "site-packages", entry)
            shutil.copytree(os.path.join(packages, entry), to, ignore=shutil.ignore_patterns("__pycache__"))
    for file in os.listdir(os.path.join(old, "lib")):
        if file.startswith("libpython") and ".so" in file:
            shutil.copy(os.path.join(old, "lib", file), os.path.join(prefix, "lib", file), follow_symlinks=False)
    os.mkdir(os.path.join(prefix, "bin"))
    with open(os.path.join(old, "bin", name), "rb") as file:
        program = file.read()
    # A library of its own is looked for beside the program: a shorter path takes the place of the one in the file.
    built, here = os.fsencode(os.path.join(old, "lib")) + b"\0", b"$ORIGIN/../lib\0"
    if len(built) >= len(here):
        program = program.replace(built, here.ljust(len(built), b"\0"))
    with open(os.path.join(prefix, "bin", name), "wb") as file:
        file.write(program)
    os.chmod(os.path.join(prefix, "bin", name), 0o755)
    for link in ("python", "python3"):
        os.symlink(name, os.path.join(prefix, "bin", link))
    subprocess.run([os.path.join(prefix, "bin", name), "-m", "compileall", "-q", library], check=True, env={})
    record(prefix)


def record(prefix):
    """Makes it a prefix of conda's, in which all files are of the package python."""
    files = [os.path.relpath(os.path.join(directory, name), prefix) for directory, _, names in os.walk(prefix) for name in names]
    version, build = ".".join(map(str, sys.version_info[:3])), "h1_0_cpython"
    fields = {"build": build, "build_number": 0, "channel": "conda-forge", "depends": [], "files": sorted(files), "name": "python",
              "fn": f"python-{version}-{build}.conda", "subdir": "linux-64", "version": version}
    os.mkdir(os.path.join(prefix, "conda-meta"))
    with open(os.path.join(prefix, f"conda-meta/python-{version}-{build}.json"), "w", encoding="utf-8") as file:
        json.dump(fields, file)
    with open(os.path.join(prefix, "conda-meta/history"), "w", encoding="utf-8"):
        pass


def module(noise, functions=12):
    """Python that compiles, 5 kB of it, of words that come in another order each time."""
    lines = []
    for _ in range(functions):
        a, b, c, name, other = noise.choices(WORDS, k=5)
        lines += [f"def {name}_{other}({a}_a, {b}_b, {c}_c={noise.random():.4f}):",
                  f'    """{" ".join(noise.choices(WORDS, k=18)).capitalize()}."""',
                  f"    {name} = {{'{other}': {a}_a, '{b}': [{b}_b, {noise.randrange(10**6)}], '{c}': {c}_c}}",
                  f"    for {a}, {other}_o in sorted({name}.items()):",
                  f"        if {a} != '{c}' and len({a}) > {noise.randrange(9)}:",
                  f"            {name}[{a}] = ({other}_o, {b}_b * {noise.randrange(99)})",
                  f"    return {name}", "", ""]
    return "\n".join(lines).encode()


def wheels(directory, count=5, modules=490, blob=3_800_000):
    """Wheels of 50 MB in 2,500 files: modules, and two libraries each that cannot be made much smaller. Their names."""
    os.mkdir(directory)
    noise, names = random.Random(1), [f"bench_{number}" for number in range(count)]
    for name in names:
        files = {f"{name}/__init__.py": b""}
        files |= {f"{name}/part{number % 25}/m{number}.py": module(noise) for number in range(modules)}
        files |= {f"{name}/_native{number}.so": noise.randbytes(blob * 9 // 10) + bytes(blob // 10) for number in range(2)}
        info = f"{name}-1.0.dist-info"
        files[f"{info}/METADATA"] = f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n".encode()
        files[f"{info}/WHEEL"] = b"Wheel-Version: 1.0\nGenerator: bench\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        rows = io.StringIO()
        csv.writer(rows, lineterminator="\n").writerows((path, "", "") for path in [*files, f"{info}/RECORD"])
        with zipfile.ZipFile(os.path.join(directory, f"{name}-1.0-py3-none-any.whl"), "w", zipfile.ZIP_DEFLATED) as wheel:
            for path, content in files.items():
                wheel.writestr(path, content)
            wheel.writestr(f"{info}/RECORD", rows.getvalue())
    return names


def many(root, name, count, size=10_000):
    """Files as a large image has them, half of each text, half not to be made smaller: `count` of 10 kB on average."""
    noise = random.Random(name)
    text = b"".join(module(noise) for _ in range(200))
    for number in range(count):
        path = os.path.join(root, name, f"part{number // 300}", f"group{number // 10}", f"m{number}.dat")
        if number % 10 == 0:
            os.makedirs(os.path.dirname(path))
        half = int(size * noise.choice((0.1, 0.2, 0.4, 0.8, 1.0)))
        at = noise.randrange(len(text) - half)
        with open(path, "wb") as file:
            file.write(text[at:at + half] + noise.randbytes(half))
