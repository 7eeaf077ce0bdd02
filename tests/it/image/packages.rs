//! `image packages`: who tells what is in an image. And updates: who tells that there is a newer one.

use std::path::PathBuf;

use serde_json::json;

use crate::kit::fakeregistry::{Fake, Store, ordinary};
use crate::kit::forge::hollow_base;
use crate::support::sandbox::Sandbox;

/// A registry with these contents.
fn registry(store: &Store) -> Fake {
    let store = store.clone();
    Fake::plain(move |request| store.answer(request))
}

/// An engine that is a few lines of shell; gives the `PATH` that has it in front.
fn engine(sandbox: &Sandbox, name: &str, script: &str) -> String {
    let program: PathBuf = sandbox.write(format!("bin/{name}"), format!("#!/bin/sh\n{script}\n"));
    std::fs::set_permissions(&program, std::os::unix::fs::PermissionsExt::from_mode(0o755))
        .unwrap();
    format!("{}:/bin:/usr/bin", program.parent().unwrap().display())
}

#[test]
fn packages_come_from_the_directory_the_label_or_the_list_and_it_says_which() {
    let mut store = Store::default();
    let label = "numpy=1.26.4=py311_0\nmy-tool==2.0\n";
    let labelled = store.image(&json!({"config": {"Labels": {"mlenv.packages": label}}}));
    store.tag("labelled", &labelled);
    let bare = store.image(&json!({}));
    store.tag("bare", &bare);
    let (sandbox, fake) = (Sandbox::new(), registry(&store));
    let entries = format!(
        "[[image]]\nname = 'bare'\nreference = '{0}'\npackages = 'lists/bare.txt'\n[[image]]\nname = 'here'\nreference = '{0}'\ndirectories = ['{1}']\n",
        fake.image("a:bare"),
        sandbox.path("image").display()
    );
    sandbox.write("site/images.toml", entries);
    hollow_base(&sandbox.path("image/opt/conda"));
    let packages = |word: &str| sandbox.mlenv(["image", "packages", word]).ok();
    let told =
        packages(&fake.image("a:labelled")).says("from the label mlenv.packages of 127.0.0.1:");
    assert_eq!(told.out, "my-tool  2.0     pip\nnumpy    1.26.4  conda  py311_0\n");
    let told = packages("here").says("from the image itself, in ");
    assert_eq!(told.out, "python  3.11.7  conda  0\n");
    let told = packages("./image").says("from the image itself, in ");
    assert_eq!(told.out, "python  3.11.7  conda  0\n");
    sandbox
        .mlenv(["image", "packages", "bare"])
        .fails(1, "it has no label mlenv.packages; could not read");
    sandbox.write("site/lists/bare.txt", "alembic 1.15.2\n");
    let told = packages("bare").says("from the catalogue's list ").says("it has no label");
    assert_eq!(told.out, "alembic  1.15.2\n");
    let json =
        sandbox.mlenv(["image", "packages", "--json"]).arg(fake.image("a:labelled")).ok().json();
    assert_eq!(json["source"]["kind"], "label");
    assert_eq!(json["packages"][0], json!({"name": "my-tool", "version": "2.0", "by": "pip"}));
}

