#!/usr/bin/env python3
"""The documentation as pages for a browser: docs/site.py [DIR]

Takes the pages as they lie in the repository, lets mdbook make a site of them in DIR [default: target/site], and checks that
every link in it leads to a file and a place in it. Without an mdbook on PATH, cargo installs one into target/mdbook.
"""
import html.parser
import os
import pathlib
import shutil
import subprocess
import sys
import urllib.parse

TOP = pathlib.Path(__file__).resolve().parent.parent
VERSION = "0.5.4"
PAGES = ["README.md", "ARCHITECTURE.md", "CHANGELOG.md", "CONTRIBUTING.md", "LICENSE", "bench/README.md", "bench/hook.md"]
MORE = [("Benches", "bench/README.md"), ("The hook's bench", "bench/hook.md"), ("Architecture", "ARCHITECTURE.md"),
        ("Contributing", "CONTRIBUTING.md"), ("Changes", "CHANGELOG.md")]
BOOK = '[book]\ntitle = "mlenv"\nsrc = "src"\nlanguage = "en"\n[output.html]\nno-section-label = true\n'


def main():
    to = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else TOP / "target/site").resolve()
    work = TOP / "target/site-work"
    shutil.rmtree(work, ignore_errors=True)
    source = work / "src"
    for page in [*PAGES, *(str(path.relative_to(TOP)) for path in (TOP / "docs").iterdir() if path.is_file())]:
        place = source / page
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(TOP / page, place)
    (source / "SUMMARY.md").write_text(summary())
    (work / "book.toml").write_text(BOOK)
    subprocess.run([mdbook(), "build", str(work), "--dest-dir", str(to)], check=True)
    for index in [to / "index.html", to / "docs/index.html"]:
        shutil.copy(index, index.with_name("README.html"))  # by which other pages know it
    broken = check(to)
    for line in broken:
        print(f"docs/site.py: {line}", file=sys.stderr)
    print(to)
    sys.exit(1 if broken else 0)


def summary():
    """The guide's own order."""
    lines = ["# Summary", "", "[mlenv](README.md)", "[Guide](docs/README.md)"]
    for line in (TOP / "docs/README.md").read_text().splitlines():
        if line.startswith("| [") and "../" not in line:
            name = line.split("](")[1].split(")")[0]
            title = (TOP / "docs" / name).read_text().splitlines()[0].lstrip("# ")
            lines.append(f"- [{title}](docs/{name})")
    return "\n".join([*lines, *(f"- [{title}]({page})" for title, page in MORE), ""])


def mdbook():
    here = TOP / "target/mdbook/bin/mdbook"
    found = shutil.which("mdbook") or (str(here) if here.exists() else None)
    if not found:
        words = ["cargo", "install", "-q", "mdbook", "--locked", "--no-default-features", "--version", VERSION]
        env = {**os.environ, "CARGO_TARGET_DIR": str(TOP / "target/mdbook/build")}
        subprocess.run([*words, "--root", str(TOP / "target/mdbook")], check=True, env=env)
        shutil.rmtree(TOP / "target/mdbook/build", ignore_errors=True)
        found = str(here)
    return found


class Page(html.parser.HTMLParser):
    """Where a page's links lead, and what in it can be led to."""

    def __init__(self, text):
        super().__init__()
        self.links, self.places = [], set()
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        if attrs.get("id"):
            self.places.add(attrs["id"])
        target = attrs.get("href") if tag == "a" else attrs.get("src") if tag == "img" else None
        if target:
            self.links.append(target)


def check(site):
    pages = {path: Page(path.read_text()) for path in site.rglob("*.html")}
    broken = []
    for path, page in pages.items():
        if path.name in ("print.html", "toc.html", "404.html"):
            continue
        for link in page.links:
            url = urllib.parse.urlsplit(link)
            if url.scheme or url.netloc:
                continue
            to = (path.parent / urllib.parse.unquote(url.path)).resolve() if url.path else path
            to = to / "index.html" if to.is_dir() else to
            if not to.exists():
                broken.append(f"{path.relative_to(site)}: there is no {link}")
            elif url.fragment and to in pages and urllib.parse.unquote(url.fragment) not in pages[to].places:
                broken.append(f"{path.relative_to(site)}: there is no place {link}")
    return broken


if __name__ == "__main__":
    main()
