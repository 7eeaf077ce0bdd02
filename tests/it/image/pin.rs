//! `image pin`: digests in a description, and nothing else of it changed.

use std::os::unix::fs::PermissionsExt;

use serde_json::json;

use crate::kit::fakeregistry::{Fake, Store};
use crate::support::sandbox::Sandbox;

#[test]
fn digests_are_written_beside_tags_and_all_else_stays() {
    let mut store = Store::default();
    let image = |store: &mut Store, version: &str| {
        let about = json!({"os": "linux", "architecture": "amd64", "created": version});
        let image = store.image(&about);
        store.tag("v1", &image);
        image
    };
    let first = image(&mut store, "2025-01-01T00:00:00Z");
    let old = store.clone();
    let second = image(&mut store, "2026-01-01T00:00:00Z");
    let before = Fake::plain(move |request| old.answer(request));
    let sandbox = Sandbox::new();
    let name = "it's a \"lab\".toml";
    let text = |base: &str| {
        format!(
            "# ours\nbase = \"{base}\" # the base\nrun = [ 'x', ]\n\n[variant.gpu]\nbase = \"{base}\"\n"
        )
    };
    let file = sandbox.write(name, text(&before.image("lab/app:v1")));
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o640)).unwrap();
    let pin = || sandbox.mlenv(["image", "pin", name]);
    pin().ok();
    let pinned = format!("{}@{first}", before.image("lab/app:v1"));
    assert_eq!(std::fs::read_to_string(&file).unwrap(), text(&pinned));
    assert!(before.lines().iter().all(|line| line.starts_with("HEAD ")), "{:?}", before.lines());
    assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o640);
    pin().ok().says("is pinned already");
    // The tag moves; what is written follows when it is asked to.
    let after = Fake::plain(move |request| store.answer(request));
    sandbox.write(name, text(&format!("{}@{first}", after.image("lab/app:v1"))));
    pin().ok();
    let moved = format!("{}@{second}", after.image("lab/app:v1"));
    assert_eq!(std::fs::read_to_string(&file).unwrap(), text(&moved));
    // A digest alone says all, and nobody is asked.
    let alone = format!("127.0.0.1:9/lab/app@{first}");
    sandbox.write(name, text(&alone));
    pin().ok().says("is pinned already");
    assert_eq!(std::fs::read_to_string(&file).unwrap(), text(&alone));
}

#[test]
fn what_cannot_be_pinned_stays_as_it_is() {
    let sandbox = Sandbox::new();
    for (text, code, reason) in [
        ("preset = 'torch'\n", 1, "names no base"),
        ("base = 5\n", 2, "could not understand the description"),
        ("base = 'A B'\n", 2, "is not an image reference"),
        ("base = '127.0.0.1:9/gone:1'\n", 2, "127.0.0.1:9"),
    ] {
        let file = sandbox.write("lab.toml", text);
        sandbox.mlenv(["image", "pin", "lab.toml"]).fails(code, reason);
        assert_eq!(std::fs::read_to_string(file).unwrap(), text);
    }
    sandbox.mlenv(["image", "pin", "gone.toml"]).fails(1, "there is no description ");
}
