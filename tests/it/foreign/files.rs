//! Files of others that are not files: pipes, devices, directories, sockets, holes of three gigabytes. Whatever reads
//! them ends soon, with a sentence or without what was in them, and never holds more than a real one could.

use std::os::fd::AsRawFd;
use std::os::unix::fs::symlink;
use std::os::unix::net::UnixListener;
use std::path::Path;

use crate::kit::forge;
use crate::pack::story::hollow;
use crate::support::sandbox::{Run, Sandbox};

/// What lies in a file's place.
const KINDS: [&str; 6] = ["pipe", "link to a pipe", "zeros", "directory", "socket", "hole"];

/// A place in an env, and which verbs read what lies there.
const IN_ENV: [(&str, &[&str]); 18] = [
    ("mlenv.toml", &["answer", "status", "info", "list", "doctor", "pack", "save"]),
    ("pyvenv.cfg", &["doctor", "pack", "answer"]),
    ("pip.conf", &["doctor", "install"]),
    ("conda-meta/history", &["doctor", "rebase"]),
    ("conda-meta/pinned", &["doctor", "pin"]),
    ("conda-meta/frozen", &["install"]),
    ("conda-meta/state", &["answer", "doctor"]),
    ("conda-meta/own-1.0-0.json", &["doctor", "packages", "export"]),
    ("lib/python3.11/site-packages/own-1.0.dist-info/METADATA", &["packages", "export"]),
    ("lib/python3.11/site-packages/own-1.0.dist-info/RECORD", &["doctor", "clone"]),
    ("lib/python3.11/site-packages/own-1.0.dist-info/INSTALLER", &["packages", "doctor"]),
    ("lib/python3.11/site-packages/own-1.0.dist-info/WHEEL", &["rebase"]),
    ("lib/python3.11/site-packages/own-1.0.dist-info/direct_url.json", &["export", "rebase"]),
    ("lib/python3.11/site-packages/own.pth", &["doctor"]),
    ("etc/conda/activate.d/activate-python.sh", &["answer", "run"]),
    ("etc/conda/env_vars.d/own.json", &["answer", "run"]),
    ("lib/libown.so", &["doctor"]),
    ("bin/program", &["doctor", "run program", "clone", "pack"]),
];

/// The same of a base.
const IN_BASE: [(&str, &[&str]); 7] = [
    ("conda-meta/tools-1.0-0.json", &["create", "base index", "base check"]),
    ("lib/python3.11/site-packages/own-1.0.dist-info/RECORD", &["create"]),
    ("mlenv-standard.tar.zst", &["create", "base info"]),
    ("newEnv-base.tgz", &["create"]),
    ("mlenv-prepared.json", &["base check"]),
    ("lib/libown.so", &["base check"]),
    ("bin/program", &["create", "base check"]),
];

/// Files that are named on the command line, or lie in the user's own places.
const NAMED: [(&str, &[&str]); 6] = [
    ("named", &["unpack named", "create --from named", "image recipe named", "import named"]),
    ("home/.config/mlenv/config.toml", &["create"]),
    ("home/.config/mlenv/bases.toml", &["base list"]),
    ("home/.config/pip/pip.conf", &["install"]),
    ("home/.local/share/jupyter/kernels/own/kernel.json", &["jupyter list"]),
    ("home/.condarc", &["doctor"]),
];

fn put(sandbox: &Sandbox, kind: &str, path: &Path) {
    let pipe = |path: &Path| nix::unistd::mkfifo(path, nix::sys::stat::Mode::S_IRWXU).unwrap();
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    let _ = std::fs::remove_file(path);
    match kind {
        "pipe" => pipe(path),
        "link to a pipe" => {
            pipe(&sandbox.path("pipe"));
            symlink(sandbox.path("pipe"), path).unwrap();
        }
        "zeros" => symlink("/dev/zero", path).unwrap(),
        "directory" => std::fs::create_dir(path).unwrap(),
        "socket" => {
            // A socket's address is short, so it is bound through a descriptor of its directory.
            let dir = std::fs::File::open(path.parent().unwrap()).unwrap();
            let name = path.file_name().unwrap().to_str().unwrap();
            let address = format!("/proc/self/fd/{}/{name}", dir.as_raw_fd());
            drop(UnixListener::bind(address).unwrap());
        }
        _ => std::fs::File::create(path).unwrap().set_len(3 << 30).unwrap(),
    }
}

