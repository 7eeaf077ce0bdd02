//! `mlenv pack` and `unpack`: an env in one file, and whole again at another place, or not there at all.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::Stdio;

use crate::kit::forge::hollow_base;
use crate::support::sandbox::{Outcome, Sandbox};
use crate::support::testbase::base;
use crate::support::{tree, wheel};

/// An env on the base, with a package that brings a program and a kernel.
fn installed() -> (Sandbox, PathBuf) {
    let sandbox = Sandbox::new();
    let env = sandbox.env("it's my \"Env\" $x é", &base().prefix);
    wheel::build(&sandbox.path("wheels"), "fresh", "1.0");
    let pip = ["-m", "pip", "install", "-q", "--no-index", "--find-links", "wheels", "fresh"];
    sandbox.run(env.join("bin/python")).args(pip).ok();
    (sandbox, env)
}

/// An env on a base that is quick to link, with these files.
pub(crate) fn hollow(files: &[(&str, &[u8])]) -> (Sandbox, PathBuf) {
    let sandbox = Sandbox::new();
    let env = sandbox.env("env", &hollow_base(&sandbox.path("base")));
    for (path, bytes) in files {
        sandbox.write(Path::new("env").join(path), bytes);
    }
    (sandbox, env)
}

pub(crate) fn pack(sandbox: &Sandbox, env: &Path) -> Outcome {
    sandbox.mlenv(["pack", "--force", "-o", "parcel"]).arg(env).ok()
}

fn unpack(sandbox: &Sandbox, to: &str) -> PathBuf {
    let told = sandbox.mlenv(["unpack", "parcel", "--to", to]).ok();
    PathBuf::from(OsStr::from_bytes(told.raw.strip_suffix(b"\n").unwrap()))
}

/// Bytes that no packer makes smaller.
pub(crate) fn noise(count: usize) -> Vec<u8> {
    let mut state = 88_172_645_463_325_252_u64;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()
    };
    (0..count.div_ceil(8)).flat_map(|_| next()).take(count).collect()
}

pub(crate) fn litter(dir: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(dir).into_iter().flatten().flatten();
    let names = entries.map(|entry| entry.file_name().to_string_lossy().into_owned());
    names.filter(|name| name.starts_with(".mlenv-")).collect()
}

#[test]
fn an_env_with_packages_works_at_its_new_place_and_is_healthy() {
    let (sandbox, env) = installed();
    pack(&sandbox, &env).says("packed ").says(" links, ");
    std::fs::create_dir(sandbox.path("node")).unwrap();
    let new = unpack(&sandbox, "node");
    assert_eq!(new, sandbox.path("node").join(env.file_name().unwrap()));
    // The old one is not needed.
    std::fs::rename(&env, sandbox.path("elsewhere")).unwrap();
    let told = sandbox.run(new.join("bin/fresh")).ok();
    assert_eq!(told.out, format!("1.0 {}\n", new.display()));
    let code = "import click, fresh, sys; print(sys.prefix, click.__version__, fresh.__file__)";
    let told = sandbox.mlenv(["run", "-p"]).arg(&new).args(["python", "-c", code]).ok().out;
    assert!(told.starts_with(&format!("{} 8.1.7 {}/lib/", new.display(), new.display())), "{told}");
    sandbox.mlenv(["doctor"]).arg(&new).ok();
    let info = sandbox.mlenv(["info", "--json"]).arg(&new).ok().json();
    assert_eq!(info["record"]["prefix"], new.to_str().unwrap());
    let told = sandbox.mlenv(["packages", "--added"]).arg(&new).ok().out;
    assert!(told.contains("fresh"), "{told}");
    assert_eq!(
        sandbox.mlenv(["list"]).ok().out.lines().count(),
        0,
        "a job's env is not remembered"
    );
}

#[test]
fn every_kind_of_file_arrives_as_it_was() {
    let large = noise(9_000_001);
    let (sandbox, env) = hollow(&[("large.so", &large), ("empty", b""), ("lib/after", b"large")]);
    let odd = OsStr::from_bytes(b"deep \xff \n'$x/").to_owned();
    let long = format!("{}/{}", "d".repeat(90), "f".repeat(200));
    for path in [Path::new(&odd).join("file"), PathBuf::from(long)] {
        sandbox.write(Path::new("env").join(path), "text");
    }
    for at in 0..3000 {
        sandbox.write(format!("env/many/d{}/f{at}", at % 7), format!("{at}"));
    }
    symlink("../empty", env.join("lib/inner")).unwrap();
    symlink("d0/f0", env.join("many/./link")).unwrap();
    let mode = |path: &str, mode| {
        std::fs::set_permissions(env.join(path), PermissionsExt::from_mode(mode)).unwrap();
    };
    mode("many/d0/f0", 0o755);
    mode("many/d0/f7", 0o400);
    mode("many/d1", 0o555);
    let past = std::time::SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(1_234_567_890);
    std::fs::File::open(env.join("empty")).unwrap().set_modified(past).unwrap();
    pack(&sandbox, &env);
    let new = unpack(&sandbox, "deep/er");
    let contents = |env: &Path| {
        let mut all = tree::snapshot(env);
        // These name the place.
        all.retain(|path, _| {
            !["mlenv.toml", "setupMe-on-host.sh"].iter().any(|own| path == Path::new(own))
                && !path.starts_with("bin")
        });
        all.into_iter().map(|(path, state)| (path, without_time(&state))).collect::<Vec<_>>()
    };
    assert_eq!(contents(&new), contents(&env));
    assert_eq!(new.join("empty").metadata().unwrap().modified().unwrap(), past);
    // Any tar lists it.
    let told = sandbox.run("tar").args(["--zstd", "-tf", "parcel"]).ok().out;
    assert!(told.contains("many/d0/f0\n") && !told.contains("mlenv.toml"), "{told}");
    mode("many/d1", 0o755);
    std::fs::set_permissions(new.join("many/d1"), PermissionsExt::from_mode(0o755)).unwrap();
}

