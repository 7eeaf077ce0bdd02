//! The README's tour, as it is typed.

use crate::docs::typed;
use crate::kit::client::channel;
use crate::support::sandbox::Sandbox;
use crate::support::testbase::base;
use crate::support::wheel;

const README: &str = include_str!("../../../README.md");

#[test]
fn the_tour_shows_what_happens() {
    let sandbox = Sandbox::new();
    std::fs::create_dir_all(sandbox.path("project/images/ml-base:alma9/opt")).unwrap();
    base().twin(&sandbox.path("project/images/ml-base:alma9/opt/conda"));
    wheel::build(&sandbox.path("project/wheels"), "click", "8.2.0");
    wheel::build(&sandbox.path("project/wheels"), "fresh", "1.0");
    sandbox.write("clone/requirements.txt", "click>=8\nfresh\n");
    std::os::unix::fs::symlink(channel(), sandbox.path("project/channel")).unwrap();
    std::fs::remove_file(sandbox.path("site/config.toml")).unwrap();
    let theirs = sandbox.mlenv(["create", "-q", "--no-save", "-p", "theirs/env", "--base"]);
    theirs.arg(&base().prefix).var("XDG_STATE_HOME", sandbox.path("theirs")).ok();
    sandbox.write("theirs/.mlenv.toml", "env = \"./env\"\n");
    let lines = typed::follow(&sandbox, README, ("/none".as_ref(), &[]));
    assert!(lines > 15, "the tour is short: {lines}");
}