/// The command of a verb, with an end to its time and a limit to its memory.
fn bounded(sandbox: &Sandbox, words: &str) -> Run {
    let words: Vec<&str> = match words {
        "answer" => vec!["answer", "--shell", "bash", "--marker", "proj/.mlenv.toml"],
        "status" => vec!["status"],
        "list" => vec!["list"],
        "save" => vec!["save", "--force", "env"],
        "install" => vec!["install", "-p", "env", "--dry-run", "--pip", "nothing-like-it"],
        "pin" => vec!["pin", "-p", "env", "numpy"],
        "run" => vec!["run", "-p", "env", "--", "true"],
        "run program" => vec!["run", "-p", "env", "--", "program"],
        "pack" => vec!["pack", "env", "--force", "-o", "packed"],
        "clone" => vec!["clone", "env", "-p", "copy"],
        "rebase" => vec!["rebase", "env", "--base", "base"],
        "create" => vec!["create", "--no-save", "--force", "-p", "made", "--base", "base"],
        "create --from named" => vec!["create", "-p", "made", "--from", "named"],
        "unpack named" => vec!["unpack", "named", "--to", "node"],
        "base index" | "base check" | "base info" => {
            let verb = words.split_once(' ').unwrap().1;
            vec!["base", verb, "base"]
        }
        "base list" | "jupyter list" | "image recipe named" => words.split(' ').collect(),
        "import named" => vec!["import", "named"],
        verb => vec![verb, "env"],
    };
    let limits = "ulimit -v 1500000; exec timeout -k 1 30 \"$0\" \"$@\"";
    sandbox.mlenv(words).behind(["sh", "-c", limits])
}

/// Every kind at every place: the verbs end by themselves, without a panic.
fn survives(places: &[(&str, &[&str])], below: &str) -> usize {
    let mut count = 0;
    for kind in KINDS {
        for (place, verbs) in places {
            let (sandbox, _env) = hollow(&[
                (
                    "lib/python3.11/site-packages/own-1.0.dist-info/METADATA",
                    b"Name: own\nVersion: 1.0\n",
                ),
                ("conda-meta/own-1.0-0.json", b"{\"files\": []}"),
            ]);
            sandbox.write("proj/.mlenv.toml", "env = '../env'");
            sandbox.mlenv(["allow", "proj"]).end();
            put(&sandbox, kind, &sandbox.path(below).join(place));
            // Data has no limit of its own: a large file is copied.
            let copies = |verb: &&&str| kind == "hole" && ["clone", "pack"].contains(*verb);
            for verb in verbs.iter().filter(|verb| !copies(verb)) {
                let told = bounded(&sandbox, verb).end();
                let code = told.status.code();
                assert!(!told.err.contains("Usage:"), "{told}");
                assert!(
                    !told.err.contains("panicked")
                        && code.is_some_and(|code| code < 124 || code == 126 || code == 127),
                    "{kind} at {below}/{place}, {verb}: {told}"
                );
            }
            count += 1;
        }
    }
    count
}

#[test]
fn what_is_no_file_in_an_env_keeps_nobody_waiting() {
    assert_eq!(survives(&IN_ENV, "env"), 108);
}

#[test]
fn what_is_no_file_in_a_base_keeps_nobody_waiting() {
    assert_eq!(survives(&IN_BASE, "base"), 42);
}

#[test]
fn what_is_no_file_and_was_named_or_lies_at_home_keeps_nobody_waiting() {
    assert_eq!(survives(&NAMED, ""), 36);
}

#[test]
fn an_env_that_is_copied_loses_what_is_no_file_and_keeps_the_rest() {
    let (sandbox, env) = hollow(&[("share/kept", b"kept")]);
    for kind in ["pipe", "socket"] {
        put(&sandbox, kind, &env.join("share").join(kind));
    }
    let large = sandbox.path("env/share/large");
    std::fs::File::create(&large).unwrap().set_len(80 << 20).unwrap();
    bounded(&sandbox, "clone").ok();
    bounded(&sandbox, "pack").ok();
    sandbox.mlenv(["unpack", "packed", "--to", "node"]).ok();
    for copy in ["copy", "node/env"] {
        let share = sandbox.path(copy).join("share");
        assert_eq!(std::fs::read(share.join("kept")).unwrap(), b"kept");
        assert_eq!(share.join("large").metadata().unwrap().len(), 80 << 20, "no limit for data");
        assert!(!share.join("pipe").exists() && !share.join("socket").exists());
    }
}

#[test]
fn an_honest_file_that_is_large_for_its_kind_is_still_read() {
    let sandbox = Sandbox::new();
    let base = forge::hollow_base(&sandbox.path("base"));
    let files: Vec<String> =
        (0..200_000).map(|at| format!("\"share/doc/tools/{at:020}\"")).collect();
    let record = format!("{{\"files\": [{}]}}", files.join(","));
    sandbox.write("base/conda-meta/tools-1.0-0.json", record);
    sandbox.env("e", &base);
}
