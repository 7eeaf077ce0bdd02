//! Packages that came from a directory, an archive or a repository: had from there again or left out by name, and never
//! taken from an index, where the name may be somebody else's.

use std::path::{Path, PathBuf};

use serde_json::json;

use crate::kit::forge::hollow_base_with;
use crate::kit::patient::Patient;
use crate::support::testbase::base;
use crate::support::wheel;

/// An env with a package from an archive and one from an archive that is gone; the index has others of their names.
fn patient() -> (Patient, PathBuf) {
    let patient = Patient::new();
    let mine = patient.sandbox.path("it's mine");
    for name in ["demo", "gone"] {
        wheel::build(&patient.sandbox.path("wheels"), name, "1.0");
        let wheel = wheel::build(&mine, name, "1.0");
        patient.pip(&["install", "-q", wheel.to_str().unwrap()]);
    }
    patient.pip(&["install", "-q", "fresh"]);
    std::fs::remove_file(mine.join("gone-1.0-py3-none-any.whl")).unwrap();
    (patient, mine)
}

/// A package as another tool may have left it.
fn lay(site: &Path, name: &str, json: &str) {
    let info = site.join(format!("{name}-1.5.dist-info"));
    std::fs::create_dir_all(&info).unwrap();
    std::fs::write(info.join("METADATA"), format!("Name: {name}\nVersion: 1.5\n")).unwrap();
    std::fs::write(info.join("WHEEL"), "Tag: cp311-cp311-linux_x86_64\n").unwrap();
    std::fs::write(info.join("direct_url.json"), json).unwrap();
    let files = ["METADATA", "WHEEL", "direct_url.json", "RECORD"];
    let rows = files.map(|file| format!("{name}-1.5.dist-info/{file},,\n"));
    std::fs::write(info.join("RECORD"), rows.concat()).unwrap();
}

#[test]
fn what_came_from_a_place_of_its_own_comes_from_there_again_or_is_left_out_by_name() {
    let (patient, _) = patient();
    lay(&patient.at(base().site()), "odd", "{}");
    let run = |words: &[&str]| {
        let run = patient.sandbox.mlenv(words).var("PIP_NO_INDEX", "1");
        run.var("PIP_FIND_LINKS", patient.sandbox.path("wheels"))
    };
    let told = run(&["export", "env", "-o", "env.toml"]).ok();
    told.says("odd does not say where it came from: it will be left out").says("demo came from ");
    let told = run(&["create", "-p", "again", "--no-save", "--from", "env.toml"]).ok();
    let told = told.says("left out: gone came from ").says("left out: odd does not say");
    let again = patient.sandbox.path("again").join(base().site());
    let place = std::fs::read_to_string(again.join("demo-1.0.dist-info/direct_url.json")).unwrap();
    assert!(place.contains("it%27s%20mine/demo") || place.contains("it's%20mine/demo"), "{place}");
    assert!(again.join("fresh-1.0.dist-info").is_dir(), "the rest still comes: {told}");
    for name in ["gone-1.0.dist-info", "odd-1.5.dist-info"] {
        assert!(!again.join(name).exists(), "somebody else's: {told}");
    }
    let text = std::fs::read_to_string(patient.sandbox.path("env.toml")).unwrap();
    assert!(text.contains("schema = 2\n"), "an earlier mlenv would take the index's: {text}");
    let told = patient.sandbox.mlenv(["packages", "--added", "env"]).ok();
    assert!(told.out.contains("from file://"), "{told}");
    let told = patient.sandbox.mlenv(["packages", "--added", "--json", "env"]).ok().json();
    assert_eq!((&told[1]["place"], &told[3]["place"]), (&json!(null), &json!("")));
}

