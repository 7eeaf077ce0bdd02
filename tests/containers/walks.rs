//! Pages of the guide that take engines, as they are typed.

#[path = "../it/docs/typed.rs"]
mod typed;

use crate::engines::{Engine, apptainer_bin, settings};
use crate::support::sandbox::Sandbox;
use crate::support::wheel;
use crate::world::world;

/// A project with an environment file, and a base image by the name `ml-base`.
fn project(name: &str) -> Sandbox {
    let sandbox = Sandbox::new();
    let reference = world().publish(&format!("walk:{name}"), 1);
    sandbox.write(
        "site/images.toml",
        format!("[[image]]\nname = 'ml-base'\nreference = '{reference}'\n"),
    );
    wheel::build(&sandbox.path("project/wheels"), "course", "1.5");
    let file = "dependencies:\n  - python >=3.8\n  - pip:\n    - course\n";
    sandbox.write("project/environment.yml", file);
    sandbox
}

#[test]
fn what_cotainr_and_tykky_do_is_done_from_the_same_file() {
    if !Engine::Apptainer.works() {
        return;
    }
    let sandbox = project("lumi");
    let vars: Vec<(&str, String)> =
        settings().iter().map(|(name, value)| (*name, value.display().to_string())).collect();
    let page = include_str!("../../docs/from-cotainr-and-tykky.md");
    let lines = typed::follow(&sandbox, page, (&apptainer_bin(), &vars));
    assert!(lines >= 6, "{lines}");
}
