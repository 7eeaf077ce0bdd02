//! Every verb that writes, killed at a system call that changes something, one call after the other: no clock is
//! involved. What it was at is then as before or as after, and what is not comes right by the next run, `doctor --fix`
//! and `prune`; nothing of it is left lying about, and `list` knows every env that is there.

use crate::env::kills::{BARE, MAKE, World, calls, kill, kill_in, some, struck};
use crate::support::testbase::base;
use crate::support::{tree, wheel};

#[test]
fn create_comes_right_after_a_kill_at_any_call() {
    kill(&[], MAKE);
}

/// Ctrl-C, a batch system's termination, a closed terminal.
#[test]
fn a_create_that_is_asked_to_stop_cleans_up_at_once_and_ends_with_130() {
    for signal in ["INT", "TERM", "HUP"] {
        let world = World::new();
        world.keep();
        let all = calls(&world.mlenv(MAKE), &world.sandbox.path("kept/log"), &["-f"]);
        let whole = world.contents();
        let mut stopped = 0;
        for call in some(&all, 6) {
            world.put_back();
            let told = struck(world.mlenv(MAKE), call, signal, &["-f"]);
            let when = format!("{signal} at {} {}: {told}", call.0, call.1);
            let found = world.contents();
            assert!(found.is_empty() || found == whole, "{when}");
            // Before the signals are taken over, at the very start, the process just ends.
            let code = told.status.code();
            assert!(
                matches!(code, Some(0)) != found.is_empty() && matches!(code, Some(0 | 130) | None),
                "{when}"
            );
            stopped += usize::from(code == Some(130));
            let names = tree::names(&world.path(""));
            let litter = names.iter().find(|name| name.to_string_lossy().contains(".mlenv-new-"));
            assert_eq!(litter, None, "{when}");
        }
        assert!(stopped > 0, "no call was met");
    }
}

#[test]
fn a_replacement_comes_right_after_a_kill_at_any_call() {
    kill(&[BARE], &[MAKE, &["--force"]].concat());
}

#[test]
fn remove_comes_right_after_a_kill_at_any_call() {
    kill(&[BARE], &["remove", "-q", "env"]);
}

#[test]
fn rename_and_clone_come_right_after_a_kill_at_any_call() {
    kill(&[BARE], &["rename", "-q", "env", "new"]);
    kill(&[BARE], &["clone", "-q", "env", "-p", "new"]);
}

#[test]
fn rebase_comes_right_after_a_kill_at_any_call() {
    kill(&[BARE], &["rebase", "-q", "env", "--base", "../other"]);
}

#[test]
fn doctor_comes_right_after_a_kill_at_any_call() {
    let sparse = [BARE, &["--layout", "sparse"]].concat();
    kill(&[&sparse], &["doctor", "-q", "--fix", "--layout", "standard", "env"]);
}

#[test]
fn pack_and_unpack_come_right_after_a_kill_at_any_call() {
    let pack = ["pack", "-q", "env", "-o", "parcel"];
    kill(&[BARE], &pack);
    kill(&[BARE, &pack], &["unpack", "-q", "parcel", "-p", "new"]);
}

#[test]
fn markers_and_consent_come_right_after_a_kill_at_any_call() {
    kill(&[BARE], &["save", "-q", "env"]);
    kill(&[BARE, &["save", "-q", "env"], &["deny", "-q"]], &["allow", "-q"]);
    kill(&[BARE, &["save", "-q", "env"]], &["deny", "-q"]);
}

#[test]
fn what_an_env_remembers_comes_right_after_a_kill_at_any_call() {
    kill(&[BARE], &["vars", "set", "-q", "-p", "env", "A=1"]);
    kill(&[BARE], &["unpin", "-q", "-p", "env", "numbers"]);
    kill(&[BARE, &["unpin", "-q", "-p", "env", "numbers"]], &["pin", "-q", "-p", "env", "numbers"]);
    kill(&[BARE], &["user-site", "-q", "on", "env"]);
}

/// Packages that are linked from a cache, or fetched first, on a base whose own they join.
#[cfg(feature = "conda")]
#[test]
fn conda_packages_come_right_after_a_kill_at_any_call() {
    let channel = crate::kit::client::address();
    let install = ["install", "-q", "-y", "-p", "env", "-c", &channel, "app"];
    let uninstall = ["uninstall", "-q", "-y", "-p", "env", "fresh"];
    for (before, words) in [
        (&[BARE][..], &install[..]),
        (&[BARE, &install], &install),
        (&[BARE, &install], &uninstall),
    ] {
        let world = World::new();
        std::fs::remove_file(world.sandbox.path("site/config.toml")).unwrap();
        for words in before {
            world.mlenv(words).ok();
        }
        if words == install && before.len() > 1 {
            // The cache has the packages by now.
            world.mlenv(&uninstall).ok();
        }
        kill_in(&world, words, &["-f"]);
    }
}

#[test]
fn what_is_known_of_bases_comes_right_after_a_kill_at_any_call() {
    kill(&[], &["base", "add", "-q", "--name", "ml", "../base"]);
    kill(&[], &["base", "index", "-q", "../base"]);
}

/// On NFS and some other file systems two directories cannot be swapped: for a moment there is none of that name.
#[test]
fn where_nothing_can_be_swapped_a_replacement_comes_right_too() {
    for words in
        [&[MAKE, &["--force"]].concat()[..], &["rebase", "-q", "env", "--base", "../other"]]
    {
        let world = World::new();
        world.mlenv(BARE).ok();
        kill_in(&world, words, &["-f", "-e", "inject=renameat2:error=EINVAL"]);
    }
}

#[test]
fn kernels_come_right_after_a_kill_at_any_call() {
    let world = World::new();
    let prefix = base().prefix.to_str().unwrap();
    world.mlenv(&["create", "-q", "--no-save", "-p", "env", "--base", prefix]).ok();
    let launcher = base().site().join("ipykernel_launcher.py");
    std::fs::write(world.path("env").join(launcher), "").unwrap();
    kill_in(&world, &["jupyter", "install", "-q", "env"], &["-f"]);
}

/// What mlenv itself does of it: pip is not killed.
#[test]
fn an_installation_comes_right_after_a_kill_at_any_call_of_mlenvs() {
    let world = World::new();
    let prefix = base().prefix.to_str().unwrap();
    let layout = ["--layout", "sparse", "--base", prefix];
    world.mlenv(&[&["create", "-q", "--no-save", "-p", "env"], &layout[..]].concat()).ok();
    wheel::build(&world.sandbox.path("wheels"), "fresh", "1.0");
    kill_in(&world, &["install", "-q", "-p", "env", "fresh"], &[]);
}
