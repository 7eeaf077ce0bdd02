//! In, out, across and beside: where a shell goes, the env of that place follows.

use crate::pty::{Start, Terminal};
use crate::shells::{Shell, get};
use crate::world::{Act, World, everywhere};

#[test]
fn an_env_follows_the_directory() {
    everywhere(&[
        Act::Nothing,
        Act::Cd("one"),
        Act::Active("one"),
        Act::Cd("one/sub/deep"),
        Act::Active("one"),
        Act::Cd("two"),
        Act::Active("two"),
        Act::Cd("plain"),
        Act::Nothing,
        Act::Cd("one/sub"),
        Act::Active("one"),
        Act::Cd(""),
        Act::Nothing,
        Act::Said("mlenv:", 0),
    ]);
}

#[test]
fn the_nearest_marker_wins() {
    everywhere(&[
        Act::Cd("one"),
        Act::Active("one"),
        Act::Cd("one/inner"),
        Act::Active("one/inner"),
        Act::Cd("one/inner/env"),
        Act::Active("one/inner"),
        Act::Cd("one"),
        Act::Active("one"),
    ]);
}

#[test]
fn a_terminal_that_opens_inside_is_inside() {
    for shell in Shell::ALL {
        let world = World::new();
        let mut terminal =
            Terminal::start(shell, &world, Start { dir: "one/sub", ..Start::default() });
        terminal.expect_active("one");
        terminal.cd("");
        terminal.expect_nothing();
    }
}

#[test]
fn a_command_on_the_line_of_the_cd_runs_inside() {
    for shell in Shell::ALL {
        let world = World::new();
        let mut terminal = Terminal::new(shell, &world);
        let one = shell.quote(world.home("one").to_str().unwrap());
        let and = if shell == Shell::Fish { "; and" } else { " &&" };
        assert_eq!(
            terminal.output(&format!("cd {one}{and} printenv CONDA_DEFAULT_ENV")),
            env_of(&world, "one")
        );
        let two = shell.quote(world.home("two").to_str().unwrap());
        assert_eq!(
            terminal.output(&format!("cd {two}{and} printenv CONDA_DEFAULT_ENV")),
            env_of(&world, "two")
        );
    }
}

fn env_of(world: &World, project: &str) -> String {
    world.home(project).join("env").to_str().unwrap().to_owned()
}

#[test]
fn leaving_by_hand_lasts_until_the_next_arrival() {
    everywhere(&[
        Act::Cd("one"),
        Act::Type("mlenv deactivate"),
        Act::Nothing,
        Act::Enter,
        Act::Cd("one/sub"),
        Act::Nothing,
        Act::Type("mlenv activate"),
        Act::Active("one"),
        Act::Cd("plain"),
        Act::Nothing,
        Act::Cd("one"),
        Act::Active("one"),
    ]);
}

#[test]
fn what_an_env_got_while_it_was_left_goes_with_it() {
    everywhere(&[
        Act::Cd("one"),
        Act::Active("one"),
        Act::Type("mlenv deactivate"),
        Act::Type("mlenv vars set -p env EXTRA=1"),
        Act::Type("mlenv activate"),
        Act::Active("one"),
        Act::Type("printenv EXTRA"),
        Act::Cd("plain"),
        Act::Nothing,
    ]);
}

#[test]
fn what_was_activated_by_hand_stays_until_it_is_left() {
    everywhere(&[
        Act::Cd("plain"),
        Act::Type("mlenv activate ../two/env"),
        Act::Active("two"),
        Act::Cd("one"),
        Act::Active("two"),
        Act::Enter,
        Act::Active("two"),
        Act::Type("mlenv deactivate"),
        Act::Active("one"),
        Act::Cd(""),
        Act::Nothing,
    ]);
}

#[test]
fn a_venv_or_conda_env_stays_until_it_is_left() {
    let venv = [("VIRTUAL_ENV", "/some/venv")];
    let conda = [("CONDA_PREFIX", "/c/envs/x"), ("CONDA_SHLVL", "1"), ("CONDA_DEFAULT_ENV", "x")];
    for shell in Shell::ALL {
        for vars in [&venv[..], &conda[..]] {
            let world = World::new();
            let mut terminal = Terminal::start(shell, &world, Start { vars, ..Start::default() });
            terminal.cd("one");
            assert_eq!(
                get(&terminal.look(), "__MLENV_SESSION"),
                None,
                "{shell:?}\n{}",
                terminal.shown()
            );
            for (name, _) in vars {
                terminal.line(&unset(shell, name));
            }
            terminal.expect_active("one");
        }
    }
}