/// A snapshot's mode, size and content; times of links and directories are of no concern.
fn without_time(state: &str) -> String {
    let mut words: Vec<&str> = state.split(' ').collect();
    if words.len() > 2 {
        words.remove(2);
    }
    words.join(" ")
}

#[test]
fn every_task_may_ask_for_it_and_one_env_is_made() {
    let (sandbox, env) = hollow(&[("lib/mine", b"mine")]);
    pack(&sandbox, &env);
    let run = sandbox.mlenv(["unpack", "parcel", "--to", "node"]);
    let start = |_| run.command().stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let tasks: Vec<_> = (0..16).map(start).collect();
    for task in tasks {
        let output = task.wait_with_output().unwrap();
        let told = String::from_utf8_lossy(&output.stdout).into_owned();
        assert_eq!(told, format!("{}\n", sandbox.path("node/env").display()), "{output:?}");
    }
    assert!(litter(&sandbox.path("node")).is_empty());
    sandbox.write("node/env/lib/later", "");
    assert_eq!(unpack(&sandbox, "node"), sandbox.path("node/env"));
    assert!(sandbox.path("node/env/lib/later").exists(), "what is there stays");
    // Another parcel is not taken for this one.
    pack(&sandbox, &env);
    sandbox.mlenv(["unpack", "parcel", "--to", "node"]).fails(2, "there is already an env");
}

#[test]
fn the_base_is_the_same_one_or_named_and_else_asked_for() {
    let (sandbox, env) = hollow(&[]);
    pack(&sandbox, &env);
    std::fs::rename(sandbox.path("base"), sandbox.path("moved")).unwrap();
    let to = || sandbox.mlenv(["unpack", "parcel", "--to", "node"]);
    to().fails(2, "the base of the packed env is not here").hints("--base");
    assert!(!sandbox.path("node").exists());
    sandbox.mlenv(["base", "add", "--name", "known", "moved"]).ok();
    to().ok();
    assert_eq!(
        std::fs::read_link(sandbox.path("node/env/baseEnv_dir")).unwrap(),
        sandbox.path("moved")
    );
    let other = hollow_base(&sandbox.path("other"));
    std::fs::write(other.join("conda-meta/zlib-1.3-0.json"), "{\"files\": []}").unwrap();
    let told = to().args(["-p", "here", "--base", "other"]).end();
    assert_eq!(told.status.code(), Some(2), "--to and -p are one too many: {told}");
    sandbox
        .mlenv(["unpack", "parcel", "-p", "here", "--base", "other"])
        .ok()
        .says("has other packages");
    let python = sandbox.path("python");
    std::fs::create_dir_all(python.join("conda-meta")).unwrap();
    std::fs::create_dir_all(python.join("bin")).unwrap();
    std::fs::create_dir_all(python.join("lib/python3.12")).unwrap();
    std::fs::write(python.join("bin/python3.12"), "").unwrap();
    std::fs::write(python.join("conda-meta/python-3.12.1-0.json"), "{\"files\": []}").unwrap();
    sandbox
        .mlenv(["unpack", "parcel", "-p", "no", "--base", "python"])
        .fails(2, "made for python3.11");
    // Not into the base.
    sandbox
        .mlenv(["unpack", "parcel", "--to", "moved", "--base", "moved"])
        .fails(2, "inside its base");
}

#[test]
fn what_cannot_be_packed_is_named_and_nothing_is_overwritten_unasked() {
    let (sandbox, env) = hollow(&[("lib/mine", b"mine")]);
    for (target, name) in [("/etc/passwd", "abs"), ("../../out", "up"), ("baseEnv_dir", "base")] {
        symlink(target, env.join(name)).unwrap();
    }
    drop(std::os::unix::net::UnixListener::bind(sandbox.path("s")).unwrap());
    std::fs::rename(sandbox.path("s"), env.join("socket")).unwrap();
    pack(&sandbox, &env).says("left out 3 links that lead out of the env: abs, base, up");
    let new = unpack(&sandbox, "node");
    assert!(
        new.join("lib/mine").exists()
            && !new.join("abs").is_symlink()
            && !new.join("socket").exists()
    );
    sandbox
        .mlenv(["pack", "env", "-o", "parcel"])
        .fails(2, "there is already a file")
        .hints("--force");
    sandbox.mlenv(["pack", "env", "-o", "home"]).fails(2, "that is a directory");
    sandbox.mlenv(["pack", "env", "-o", "env/lib/x"]).fails(2, "in the env itself");
    sandbox.mlenv(["pack", "env", "-o", "no/x"]).fails(2, "could not write in");
    sandbox.mlenv(["pack", "nothing", "-o", "x"]).fails(1, "does not exist");
    std::fs::rename(&env, sandbox.path("moved")).unwrap();
    sandbox
        .mlenv(["pack", "moved", "-o", "x"])
        .fails(2, "was moved here from")
        .hints("doctor --fix");
    assert!(!sandbox.path("x").exists() && litter(sandbox.root()).is_empty());
}
