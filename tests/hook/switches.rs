//! The variables by which a user tames the hook.

use std::fs;

use crate::broken::copy;
use crate::pty::{Start, Terminal};
use crate::support::shells::Shell;
use crate::world::World;

#[test]
fn the_hook_can_be_turned_off_or_bound_to_cd() {
    for shell in Shell::ALL {
        let world = World::new();
        let mut terminal = Terminal::start(
            shell,
            &world,
            Start { vars: &[("MLENV_HOOK", "off")], ..Start::default() },
        );
        terminal.cd("one");
        terminal.expect_nothing();
        let mut terminal = Terminal::start(
            shell,
            &world,
            Start { vars: &[("MLENV_HOOK", "cd")], ..Start::default() },
        );
        terminal.cd("one");
        terminal.expect_active("one");
        fs::remove_file(world.marker("one")).unwrap();
        terminal.line("");
        terminal.expect_active("one");
        terminal.cd("one/sub");
        terminal.expect_nothing();
    }
}

#[test]
fn a_refusal_can_be_silenced_but_not_in_status() {
    for shell in Shell::ALL {
        let world = World::new();
        world.write_marker("plain", "env = '../one/env'");
        let start = Start { vars: &[("MLENV_QUIET", "1")], ..Start::default() };
        let mut terminal = Terminal::start(shell, &world, start);
        terminal.cd("plain");
        terminal.expect_nothing();
        terminal.expect_said("is not trusted", 0);
        terminal.line("mlenv status");
        terminal.expect_said("not trusted", 1);
        // It was not heard, so it is news once the switch is off.
        terminal.line(if let Shell::Tcsh = shell {
            "unsetenv MLENV_QUIET"
        } else if let Shell::Fish = shell {
            "set -e MLENV_QUIET"
        } else {
            "unset MLENV_QUIET"
        });
        terminal.cd("");
        terminal.cd("plain");
        terminal.expect_said("hint: look at it", 1);
    }
}

#[test]
fn words_go_to_a_terminal_or_nowhere() {
    for shell in Shell::ALL {
        let world = World::new();
        world.write_marker("plain", "env = '../one/env'");
        let log = world.sandbox.path("words");
        let program = copy(&world);
        let vars = [("MLENV", program.to_str().unwrap()), ("LOG", log.to_str().unwrap())];
        let under = ["sh", "-c", "exec \"$@\" 2> \"$LOG\"", "sh"];
        let start = Start { vars: &vars, under: &under, ..Start::default() };
        let mut terminal = Terminal::start(shell, &world, start);
        terminal.cd("plain");
        terminal.expect_nothing();
        fs::remove_file(&program).unwrap();
        terminal.cd("one");
        terminal.expect_nothing();
        terminal.expect_said("is gone", 0);
        terminal.expect_said("is not trusted", 0);
        let words = fs::read_to_string(&log).unwrap();
        // Ours begin so; a shell that finds the program gone in the very moment it starts it has words of its own.
        assert!(words.lines().all(|line| !line.starts_with("mlenv: ")), "{shell:?} {words}");
    }
}

#[test]
fn an_answer_that_no_terminal_shows_says_nothing() {
    let world = World::new();
    world.write_marker("plain", "env = '../one/env'");
    let marker = world.marker("plain");
    for shell in Shell::ALL {
        let name = if shell == Shell::Tcsh { "tcsh:6.24" } else { shell.name() };
        let mut command = world.sandbox.command(env!("CARGO_BIN_EXE_mlenv"));
        command.args(["answer", "--shell", name, "--marker"]).arg(&marker);
        let output = command.current_dir(world.home("plain")).output().unwrap();
        assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
    }
}
