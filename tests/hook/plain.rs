//! What users of venvs and of conda are used to: a plain `deactivate`, and `conda deactivate`. What conda's commands do
//! is written out, in its own order, so that the tests need no conda.

use crate::guests::prompt;
use crate::pty::{Start, Terminal};
use crate::support::shells::{Shell, get};
use crate::trips::{export, unset};
use crate::world::World;

/// What `deactivate` means in this shell, or nothing.
fn meaning(terminal: &mut Terminal) -> String {
    match terminal.shell {
        Shell::Bash => terminal.output("declare -f deactivate"),
        Shell::Zsh => terminal.output("echo ${functions[deactivate]-}"),
        Shell::Tcsh => terminal.output("alias deactivate"),
        Shell::Fish => terminal.output("functions -q deactivate; and functions deactivate"),
    }
}

/// A `deactivate` of the user's own, that says so.
fn own(shell: Shell) -> &'static str {
    match shell {
        Shell::Tcsh => "alias deactivate 'echo mine'",
        Shell::Fish => "function deactivate; echo mine; end",
        Shell::Bash | Shell::Zsh => "deactivate() { echo mine; }",
    }
}

#[test]
fn a_plain_deactivate_leaves_and_is_gone_with_the_env() {
    for shell in Shell::ALL {
        let world = World::new();
        let mut terminal = Terminal::new(shell, &world);
        terminal.cd("plain");
        assert_eq!(meaning(&mut terminal), "", "{shell:?}");
        let before = terminal.look();
        terminal.line("mlenv activate ../two/env");
        terminal.expect_active("two");
        // As a venv's own activation does; in tcsh that gives the name a meaning first.
        let calm = terminal.output("deactivate nondestructive && echo calm");
        assert_eq!(calm, "calm", "{shell:?}\n{}", terminal.shown());
        terminal.expect_active("two");
        terminal.line("deactivate");
        assert_eq!(terminal.look(), before, "{shell:?}\n{}", terminal.shown());
        assert_eq!(meaning(&mut terminal), "", "{shell:?}\n{}", terminal.shown());
        for way_out in ["deactivate", "cd ../plain", "mlenv deactivate"] {
            terminal.cd("one");
            terminal.expect_active("one");
            assert_ne!(meaning(&mut terminal), "", "{shell:?}\n{}", terminal.shown());
            terminal.line(way_out);
            terminal.expect_nothing();
            assert_eq!(meaning(&mut terminal), "", "{shell:?} {way_out}\n{}", terminal.shown());
            terminal.cd("plain");
        }
        terminal.expect_said("mlenv:", 0);
    }
}

#[test]
fn another_meaning_of_deactivate_stays() {
    for shell in Shell::ALL {
        for inside in [false, true] {
            let world = World::new();
            let mut terminal = Terminal::new(shell, &world);
            if inside {
                terminal.cd("one");
                terminal.line(own(shell));
            } else {
                terminal.line(own(shell));
                terminal.cd("one");
            }
            assert_eq!(terminal.output("deactivate"), "mine", "{shell:?} {}", terminal.shown());
            terminal.cd("two");
            terminal.expect_active("two");
            terminal.cd("plain");
            terminal.expect_nothing();
            assert_eq!(terminal.output("deactivate"), "mine", "{shell:?} {}", terminal.shown());
        }
        // A program.
        let world = World::new();
        let program = world.sandbox.write("home/tools/deactivate", "#!/bin/sh\necho mine\n");
        assert!(
            std::process::Command::new("chmod").arg("+x").arg(&program).status().unwrap().success()
        );
        let list = format!("{}:/usr/bin:/bin", world.home("tools").display());
        let mut terminal =
            Terminal::start(shell, &world, Start { vars: &[("PATH", &list)], ..Start::default() });
        terminal.cd("one");
        terminal.expect_active("one");
        assert_eq!(terminal.output("deactivate"), "mine", "{shell:?} {}", terminal.shown());
    }
}

#[test]
fn an_alias_of_that_name_stays() {
    for shell in [Shell::Bash, Shell::Zsh] {
        let world = World::new();
        let mut terminal = Terminal::new(shell, &world);
        terminal.line("alias deactivate='echo mine'");
        terminal.cd("one");
        terminal.expect_active("one");
        assert_eq!(terminal.output("deactivate"), "mine", "{shell:?} {}", terminal.shown());
        assert_eq!(meaning(&mut terminal), "", "{shell:?}");
    }
}

