//! The hook as a guest: what belongs to the user stays as it is.

use std::fs;

use crate::pty::{Start, Terminal};
use crate::support::shells::Shell;
use crate::world::{Act, World};

const SHARP: [(Shell, &[&str]); 12] = [
    (Shell::Bash, &["set -eu", "set -o noclobber", "shopt -s nullglob extglob"]),
    (Shell::Bash, &["IFS=/eo", "set -f"]),
    (
        Shell::Bash,
        &[
            "alias local=false read=false printf=false unset=false export=false return=false break=false",
        ],
    ),
    (Shell::Zsh, &["setopt err_exit no_unset no_clobber ksh_arrays sh_word_split glob_subst"]),
    (Shell::Zsh, &["IFS=/eo", "setopt no_glob no_rcs warn_create_global null_glob"]),
    (
        Shell::Zsh,
        &[
            "alias local=false read=false printf=false unset=false export=false return=false break=false",
        ],
    ),
    (
        Shell::Tcsh,
        &["set noclobber", "set noglob", "set histlit", "set backslash_quote", "set nonomatch"],
    ),
    (Shell::Fish, &["set -g IFS /eo", "set -g fish_trace ''"]),
    // Functions over builtins, and names that begin like ours.
    (
        Shell::Bash,
        &[
            "local() { false; }; read() { false; }; printf() { false; }; unset() { false; }; declare() { false; }",
            "export() { false; }; source() { false; }; set() { false; }; command() { false; }; type() { false; }",
            "__mlenv_own() { echo own; }; __mlenv_file=x; __mlenv_path=y; mlenv() { echo old; }; set -o posix; set +o posix",
        ],
    ),
    (
        Shell::Zsh,
        &[
            "function local read printf unset export source command typeset sysread { false; }",
            "__mlenv_own() { echo own; }; __mlenv_file=x; __mlenv_path=y; mlenv() { echo old; }",
            "setopt no_multibyte extended_glob rc_expand_param typeset_silent ksh_typeset posix_builtins",
        ],
    ),
    (
        Shell::Tcsh,
        &[
            "alias set_ 'echo x'; alias __mlenv_own 'echo own'",
            "set __mlenv_f = x; alias mlenv 'echo old'",
            "set histchars; set nonomatch",
        ],
    ),
    (
        Shell::Fish,
        &[
            "function __mlenv_own; end; function mlenv; echo old; end; set -g __mlenv_file x; set -U __mlenv_key y",
        ],
    ),
];

#[test]
fn odd_options_aliases_and_separators_change_nothing() {
    for (shell, before) in SHARP {
        let world = World::new();
        let mut terminal = Terminal::start(shell, &world, Start { before, ..Start::default() });
        terminal.play(&[
            Act::Cd("one"),
            Act::Active("one"),
            Act::Cd("two"),
            Act::Active("two"),
            Act::Enter,
            Act::Cd("plain"),
            Act::Nothing,
            Act::Said("mlenv:", 0),
        ]);
    }
}

#[test]
fn status_and_last_word_survive() {
    for shell in Shell::ALL {
        let world = World::new();
        let mut terminal = Terminal::new(shell, &world);
        let (status, run) = match shell {
            Shell::Tcsh | Shell::Fish => ("$status", "sh -c 'exit 7'"),
            Shell::Bash | Shell::Zsh => ("$?", "(exit 7)"),
        };
        for dir in ["one", "one", "plain"] {
            let file = terminal.mark();
            let quoted = shell.quote(file.to_str().unwrap());
            let dir = shell.quote(world.home(dir).to_str().unwrap());
            // The second line finds what the prompt before it left, also where the hook had something to do.
            terminal.send(&format!("cd {dir}; {run}\necho {status} > {quoted}\n"));
            terminal.settle();
            assert_eq!(fs::read_to_string(&file).unwrap().trim(), "7", "{shell:?}");
            if let Shell::Bash | Shell::Zsh = shell {
                let file = terminal.mark();
                let quoted = shell.quote(file.to_str().unwrap());
                terminal.send(&format!("cd {dir}; true one two\necho $_ > {quoted}\n"));
                terminal.settle();
                assert_eq!(fs::read_to_string(&file).unwrap().trim(), "two", "{shell:?}");
            }
        }
    }
}

#[test]
fn the_command_gives_its_status_and_takes_any_words() {
    for shell in Shell::ALL {
        let world = World::new();
        let mut terminal = Terminal::new(shell, &world);
        let status = if let Shell::Tcsh | Shell::Fish = shell { "$status" } else { "$?" };
        for (words, expected) in [
            ("mlenv nosuchverb", "2"),
            ("mlenv activate nosuch", "1"),
            ("mlenv deactivate", "1"),
            ("mlenv activate --help", "0"),
            ("mlenv activate one/env", "0"),
            ("mlenv deactivate", "0"),
            ("mlenv status --json", "0"),
        ] {
            let got = terminal.output(&format!("{words} > /dev/null; echo {status}"));
            assert_eq!(got, expected, "{shell:?} {words}\n{}", terminal.shown());
        }
        let odd = world.home("a 'b\" $HOME `id` !x *");
        std::os::unix::fs::symlink(world.home("two/env"), &odd).unwrap();
        let quoted = shell.quote(odd.to_str().unwrap());
        terminal.line(&format!("mlenv activate {quoted}"));
        terminal.expect_active("two");
        let json = terminal.output("mlenv status --json | cat");
        assert!(
            json.contains("\"installed\": true") && json.contains("\"prompt\": true"),
            "{shell:?} {json}"
        );
    }
}

#[test]
fn pipestatus_survives() {
    let words = [
        (Shell::Bash, "(exit 3) | true", "echo ${PIPESTATUS[@]}"),
        (Shell::Zsh, "(exit 3) | true", "echo $pipestatus"),
        (Shell::Fish, "sh -c 'exit 3' | true", "echo $pipestatus"),
    ];
    for (shell, run, read) in words {
        let world = World::new();
        let mut terminal = Terminal::new(shell, &world);
        terminal.cd("one");
        let file = terminal.mark();
        terminal.send(&format!("{run}\n{read} > {}\n", shell.quote(file.to_str().unwrap())));
        terminal.settle();
        assert_eq!(fs::read_to_string(file).unwrap().trim(), "3 0", "{shell:?}");
    }
}

#[test]
fn traps_and_options_stay() {
    let words = [
        (Shell::Bash, "trap 'echo int' INT; trap 'echo usr' USR1", "trap -p; set +o; shopt"),
        (Shell::Zsh, "trap 'echo int' INT; trap 'echo usr' USR1", "trap; setopt; echo $options"),
    ];
    for (shell, set, show) in words {
        let world = World::new();
        let mut terminal =
            Terminal::start(shell, &world, Start { before: &[set], ..Start::default() });
        let show = format!("{{ {show}; }}");
        let before = terminal.output(&show);
        for dir in ["one", "two", ""] {
            terminal.cd(dir);
            assert_eq!(terminal.output(&show), before, "{shell:?} {dir}");
        }
        assert!(before.contains("echo int"));
    }
}
