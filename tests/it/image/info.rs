//! `image info` and `image packages` at a registry that does as it should.

use serde_json::{Value, json};

use crate::kit::fakeregistry::{Fake, Store, ordinary};
use crate::support::sandbox::Sandbox;

/// A registry with these contents.
fn registry(store: &Store) -> Fake {
    let store = store.clone();
    Fake::plain(move |request| store.answer(request))
}

#[test]
fn size_age_digest_and_labels_are_told_and_nothing_is_pulled() {
    let (sandbox, fake) = (Sandbox::new(), registry(&ordinary()));
    let told = sandbox.mlenv(["image", "info"]).arg(fake.image("lab/app:v1")).ok();
    for line in [
        format!("reference    {}/lab/app:v1", fake.address),
        "size         2.3 GB compressed, in 2 layers".to_owned(),
        "created      2025-05-06T07:08:09Z".to_owned(),
        "platforms    linux/amd64".to_owned(),
        "label        imageVersion: 2025.1".to_owned(),
        "digest       sha256:".to_owned(),
    ] {
        assert!(told.out.contains(&line), "{line}: {told}");
    }
    assert_eq!(told.err, "");
    let lines = fake.lines();
    assert_eq!(lines[0], "HEAD /v2/lab/app/manifests/v1");
    assert!(lines[1].starts_with("GET /v2/lab/app/manifests/sha256:"), "{lines:?}");
    assert!(lines[2].starts_with("GET /v2/lab/app/blobs/sha256:"), "{lines:?}");
    assert_eq!(lines.len(), 3, "two small answers and a HEAD suffice: {lines:?}");
}

#[test]
fn an_index_gives_the_image_for_this_machine_or_for_the_one_that_is_asked_for() {
    let mut store = Store::default();
    let image = |store: &mut Store, architecture: &str| {
        store.image(&json!({"os": "linux", "architecture": architecture}))
    };
    let (amd, arm) = (image(&mut store, "amd64"), image(&mut store, "arm64"));
    let entries = [
        ("linux", "amd64", amd.as_str()),
        ("linux", "arm64", arm.as_str()),
        ("unknown", "unknown", arm.as_str()), // how builders mark their notes
    ];
    let index = store.index(&entries);
    store.tag("v1", &index);
    let (sandbox, fake) = (Sandbox::new(), registry(&store));
    let info = |more: &[&str]| sandbox.mlenv(["image", "info"]).arg(fake.image("a:v1")).args(more);
    let facts = info(&["--json", "--platform", "linux/arm64"]).ok().json()["registry"].clone();
    assert_eq!((&facts["digest"], &facts["manifest"]), (&json!(index), &json!(arm)));
    assert_eq!(facts["platform"], json!({"os": "linux", "architecture": "arm64"}));
    assert_eq!(facts["platforms"].as_array().unwrap().len(), 2);
    assert_eq!((&facts["created"], &facts["labels"]), (&Value::Null, &json!({})));
    info(&["--platform", "linux/s390x"])
        .fails(1, "the image is not made for linux/s390x, but for linux/amd64, linux/arm64");
    let told = info(&["--platform", "linux/amd64"]).ok().out;
    assert!(told.contains(&format!("{amd} for linux/amd64")), "{told}");
}

#[test]
fn an_image_without_labels_dates_or_even_a_config_section_is_fine() {
    for config in
        [json!({}), json!({"config": null, "created": null}), json!({"config": {"Labels": null}})]
    {
        let mut store = Store::default();
        let image = store.image(&config);
        store.tag("v1", &image);
        let (sandbox, fake) = (Sandbox::new(), registry(&store));
        let told = sandbox.mlenv(["image", "info"]).arg(fake.image("a:v1")).ok();
        assert!(
            told.out.contains("created      (not told)") && !told.out.contains("label"),
            "{told}"
        );
    }
}

#[test]
fn the_pulls_that_are_left_are_told_where_the_registry_tells_them() {
    let store = ordinary();
    let fake = Fake::plain(move |request| {
        let reply = store.answer(request).with("ratelimit-limit", "100;w=21600");
        reply.with("RateLimit-Remaining", "76;w=21600")
    });
    let sandbox = Sandbox::new();
    let info = || sandbox.mlenv(["image", "info"]).arg(fake.image("a:v1"));
    assert!(info().ok().out.contains("pulls left   76 of 100 in 6 h"));
    let limit = info().arg("--json").ok().json()["registry"]["pull-limit"].clone();
    assert_eq!(limit, json!({"limit": 100, "remaining": 76, "seconds": 21600}));
}