#[test]
fn condas_base_does_not_keep_markers_out() {
    let vars = [("CONDA_PREFIX", "/c"), ("CONDA_SHLVL", "1"), ("CONDA_DEFAULT_ENV", "base")];
    for shell in Shell::ALL {
        let world = World::new();
        let mut terminal =
            Terminal::start(shell, &world, Start { vars: &vars, ..Start::default() });
        terminal.play(&[Act::Cd("one"), Act::Active("one"), Act::Cd(""), Act::Nothing]);
    }
}

pub(crate) fn unset(shell: Shell, name: &str) -> String {
    match shell {
        Shell::Tcsh => format!("unsetenv {name}"),
        Shell::Fish => format!("set -e {name}"),
        Shell::Bash | Shell::Zsh => format!("unset {name}"),
    }
}

pub(crate) fn export(shell: Shell, name: &str, value: &str) -> String {
    match shell {
        Shell::Tcsh => format!("setenv {name} {value}"),
        Shell::Fish => format!("set -gx {name} {value}"),
        Shell::Bash | Shell::Zsh => format!("export {name}={value}"),
    }
}

#[test]
fn what_the_user_changes_inside_stays() {
    for shell in Shell::ALL {
        let world = World::new();
        let mut terminal = Terminal::new(shell, &world);
        terminal.cd("one");
        let longer = match shell {
            Shell::Tcsh => "setenv PATH \"/front:${PATH}:/back\"",
            Shell::Fish => "set -gx PATH /front $PATH /back",
            Shell::Bash | Shell::Zsh => "PATH=/front:$PATH:/back",
        };
        terminal.line(longer);
        terminal.line(&export(shell, "CONDA_DEFAULT_ENV", "mine"));
        terminal.cd("");
        let after = terminal.look();
        assert_eq!(
            get(&after, "PATH"),
            Some("/front:/usr/bin:/bin:/back"),
            "{shell:?}\n{}",
            terminal.shown()
        );
        assert_eq!(get(&after, "CONDA_DEFAULT_ENV"), Some("mine"), "{shell:?}");
        assert_eq!(get(&after, "CONDA_PREFIX"), None, "{shell:?}");
    }
}

#[test]
fn a_path_that_was_reset_is_healed() {
    for shell in Shell::ALL {
        for by_hand in [false, true] {
            let world = World::new();
            let mut terminal = Terminal::new(shell, &world);
            if by_hand {
                terminal.line("mlenv activate one/env");
            } else {
                terminal.cd("one");
            }
            terminal.line(&export(shell, "PATH", "/usr/bin:/bin:/new"));
            terminal.expect_active("one");
            let path = get(&terminal.look(), "PATH").unwrap().to_owned();
            assert!(path.ends_with("/env/bin:/usr/bin:/bin:/new"), "{shell:?} {path}");
        }
    }
}

#[test]
fn subshells_and_substitutions_change_nothing() {
    for shell in [Shell::Bash, Shell::Zsh, Shell::Fish] {
        let world = World::new();
        let mut terminal = Terminal::new(shell, &world);
        let one = shell.quote(world.home("one").to_str().unwrap());
        let words = if shell == Shell::Fish {
            format!(
                "echo (cd {one}; printenv CONDA_PREFIX; cd {})",
                shell.quote(world.home("").to_str().unwrap())
            )
        } else {
            format!("echo $(cd {one}; printenv CONDA_PREFIX); (cd {one}; printenv CONDA_PREFIX)")
        };
        assert_eq!(terminal.output(&words), "", "{shell:?}");
        terminal.expect_nothing();
    }
}

#[test]
fn pushd_popd_and_links_are_ways_too() {
    for shell in Shell::ALL {
        let world = World::new();
        std::os::unix::fs::symlink(world.home("one"), world.home("link")).unwrap();
        let mut terminal = Terminal::new(shell, &world);
        terminal.line("pushd link/sub");
        terminal.expect_active("one");
        terminal.line("popd");
        terminal.expect_nothing();
    }
}
