//! A directory above the project belongs to somebody else, who puts a copy of it in its place.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::attacks::{OTHER, USER, give};
use crate::pty::{Start, Terminal};
use crate::support::machine;
use crate::support::shells::Shell;
use crate::world::World;

const UNDER: [&str; 4] = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"];

/// `home/t/mal` is another user's, `home/t/mal/p` ours, with an env. `None` where only root could make that.
fn world() -> Option<World> {
    let world = World::new();
    fs::create_dir_all(world.home("t/mal/p")).unwrap();
    world.env("t/mal/p/env");
    let whole = give(&world, "", USER) && give(&world, "..", USER);
    whole.then_some(world)
}

fn chown(path: &Path, uid: u32, all: bool) {
    let mut command = Command::new("chown");
    command.args(all.then_some("-R")).arg(format!("{uid}:{uid}")).arg(path);
    assert!(command.status().unwrap().success());
}

/// What they do: the project goes away, and a copy of it with programs and scripts of theirs comes.
fn swap(world: &World) -> PathBuf {
    let pwned = world.sandbox.path("PWNED");
    let ours = world.home("t/mal/p");
    let there = world.home("t/mal/theirs");
    let copied = Command::new("cp").arg("-a").arg(&ours).arg(&there).status().unwrap();
    assert!(copied.success());
    let words = format!("touch {}\n", Shell::Bash.quote(pwned.to_str().unwrap()));
    let program = there.join("env/bin/ls");
    fs::write(&program, format!("#!/bin/sh\n{words}")).unwrap();
    fs::set_permissions(&program, Permissions::from_mode(0o755)).unwrap();
    for suffix in ["sh", "csh", "fish"] {
        for dir in ["activate.d", "deactivate.d"] {
            let dir = there.join("env/etc/conda").join(dir);
            fs::create_dir_all(&dir).unwrap();
            fs::write(dir.join(format!("x.{suffix}")), &words).unwrap();
        }
    }
    chown(&there, OTHER, true);
    chown(&world.home("t/mal"), OTHER, false);
    fs::set_permissions(world.sandbox.path(""), Permissions::from_mode(0o1777)).unwrap();
    fs::rename(&ours, world.home("t/mal/away")).unwrap();
    fs::rename(&there, &ours).unwrap();
    pwned
}

fn as_user<'a>(world: &World, dir: &str, arguments: &'a [&'a str]) -> (bool, String) {
    let mut command = world.sandbox.command(UNDER[0]);
    command.args(&UNDER[1..]).arg(env!("CARGO_BIN_EXE_mlenv")).args(arguments);
    let output = command.current_dir(world.home(dir)).output().unwrap();
    let words = String::from_utf8_lossy(&output.stderr).into_owned();
    (output.status.success(), words)
}

#[test]
fn a_project_below_another_users_directory_is_not_trusted_and_says_whose_it_is() {
    let Some(world) = world() else { return };
    chown(&world.home("t/mal"), OTHER, false);
    let (success, words) = as_user(&world, "t/mal/p", &["save", "./env"]);
    assert!(!success && words.contains("t/mal belongs to another user (uid 12345)"), "{words}");
    let pwned = swap(&world);
    for shell in Shell::ALL {
        let mut terminal =
            Terminal::start(shell, &world, Start { under: &UNDER, ..Start::default() });
        terminal.cd("t/mal/p");
        terminal.expect_nothing();
        terminal.line("ls");
        terminal.expect_said("belongs to another user (uid 12345)", 1);
        assert!(!pwned.exists(), "{shell:?}\n{}", terminal.shown());
    }
}