#[test]
fn images_that_are_nowhere_here_are_matched_by_their_labels_where_registries_may_be_asked() {
    let mut store = Store::default();
    let label = "python=3.11.7=0\nnumpy=1.26.4=py311_0\n";
    let labelled = store.image(&json!({"config": {"Labels": {"mlenv.packages": label}}}));
    store.tag("labelled", &labelled);
    let bare = store.image(&json!({}));
    store.tag("bare", &bare);
    let (sandbox, fake) = (Sandbox::new(), registry(&store));
    let entry = |name: &str| {
        format!("[[image]]\nname = '{name}'\nreference = '{}'\n", fake.image(&format!("a:{name}")))
    };
    sandbox.write("site/images.toml", entry("labelled") + &entry("bare"));
    sandbox.write("environment.yml", "dependencies: [numpy >=1.20, scipy]\n");
    let matched = |words: &[&str]| {
        sandbox.mlenv(["base", "match", "environment.yml", "--json"]).args(words).ok()
    };
    let names = |told: &serde_json::Value| -> Vec<String> {
        let rows = told.as_array().unwrap().iter();
        rows.map(|row| row["name"].as_str().unwrap().to_owned()).collect()
    };
    let told = matched(&["--images"]).says("bare is left out: it has no label mlenv.packages");
    let rows = told.json();
    let row = rows.as_array().unwrap().iter().find(|row| row["name"] == "labelled").unwrap();
    assert_eq!((&row["has"], &row["lacks"]), (&json!(["numpy >=1.20"]), &json!(["scipy"])));
    assert_eq!(row["python"], "3.11.7");
    assert!(!names(&matched(&["--offline"]).json()).contains(&"labelled".to_owned()));
}

#[test]
fn an_image_in_an_engines_store_is_looked_into_without_pulling_it() {
    let sandbox = Sandbox::new();
    let fake = registry(&ordinary());
    let image = fake.image("lab/app:v1");
    let paths = "/opt/conda/conda-meta/numpy-1.26.4-py311_0.json\\n/opt/conda/lib/python3.11/site-packages/mine-1.5.dist-info\\n";
    let script = format!(
        "printf '%s ' \"$1\" \"$2\" >>'{}'\ncase $1 in image) [ \"$3\" = '{image}' ];; run) printf '{paths}';; esac",
        sandbox.path("log").display()
    );
    let path = engine(&sandbox, "podman", &script);
    let packages = |image: &str| sandbox.mlenv(["image", "packages", image]).var("PATH", &path);
    let told = packages(&image).ok().says("from the image itself: podman has 127.0.0.1:");
    assert_eq!(told.out, "mine   1.5     pip\nnumpy  1.26.4  conda  py311_0\n");
    let json = packages(&image).arg("--json").ok().json();
    assert_eq!(
        (&json["source"]["kind"], &json["source"]["engine"]),
        (&json!("local"), &json!("podman"))
    );
    // What no engine has is neither pulled nor run.
    std::fs::remove_file(sandbox.path("log")).unwrap();
    packages(&fake.image("lab/app:v2")).fails(1, "has no lab/app with the tag v2");
    let log = std::fs::read_to_string(sandbox.path("log")).unwrap();
    assert!(
        log.contains("image inspect") && !log.contains("run") && !log.contains("pull"),
        "{log}"
    );
}

#[test]
fn a_newer_image_is_told_by_head_and_an_index_by_what_is_in_it() {
    let mut store = Store::default();
    let image = store.image(&json!({"os": "linux", "architecture": "amd64"}));
    let other = store.image(&json!({"os": "linux", "architecture": "arm64"}));
    let index = store.index(&[("linux", "amd64", &image), ("linux", "arm64", &other)]);
    store.tag("v1", &index);
    let (sandbox, fake) = (Sandbox::new(), registry(&store));
    let path = engine(&sandbox, "podman", "exit 1");
    let update = |recorded: &str| {
        let state = format!(
            "schema = 1\nmlenv = '0.1.0'\nid = '0123456789abcdef'\ninstance = 'fedcba9876543210'\nengine = 'podman'\n\
             powers = 'user'\nimage = '{}'\ndigest = '{recorded}'\ncreated = '2026-01-01T00:00:00Z'\n",
            fake.image("lab/app:v1")
        );
        sandbox.write(".mlenv-container.toml", state);
        sandbox.mlenv(["container", "update"]).var("PATH", &path).ok()
    };
    update(&index).says("has the newest");
    assert_eq!(fake.lines(), ["HEAD /v2/lab/app/manifests/v1"], "what Docker Hub does not count");
    update(&image).says("has the newest");
    update(&crate::kit::fakeregistry::digest("older")).says("there is a newer").hints("update -f");
}