#[test]
fn a_reference_with_a_digest_is_asked_for_by_it() {
    let store = ordinary();
    let fake = registry(&store);
    let sandbox = Sandbox::new();
    let facts = sandbox.mlenv(["image", "info", "--json"]).arg(fake.image("a:v1")).ok().json();
    let digest = facts["registry"]["digest"].as_str().unwrap().to_owned();
    let pinned =
        sandbox.mlenv(["image", "info", "--json"]).arg(fake.image(&format!("a:old@{digest}")));
    assert_eq!(pinned.ok().json()["registry"]["digest"], digest);
    assert!(!fake.lines().iter().any(|line| line.contains("/old")), "{:?}", fake.lines());
}

#[test]
fn names_and_texts_of_a_registry_never_reach_the_terminal_raw() {
    let mut store = Store::default();
    let evil = "\u{1b}[2J\nfake line\u{202e}";
    let image = store.image(&json!({
        "created": evil, "os": evil, "architecture": "amd64", "config": {"Labels": {evil: evil, "n": 5}},
    }));
    store.tag("v1", &image);
    let (sandbox, fake) = (Sandbox::new(), registry(&store));
    let told = sandbox.mlenv(["image", "info"]).arg(fake.image("a:v1")).ok();
    assert!(!told.out.contains(['\u{1b}', '\u{202e}']), "{told}");
    assert!(!told.out.lines().any(|line| line.starts_with("fake")), "{told}");
    let json = sandbox.mlenv(["image", "info", "--json"]).arg(fake.image("a:v1")).ok().json();
    assert_eq!(json["registry"]["labels"], json!({evil: evil}));
}

#[test]
fn a_directory_on_cvmfs_is_compared_with_what_the_tag_means_today() {
    let store = ordinary();
    let fake = registry(&store);
    let sandbox = Sandbox::new();
    let tree = sandbox.path("tree");
    let text = format!(
        "unpacked = ['{}/{{repository}}:{{tag}}', '{0}/{{registry}}/{{repository}}:{{tag}}']\n",
        tree.display()
    );
    sandbox.write("home/.config/mlenv/images.toml", text);
    let info =
        || sandbox.mlenv(["image", "info", "--json"]).arg(fake.image("lab/app:v1")).ok().json();
    assert_eq!(info()["here"], json!([]));
    let id = info()["registry"]["id"].as_str().unwrap().trim_start_matches("sha256:").to_owned();
    let tag = tree.join(fake.address.to_string()).join("lab/app:v1");
    std::fs::create_dir_all(tag.parent().unwrap()).unwrap();
    for (id, state) in [(id.as_str(), "same"), ("0123456789", "other")] {
        let flat = tree.join(".flat").join(&id[..2]).join(id);
        std::fs::create_dir_all(&flat).unwrap();
        let _ = std::fs::remove_file(&tag);
        std::os::unix::fs::symlink(&flat, &tag).unwrap();
        assert_eq!(info()["here"], json!([{"directory": tag, "id": id, "state": state}]));
    }
    // Without the registry what is here is told all the same, and what failed.
    let image = fake.image("lab/app:v1");
    drop(fake);
    let told = sandbox.mlenv(["image", "info", "--json", &image]).ok().says("refused");
    assert_eq!(
        (&told.json()["registry"], &told.json()["here"][0]["state"]),
        (&Value::Null, &json!("unknown"))
    );
}

#[test]
fn json_has_the_documented_keys_and_no_others() {
    let fake = registry(&ordinary());
    let sandbox = Sandbox::new();
    let keys =
        |value: &Value| value.as_object().unwrap().keys().cloned().collect::<Vec<_>>().join(" ");
    let told = sandbox.mlenv(["image", "info", "--json", &fake.image("a:v1")]).ok().json();
    assert_eq!(keys(&told), "about from here name reference registry");
    assert_eq!(
        keys(&told["registry"]),
        "created digest id labels layers manifest platform platforms pull-limit size"
    );
    assert_eq!((&told["name"], &told["from"]), (&Value::Null, &json!("nobody")));
}