#[test]
fn a_shell_inside_sees_that_the_owner_changed() {
    for shell in Shell::ALL {
        // At the next prompt, by a cd elsewhere, and where the env was activated by hand.
        for way in ["prompt", "cd", "hand"] {
            let Some(world) = world() else { return };
            assert!(as_user(&world, "t/mal/p", &["save", "./env"]).0);
            let mut terminal =
                Terminal::start(shell, &world, Start { under: &UNDER, ..Start::default() });
            if way == "hand" {
                let env = world.home("t/mal/p/env");
                terminal.line(&format!("mlenv activate {}", shell.quote(env.to_str().unwrap())));
            } else {
                terminal.cd("t/mal/p");
            }
            terminal.expect_active("t/mal/p");
            let pwned = swap(&world);
            if way == "cd" {
                terminal.cd("plain");
            } else {
                terminal.line("");
            }
            terminal.expect_nothing();
            terminal.line("ls");
            assert!(!pwned.exists(), "{shell:?} {way}\n{}", terminal.shown());
            if way != "cd" {
                terminal.expect_said("to another user", 1);
            }
        }
    }
}

#[test]
fn a_marker_that_changes_hands_is_asked_about_again() {
    for shell in Shell::ALL {
        let Some(world) = world() else { return };
        assert!(as_user(&world, "t/mal/p", &["save", "./env"]).0);
        let mut terminal =
            Terminal::start(shell, &world, Start { under: &UNDER, ..Start::default() });
        terminal.cd("t/mal/p");
        terminal.expect_active("t/mal/p");
        chown(&world.marker("t/mal/p"), OTHER, false);
        terminal.line("");
        terminal.expect_nothing();
        terminal.expect_said("belongs to another user (uid 12345)", 1);
        chown(&world.marker("t/mal/p"), USER, false);
        terminal.line("");
        terminal.expect_active("t/mal/p");
    }
}

#[test]
fn the_attack_of_renaming_a_directory_away_gets_nowhere_in_many_tries() {
    let Some(world) = world() else { return };
    assert!(as_user(&world, "t/mal/p", &["save", "./env"]).0);
    chown(&world.home("t/mal"), OTHER, false);
    let answer = |marker: &Path| {
        let mut command = world.sandbox.command(UNDER[0]);
        command.args(&UNDER[1..]).arg(env!("CARGO_BIN_EXE_mlenv"));
        let output = command.args(["answer", "--shell", "bash", "--marker"]).arg(marker).output();
        String::from_utf8_lossy(&output.unwrap().stdout).into_owned()
    };
    let marker = world.marker("t/mal/p");
    for round in 0..50 {
        let text = answer(&marker);
        assert!(!text.contains("export PATH="), "{round}: {text}");
        let (there, away) = (world.home("t/mal/p"), world.home("t/mal/away"));
        if round == 0 {
            swap(&world);
        } else {
            // Theirs and ours, in turns.
            fs::rename(&there, world.home("t/mal/x")).unwrap();
            fs::rename(&away, &there).unwrap();
            fs::rename(world.home("t/mal/x"), &away).unwrap();
        }
    }
}

#[test]
fn a_users_own_numbers_in_a_container_keep_the_projects_there_trusted() {
    let Some(world) = world() else { return };
    let container = [&UNDER[..], &["unshare", "-U", "--map-root-user"]].concat();
    let inside = |arguments: &[&str]| {
        let mut command = world.sandbox.command(container[0]);
        command.args(&container[1..]).args(arguments).current_dir(world.home("t/mal/p"));
        let output = command.output().unwrap();
        (output.status.success(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    let (may, why) = inside(&["true"]);
    if !may {
        return machine::lacks(&format!("the right to make a user namespace: {why}"));
    }
    // The system's directories and this one have owners that the namespace does not know; `/tmp` is writable.
    let save = [env!("CARGO_BIN_EXE_mlenv"), "save", "./env"];
    chown(&world.home("t/mal"), OTHER, false);
    let (saved, words) = inside(&save);
    assert!(saved, "{words}");
    fs::set_permissions(world.home("t/mal"), Permissions::from_mode(0o757)).unwrap();
    let (saved, words) = inside(&save);
    assert!(!saved && words.contains("t/mal can be written by everybody"), "{words}");
    chown(&world.home("t/mal"), USER, false);
    fs::set_permissions(world.home("t/mal"), Permissions::from_mode(0o755)).unwrap();
    chown(&world.home("t/mal/p/env/bin"), OTHER, false);
    let (saved, words) = inside(&save);
    assert!(!saved && words.contains("env/bin belongs to another user"), "{words}");
}
