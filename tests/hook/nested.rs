//! Shells inside shells: what they inherit, what their rc files do to it, and that they can leave it.

use crate::pty::{Start, Terminal};
use crate::shells::{Shell, get};
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
fn start(shell: Shell, world: &World) -> String {
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
            assert!(path.ends_with("/env/bin:/usr/bin:/bin:/new"), "{shell:?} {path}");
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
