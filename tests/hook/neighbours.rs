//! Beside other hooks, and a `cd` of the user's own: each keeps its place, its status and its work.

use std::fs;

use crate::pty::{Start, Terminal};
use crate::shells::Shell;
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
            terminal.line("__mlenv_hook; first"); // what bash-preexec would run
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
