//! The program is gone, fails, is killed or hangs: the prompt comes back, and nothing is half done.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use crate::pty::{Start, Terminal};
use crate::support::shells::Shell;
use crate::trips::export;
use crate::world::World;

/// Waits until no marker of this world is young any more.
fn grow_old() {
    std::thread::sleep(std::time::Duration::from_millis(2100));
}

/// By a process of its own: what another test starts meanwhile would hold a file open that we write, and a program that
/// is open for writing cannot be started.
fn copy_to(program: &Path) {
    let mut cp = std::process::Command::new("cp");
    assert!(cp.arg(env!("CARGO_BIN_EXE_mlenv")).arg(program).status().unwrap().success());
}

/// A copy of the program that can be taken away.
pub(crate) fn copy(world: &World) -> PathBuf {
    let program = world.sandbox.path("home/tools/mlenv");
    fs::create_dir_all(program.parent().unwrap()).unwrap();
    copy_to(&program);
    program
}

#[test]
fn without_the_program_envs_can_be_left_and_it_is_said_once() {
    for shell in Shell::ALL {
        let world = World::new();
        let program = copy(&world);
        let vars = [("MLENV", program.to_str().unwrap())];
        let mut terminal =
            Terminal::start(shell, &world, Start { vars: &vars, ..Start::default() });
        let before = terminal.look();
        terminal.cd("one");
        terminal.expect_active("one");
        fs::remove_file(&program).unwrap();
        terminal.cd("");
        assert_eq!(terminal.look(), before, "{shell:?}\n{}", terminal.shown());
        for dir in ["two", "one", "", "one"] {
            terminal.cd(dir);
            terminal.line("");
        }
        terminal.expect_nothing();
        terminal.expect_said("the program is gone", 1);
        // A program on PATH is as good.
        copy_to(&world.sandbox.path("mlenv"));
        let dir = world.sandbox.path("");
        let path = format!("{}:/usr/bin:/bin", dir.to_str().unwrap().trim_end_matches('/'));
        terminal.line(&export(shell, "PATH", &shell.quote(&path)));
        terminal.cd("two");
        terminal.expect_active("two");
    }
}

/// Puts a script in the program's place, as `copy_to` does.
fn put(world: &World, program: &Path, text: &str) {
    let source = world.sandbox.write("script", text);
    let mut cp = std::process::Command::new("cp");
    assert!(cp.arg(&source).arg(program).status().unwrap().success());
    fs::set_permissions(program, fs::Permissions::from_mode(0o755)).unwrap();
}

#[test]
fn a_program_that_fails_is_killed_or_hangs_gives_the_prompt_back() {
    for shell in Shell::ALL {
        for (body, words) in [
            ("exit 2", ""),
            ("echo 'setenv BAD 1'; echo 'export BAD=1'; exit 1", ""),
            ("echo 'export BAD=1'; kill -9 $$", "no answer about this directory"),
        ] {
            let world = World::new();
            let program = copy(&world);
            let vars = [("MLENV", program.to_str().unwrap())];
            let mut terminal =
                Terminal::start(shell, &world, Start { vars: &vars, ..Start::default() });
            terminal.cd("one");
            terminal.expect_active("one");
            if shell == Shell::Tcsh {
                grow_old(); // else it looks again at the prompt
            }
            fs::remove_file(&program).unwrap();
            let log = world.sandbox.path("calls");
            let quoted = Shell::Bash.quote(log.to_str().unwrap());
            put(&world, &program, &format!("#!/bin/sh\necho x >> {quoted}\n{body}\n"));
            terminal.cd("two");
            terminal.line("");
            terminal.line("");
            terminal.expect_nothing();
            assert_eq!(
                fs::read_to_string(&log).unwrap().lines().count(),
                1,
                "{shell:?} asked again"
            );
            assert!(!terminal.look().contains_key(b"BAD".as_slice()), "{shell:?}");
            if !words.is_empty() {
                terminal.expect_said(words, 1);
            }
        }
    }
}

#[test]
fn control_c_ends_a_program_that_hangs() {
    for shell in Shell::ALL {
        let world = World::new();
        let program = copy(&world);
        let vars = [("MLENV", program.to_str().unwrap())];
        let mut terminal =
            Terminal::start(shell, &world, Start { vars: &vars, ..Start::default() });
        fs::remove_file(&program).unwrap();
        let started = world.sandbox.path("started");
        let quoted = Shell::Bash.quote(started.to_str().unwrap());
        put(&world, &program, &format!("#!/bin/sh\necho > {quoted}\nexec sleep 100\n"));
        let one = shell.quote(world.home("one").to_str().unwrap());
        terminal.send(&format!("cd {one}\n"));
        terminal.wait("the program", || started.exists());
        std::thread::sleep(std::time::Duration::from_millis(100));
        terminal.send("\u{3}");
        terminal.settle();
        fs::remove_file(&started).unwrap();
        terminal.line("");
        assert!(!started.exists(), "{shell:?} asked again\n{}", terminal.shown());
        terminal.expect_nothing();
        terminal.cd("");
    }
}

#[test]
fn an_image_can_carry_the_program_for_all_who_see_it() {
    for shell in Shell::ALL {
        let world = World::new();
        let bin = world.sandbox.path("cvmfs/ml base:alma9/opt/conda/bin");
        fs::create_dir_all(&bin).unwrap();
        let program = bin.join("mlenv");
        copy_to(&program);
        fs::set_permissions(&bin, fs::Permissions::from_mode(0o555)).unwrap();
        let vars = [("MLENV", program.to_str().unwrap())];
        let mut terminal =
            Terminal::start(shell, &world, Start { vars: &vars, ..Start::default() });
        let before = terminal.look();
        terminal.cd("one");
        terminal.expect_active("one");
        terminal.cd("");
        assert_eq!(terminal.look(), before, "{shell:?}\n{}", terminal.shown());
        fs::set_permissions(&bin, fs::Permissions::from_mode(0o755)).unwrap();
    }
}
