//! Beside programs that take the prompt into their hands: bash-preexec, an editor's terminal, prompts drawn anew each
//! time. No registry that the tests may use has them, so each is played as its documentation tells.

use std::fs;

use crate::pty::{Start, Terminal};
use crate::support::shells::Shell;
use crate::world::{Act, World};

/// bash-preexec: `PROMPT_COMMAND` calls `precmd_functions`, each with the status of the user's command; what was there
/// stays behind it, on lines of its own. A DEBUG trap calls `preexec_functions`.
const PREEXEC: &[&str] = &[
    "bash_preexec_imported=defined; __bp_imported=defined",
    "[[ -n ${precmd_functions+x} ]] || precmd_functions=(); preexec_functions=()",
    "__bp_status() { return $1; }",
    "__bp_precmd_invoke_cmd() { local last=$? one; for one in \"${precmd_functions[@]}\"; do __bp_status $last; $one; done; }",
    "trap 'for __bp_one in \"${preexec_functions[@]}\"; do $__bp_one; done' DEBUG",
    "PROMPT_COMMAND=$'__bp_precmd_invoke_cmd\\n'\"${PROMPT_COMMAND:-:}\"",
    "seen() { seen=$?; }; precmd_functions+=(seen)",
];

#[test]
fn bash_preexec_in_every_order() {
    let world = World::new();
    for (before, after) in [(PREEXEC, &[][..]), (&[][..], PREEXEC)] {
        for twice in [false, true] {
            let start = Start { before, ..Start::default() };
            let mut terminal = Terminal::start(Shell::Bash, &world, start);
            for line in after {
                terminal.line(line);
            }
            if twice {
                terminal.line(terminal.hook());
            }
            terminal.play(&[Act::Cd("one"), Act::Active("one"), Act::Cd("plain"), Act::Nothing]);
            let file = terminal.mark();
            let quoted = Shell::Bash.quote(file.to_str().unwrap());
            terminal.send(&format!("(exit 5)\necho $seen > {quoted}\n"));
            terminal.settle();
            assert_eq!(fs::read_to_string(&file).unwrap().trim(), "5", "{}", terminal.shown());
            let count = terminal.output("printf '%s\\n' \"${precmd_functions[@]}\" \"${PROMPT_COMMAND[@]}\" | grep -c '__mlenv_[hp]'");
            assert_eq!(count, "1");
            fs::rename(world.marker("one"), world.home("kept")).unwrap();
            terminal.play(&[Act::Cd("one"), Act::Nothing]);
            fs::rename(world.home("kept"), world.marker("one")).unwrap();
            terminal.play(&[Act::Enter, Act::Active("one")]);
        }
    }
}

/// An editor's terminal: of `PROMPT_COMMAND` it keeps the first element and calls it from its own; it wraps whatever
/// prompt it finds, each time that has changed.
const EDITOR: &[(Shell, &[&str])] = &[
    (
        Shell::Bash,
        &[
            "__vsc_original_prompt_command=${PROMPT_COMMAND:-}; __vsc_custom_PS1=",
            "__vsc_status() { return $1; }",
            "__vsc_wrap() { if [[ $__vsc_custom_PS1 != \"$PS1\" ]]; then __vsc_custom_PS1='\\[<\\]'$PS1'\\[>\\]'; PS1=$__vsc_custom_PS1; fi; }",
            "__vsc_prompt_cmd_original() { __vsc_last=$?; __vsc_status $__vsc_last; eval \"$__vsc_original_prompt_command\"; __vsc_wrap; }",
            "trap '__vsc_ran=1' DEBUG",
            "unset PROMPT_COMMAND; PROMPT_COMMAND=__vsc_prompt_cmd_original",
        ],
    ),
    (
        Shell::Zsh,
        &[
            "__vsc_custom=",
            "__vsc_precmd() { if [[ $__vsc_custom != \"$PS1\" ]]; then __vsc_custom=\"%{<%}$PS1%{>%}\"; PS1=$__vsc_custom; fi; }",
            "precmd_functions+=(__vsc_precmd)",
        ],
    ),
    (
        Shell::Fish,
        &[
            "functions --copy fish_prompt __vsc_fish_prompt",
            "function fish_prompt; printf '<'; __vsc_fish_prompt; printf '>'; end",
        ],
    ),
];

#[test]
fn an_editors_terminal_wraps_the_prompt_and_the_hook_goes_on() {
    for (shell, lines) in EDITOR {
        for inside in ["", "one"] {
            let world = World::new();
            let own: &[&str] = if *shell == Shell::Fish {
                &["function fish_prompt; echo -n 'mine> '; end"]
            } else {
                &["PS1='mine> '"]
            };
            let start = Start { before: own, dir: inside, ..Start::default() };
            let mut terminal = Terminal::start(*shell, &world, start);
            for line in *lines {
                terminal.line(line);
            }
            terminal.cd("plain");
            terminal.expect_nothing();
            assert!(!prompt(&mut terminal).contains("env"), "{shell:?}\n{}", terminal.shown());
            terminal.cd("one");
            terminal.expect_active("one");
            let there = prompt(&mut terminal);
            assert_eq!(there.matches("(env) ").count(), 1, "{shell:?} {there}");
            terminal.cd("two/env");
            terminal.expect_active("two");
            terminal.cd("");
            terminal.expect_nothing();
            let there = prompt(&mut terminal);
            assert!(there.contains("mine> ") && !there.contains("env"), "{shell:?} {there}");
            assert!(!terminal.shown().contains("Unknown command"), "{}", terminal.shown());
        }
    }
}

