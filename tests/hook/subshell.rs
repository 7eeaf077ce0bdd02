//! `mlenv shell`: a shell of the user's in which the env is active after all rc files, whatever those do.

use crate::pty::{Start, Terminal};
use crate::support::shells::{Shell, get};
use crate::world::World;

/// Starts the shell as a user without the hook would; `words` are those of `mlenv shell`.
fn start<'a>(
    shell: Shell,
    world: &'a World,
    words: &'a str,
    vars: &'a [(&'a str, &'a str)],
) -> Terminal<'a> {
    let exec = format!("SHELL=$(command -v {}) exec \"$MLENV\" {words}", shell.name());
    Terminal::start(
        shell,
        world,
        Start { bare: true, vars, under: &["sh", "-c", &exec, "sh"], ..Start::default() },
    )
}

/// Where each shell reads what the user wrote.
fn rc(shell: Shell) -> &'static str {
    match shell {
        Shell::Bash => ".bashrc",
        Shell::Zsh => ".zshrc",
        Shell::Tcsh => ".tcshrc",
        Shell::Fish => ".config/fish/config.fish",
    }
}

/// What an rc file says that resets everything, in the shell's own words.
fn reset(shell: Shell) -> &'static str {
    match shell {
        Shell::Bash | Shell::Zsh => {
            "export PATH=/usr/bin:/bin:/mine RC=read; unset CONDA_PREFIX; PS1='user> '\n"
        }
        Shell::Tcsh => {
            "setenv PATH /usr/bin:/bin:/mine; setenv RC read; unsetenv CONDA_PREFIX; set prompt = 'user> '\n"
        }
        Shell::Fish => {
            "set -gx PATH /usr/bin /bin /mine; set -gx RC read; set -e CONDA_PREFIX; function fish_prompt; echo -n 'user> '; end\n"
        }
    }
}

fn write(world: &World, below: &str, text: &str) {
    world.sandbox.write(&format!("home/{below}"), text);
}

#[test]
fn it_is_active_after_rc_files_that_reset_everything_and_the_prompt_shows_it() {
    for shell in Shell::ALL {
        let world = World::new();
        write(&world, rc(shell), reset(shell));
        write(
            &world,
            "one/env/etc/conda/activate.d/a.sh",
            "export FROM_SCRIPT=\"$CONDA_PREFIX\"\n",
        );
        let mut terminal = start(shell, &world, "shell one/env", &[]);
        terminal.expect_active("one");
        let seen = terminal.look();
        assert_eq!(get(&seen, "RC"), Some("read"), "{shell:?}");
        assert!(get(&seen, "PATH").unwrap().ends_with(":/usr/bin:/bin:/mine"), "{shell:?}");
        assert_eq!(get(&seen, "FROM_SCRIPT"), get(&seen, "CONDA_PREFIX"), "{shell:?}");
        assert!(terminal.shown().contains("(env) "), "{shell:?}: {}", terminal.shown());
        let left = seen.keys().filter(|name| name.starts_with(b"__mlenv"));
        assert_eq!(left.count(), 0, "{shell:?}: {seen:?}");
        assert_eq!(
            get(&seen, "HOME"),
            Some(crate::support::shells::text(&world.home("")))
                .map(|home| home.trim_end_matches('/'))
        );
    }
}

#[test]
fn the_hook_in_the_rc_file_lets_it_be_and_it_can_be_left() {
    for shell in Shell::ALL {
        let world = World::new();
        let hook = Terminal::hook_of(shell);
        write(&world, rc(shell), &format!("{}{hook}\n", reset(shell)));
        let mut terminal = start(shell, &world, "shell one/env", &[]);
        terminal.expect_active("one");
        terminal.cd("two"); // whose marker names another env
        terminal.expect_active("one");
        terminal.line("mlenv deactivate");
        terminal.expect_active("two");
    }
}

#[test]
fn nested_on_the_same_or_another_env_is_no_harm_and_exit_comes_back() {
    for shell in Shell::ALL {
        let world = World::new();
        let mut terminal = start(shell, &world, "shell one/env", &[]);
        let outer = terminal.look();
        let mlenv = if shell == Shell::Tcsh { "\"$MLENV:q\"" } else { "\"$MLENV\"" };
        for (words, project) in
            [("shell", "one"), ("shell one/env", "one"), ("shell two/env", "two")]
        {
            let command = if shell == Shell::Fish {
                format!("$MLENV {words}")
            } else {
                format!("{mlenv} {words}")
            };
            terminal.line(&command);
            terminal.expect_active(project);
            assert_eq!(get(&terminal.look(), "CONDA_SHLVL"), Some("1"), "{shell:?}");
            terminal.line("exit");
        }
        assert_eq!(terminal.look(), outer, "{shell:?}");
    }
}

#[test]
fn nothing_is_left_behind_and_a_home_is_not_needed() {
    for shell in Shell::ALL {
        let world = World::new();
        let scratch = world.sandbox.path("scratch");
        std::fs::create_dir(&scratch).unwrap();
        let scratch_text = scratch.to_str().unwrap();
        let vars = [("HOME", "/proc/no home"), ("TMPDIR", scratch_text), ("MLENV_CEILING", "/")];
        let env = world.home("one/env");
        let words = format!("shell {}", Shell::Bash.quote(env.to_str().unwrap()));
        let mut terminal = start(shell, &world, &words, &vars);
        terminal.expect_active("one");
        terminal.send("exit\n");
        drop(terminal);
        let mut left = std::fs::read_dir(&scratch)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect::<Vec<_>>();
        left.retain(|name| !name.starts_with("fish.")); // its own
        let expected = matches!(shell, Shell::Zsh | Shell::Tcsh)
            .then(|| format!("mlenv-{}", nix::unistd::geteuid()));
        assert_eq!(left, expected.into_iter().collect::<Vec<_>>(), "{shell:?}");
    }
}

#[test]
fn other_shells_and_scripts_on_stdin_get_the_variables() {
    let world = World::new();
    let tell = "echo \"$CONDA_PREFIX\"\n";
    for shell in ["sh", "dash", "bash", "zsh"] {
        let mut command = world.sandbox.command("sh");
        let exec =
            format!("printf '%s' \"$1\" | SHELL=$(command -v {shell}) \"$MLENV\" shell one/env");
        let output =
            command.args(["-c", &exec, "sh", tell]).current_dir(world.home("")).output().unwrap();
        let told = String::from_utf8_lossy(&output.stdout).trim_end().to_owned();
        assert_eq!(told, world.home("one/env").display().to_string(), "{shell}: {output:?}");
    }
}

#[test]
fn an_env_that_cannot_be_activated_starts_no_shell() {
    let world = World::new();
    std::fs::remove_file(world.home("one/env/baseEnv_dir")).unwrap();
    let (success, words) = world.try_mlenv("", &["shell", "one/env"]);
    assert!(!success && words.contains("the base of") && words.contains("is gone"), "{words}");
    let (success, words) = world.try_mlenv("", &["shell", "nothing"]);
    assert!(!success && words.contains("no env called `nothing`"), "{words}");
}
