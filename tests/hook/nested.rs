//! Shells inside shells: what they inherit, what their rc files do to it, and that they can leave it.

use crate::pty::{Start, Terminal};
use crate::support::shells::{Shell, get};
use crate::world::World;

#[test]
fn a_nested_shell_knows_where_it_is() {
    for shell in Shell::ALL {
        let world = World::new();
        let mut terminal = Terminal::new(shell, &world);
        terminal.cd("one");
        for exec in ["", "exec "] {
            terminal.line(&format!("{exec}{}", start(shell, &world)));
            terminal.expect_active("one");
            terminal.line(terminal.hook());
            terminal.expect_active("one");
            terminal.cd("two");
            terminal.expect_active("two");
            terminal.cd("");
            terminal.expect_nothing();
            terminal.cd("one");
            terminal.expect_active("one");
        }
        terminal.expect_said("mlenv:", 0);
    }
}

/// The shell as a program, with what keeps the rc files of this machine out.
pub(crate) fn start(shell: Shell, world: &World) -> String {
    let plain = shell.command(&world.sandbox);
    let words: Vec<&str> = plain.get_args().map(|word| word.to_str().unwrap()).collect();
    format!("{} {} -i", plain.get_program().to_str().unwrap(), words.join(" "))
}

#[test]
fn a_shell_of_another_kind_takes_over_and_hands_back() {
    for outer in Shell::ALL {
        for inner in Shell::ALL.into_iter().filter(|inner| *inner != outer) {
            let world = World::new();
            let mut terminal = Terminal::new(outer, &world);
            let before = terminal.look();
            terminal.cd("one");
            terminal.expect_active("one");
            for exec in ["", "exec "] {
                terminal.send(&format!("{exec}{}\n", start(inner, &world)));
                terminal.shell = inner;
                terminal.line(terminal.hook());
                terminal.expect_active("one");
                terminal.cd("two");
                terminal.expect_active("two");
                terminal.cd("");
                terminal.expect_nothing();
                if exec.is_empty() {
                    terminal.send("exit\n");
                    terminal.shell = outer;
                    terminal.line("");
                    terminal.expect_active("one");
                }
            }
            let after = terminal.look();
            // Each shell says what it knows of user and machine.
            let own =
                ["SHLVL", "USER", "LOGNAME", "OSTYPE", "HOSTTYPE", "MACHTYPE", "VENDOR", "HOST"];
            let is_own = |name: &[u8]| own.iter().any(|own| own.as_bytes() == name);
            for name in before.keys().filter(|name| !is_own(name)) {
                assert_eq!(after.get(name), before.get(name), "{outer:?} {inner:?}");
            }
            terminal.expect_said("mlenv:", 0);
        }
    }
}

#[test]
fn an_rc_file_that_resets_path_takes_nothing_away() {
    for shell in Shell::ALL {
        let world = World::new();
        let mut terminal = Terminal::new(shell, &world);
        terminal.cd("one");
        terminal.line(&start(shell, &world));
        // What an rc file does, before and after the hook's line.
        for _ in 0..2 {
            terminal.line(&crate::trips::export(shell, "PATH", "/usr/bin:/bin:/new"));
            terminal.line(terminal.hook());
            terminal.expect_active("one");
            let path = get(&terminal.look(), "PATH").unwrap().to_owned();
            assert!(path.contains("/env/bin:"), "{shell:?} {path}");
            assert!(path.ends_with(":/usr/bin:/bin:/new"), "{shell:?} {path}");
        }
        terminal.cd("");
        terminal.expect_nothing();
        assert_eq!(get(&terminal.look(), "PATH"), Some("/usr/bin:/bin:/new"), "{shell:?}");
    }
}

#[test]
fn an_inherited_env_is_left_without_the_program_too() {
    for shell in [Shell::Bash, Shell::Zsh, Shell::Fish] {
        let world = World::new();
        let program = crate::broken::copy(&world);
        let vars = [("MLENV", program.to_str().unwrap())];
        let mut terminal =
            Terminal::start(shell, &world, Start { vars: &vars, ..Start::default() });
        let before = terminal.look();
        terminal.cd("one");
        terminal.line(&start(shell, &world));
        terminal.line(terminal.hook());
        terminal.expect_active("one");
        std::fs::remove_file(&program).unwrap();
        terminal.cd("");
        let mut after = terminal.look();
        after.insert(
            b"SHLVL".to_vec(),
            before.get(b"SHLVL".as_slice()).cloned().unwrap_or_default(),
        );
        let mut before = before;
        before.entry(b"SHLVL".to_vec()).or_default();
        assert_eq!(after, before, "{shell:?}\n{}", terminal.shown());
    }
}