pub(crate) fn prompt(terminal: &mut Terminal) -> String {
    match terminal.shell {
        Shell::Fish => terminal.output("fish_prompt"),
        Shell::Tcsh => terminal.output("echo \"$prompt:q\""),
        _ => terminal.output("printf '%s' \"$PS1\""),
    }
}

/// A prompt that is drawn anew by a program each time, from the status of the last command, as starship's is.
const DRAWN: &[(Shell, &[&str])] = &[
    (
        Shell::Bash,
        &[
            "draw() { drawn=\"$? ${PIPESTATUS[*]}\"; PS1=\"drawn $drawn \"; }",
            "PROMPT_COMMAND=(true); PROMPT_COMMAND+=(draw)",
        ],
    ),
    (Shell::Zsh, &["draw() { drawn=$?; PS1=\"drawn $drawn \"; }; precmd_functions+=(draw)"]),
    (Shell::Tcsh, &["alias precmd 'set drawn = $status; set prompt = \"drawn \"'"]),
    (Shell::Fish, &["function fish_prompt; set -g drawn $status; echo -n \"drawn $drawn \"; end"]),
];

#[test]
fn a_prompt_drawn_anew_is_left_alone_and_gets_the_status() {
    for (shell, lines) in DRAWN {
        for first in [true, false] {
            let world = World::new();
            let vars = [("STARSHIP_SHELL", shell.name())];
            let before = if first { *lines } else { &[] };
            let mut terminal =
                Terminal::start(*shell, &world, Start { vars: &vars, before, ..Start::default() });
            if !first {
                // tcsh has one precmd, which such a program takes: a cd is all that is left then.
                for line in *lines {
                    terminal.line(line);
                }
            }
            terminal.cd("one");
            terminal.expect_active("one");
            let pipe = if *shell == Shell::Bash { "(exit 3) | (exit 5)" } else { "sh -c 'exit 5'" };
            let file = terminal.mark();
            let quoted = shell.quote(file.to_str().unwrap());
            terminal.send(&format!("{pipe}\necho $drawn > {quoted}\n"));
            terminal.settle();
            let expected = if *shell == Shell::Bash { "5 3 5" } else { "5" };
            assert_eq!(fs::read_to_string(&file).unwrap().trim(), expected, "{shell:?} {first}");
            assert!(!terminal.shown().contains("(env)"), "{shell:?}\n{}", terminal.shown());
            terminal.cd("");
            terminal.expect_nothing();
        }
    }
}

#[test]
fn an_rc_file_read_again_keeps_the_label() {
    for shell in [Shell::Bash, Shell::Zsh, Shell::Tcsh] {
        let world = World::new();
        let own = if shell == Shell::Tcsh { "set prompt = 'mine> '" } else { "PS1='mine> '" };
        let mut terminal =
            Terminal::start(shell, &world, Start { before: &[own], ..Start::default() });
        terminal.cd("one");
        assert_eq!(prompt(&mut terminal), "(env) mine>", "{shell:?}");
        for _ in 0..2 {
            terminal.line(own);
            terminal.line(terminal.hook());
            assert_eq!(prompt(&mut terminal), "(env) mine>", "{shell:?}");
            terminal.line(terminal.hook());
            assert_eq!(prompt(&mut terminal), "(env) mine>", "{shell:?}");
        }
        terminal.cd("");
        assert_eq!(prompt(&mut terminal), "mine>", "{shell:?}");
    }
}

/// The files that an env carries keep their own variables apart from the hook's, and files are not overwritten by them.
#[test]
fn the_envs_own_activate_does_the_hook_no_harm() {
    let world = World::new();
    world.mlenv("", &["create", "-q", "--no-save", "-p", "own", "--base", "/usr"]);
    for shell in Shell::ALL {
        let mut terminal = Terminal::start(shell, &world, Start::default());
        match shell {
            Shell::Tcsh => terminal.line("set noclobber"),
            Shell::Fish => {}
            Shell::Bash | Shell::Zsh => terminal.line("set -o noclobber"),
        }
        let file = match shell {
            Shell::Tcsh => "activate.csh",
            Shell::Fish => "activate.fish",
            Shell::Bash | Shell::Zsh => "activate",
        };
        let file = world.home("own/bin").join(file);
        terminal.line(&format!("source {}", shell.quote(file.to_str().unwrap())));
        terminal.line("deactivate");
        terminal.play(&[
            Act::Nothing,
            Act::Cd("one"),
            Act::Active("one"),
            Act::Cd("plain"),
            Act::Nothing,
        ]);
        let shown = terminal.shown();
        for word in ["Undefined", "undefined", "exists", "not found", "Unknown"] {
            assert!(!shown.contains(word), "{shell:?}: {shown}");
        }
    }
}
