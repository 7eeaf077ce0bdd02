//! The base is the same after everything that package managers do to envs on it: a base on a read-only file system, one
//! of another user, and one that could be written; seen at `/opt/conda` and at a path with a colon.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::kit::client::{address, stand_in};
use crate::support::machine;
use crate::support::sandbox::{Run, Sandbox};
use crate::support::testbase::base;
use crate::support::{tree, wheel};

const FLOWS: &str = include_str!("../kit/conda/flows.sh");

/// The same by mlenv itself, where it was built with its own installer.
const OWN: &str =
    if cfg!(feature = "conda") { include_str!("../kit/conda/flows_own.sh") } else { "true\n" };

/// A bash in which the flows are at hand, with a home, wheels and a client of its own.
fn flows(sandbox: &Sandbox, base: &Path) -> Run {
    for (name, version) in [("greet", "2.0"), ("fresh", "1.0")] {
        wheel::build(&sandbox.path("wheels"), name, version);
    }
    let client = stand_in(&sandbox.path("clients"));
    std::fs::create_dir_all(sandbox.path("work")).unwrap();
    let scripts = [("flows", FLOWS), ("own", OWN)].map(|(name, text)| sandbox.write(name, text));
    let both = r#"bash "$0" && bash "$1""#;
    let run = sandbox.run("bash").args(["-c", both]).args(&scripts);
    run.var("MLENV", env!("CARGO_BIN_EXE_mlenv"))
        .var("WORK", sandbox.path("work"))
        .var("WHEELS", sandbox.path("wheels"))
        .var("PIP_NO_INDEX", "1")
        .var("PIP_FIND_LINKS", sandbox.path("wheels"))
        .var("MAMBA_EXE", &client)
        .var("CLIENT", client)
        .var("TEST_CHANNELS", address())
        .var("BASE", base)
}

/// Runs the flows; what was said meanwhile is shown when they fail.
#[track_caller]
fn go(sandbox: &Sandbox, run: &Run) {
    let outcome = run.end();
    let said = std::fs::read_to_string(sandbox.path("work/said")).unwrap_or_default();
    assert!(outcome.status.success(), "{outcome}\nsaid: {said}");
    settings_are_untouched(sandbox);
}

/// Hazard H12: no settings of the user's are written.
#[track_caller]
fn settings_are_untouched(sandbox: &Sandbox) {
    for name in [".condarc", ".mambarc", ".conda/.condarc", ".config/conda", ".bashrc"] {
        assert!(!sandbox.path("home").join(name).exists(), "{name} was written");
    }
}

#[test]
fn a_base_that_can_be_written_is_the_same_after_all_flows() {
    let sandbox = Sandbox::new();
    let twin = base().twin(&sandbox.path("ml-base:alma9/opt/conda"));
    let before = tree::snapshot(&sandbox.path("ml-base:alma9"));
    go(&sandbox, &flows(&sandbox, &twin));
    tree::assert_same(&before, &tree::snapshot(&sandbox.path("ml-base:alma9")), "the base");
    assert!(sandbox.path("home/.cache/mlenv/pkgs").is_dir(), "packages are unpacked elsewhere");
}

/// EROFS.
#[test]
fn a_base_on_a_read_only_file_system_serves_all_flows_at_both_views() {
    if !machine::can_mount() {
        return;
    }
    let before = tree::snapshot(&base().prefix);
    for (view, top) in [("/opt/conda", "/opt"), ("/mnt/ml-base:alma9/opt/conda", "/mnt")] {
        let sandbox = Sandbox::new();
        let mount = r#"set -e
mount -t tmpfs none "$0"
mkdir -p "$1"
mount --bind "$2" "$1"
mount -o remount,bind,ro "$1"
! touch "$1/x" 2> /dev/null
shift 2
exec "$@"
"#;
        let front =
            ["unshare", "-m", "sh", "-c", mount, top, view, base().prefix.to_str().unwrap()];
        go(&sandbox, &flows(&sandbox, Path::new(view)).behind(front));
    }
    tree::assert_same(&before, &tree::snapshot(&base().prefix), "the base");
}

/// EACCES.
#[test]
fn a_base_of_another_user_serves_all_flows() {
    let sandbox = Sandbox::new();
    let theirs = theirs(&sandbox);
    let before = tree::snapshot(&theirs);
    go(&sandbox, &flows(&sandbox, &theirs).by_ordinary_user());
    tree::assert_same(&before, &tree::snapshot(&theirs), "the base");
    let dirs = tree::names(&theirs).into_iter().map(|path| theirs.join(path));
    for dir in dirs.filter(|path| path.symlink_metadata().unwrap().is_dir()) {
        std::fs::set_permissions(dir, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    }
}

/// A whole copy of the base that belongs to somebody else, or, where nobody can give files away, may not be written.
fn theirs(sandbox: &Sandbox) -> PathBuf {
    let copy = sandbox.path("theirs");
    let run = |program: &str, words: &[&str], path: &Path| {
        assert!(Command::new(program).args(words).arg(path).status().unwrap().success());
    };
    let from = base().prefix.to_str().unwrap();
    run("cp", &["-a", "--reflink=auto", from], &copy);
    if machine::is_root() {
        run("chown", &["-R", "-h", "4242:4242"], &copy);
    } else {
        run("chmod", &["-R", "a-w"], &copy);
    }
    copy
}
