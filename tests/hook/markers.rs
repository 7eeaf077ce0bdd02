//! Markers that appear, change, vanish, or are none: seen at the next prompt.

use std::fs;
use std::process::Command;

use crate::pty::Terminal;
use crate::support::shells::Shell;
use crate::world::{Act, World, everywhere};

#[test]
fn a_marker_that_appears_and_vanishes_here_or_above() {
    let add = |world: &World| world.project("plain");
    let remove = |world: &World| fs::remove_file(world.marker("plain")).unwrap();
    for dir in ["plain", "plain/deep/er"] {
        everywhere(&[
            Act::Cd(dir),
            Act::Nothing,
            Act::Meanwhile(&add),
            Act::Active("plain"),
            Act::Meanwhile(&remove),
            Act::Nothing,
            Act::Meanwhile(&add),
            Act::Active("plain"),
        ]);
    }
}

#[test]
fn an_edit_is_seen_within_the_same_second_and_with_an_older_time() {
    let edit = |world: &World| {
        world.env("one/env3");
        world.write_marker("one", "env = './env3'\n");
    };
    let touch = |world: &World| {
        let old =
            Command::new("touch").args(["-d", "2001-01-01"]).arg(world.marker("one")).status();
        assert!(old.unwrap().success());
    };
    let allow = |world: &World| drop(world.mlenv("one", &["allow"]));
    let edit_old = |world: &World| {
        edit(world);
        touch(world);
    };
    let back = |world: &World| {
        world.write_marker("one", "env = \"./env\"\n");
        touch(world);
    };
    // Here, and in a parent.
    for (dir, edit) in [("one", &edit as &dyn Fn(&World)), ("one/sub/deep", &edit_old)] {
        everywhere(&[
            Act::Cd(dir),
            Act::Active("one"),
            Act::Meanwhile(edit),
            Act::Nothing,
            Act::Said("was edited since it was allowed", 1),
            Act::Enter,
            Act::Said("was edited since it was allowed", 1),
            Act::Meanwhile(&back),
            Act::Active("one"),
            Act::Meanwhile(edit),
            Act::Nothing,
            Act::Said("was edited since it was allowed", 1), // this shell has heard it
            Act::Meanwhile(&allow),
            Act::Type("printenv CONDA_PREFIX"),
            Act::Said("/one/env3", 1),
        ]);
    }
}

#[test]
fn an_env_made_anew_is_entered_anew() {
    let again = |world: &World| {
        let record = world.home("one/env/mlenv.toml");
        let text = fs::read_to_string(&record).unwrap();
        fs::write(&record, text.replace("2026-01-01T", "2026-02-02T")).unwrap();
    };
    let allow = |world: &World| drop(world.mlenv("one", &["allow"]));
    everywhere(&[
        Act::Cd("one"),
        Act::Active("one"),
        Act::Meanwhile(&again),
        Act::Said("is not the env that was allowed", 1),
        Act::Nothing,
        Act::Meanwhile(&allow),
        Act::Active("one"),
    ]);
}

#[test]
fn an_env_that_was_away_is_entered_when_it_is_back() {
    let (away, back) = ("one/away", "one/env");
    let rename = |from: &str, to: &str, world: &World| {
        fs::rename(world.home(from), world.home(to)).unwrap();
    };
    everywhere(&[
        Act::Cd("one"),
        Act::Active("one"),
        Act::Meanwhile(&|world: &World| rename(back, away, world)),
        Act::Nothing,
        Act::Said("there is no env", 1),
        Act::Cd("one/sub"),
        Act::Nothing,
        Act::Meanwhile(&|world: &World| rename(away, back, world)),
        Act::Active("one"),
        Act::Cd("plain"),
        Act::Nothing,
    ]);
}

#[test]
fn a_directory_removed_under_ones_feet() {
    let remove = |world: &World| fs::remove_dir_all(world.home("one")).unwrap();
    for shell in Shell::ALL {
        let world = World::new();
        let mut terminal = Terminal::new(shell, &world);
        terminal.cd("one/sub");
        terminal.expect_active("one");
        remove(&world);
        terminal.line("");
        terminal.expect_nothing();
        terminal.cd("two");
        terminal.expect_active("two");
    }
}

#[test]
fn what_is_no_marker_does_no_harm() {
    let marker = |world: &World| world.marker("plain");
    let fifo = |world: &World| {
        assert!(Command::new("mkfifo").arg(marker(world)).status().unwrap().success());
    };
    let dir = |world: &World| fs::create_dir(marker(world)).unwrap();
    let dead = |world: &World| std::os::unix::fs::symlink("/nowhere", marker(world)).unwrap();
    for make in [&fifo as &dyn Fn(&World), &dir, &dead] {
        everywhere(&[
            Act::Meanwhile(make),
            Act::Cd("plain"),
            Act::Nothing,
            Act::Cd("plain/deep"),
            Act::Nothing,
            Act::Said("mlenv:", 0),
        ]);
    }
    let big = |world: &World| fs::write(marker(world), vec![b'#'; 50 << 20]).unwrap();
    let binary = |world: &World| {
        fs::write(marker(world), [0, 255, 27, b'[', b'3', b'1', b'm', 7, 0]).unwrap();
    };
    let link = |world: &World| std::os::unix::fs::symlink("/etc/passwd", marker(world)).unwrap();
    let unreadable = |world: &World| fs::write(marker(world), "env = \"$(id)\x1b[31m").unwrap();
    for make in [&big as &dyn Fn(&World), &binary, &link, &unreadable] {
        everywhere(&[
            Act::Meanwhile(make),
            Act::Cd("plain"),
            Act::Nothing,
            Act::Said("plain/.mlenv.toml", 1),
            Act::Enter,
            Act::Cd("plain/deep"),
            Act::Cd(""),
            Act::Cd("plain"),
            Act::Said("plain/.mlenv.toml", 1),
            Act::Said("\u{1b}[31m", 0),
            Act::Nothing,
        ]);
    }
}

#[test]
fn the_search_ends_at_the_ceiling() {
    for shell in Shell::ALL {
        let world = World::new();
        let ceiling = world.home("one/sub");
        let vars = [("MLENV_CEILING", ceiling.to_str().unwrap())];
        let start = crate::pty::Start { vars: &vars, ..Default::default() };
        let mut terminal = Terminal::start(shell, &world, start);
        terminal.cd("one/sub/deep");
        terminal.expect_nothing();
        terminal.cd("one");
        terminal.expect_active("one");
    }
}
