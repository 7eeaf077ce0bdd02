//! A new version of a deployed image: layers that are there already are not fetched.

use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::sync::{Arc, Mutex};

use super::layers::{Item, image_of, layer};
use crate::kit::fakeregistry::{Fake, Store};
use crate::support::sandbox::Sandbox;
use crate::support::tree::shape;
use Item::{Dir, File, Hard, Link};

/// An image's layers, in a registry of its own.
fn store(layers: &[Vec<u8>]) -> Store {
    let mut store = Store::default();
    image_of(&mut store, layers);
    store
}

/// A directory of images, and the registry behind it.
struct Place {
    sandbox: Sandbox,
    fake: Fake,
    now: Arc<Mutex<Store>>,
}

impl Place {
    fn new() -> Self {
        let now = Arc::new(Mutex::new(Store::default()));
        let served = Arc::clone(&now);
        let fake = Fake::plain(move |request| served.lock().unwrap().answer(request));
        Self { sandbox: Sandbox::new(), fake, now }
    }

    /// Deploys these layers as `v1` below `root`; gives what was said and where they lie.
    fn deploy(&self, root: &str, layers: &[Vec<u8>]) -> (String, std::path::PathBuf) {
        *self.now.lock().unwrap() = store(layers);
        let image = self.fake.image("lab/app:v1");
        let told = self.sandbox.mlenv(["image", "deploy", &image, root]).ok();
        let link = self.sandbox.path(root).join(image);
        (told.err, link.canonicalize().unwrap())
    }
}

#[test]
fn layers_that_are_there_are_not_fetched_and_nothing_else_comes_of_it() {
    let place = Place::new();
    let base = layer(&[
        Dir("usr", 0o755),
        Dir("usr/lib", 0o750),
        File("usr/lib/large", 0o644, "kept"),
        File("usr/lib/tool", 0o755, "program"),
        Hard("usr/lib/other", "usr/lib/large"),
        Link("lib", "usr/lib"),
        File("etc/gone", 0o644, "x"),
        File("etc/list", 0o644, "one"),
        File("odd \n \u{e9}", 0o600, "odd"),
    ]);
    let upper = layer(&[File("etc/.wh.gone", 0o644, ""), File("lib/more", 0o644, "by a link")]);
    let first = layer(&[File("opt/a", 0o644, "1")]);
    let second = layer(&[File("opt/a", 0o644, "2"), File("etc/list", 0o644, "two")]);
    let old = [base.clone(), upper.clone(), first];
    let new = [base.clone(), upper.clone(), second.clone()];
    let (_, before) = place.deploy("images", &old);
    let asked = place.fake.asked().len();
    let (told, after) = place.deploy("images", &new);
    assert!(told.contains("layer 1 of 3 is there already"), "{told}");
    assert!(told.contains("layer 2 of 3 is there already"), "{told}");
    assert!(told.contains(" of the image before, as a "), "{told}");
    let blobs = place.fake.asked()[asked..].iter().filter(|it| it.path.contains("/blobs/")).count();
    assert!(blobs <= 3, "the config and one layer: {:?}", place.fake.lines());
    let (_, fresh) = place.deploy("elsewhere", &new);
    assert_eq!(shape(&after), shape(&fresh), "the same as if all had been fetched");
    let node = |dir: &Path, name: &str| dir.join(name).metadata().unwrap().ino();
    assert_eq!(node(&after, "usr/lib/large"), node(&after, "usr/lib/other"));
    assert_eq!(std::fs::read_to_string(before.join("etc/list")).unwrap(), "one");
}

#[test]
fn what_is_not_there_any_more_is_fetched() {
    let place = Place::new();
    let base = layer(&[File("etc/list", 0o644, "one"), File("etc/other", 0o644, "other")]);
    let top = layer(&[File("etc/list", 0o644, "two")]);
    let (_, before) = place.deploy("images", &[base.clone(), top.clone()]);
    // The upper layer, which the new version has no more, had written over it.
    let (told, after) = place.deploy("images", std::slice::from_ref(&base));
    assert!(told.contains("layer 1 of 1, ") && !told.contains("is there already"), "{told}");
    assert_eq!(std::fs::read_to_string(after.join("etc/list")).unwrap(), "one");
    // Somebody changed a file of the one that is there.
    std::fs::remove_file(after.join("etc/other")).unwrap();
    std::fs::write(after.join("etc/other"), "changed").unwrap();
    let next = layer(&[File("opt/a", 0o644, "1")]);
    let (told, last) = place.deploy("images", &[base, next]);
    assert!(!told.contains("is there already"), "{told}");
    assert_eq!(std::fs::read_to_string(last.join("etc/other")).unwrap(), "other");
    assert_eq!(std::fs::read_to_string(before.join("etc/list")).unwrap(), "two");
}
