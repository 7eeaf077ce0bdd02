//! The hook as a guest: what belongs to the user stays as it is, whatever happens to the program.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use crate::pty::{Start, Terminal};
use crate::shells::Shell;
use crate::trips::export;
use crate::world::{Act, World};

const SHARP: [(Shell, &[&str]); 8] = [
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

/// Waits until no marker of this world is young any more.
fn grow_old() {
    std::thread::sleep(std::time::Duration::from_millis(2100));
}

/// A copy of the program that can be taken away.
fn copy(world: &World) -> PathBuf {
    let program = world.sandbox.path("home/tools/mlenv");
    fs::create_dir_all(program.parent().unwrap()).unwrap();
    fs::copy(env!("CARGO_BIN_EXE_mlenv"), &program).unwrap();
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
        fs::copy(env!("CARGO_BIN_EXE_mlenv"), world.sandbox.path("mlenv")).unwrap();
        let dir = world.sandbox.path("");
        let path = format!("{}:/usr/bin:/bin", dir.to_str().unwrap().trim_end_matches('/'));
        terminal.line(&export(shell, "PATH", &shell.quote(&path)));
        terminal.cd("two");
        terminal.expect_active("two");
    }
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
            fs::write(
                &program,
                format!(
                    "#!/bin/sh\necho x >> {}\n{body}\n",
                    Shell::Bash.quote(log.to_str().unwrap())
                ),
            )
            .unwrap();
            fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
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
        fs::write(&program, format!("#!/bin/sh\necho > {quoted}\nexec sleep 100\n")).unwrap();
        fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
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
