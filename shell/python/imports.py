# What the Python sources below a directory import, and which of the installed packages have it: as JSON. Nothing of the
# project is run: its files are parsed, notebooks by their cells.
import ast
import importlib.util
import json
import os
import re
import sys
import sysconfig

try:
    from importlib import metadata
except ImportError:  # before 3.8
    metadata = None

TOP = sys.argv[1]
LEFT_OUT = {"node_modules", "__pycache__", "build", "dist", "site-packages"}
MAGIC = re.compile(r"^\s*[%!?].*$", re.M)
imports, unread, own = {}, [], set()


def sources():
    for path, dirs, files in os.walk(TOP):
        env = {"pyvenv.cfg", "conda-meta"} & set(files + dirs)
        if env and path != TOP:
            dirs[:] = []
            continue
        dirs[:] = sorted(name for name in dirs if name not in LEFT_OUT and not name.startswith("."))
        for name in sorted(files):
            if name.endswith((".py", ".ipynb")):
                yield os.path.join(path, name)


def texts(path):
    with open(path, "rb") as file:
        data = file.read()
    if path.endswith(".py"):
        return [data]
    cells = json.loads(data.decode("utf-8", "replace")).get("cells", [])
    code = [cell.get("source", "") for cell in cells if cell.get("cell_type") == "code"]
    joined = ["".join(text) if isinstance(text, list) else text for text in code]
    return [MAGIC.sub("pass", text) for text in joined if not text.lstrip().startswith("%%")]


def look(path):
    below = os.path.relpath(path, TOP)
    parts = below.split(os.sep)
    for part in parts[:-1]:
        own.add(part)
    own.add(os.path.splitext(parts[-1])[0])
    for text in texts(path):
        for node in ast.walk(ast.parse(text)):
            names = []
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and not node.level and node.module:
                names = [node.module] + [node.module + "." + alias.name for alias in node.names]
            for name in names:
                imports.setdefault(name, "%s:%d" % (below, node.lineno))


def is_standard(name):
    if name in getattr(sys, "stdlib_module_names", sys.builtin_module_names):
        return True
    try:
        spec = importlib.util.find_spec(name)
    except (ImportError, ValueError, AttributeError):
        return False
    origin = getattr(spec, "origin", None) or ""
    inside = os.path.realpath(origin).startswith(os.path.realpath(sysconfig.get_path("stdlib")) + os.sep)
    return origin in ("built-in", "frozen") or inside and "-packages" not in origin


def modules(distribution):
    """The dotted names of what a distribution brings."""
    found = set()
    for file in distribution.files or []:
        parts = file.parts
        if parts and parts[0] not in ("..", "__pycache__") and not parts[0].endswith((".dist-info", ".egg-info")):
            name = parts[-1].split(".")[0]
            if parts[-1].endswith((".py", ".so", ".pyd")):
                found.add(".".join(parts[:-1] if name == "__init__" else parts[:-1] + (name,)))
    tops = (distribution.read_text("top_level.txt") or "").split()
    return {name for name in found if name} | {name.replace("/", ".") for name in tops}


for source in sources():
    try:
        look(source)
    except (SyntaxError, ValueError, OSError, RecursionError, AttributeError) as cause:
        unread.append("%s: %s" % (os.path.relpath(source, TOP), str(cause).splitlines()[0]))

installed, brings = {}, {}
for distribution in metadata.distributions() if metadata else []:
    name, version = distribution.metadata["Name"], distribution.version
    if name and name.lower() not in installed:
        installed[name.lower()] = [name, version]
        for module in modules(distribution):
            brings.setdefault(module, set()).add(name)

needed, unknown = {}, {}
for name in sorted(imports):
    top = name.split(".")[0]
    if top in own or is_standard(top):
        continue
    # The longest name that somebody brings: several packages may share a namespace.
    parts = name.split(".")
    for length in range(len(parts), 0, -1):
        found = brings.get(".".join(parts[:length]))
        if found:
            for package in found if len(found) == 1 or length > 1 else sorted(found)[:1]:
                needed.setdefault(package, imports[name])
            break
    else:
        if not any(other.split(".")[0] == top for other in brings):
            unknown.setdefault(top, imports[name])

json.dump({"needed": needed, "unknown": unknown, "unread": unread, "installed": list(installed.values())}, sys.stdout)