/// A real venv on top: its `deactivate` is its own, and ours is there again behind it.
#[test]
fn a_venv_on_top_is_left_by_its_own_deactivate() {
    for shell in Shell::ALL {
        for by_hand in [false, true] {
            let world = World::new();
            // A path that every version of venv can quote.
            let dir = tempfile::tempdir().unwrap();
            let venv = dir.path().join("venv");
            let made = std::process::Command::new("python3")
                .args(["-m", "venv", "--without-pip"])
                .arg(&venv)
                .output()
                .unwrap();
            assert!(made.status.success(), "{made:?}");
            let mut terminal = Terminal::new(shell, &world);
            terminal.enter(by_hand);
            terminal.expect_active("one");
            let file = match shell {
                Shell::Tcsh => "activate.csh",
                Shell::Fish => "activate.fish",
                Shell::Bash | Shell::Zsh => "activate",
            };
            let file = venv.join("bin").join(file);
            terminal.line(&format!("source {}", shell.quote(file.to_str().unwrap())));
            assert_eq!(get(&terminal.look(), "VIRTUAL_ENV"), venv.to_str(), "{shell:?}");
            terminal.line("deactivate");
            assert_eq!(get(&terminal.look(), "VIRTUAL_ENV"), None, "{shell:?}");
            terminal.expect_active("one");
            terminal.line("deactivate");
            terminal.expect_nothing();
            assert_eq!(meaning(&mut terminal), "", "{shell:?}\n{}", terminal.shown());
        }
    }
}

/// Prompts as conda draws them: in fish by a variable, elsewhere by replacing its words in the prompt.
fn start(shell: Shell) -> &'static [&'static str] {
    match shell {
        Shell::Tcsh => &["set prompt = 'mine> '"],
        Shell::Fish => &["function fish_prompt; echo -n 'mine> '; end"],
        Shell::Bash | Shell::Zsh => &["PS1='mine> '"],
    }
}

/// The prompt with `new` in place of `old`, or in front.
fn redraw(terminal: &mut Terminal, old: &str, new: &str) {
    let before = prompt(terminal);
    if terminal.shell == Shell::Fish {
        return;
    }
    let text = format!("{new}{}", before.replacen(old, "", 1));
    let text = terminal.shell.quote(&format!("{} ", text.trim_end()));
    let line = match terminal.shell {
        Shell::Tcsh => format!("set prompt = {text}"),
        _ => format!("PS1={text}"),
    };
    terminal.line(&line);
}

/// Many variables in one line, as one command of conda's changes them.
fn at_once(terminal: &mut Terminal, changes: &[(&str, Option<&str>)]) {
    let shell = terminal.shell;
    let one = |(name, value): &(&str, Option<&str>)| match value {
        Some(value) => export(shell, name, &shell.quote(value)),
        None => unset(shell, name),
    };
    let line: Vec<String> = changes.iter().map(one).collect();
    terminal.line(&line.join("; "));
}

/// `conda activate X` in an env at level one.
fn conda_activate(terminal: &mut Terminal, env: &str) {
    let list =
        get(&terminal.look(), "PATH").unwrap().replacen(&format!("{env}/bin"), "/c/envs/X/bin", 1);
    redraw(terminal, "(env) ", "(X) ");
    at_once(
        terminal,
        &[
            ("PATH", Some(&list)),
            ("CONDA_PREFIX", Some("/c/envs/X")),
            ("CONDA_SHLVL", Some("2")),
            ("CONDA_DEFAULT_ENV", Some("X")),
            ("CONDA_PROMPT_MODIFIER", Some("(X) ")),
            ("CONDA_PREFIX_1", Some(env)),
        ],
    );
}

/// `conda deactivate` there: it comes back to the env, and calls it by its path.
fn conda_comes_back(terminal: &mut Terminal, env: &str) {
    let list =
        get(&terminal.look(), "PATH").unwrap().replacen("/c/envs/X/bin", &format!("{env}/bin"), 1);
    let label = format!("({env}) ");
    redraw(terminal, "(X) ", &label);
    at_once(
        terminal,
        &[
            ("PATH", Some(&list)),
            ("CONDA_PREFIX", Some(env)),
            ("CONDA_SHLVL", Some("1")),
            ("CONDA_DEFAULT_ENV", Some(env)),
            ("CONDA_PROMPT_MODIFIER", Some(&label)),
            ("CONDA_PREFIX_1", None),
        ],
    );
}

