//! `image build` on an image that has no conda: it gets one, from a channel that has a real Python.

use serde_json::json;

use super::again::published;
use super::layers::Item::{self, File};
use super::layers::{image_of, layer};
use super::locked::{build, packages};
use super::written::Written;
use crate::kit::fakeregistry::{Fake, Store};
use crate::support::sandbox::Sandbox;
use crate::support::testbase::channel::with_python;
use crate::support::wheel;

/// An image with these files alone.
fn with(files: &[Item]) -> Fake {
    let mut store = Store::default();
    image_of(&mut store, &[layer(files)]);
    Fake::plain(move |request| store.answer(request))
}

/// An image with a system's C library, as far as it tells its version, and nothing else.
fn bare(library: &str) -> Fake {
    let text = format!("\0GNU C Library (x) stable release version {library}.\n");
    with(&[File("lib/x86_64-linux-gnu/libc.so.6", 0o644, &text)])
}

fn channel(sandbox: &Sandbox) -> String {
    let modern =
        json!({"name": "modern", "depends": ["__glibc >=2.99"], "files": {"share/modern": ""}});
    with_python(&sandbox.path("channel"), &[modern]);
    format!("file://{}", sandbox.path("channel").display())
}

#[test]
fn an_image_without_conda_gets_one_that_envs_can_stand_on() {
    let sandbox = Sandbox::new();
    let image = bare("2.36");
    wheel::build(&sandbox.path("wheels"), "fresh", "1.0");
    let channel = channel(&sandbox);
    let text =
        format!("channels: ['{channel}']\ndependencies:\n  - greet\n  - pip:\n    - fresh\n");
    sandbox.write("course/environment.yml", text);
    let first = build(&sandbox, &image, &["-o", "oci:out"]).ok();
    let first = first
        .says("the image has no conda: it gets one at /opt/conda")
        .says("will add: greet 1.0, pip");
    let layer = Written(sandbox.path("out")).layer(1);
    let list = sandbox.run("tar").arg("-tzf").arg(&layer).ok().out;
    let text_of_all = sandbox.run("tar").arg("-xzOf").arg(&layer).ok().out;
    for name in [
        "opt/conda/conda-meta/history\n",
        "opt/conda/bin/greet\n",
        "mlenv/envs/course/pyvenv.cfg\n",
        "site-packages/fresh/__init__.py\n",
    ] {
        assert!(list.contains(name), "{name}: {list}");
    }
    assert!(text_of_all.contains("home = /opt/conda/share\n"));
    let named = text_of_all.find(sandbox.root().to_str().unwrap());
    let around = named.map(|at| {
        String::from_utf8_lossy(&text_of_all.as_bytes()[at.saturating_sub(200)..at + 200])
    });
    assert_eq!(around, None, "nothing names this machine");
    assert_eq!(build(&sandbox, &image, &["-o", "oci:again"]).ok().out, first.out);
    assert_eq!(std::fs::read_dir(sandbox.path("home/.cache/mlenv/made")).unwrap().count(), 0);
    let published = published(&sandbox.path("out"));
    let reference = published.image("me/course:v1");
    sandbox.mlenv(["image", "deploy"]).args([&reference, "images"]).ok();
    let place = sandbox.path("images").join(&reference);
    sandbox.mlenv(["create", "-q", "--no-save", "-p", "mine", "--base"]).arg(&place).ok();
    let line = "import greet, sys; greet.main(); print(sys.version_info[:2])";
    let told = sandbox.run(sandbox.path("mine/bin/python")).args(["-c", line]).ok().out;
    assert!(told.starts_with("hello\n(3, "), "{told}");
    // An env on it is a layer on it: what it was made on has no conda.
    sandbox.mlenv(["image", "freeze", "mine", "-o", "oci:above"]).ok();
    let count = |dir: &str| Written(sandbox.path(dir)).count();
    assert_eq!(count("above"), count("out") + 1);
}

#[test]
fn what_cannot_run_in_the_image_is_refused_before_anything_is_made() {
    let sandbox = Sandbox::new();
    let channel = channel(&sandbox);
    sandbox.write(
        "course/environment.yml",
        format!("channels: ['{channel}']\ndependencies: [modern]\n"),
    );
    let words = ["-o", "oci:out"];
    build(&sandbox, &bare("2.17"), &words).fails(1, "__glibc");
    let image = bare("2.99");
    build(&sandbox, &image, &words).ok();
    // As it was written down.
    let locked = build(&sandbox, &image, &["-o", "oci:again", "--locked"]);
    locked.ok().says("will add: modern 1.0, python ");
    assert_eq!(packages(&sandbox.path("again")), packages(&sandbox.path("out")));
    let image = with(&[File("lib/ld-musl-x86_64.so.1", 0o755, "")]);
    let words = ["-o", "oci:other"];
    build(&sandbox, &image, &words).fails(1, "the image has no glibc").hints("debian");
    let image = with(&[File("opt/conda/x", 0o644, ""), File("lib64/libc.so.6", 0o644, "")]);
    build(&sandbox, &image, &words).fails(1, "something else at /opt/conda");
    assert!(!sandbox.path("other").exists());
}

#[test]
fn a_base_is_made_from_channels_alone_and_only_where_nothing_is() {
    let sandbox = Sandbox::new();
    let channel = channel(&sandbox);
    wheel::build(&sandbox.path("wheels"), "fresh", "1.0");
    let make = |words: &[&str]| {
        let run = sandbox.mlenv(["base", "make", "it's a \"base\"", "-c", &channel]).args(words);
        let run = run.var("PIP_NO_INDEX", "1").var("PIP_FIND_LINKS", sandbox.path("wheels"));
        run.var("MLENV_SITE", sandbox.path("no-site"))
    };
    let place = sandbox.path("it's a \"base\"");
    make(&["greet", "--dry-run"]).ok().says("will add: greet 1.0, python");
    let deep = ["base", "make", "no/where", "-c", &channel, "greet", "--dry-run"];
    sandbox.mlenv(deep).var("MLENV_SITE", sandbox.path("no-site")).ok();
    assert!(!sandbox.path("no").exists(), "nothing is made to tell what would be");
    make(&["nowhere-to-be-had"]).fails(1, "nowhere-to-be-had");
    assert!(!place.exists());
    sandbox.write("environment.yml", "dependencies: [greet, {pip: [fresh]}]\n");
    make(&["-f", "environment.yml"]).ok().says("pip 1.0").hints("mlenv create --base ");
    assert_eq!(sandbox.run(place.join("bin/greet")).ok().out, "hello\n");
    let conf = std::fs::read_to_string(place.join("etc/greet.conf")).unwrap();
    assert_eq!(conf, format!("home = {}/share\n", place.display()));
    make(&["greet"]).fails(1, " is there already").hints("mlenv create");
    sandbox.mlenv(["create", "-q", "--no-save", "-p", "env", "--base"]).arg(&place).ok();
    let python = sandbox.run(sandbox.path("env/bin/python"));
    python.args(["-c", "import greet, fresh; greet.main()"]).ok();
    let names: Vec<_> =
        std::fs::read_dir(sandbox.root()).unwrap().map(|it| it.unwrap().file_name()).collect();
    assert!(!names.iter().any(|name| name.to_string_lossy().starts_with(".mlenv")), "{names:?}");
}
