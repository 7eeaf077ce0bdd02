//! In, out, across and beside: where a shell goes, the env of that place follows.

use crate::pty::{Start, Terminal};
use crate::support::shells::{Shell, get};
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
            terminal.enter(by_hand);
            terminal.line(&export(shell, "PATH", "/usr/bin:/bin:/new"));
            terminal.expect_active("one");
            let path = get(&terminal.look(), "PATH").unwrap().to_owned();
            assert!(path.contains("/env/bin:"), "{shell:?} {path}");
            assert!(path.ends_with(":/usr/bin:/bin:/new"), "{shell:?} {path}");
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

#[test]
fn one_deactivate_is_enough_where_the_marker_names_the_same_env() {
    for shell in Shell::ALL {
        let world = World::new();
        let mut terminal = Terminal::new(shell, &world);
        terminal.cd("one");
        terminal.line("mlenv activate ./env");
        terminal.expect_active("one");
        terminal.line("mlenv deactivate");
        terminal.expect_nothing();
        terminal.line("");
        terminal.expect_nothing();
        // Another env than the marker's.
        terminal.line("mlenv activate ../two/env");
        terminal.expect_active("two");
        terminal.line("mlenv deactivate");
        terminal.line("");
        terminal.expect_active("one");
    }
}

#[test]
fn what_was_activated_by_hand_and_moved_away_is_said_as_gone() {
    for shell in Shell::ALL {
        let world = World::new();
        let mut terminal = Terminal::new(shell, &world);
        terminal.line("mlenv activate one/env");
        terminal.expect_active("one");
        terminal.line("");
        std::fs::rename(world.home("one/env"), world.home("one/other")).unwrap();
        terminal.line("");
        terminal.expect_said("one/env is gone: left", 1);
        terminal.expect_nothing();
        terminal.line("");
        terminal.cd("two");
        terminal.expect_active("two");
        terminal.expect_said("is gone: left", 1);
    }
}

#[test]
fn a_universal_variable_is_seen_again_after_leaving() {
    let world = World::new();
    let vars = "{\"env_vars\": {\"SHARED\": \"env\"}}";
    for (below, text) in [("one/env/conda-meta/state", vars), ("plain/x", "")] {
        std::fs::write(world.home(below), text).unwrap();
    }
    let mut terminal =
        Terminal::start(Shell::Fish, &world, Start { bare: true, ..Start::default() });
    // With its own files: without them fish has no universal variables.
    terminal.line("fish -i");
    terminal.line("set -Ux SHARED outside");
    terminal.line(terminal.hook());
    for _ in 0..2 {
        terminal.cd("one");
        assert_eq!(get(&terminal.look(), "SHARED"), Some("env"));
        terminal.cd("plain");
        assert_eq!(terminal.output("set -qg SHARED; echo $status"), "1", "{}", terminal.shown());
        assert_eq!(get(&terminal.look(), "SHARED"), Some("outside"));
    }
    terminal.line("mlenv activate ../one/env");
    assert_eq!(get(&terminal.look(), "SHARED"), Some("env"));
    terminal.line("mlenv deactivate");
    assert_eq!(terminal.output("set -qg SHARED; echo $status"), "1", "{}", terminal.shown());
    terminal.line("set -Ux SHARED other");
    assert_eq!(get(&terminal.look(), "SHARED"), Some("other"));
}
