#!/usr/bin/env python3
"""What a channel of conda-forge's size costs `install` and `search`, in its three forms, on loopback.

usage: bench/channel.py [--base PREFIX] [--mlenv FILE] [--rounds N] [--records N]

Cold is an empty cache; warm is what the run before left in it, and a question to the server whether that still holds. Times are
whole processes (`--dry-run`: nothing is fetched but lists), memory is the largest of all rounds, requests are those of the first.
"""
import argparse
import functools
import glob
import http.server
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import create  # noqa: E402

HERE = os.path.dirname(os.path.abspath(__file__))
ASKED = []


class Quiet(http.server.SimpleHTTPRequestHandler):
    """Files with an ETag; what was asked for is counted."""

    protocol_version = "HTTP/1.1"
    # Head and body are written one after the other: with Nagle's algorithm each small answer would wait 40 ms.
    disable_nagle_algorithm = True

    def log_message(self, *_):
        ASKED.append(self.path)

    def do_GET(self):
        path = self.translate_path(self.path)
        tag = f'"{os.path.getsize(path)}"' if os.path.isfile(path) else ""
        if tag and self.headers.get("If-None-Match") == tag:
            self.send_response(304)
            self.end_headers()
            return
        self.tag = tag
        super().do_GET()

    def end_headers(self):
        if getattr(self, "tag", ""):
            self.send_header("ETag", self.tag)
        super().end_headers()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--base", help="a conda prefix [default: a generated one of a real image's shape]")
    parser.add_argument("--mlenv", default=os.path.join(HERE, "../target/release/mlenv"))
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--records", type=int, default=500_000)
    options = parser.parse_args()
    scratch = tempfile.mkdtemp(prefix="mlenv-bench-", dir="/dev/shm")
    try:
        bench = create.Bench(options, scratch)
        channel = os.path.join(scratch, "channel")
        maker = [sys.executable, f"{HERE}/make-channel.py", channel, "--records", str(options.records), "--base", bench.base]
        subprocess.run(maker, check=True)
        handler = functools.partial(Quiet, directory=channel)
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        table(options, bench, scratch, f"http://127.0.0.1:{server.server_port}")
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def table(options, bench, scratch, address):
    env, cache = os.path.join(scratch, "env"), os.path.join(scratch, "home/.cache/mlenv/conda")
    bench.run([bench.mlenv, "-q", "create", "--no-save", "-p", env, "--base", bench.base])
    bench.env["MLENV_SITE"] = os.path.join(scratch, "no-site")
    print("| measure | cold ms | warm ms | peak MB | requests, cold | warm |\n|---|---|---|---|---|---|")
    for form in ("shards", "zst", "json"):
        channel = ["-c", f"{address}/{form}"]
        for what, words in (
            ("install heavy", ["install", "-p", env, "--dry-run", *channel, "heavy"]),
            ("install pure-leaf", ["install", "-p", env, "--dry-run", *channel, "pure-leaf"]),
            ("search python", ["search", "-p", env, *channel, "python"]),
        ):
            row(f"{what}, {form}", [bench.mlenv, "-q", *words], (bench.env, cache), options.rounds)
    match(options, bench, scratch, f"{address}/shards", cache)


def match(options, bench, scratch, channel, cache):
    """Twenty bases: each the first one's content by links, with records of its own."""
    for at in range(20):
        base = os.path.join(scratch, f"bases/{at}")
        shutil.copytree(f"{bench.base}/conda-meta", f"{base}/conda-meta")
        for name in set(os.listdir(bench.base)) - {"conda-meta"}:
            os.symlink(f"{bench.base}/{name}", f"{base}/{name}")
        records = sorted(glob.glob(f"{base}/conda-meta/*-*.json"))
        os.remove(records[at % (len(records) - 1)])  # Python's is the last
        bench.run([bench.mlenv, "-q", "base", "add", base, "--name", f"base{at}"])
    file = os.path.join(scratch, "environment.yml")
    with open(file, "w", encoding="utf-8") as out:
        out.write(f"channels: ['{channel}']\ndependencies: [pure-leaf, heavy, python >=3]\n")
    words = [bench.mlenv, "-q", "base", "match", file]
    row("base match, 20 bases, shards", words, (bench.env, cache), options.rounds)


def row(name, words, where, rounds):
    cold = [once(words, where, True) for _ in range(rounds)]
    warm = [once(words, where, False) for _ in range(rounds)]
    times = [1000 * statistics.median(run[0] for run in runs) for runs in (cold, warm)]
    peak = max(run[1] for run in cold + warm)
    print(f"| {name} | {times[0]:.0f} | {times[1]:.0f} | {peak:.0f} | {cold[0][2]} | {warm[0][2]} |", flush=True)


def once(words, where, empty):
    env, cache = where
    if empty:
        shutil.rmtree(cache, ignore_errors=True)
    ASKED.clear()
    begun = time.monotonic()
    child = subprocess.Popen(words, env=env, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = status
    if status:
        sys.exit(f"bench: {words} failed")
    return time.monotonic() - begun, usage.ru_maxrss / 1000, len(ASKED)


if __name__ == "__main__":
    main()