/// What is there when pip begins, and yet cannot be installed, does not take the others along.
#[test]
fn a_place_that_fails_is_left_out_and_the_rest_still_comes() {
    let (patient, mine) = patient();
    std::fs::write(mine.join("gone-1.0-py3-none-any.whl"), "no wheel").unwrap();
    patient.sandbox.mlenv(["export", "-q", "env", "-o", "env.toml"]).ok();
    let run = patient.sandbox.mlenv(["create", "-p", "again", "--no-save", "--from", "env.toml"]);
    let run = run.var("PIP_NO_INDEX", "1").var("PIP_FIND_LINKS", patient.sandbox.path("wheels"));
    let told = run.end().says("left out: gone, which came from file://");
    assert_eq!(told.status.code(), Some(2), "{told}");
    let told = told.says("gone could not be fetched from where it came");
    let told = told.says("missing: gone 1.0").hints("mlenv install -p ");
    let again = patient.sandbox.path("again").join(base().site());
    for name in ["demo", "fresh"] {
        assert!(again.join(format!("{name}-1.0.dist-info")).is_dir(), "{name}: {told}");
    }
    assert!(!again.join("gone-1.0.dist-info").exists(), "{told}");
}

#[test]
fn passwords_and_tokens_reach_no_export_no_record_and_no_message() {
    let patient = Patient::new();
    let site = patient.at(base().site());
    let address = "https://me:t0ps3cret@example.org/r";
    let vcs = r#""vcs_info": {"vcs": "git", "commit_id": "c0ffee"}"#;
    lay(&site, "secret", &format!("{{\"url\": \"{address}\", {vcs}}}"));
    let record = patient.at("mlenv.toml");
    let text = std::fs::read_to_string(&record).unwrap();
    let requests = format!(
        "\n[requests]\nchannels = [\"https://c.example.org/t/t0ps3cret/lab\"]\n[requests.pip]\nasked = \"asked @ {address}\"\n"
    );
    std::fs::write(&record, text + &requests).unwrap();
    let told = patient.sandbox.mlenv(["export", "env"]).ok();
    assert!(told.out.contains("secret = \"git+https://example.org/r@c0ffee\""), "{told}");
    assert!(told.out.contains("asked @ https://example.org/r"), "{told}");
    assert!(told.out.contains("https://c.example.org/lab"), "{told}");
    for words in [
        &["export", "env"][..],
        &["packages", "env"],
        &["packages", "--json", "env"],
        &["info", "env"],
        &["info", "--json", "env"],
    ] {
        let told = patient.sandbox.mlenv(words).ok();
        assert!(!format!("{told}").contains("t0ps3cret"), "{told}");
    }
    // What is written by the way loses it too.
    patient.sandbox.mlenv(["user-site", "on", "env"]).ok();
    let text = std::fs::read_to_string(&record).unwrap();
    assert!(!text.contains("t0ps3cret") && text.contains("https://example.org/r"), "{text}");
}

/// The library directory has another name; the interpreter of the tests cannot have another version.
#[test]
fn what_was_compiled_for_another_python_is_named_with_its_place() {
    let patient = Patient::with_layout("sparse");
    let site = patient.at(base().site());
    let dir = patient.sandbox.path("src of it");
    let url = format!("file://{}", dir.display()).replace(' ', "%20");
    lay(&site, "built", &format!("{{\"url\": \"{url}\", \"dir_info\": {{}}}}"));
    lay(&site, "odd", "{}");
    let new = hollow_base_with(&patient.sandbox.path("new"), "python3.99");
    let told = patient.sandbox.mlenv(["rebase", "env", "--base"]).arg(&new).ok();
    let told = told.says("left in its directory: built==1.5 odd==1.5");
    let told = told.hints(&format!("--pip 'built @ {url}'`"));
    assert!(!told.err.contains("--pip built==1.5") && !told.err.contains(" odd==1.5`"), "{told}");
    let told = patient.told(&patient.env);
    let cure = told["findings"][0]["cure"].as_str().unwrap();
    assert!(cure.contains(&format!("'built @ {url}'")) && !cure.contains("odd"), "{cure}");
}
