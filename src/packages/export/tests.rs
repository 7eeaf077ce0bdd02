//! Exports written, read, and turned into what has to be installed.

use super::*;
use crate::env::record::tests::SAMPLE;

fn package(name: &str, version: &str, build: Option<&str>) -> Installed {
    let by = if build.is_some() { Manager::Conda } else { Manager::Pip };
    Installed { name: name.into(), version: version.into(), build: build.map(Into::into), by }
}

fn export() -> Export {
    let mut record: Record = toml::from_str(SAMPLE).unwrap();
    record.requests.pip.insert("demo".into(), "-e /a b".into());
    let own = [
        package("numpy", "2.0", Some("py_0")),
        package("demo", "1", None),
        package("six", "1.17", None),
    ];
    Export::new(&record, &own, &BTreeMap::new())
}

fn base(packages: &str) -> Base {
    let record: Record = toml::from_str(SAMPLE).unwrap();
    let mut fingerprint = record.base.fingerprint.clone();
    fingerprint.packages = packages.into();
    let python = crate::base::Python {
        version: "3.11.7".into(),
        lib: "python3.11".into(),
        executable: "python3.11".into(),
        lib64: false,
    };
    Base {
        named: "/b".into(),
        prefix: "/b".into(),
        kind: BaseKind::Conda,
        python,
        fingerprint,
        image: None,
    }
}

#[test]
fn an_export_comes_back_as_it_was_and_a_newer_one_is_refused() {
    let export = export();
    assert_eq!(Export::parse(export.text().unwrap().as_bytes()).unwrap(), export);
    let newer = Export::parse(b"schema = 3\nother = 1").unwrap_err().to_string();
    assert!(newer.contains("newer mlenv"), "{newer}");
}

#[test]
fn the_same_base_gets_the_same_builds_and_another_one_what_it_lacks() {
    let export = export();
    let below = [package("numpy", "1.26", Some("py_9")), package("six", "1.17", None)];
    let needs = export.needs(&base("x"), &below);
    assert_eq!((needs.conda, needs.lifted), (vec!["numpy=2.0=py_0".into()], vec!["numpy".into()]));
    assert_eq!(export.base_difference(&base("x")), None);
    let needs = export.needs(&base("y"), &below);
    assert_eq!(needs.conda, ["numpy==2.0"]);
    assert_eq!(needs.met, ["six 1.17"]);
    let demo = Direct { name: "demo".into(), words: "-e /a b".into() };
    assert_eq!((needs.pip.len(), needs.direct), (0, vec![demo]));
    assert_eq!(export.base_difference(&base("y")).as_deref(), Some("other packages"));
    let needs = export.needs(&base("y"), &[package("numpy", "2.0", Some("py_9"))]);
    assert_eq!((needs.conda.len(), needs.met), (0, vec!["numpy 2.0".to_owned()]));
}

#[test]
fn what_came_from_a_place_of_its_own_is_never_asked_for_by_name() {
    let mut record: Record = toml::from_str(SAMPLE).unwrap();
    for (name, spec) in
        [("asked", "asked @ https://u:t0k@x/asked.zip"), ("copied", "-e git+https://x/copied")]
    {
        record.requests.pip.insert(name.into(), spec.into());
    }
    record.requests.channels.push("https://x/t/t0k/lab".into());
    let names = ["asked", "copied", "dragged", "odd", "plain"];
    let own = names.map(|name| package(name, "1", None));
    let place = |name: &str, words: &str| {
        (name.to_owned(), Direct { name: name.into(), words: words.into() })
    };
    let places = [
        place("copied", "-e /env/src/copied"),
        place("dragged", "git+https://x/dragged@c0"),
        place("odd", ""),
    ];
    let export = Export::new(&record, &own, &places.into());
    let text = export.text().unwrap();
    assert!(text.contains("schema = 2") && !text.contains("t0k"), "{text}");
    // The base having the same name and version is a chance.
    let needs = export.needs(&base("y"), &[package("dragged", "1", None)]);
    assert_eq!(needs.pip, ["plain==1"]);
    let words: Vec<&str> = needs.direct.iter().map(|direct| direct.words.as_str()).collect();
    assert_eq!(
        words,
        ["https://x/asked.zip", "-e git+https://x/copied", "git+https://x/dragged@c0", ""]
    );
}

#[test]
fn differences_name_what_is_missing_other_and_new() {
    let own = [package("numpy", "2.1", Some("py_0")), package("more", "1", None)];
    let lines = export().differences(&own, &["six 1.17".into()]);
    assert_eq!(lines, ["numpy 2.0 is 2.1 now", "missing: demo 1", "new: more 1"]);
}
