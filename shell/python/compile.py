# Compiles Python files that lie ready for an env, with the env's own Python.
#
# Read from standard input, a line each: the file, a tab, the path that it will have. What was compiled is printed, a line
# each. A file that is no Python of this version is passed over: so do conda's clients.
import os
import py_compile
import sys


def compile_all(lines):
    for line in lines:
        source, final = line.split("\t")
        try:
            made = py_compile.compile(source, dfile=final, doraise=True)
        except Exception:
            continue
        os.write(1, (made + "\n").encode())


lines = sys.stdin.read().split("\n")[:-1]
workers = max(1, min(len(os.sched_getaffinity(0)), len(lines) // 50))
children = []
for number in range(1, workers):
    child = os.fork()
    if child == 0:
        compile_all(lines[number::workers])
        os._exit(0)
    children.append(child)
compile_all(lines[::workers])
for child in children:
    os.waitpid(child, 0)
