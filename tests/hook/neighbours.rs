//! Beside other hooks, and a `cd` of the user's own: each keeps its place, its status and its work.

use std::fs;

use tempfile::TempDir;

use crate::pty::{Start, Terminal};
use crate::support::shells::{Shell, get};
use crate::world::World;

#[test]
fn other_hooks_keep_their_place_and_their_status() {
    let cases: [(Shell, &[&str], &str); 7] = [
        (Shell::Bash, &["PROMPT_COMMAND='seen=$?;'"], "echo $seen ${#PROMPT_COMMAND[@]}"),
        (
            Shell::Bash,
            &["first() { seen=$?; }", "PROMPT_COMMAND=(first 'true')"],
            "echo $seen ${#PROMPT_COMMAND[@]}",
        ),
        (
            Shell::Bash,
            &["first() { seen=$?; }", "bash_preexec_imported=1; precmd_functions=(first)"],
            "echo $seen ${#precmd_functions[@]}",
        ),
        (
            Shell::Zsh,
            &["first() { seen=$?; }; second() { :; }", "precmd_functions=(first second)"],
            "echo $seen ${#precmd_functions}",
        ),
        (
            Shell::Zsh,
            &[
                "setopt ksh_arrays",
                "first() { seen=$?; }; second() { :; }",
                "precmd_functions=(first second)",
            ],
            "echo $seen ${#precmd_functions[@]}",
        ),
        (
            Shell::Tcsh,
            &["alias precmd 'set seen = $status'", "alias cwdcmd 'set went'"],
            "echo $seen $?went",
        ),
        (
            Shell::Fish,
            &["function first --on-event fish_prompt; set -g seen $status; end"],
            "echo $seen 1",
        ),
    ];
    let expected = ["5 1", "5 3", "5 2", "5 3", "5 3", "5 1", "5 1"];
    for ((shell, before, show), expected) in cases.into_iter().zip(expected) {
        let world = World::new();
        let mut terminal = Terminal::start(shell, &world, Start { before, ..Start::default() });
        terminal.line(terminal.hook()); // the rc file once more
        terminal.line(terminal.hook());
        terminal.cd("one");
        if before[0].starts_with("first() { seen=$?; }") && before[1].starts_with("bash_preexec") {
            terminal.line("__mlenv_precmd; first"); // what bash-preexec would run
        }
        terminal.expect_active("one");
        let fail =
            if matches!(shell, Shell::Tcsh | Shell::Fish) { "sh -c 'exit 5'" } else { "(exit 5)" };
        let preexec =
            if before.len() > 1 && before[1].starts_with("bash_preexec") { "; first" } else { "" };
        let file = terminal.mark();
        terminal
            .send(&format!("{fail}{preexec}\n{show} > {}\n", shell.quote(file.to_str().unwrap())));
        terminal.settle();
        assert_eq!(
            fs::read_to_string(file).unwrap().trim(),
            expected,
            "{shell:?} {before:?}\n{}",
            terminal.shown()
        );
    }
}

#[test]
fn a_cd_of_the_users_own_is_left_alone() {
    let world = World::new();
    for before in ["cd() { builtin cd \"$@\" && went=mine; }", "alias cd='went=mine && builtin cd'"]
    {
        let mut terminal =
            Terminal::start(Shell::Bash, &world, Start { before: &[before], ..Start::default() });
        terminal.cd("one");
        assert_eq!(terminal.output("echo $went"), "mine");
        terminal.expect_active("one");
    }
    let start = Start { vars: &[("MLENV_NO_CD", "1")], ..Start::default() };
    let mut terminal = Terminal::start(Shell::Bash, &world, start);
    assert_eq!(terminal.output("type -t cd"), "builtin");
}

/// A project that both tools know. Its path is plain: direnv lets bash expand it.
fn shared_with_direnv(world: &World) -> TempDir {
    let project = tempfile::tempdir().unwrap();
    fs::write(project.path().join(".envrc"), "export FROM_DIRENV=here\n").unwrap();
    let mut direnv = world.sandbox.command("direnv");
    assert!(direnv.arg("allow").arg(project.path()).output().unwrap().status.success());
    world.mlenv(
        project.path().to_str().unwrap(),
        &["save", world.home("one/env").to_str().unwrap()],
    );
    project
}

fn direnv_line(shell: Shell) -> &'static str {
    match shell {
        Shell::Bash => "eval \"$(direnv hook bash)\"",
        Shell::Zsh => "eval \"$(direnv hook zsh)\"",
        Shell::Tcsh => "eval `direnv hook tcsh`",
        Shell::Fish => "direnv hook fish | source",
    }
}

/// What the line after a failed command sees as its status, after a cd into `dir`.
fn status_after(terminal: &mut Terminal, dir: &str) -> String {
    let shell = terminal.shell;
    let status = if matches!(shell, Shell::Tcsh | Shell::Fish) { "$status" } else { "$?" };
    let file = terminal.mark();
    let quoted = shell.quote(file.to_str().unwrap());
    let dir = shell.quote(terminal.world.home(dir).to_str().unwrap());
    terminal.send(&format!("cd {dir}; sh -c 'exit 7'\necho {status} > {quoted}\n"));
    terminal.settle();
    fs::read_to_string(&file).unwrap().trim().to_owned()
}

#[test]
fn direnv_and_we_both_work_in_either_order() {
    for shell in Shell::ALL {
        let world = World::new();
        let project = shared_with_direnv(&world);
        let (shared, marker) =
            (project.path().to_str().unwrap(), project.path().join(".mlenv.toml"));
        let line = direnv_line(shell);
        let vars = [("DIRENV_LOG_FORMAT", "")];
        let lines = [line];
        let direnv = Start { vars: &vars, before: &lines, ..Start::default() };
        let mut alone = Terminal::start(shell, &world, Start { bare: true, ..direnv });
        let expected = [shared, "plain"].map(|dir| status_after(&mut alone, dir));
        for direnv_first in [true, false] {
            let before: &[&str] = if direnv_first { &lines } else { &[] };
            let mut terminal = Terminal::start(shell, &world, Start { before, ..direnv });
            if !direnv_first {
                terminal.line(line);
            }
            for _ in 0..2 {
                let seen = status_after(&mut terminal, shared);
                assert_eq!(seen, expected[0], "{shell:?} {direnv_first}");
                terminal.expect_active("one");
                let seen = get(&terminal.look(), "FROM_DIRENV").map(str::to_owned);
                assert_eq!(seen.as_deref(), Some("here"), "{shell:?} {}", terminal.shown());
                let seen = status_after(&mut terminal, "plain");
                assert_eq!(seen, expected[1], "{shell:?} {direnv_first}");
                terminal.expect_nothing();
                assert_eq!(get(&terminal.look(), "FROM_DIRENV"), None, "{shell:?}");
            }
            // In tcsh direnv takes the prompt for itself: a marker that changes then is seen at the next cd.
            if shell == Shell::Tcsh && !direnv_first {
                assert!(terminal.output("mlenv status --json | cat").contains("\"prompt\": false"));
                continue;
            }
            terminal.cd(shared);
            fs::rename(&marker, project.path().join("kept")).unwrap();
            terminal.line("");
            terminal.expect_nothing();
            let seen = get(&terminal.look(), "FROM_DIRENV").map(str::to_owned);
            assert_eq!(seen.as_deref(), Some("here"), "{shell:?} {}", terminal.shown());
            fs::rename(project.path().join("kept"), &marker).unwrap();
        }
    }
}