/// What an rc file has in front of the hook's line, and what stands behind it.
const FRONT: [(Shell, &str); 4] = [
    (Shell::Bash, "export PATH=/front:$PATH"),
    (Shell::Zsh, "export PATH=/front:$PATH"),
    (Shell::Tcsh, "setenv PATH /front:${PATH:q}"),
    (Shell::Fish, "set -gx PATH /front $PATH"),
];

fn path(terminal: &mut Terminal) -> Vec<String> {
    let vars = terminal.look();
    get(&vars, "PATH").unwrap().split(':').map(str::to_owned).collect()
}

/// Where the env and `/front` come in `PATH`, and what `status` says of the latter.
#[track_caller]
fn expect_order(terminal: &mut Terminal, env_first: bool) {
    let path = path(terminal);
    let front = path.iter().position(|dir| dir == "/front").unwrap();
    let env = path.iter().position(|dir| dir.ends_with("/env/bin"));
    let env = env.unwrap_or_else(|| panic!("{path:?}\n{}", terminal.shown()));
    assert_eq!(env < front, env_first, "{:?} {path:?}\n{}", terminal.shell, terminal.shown());
}

#[test]
fn what_an_rc_file_puts_in_front_goes_behind_the_env_once() {
    for (shell, front) in FRONT {
        for by_hand in [false, true] {
            let world = World::new();
            let mut terminal = Terminal::new(shell, &world);
            terminal.enter(by_hand);
            for exec in ["", "exec "] {
                terminal.line(&format!("{exec}{}", start(shell, &world)));
                terminal.line(front);
                terminal.line(terminal.hook());
                terminal.line("");
                expect_order(&mut terminal, true);
                // The rc file is read again.
                terminal.line(front);
                terminal.line(terminal.hook());
                terminal.line("");
                expect_order(&mut terminal, true);
            }
            // The user's own wish.
            terminal.line(front);
            terminal.line("");
            terminal.cd(if by_hand { "plain" } else { "one/sub" });
            expect_order(&mut terminal, false);
            terminal.expect_said("mlenv:", 0);
        }
    }
}

#[test]
fn status_says_what_comes_before_the_env() {
    for shell in Shell::ALL {
        let world = World::new();
        let front = world.home("front");
        std::fs::create_dir(&front).unwrap();
        std::fs::write(world.home("one/env/bin/zz"), "").unwrap();
        std::fs::write(front.join("zz"), "").unwrap();
        let mut terminal = Terminal::new(shell, &world);
        terminal.cd("one");
        assert!(terminal.output("mlenv status --json | cat").contains("\"shadowed\": []"));
        let list = format!("{}:{}", front.display(), get(&terminal.look(), "PATH").unwrap());
        terminal.line(&crate::trips::export(shell, "PATH", &shell.quote(&list)));
        let words = terminal.output("mlenv status");
        assert!(words.contains("front comes first on PATH, and has zz"), "{shell:?} {words}");
    }
}

#[test]
fn a_venv_on_top_stays_on_top() {
    for (shell, front) in FRONT {
        for by_hand in [false, true] {
            let world = World::new();
            let mut terminal = Terminal::new(shell, &world);
            terminal.enter(by_hand);
            let list = format!("/venv/bin:{}", get(&terminal.look(), "PATH").unwrap());
            terminal.line(&crate::trips::export(shell, "PATH", &shell.quote(&list)));
            terminal.line(&crate::trips::export(shell, "VIRTUAL_ENV", "/venv"));
            terminal.line(&start(shell, &world));
            terminal.line(front);
            terminal.line(terminal.hook());
            terminal.line("");
            let path = path(&mut terminal);
            assert_eq!(path[..2], ["/front", "/venv/bin"], "{shell:?} {}", terminal.shown());
            assert!(path[2].ends_with("/env/bin"), "{shell:?} {path:?}\n{}", terminal.shown());
        }
    }
}
