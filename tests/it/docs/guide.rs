//! What the pages of the guide show, as it is typed.

use std::os::unix::fs::symlink;

use crate::docs::typed;
use crate::kit::client::channel;
use crate::support::sandbox::Sandbox;
use crate::support::testbase::base;
use crate::support::wheel;

/// A place where a page can be followed: a base by the name `ml`, a channel, wheels, all of them the tests' own.
fn place() -> Sandbox {
    let sandbox = Sandbox::new();
    let image = base().twin(&sandbox.path("ml-base:alma9/opt/conda"));
    for (name, version) in [("fresh", "1.0"), ("greet", "2.0")] {
        wheel::build(&sandbox.path("project/wheels"), name, version);
    }
    symlink(channel(), sandbox.path("project/channel")).unwrap();
    std::fs::remove_file(sandbox.path("site/config.toml")).unwrap();
    sandbox.mlenv(["base", "add", "--name", "ml"]).arg(&image).ok();
    sandbox
}

#[track_caller]
fn followed(sandbox: &Sandbox, page: &str) -> usize {
    typed::follow(sandbox, page, ("/none".as_ref(), &[]))
}

#[test]
fn what_the_page_on_channels_shows_happens() {
    let lines = followed(&place(), include_str!("../../../docs/channels.md"));
    assert!(lines >= 7, "{lines}");
}

#[test]
fn what_the_page_on_locks_shows_happens() {
    let sandbox = place();
    sandbox.write("project/requirements.txt", "click>=8\nfresh\n");
    let lines = followed(&sandbox, include_str!("../../../docs/locks.md"));
    assert!(lines >= 7, "{lines}");
}
