//! `base match`: which base has most of what a file asks for.

use serde_json::{Value, json};

use crate::conda::channel::crafted;
use crate::kit::patient::Patient;
use crate::support::sandbox::Run;
use crate::support::testbase::base;

/// A base `full`, and one `bare` of which a record is gone, and an image that is nowhere but in a list.
fn patient() -> Patient {
    let patient = Patient::new();
    let bare = base().twin(&patient.sandbox.path("bare base"));
    std::fs::remove_file(bare.join("conda-meta/tools-2.0-0.json")).unwrap();
    for (name, place) in [("full", &patient.base), ("bare", &bare)] {
        patient.sandbox.mlenv(["base", "add", "--name", name]).arg(place).ok();
    }
    let list = patient.sandbox.write("list.txt", "tools 9.0 0 conda\npython 3.4.1 0 conda\n");
    let images = format!(
        "[[image]]\nname = 'far'\nreference = 'registry.example/far:1'\npackages = '{}'\n",
        list.display()
    );
    patient.sandbox.write("home/.config/mlenv/images.toml", images);
    patient
}

fn matched(patient: &Patient, words: &[&str]) -> Run {
    let run = patient.sandbox.mlenv(["base", "match"]).args(words);
    run.var("MLENV_SITE", patient.sandbox.path("no-site")).var("MLENV_BASE", "full")
}

fn row<'a>(rows: &'a Value, name: &str) -> &'a Value {
    rows.as_array().unwrap().iter().find(|row| row["name"] == name).unwrap()
}

#[test]
fn bases_are_ranked_by_what_they_lack_with_what_would_be_fetched() {
    let patient = patient();
    let packages = json!([
        {"name": "tools", "version": "2.5", "files": {"share/tools-2.5": "x"}},
        {"name": "extra", "depends": ["tools >=2"], "files": {"share/extra": "x"}},
        {"name": "late", "depends": ["tools >=7"]},
    ]);
    let dir = crafted(&patient, "channel", &packages);
    let channel = format!("file://{}", dir.display());
    let file = format!(
        "channels: ['{channel}']\ndependencies:\n- tools >=2\n- extra\n- pip:\n  - six\n  - nosuch\n"
    );
    patient.sandbox.write("environment.yml", &file);
    let rows = matched(&patient, &["environment.yml", "--json"]).ok().json();
    let names: Vec<&str> =
        rows.as_array().unwrap().iter().map(|row| row["name"].as_str().unwrap()).collect();
    let place = |name: &str| names.iter().position(|other| *other == name).unwrap();
    assert!(place("full") < place("bare"), "{names:?}");
    let (full, bare) = (row(&rows, "full"), row(&rows, "bare"));
    assert_eq!(
        (&full["has"], &full["lacks"]),
        (&json!(["tools >=2", "six"]), &json!(["extra", "nosuch"]))
    );
    assert_eq!(bare["lacks"], json!(["tools >=2", "extra", "nosuch"]));
    let bytes = |row: &Value| row["fetch"].as_u64().unwrap();
    assert!(0 < bytes(full) && bytes(full) < bytes(bare), "{rows}");
    let told = matched(&patient, &["environment.yml"]).ok();
    assert!(told.out.lines().nth(1).unwrap().trim_start().starts_with("full "), "{told}");
    told.hints("`mlenv create --base full -f environment.yml` makes an env on the first");
    patient.sandbox.write("late.yml", file.replace("extra", "late"));
    let told = matched(&patient, &["late.yml", "--json"]).ok().json();
    assert_eq!(row(&told, "full")["conflicts"], true);
}

#[test]
fn versions_and_pythons_that_differ_are_told_and_nothing_is_fetched_where_all_is_there() {
    let patient = patient();
    patient.sandbox.write("environment.yml", "dependencies:\n- python >=3.6\n- tools =2\n");
    let rows = matched(&patient, &["environment.yml", "--json", "--offline"]).ok().json();
    assert_eq!(row(&rows, "full")["fetch"], 0);
    let far = row(&rows, "far");
    assert_eq!(
        (&far["python-fits"], &far["differs"][0]["version"]),
        (&json!(false), &json!("9.0"))
    );
    assert_eq!(far["path"], Value::Null);
    patient.sandbox.write("requirements.txt", "six>=99\n");
    let rows = matched(&patient, &["requirements.txt", "--json"]).ok().json();
    assert_eq!(row(&rows, "full")["differs"][0]["asked"], "six>=99");
}
