//! Envs that live in a container: offered in one line, and entered where the user wants that.

use std::os::unix::fs::PermissionsExt;

use crate::pty::{Start, Terminal};
use crate::support::shells::Shell;
use crate::world::World;

/// A project whose env lives in a container, with a base that is not here.
fn world() -> World {
    let world = World::new();
    let env = world.env("boxed/env");
    let record = env.join("mlenv.toml");
    let text = std::fs::read_to_string(&record).unwrap();
    let container = "[container]\nengine = \"podman\"\nimage = \"docker.io/u/ml-base:alma9\"\n";
    std::fs::write(&record, text + container).unwrap();
    std::fs::remove_file(env.join("baseEnv_dir")).unwrap();
    std::os::unix::fs::symlink("/nowhere/conda", env.join("baseEnv_dir")).unwrap();
    world.mlenv("boxed", &["save", "./env"]);
    world
}

#[test]
fn an_env_in_a_container_is_offered_once_in_one_line() {
    let world = world();
    for shell in Shell::ALL {
        let mut terminal = Terminal::new(shell, &world);
        terminal.cd("boxed");
        terminal.expect_nothing();
        terminal.line("");
        terminal.cd("plain");
        terminal.cd("boxed");
        terminal.expect_nothing();
        let shown = terminal.shown();
        assert_eq!(
            shown.matches("env lives in ml-base:alma9; `mlenv shell ").count(),
            1,
            "{shell:?}\n{shown}"
        );
        terminal.cd("one");
        terminal.expect_active("one");
    }
}

#[test]
fn the_hook_enters_it_where_the_user_switched_that_on() {
    let world = world();
    let engine = world.sandbox.write(
        "engine/podman",
        "#!/bin/sh\ncase $1 in run) echo entered by $#; read line; echo left by $line ;; esac\n",
    );
    std::fs::set_permissions(&engine, std::fs::Permissions::from_mode(0o755)).unwrap();
    let path = format!("{}:/usr/bin:/bin", engine.parent().unwrap().display());
    // tcsh, which sees whole seconds, asks again and again about a marker that was just written.
    std::thread::sleep(std::time::Duration::from_millis(2100));
    for shell in Shell::ALL {
        let vars = [("MLENV_CONTAINER", "enter"), ("PATH", path.as_str())];
        let mut terminal =
            Terminal::start(shell, &world, Start { vars: &vars, ..Start::default() });
        terminal.send(&format!("cd {}\n", shell.quote(world.home("boxed").to_str().unwrap())));
        terminal.wait("the container is entered", || terminal.said("entered by ") > 0);
        terminal.send("word\n");
        terminal.wait("the container is left", || terminal.said("left by word") > 0);
        // Left again, in the same directory: not entered until the directory is.
        terminal.line("");
        terminal.expect_nothing();
        let shown = terminal.shown();
        assert_eq!(shown.matches("entered by").count(), 1, "{shell:?}\n{shown}");
        terminal.cd("one");
        terminal.expect_active("one");
    }
}