/// `conda deactivate` of the env itself, at level one.
fn conda_deactivate(terminal: &mut Terminal, env: &str) {
    let list = get(&terminal.look(), "PATH").unwrap().replacen(&format!("{env}/bin:"), "", 1);
    redraw(terminal, "(env) ", "");
    at_once(
        terminal,
        &[
            ("PATH", Some(&list)),
            ("CONDA_PREFIX", None),
            ("CONDA_DEFAULT_ENV", None),
            ("CONDA_PROMPT_MODIFIER", None),
            ("CONDA_SHLVL", Some("0")),
        ],
    );
}

#[test]
fn the_label_is_right_again_after_a_conda_env_on_top() {
    for shell in Shell::ALL {
        for by_hand in [false, true] {
            let world = World::new();
            let mut terminal =
                Terminal::start(shell, &world, Start { before: start(shell), ..Start::default() });
            let before = terminal.look();
            terminal.enter(by_hand);
            let env = world.home("one/env").to_str().unwrap().to_owned();
            let inside = terminal.look();
            for _ in 0..2 {
                conda_activate(&mut terminal, &env);
                terminal.line("");
                assert_eq!(get(&terminal.look(), "CONDA_PREFIX"), Some("/c/envs/X"), "{shell:?}");
                conda_comes_back(&mut terminal, &env);
                terminal.line("");
                let seen = prompt(&mut terminal);
                assert!(seen.ends_with("(env) mine>"), "{shell:?} {seen}\n{}", terminal.shown());
                assert!(!seen.contains(&env), "{shell:?} {seen}");
                assert_eq!(terminal.look(), inside, "{shell:?}\n{}", terminal.shown());
            }
            terminal.line("mlenv deactivate");
            terminal.cd("");
            assert_eq!(terminal.look(), before, "{shell:?}\n{}", terminal.shown());
            assert!(prompt(&mut terminal).ends_with("mine>"));
            assert!(!prompt(&mut terminal).contains("(env)"), "{shell:?}");
        }
    }
}

#[test]
fn a_conda_env_on_top_is_taken_out_of_the_project_and_back_to_nothing() {
    for shell in Shell::ALL {
        let world = World::new();
        let mut terminal = Terminal::new(shell, &world);
        let before = terminal.look();
        terminal.cd("one");
        let env = world.home("one/env").to_str().unwrap().to_owned();
        conda_activate(&mut terminal, &env);
        terminal.cd("plain");
        assert_eq!(get(&terminal.look(), "CONDA_PREFIX"), Some("/c/envs/X"), "{shell:?}");
        conda_comes_back(&mut terminal, &env);
        terminal.line("");
        assert_eq!(terminal.look(), before, "{shell:?}\n{}", terminal.shown());
    }
}

#[test]
fn conda_deactivate_leaves_the_env() {
    for shell in Shell::ALL {
        for by_hand in [false, true] {
            let world = World::new();
            let mut terminal =
                Terminal::start(shell, &world, Start { before: start(shell), ..Start::default() });
            terminal.cd("one");
            terminal.line(if by_hand { "mlenv activate ./env" } else { "" });
            terminal.expect_active("one");
            let env = world.home("one/env").to_str().unwrap().to_owned();
            conda_deactivate(&mut terminal, &env);
            for _ in 0..2 {
                terminal.line("");
                terminal.expect_nothing();
            }
            let seen = prompt(&mut terminal);
            assert!(seen.ends_with("mine>") && !seen.contains("env"), "{shell:?} {seen}");
            assert_eq!(meaning(&mut terminal), "", "{shell:?}");
            assert!(terminal.output("mlenv status").contains("nothing"), "{shell:?}");
            // As after `mlenv deactivate`, until one comes again.
            terminal.cd("plain");
            terminal.cd("one");
            terminal.expect_active("one");
            terminal.expect_said("mlenv:", 0);
        }
    }
}
