//! The file system of the tests' image: busybox, this machine's bash, and the test base as `/opt/conda`, with the
//! libraries that they need. Made once into the build directory.

use std::collections::BTreeSet;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;

use walkdir::WalkDir;

use crate::support::testbase;

/// Counts up whenever another image than before is made here.
pub(crate) const EDITION: u32 = 4;

/// The directory with it.
pub(crate) fn make() -> PathBuf {
    let base = testbase::base();
    let name = base.prefix.file_name().unwrap().to_string_lossy().into_owned();
    let root = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("rootfs{EDITION}-{name}"));
    if root.is_dir() {
        return root;
    }
    let aside = root.with_extension(std::process::id().to_string());
    let _ = std::fs::remove_dir_all(&aside);
    build(&aside);
    std::fs::rename(&aside, &root).unwrap();
    root
}

fn build(root: &Path) {
    for dir in [
        "bin",
        "dev",
        "etc",
        "home",
        "opt",
        "proc",
        "root",
        "run",
        "sys",
        "tmp",
        "usr/bin",
        "usr/local/bin",
        "var/tmp",
    ] {
        std::fs::create_dir_all(root.join(dir)).unwrap();
    }
    for dir in ["tmp", "var/tmp"] {
        std::fs::set_permissions(root.join(dir), PermissionsExt::from_mode(0o1777)).unwrap();
    }
    let write = |path: &str, text: &str| std::fs::write(root.join(path), text).unwrap();
    write("etc/passwd", "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534::/:/bin/sh\n");
    write("etc/group", "root:x:0:\nnogroup:x:65534:\n");
    write("etc/localtime", "");
    busybox(root);
    std::fs::copy("/bin/bash", root.join("bin/bash")).unwrap();
    conda(root);
    let program = Path::new(env!("CARGO_BIN_EXE_mlenv"));
    libraries(root, &[Path::new("/bin/bash").into(), program.into()]);
}

/// One program with many names.
fn busybox(root: &Path) {
    let program = ["/bin/busybox", "/usr/bin/busybox"].map(Path::new);
    let program = program.into_iter().find(|path| path.is_file()).unwrap();
    std::fs::copy(program, root.join("bin/busybox")).unwrap();
    let names = Command::new(program).arg("--list").output().unwrap().stdout;
    for name in String::from_utf8(names).unwrap().lines().filter(|name| *name != "busybox") {
        symlink("busybox", root.join("bin").join(name)).unwrap();
    }
    symlink("../../bin/busybox", root.join("usr/bin/env")).unwrap(); // where every system has it
}

/// The test base by the name that it has in images, with stand-ins for what takes a network or is large.
fn conda(root: &Path) {
    let base = testbase::base();
    let prefix = base.twin(&root.join("opt/conda"));
    let (old, new) = (base.prefix.to_str().unwrap(), "/opt/conda");
    for entry in std::fs::read_dir(prefix.join("bin")).unwrap().flatten() {
        if entry.file_type().unwrap().is_file()
            && let Ok(text) = std::fs::read_to_string(entry.path())
        {
            // A twin shares its files with the base of all other tests.
            let mode = entry.metadata().unwrap().permissions();
            std::fs::remove_file(entry.path()).unwrap();
            std::fs::write(entry.path(), text.replace(old, new)).unwrap();
            std::fs::set_permissions(entry.path(), mode).unwrap();
        }
    }
    let program = |path: PathBuf, text: &str| {
        std::fs::write(&path, text).unwrap();
        std::fs::set_permissions(path, PermissionsExt::from_mode(0o755)).unwrap();
    };
    program(root.join("bin/micromamba"), MICROMAMBA);
    program(prefix.join("bin/jupyter"), JUPYTER);
    let python = prefix.join("bin").join(&base.python);
    let modules = WalkDir::new(prefix.join("lib").join(&base.python)).into_iter().flatten();
    let modules = modules
        .map(walkdir::DirEntry::into_path)
        .filter(|path| path.extension().is_some_and(|end| end == "so"));
    libraries(root, &modules.chain([python]).collect::<Vec<_>>());
}

/// Copies the libraries that programs of this machine need to the same paths.
fn libraries(root: &Path, programs: &[PathBuf]) {
    let output = Command::new("ldd").args(programs).env_remove("LD_LIBRARY_PATH").output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let words = text.split_whitespace().filter(|word| word.starts_with('/'));
    let files: BTreeSet<&Path> = words.map(|word| Path::new(word.trim_end_matches(':'))).collect();
    for file in files.into_iter().filter(|file| file.to_string_lossy().contains(".so")) {
        let target = root.join(file.strip_prefix("/").unwrap());
        if file.is_file() && !file.starts_with(root) && !target.exists() {
            std::fs::create_dir_all(target.parent().unwrap()).unwrap();
            std::fs::copy(file, target).unwrap();
        }
    }
}

/// Writes history and records as micromamba does; `broken` is a package that cannot be had.
const MICROMAMBA: &str = r##"#!/bin/bash
line="micromamba $*"; verb=$1; shift
if [ "$verb" = clean ]; then exit 0; fi
prefix=/opt/conda specs=() names='' wanted=''
while (($#)); do
  case $1 in
    -y) ;;
    -p) prefix=$2; shift ;;
    -c) shift ;;
    -f)
      while read -r dash spec; do
        case $dash in
          dependencies:) wanted=yes ;;
          -) if [ "$wanted" ]; then specs+=("$spec"); fi ;;
        esac
      done <"$2"
      shift
      ;;
    *) specs+=("$1") ;;
  esac
  shift
done
for spec in "${specs[@]}"; do
  case $spec in broken*) echo "error: nothing provides $spec" >&2; exit 1 ;; esac
  name=${spec##*::}; name=${name%%[<>=!~]*}
  names="$names${names:+, }\"$spec\""
  if [ "$verb" = install ]; then echo '{}' >"$prefix/conda-meta/$name-1.0-0.json"; else rm -f "$prefix/conda-meta/$name"-*; fi
done
{
  echo "==> 2026-01-01 00:00:00 <=="
  echo "# cmd: $line"
  if [ "$verb" = install ]; then echo "# update specs: [$names]"; else echo "# remove specs: [$names]"; fi
} >>"$prefix/conda-meta/history"
"##;

/// Serves its words to whoever knows the token.
const JUPYTER: &str = r#"#!/opt/conda/bin/python3
import http.server, os, sys
words = sys.argv[1:]
after = lambda word: words[words.index(word) + 1]
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        good = self.path.endswith("token=" + os.environ["JUPYTER_TOKEN"])
        self.send_response(200 if good else 403)
        self.end_headers()
        self.wfile.write(("%d %s" % (os.getuid(), " ".join(words))).encode() if good else b"no")
        if self.path.startswith("/stop"):
            os._exit(0)
    def log_message(self, *words): pass
http.server.HTTPServer((after("--ip"), int(after("--port"))), Handler).serve_forever()
"#;
