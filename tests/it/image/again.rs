//! An env on a base that is a frozen env itself: it starts again from what that one was made on.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::Value;

use super::layers::{image_of, with_base};
use super::written::Written;
use crate::kit::fakeregistry::{Fake, Reply, Store};
use crate::support::sandbox::Sandbox;
use crate::support::wheel;

/// A registry that has the image which was written to `dir`, as `v1`.
pub(super) fn published(dir: &Path) -> Fake {
    let written = Written(dir.to_owned());
    let read = |digest: &Value| std::fs::read(written.blob(digest)).unwrap();
    let (manifest, parts) = (read(&written.digest()), written.manifest());
    let mut store = Store::default();
    for part in parts["layers"].as_array().unwrap().iter().chain([&parts["config"]]) {
        store.put(part["mediaType"].as_str().unwrap(), read(&part["digest"]));
    }
    let digest = store.put(parts["mediaType"].as_str().unwrap(), manifest);
    store.tag("v1", &digest);
    Fake::plain(move |request| store.answer(request))
}

#[test]
fn an_env_on_a_frozen_env_is_one_layer_on_what_that_was_made_on() {
    let sandbox = Sandbox::new();
    wheel::build(&sandbox.path("wheels"), "fresh", "1.0");
    wheel::build(&sandbox.path("wheels"), "older", "1.0");
    let mut store = Store::default();
    image_of(&mut store, &with_base("note"));
    let is_gone = Arc::new(AtomicBool::new(false));
    let gone = Arc::clone(&is_gone);
    let base = Fake::plain(move |request| {
        if gone.load(Ordering::Relaxed) { Reply::new(404, "") } else { store.answer(request) }
    });
    let env = |name: &str, image: &str, package: &str| {
        sandbox.mlenv(["image", "deploy"]).args([image, "images"]).ok();
        let at = sandbox.path("images").join(image);
        sandbox.mlenv(["create", "-q", "--no-save", "-p", name, "--base"]).arg(at).ok();
        let run = sandbox.mlenv(["install", "-q", "--pip", "-p", name, package]);
        run.var("PIP_NO_INDEX", "1").var("PIP_FIND_LINKS", sandbox.path("wheels")).ok();
    };
    let freeze = |name: &str, to: &str| sandbox.mlenv(["image", "freeze", name, "-o", to]);
    env("first", &base.image("lab/app:v1"), "older");
    freeze("first", "oci:frozen").ok();
    let frozen = published(&sandbox.path("frozen"));
    for dir in ["there", "here"] {
        std::fs::create_dir(sandbox.path(dir)).unwrap();
    }
    env("there/ana", &frozen.image("me/ana:v1"), "fresh");
    env("here/ana", &base.image("lab/app:v1"), "fresh");
    let said = format!("/me/ana:v1 is an env on {} itself", base.image("lab/app:v1"));
    let again = freeze("there/ana", "oci:again").ok().says(&said).says("starts again from there");
    assert_eq!(again.out, freeze("here/ana", "oci:other").ok().out, "as if made on the base");
    is_gone.store(true, Ordering::Relaxed);
    freeze("there/ana", "oci:above").ok().says("cannot be had: that env stays below");
    let blobs = |dir: &str| Written(sandbox.path(dir)).count();
    assert_eq!((blobs("again"), blobs("above")), (5, 6), "one layer more");
}
