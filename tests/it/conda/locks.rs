//! Locks of conda's world: just what they name is fetched, and the base's versions stay where they will do.

use std::path::Path;

use serde_json::{Value, json};

use crate::conda::channel::{Server, crafted};
use crate::kit::patient::Patient;
use crate::support::sandbox::Run;

/// A channel of which there is nothing but archives, and what it would have said of each.
pub(crate) fn archives(patient: &Patient) -> (Server, Vec<Value>) {
    let packages = json!([
        {"name": "app", "depends": ["lib >=1", "tools >=2", "python"], "files": {"share/app": "1"}},
        {"name": "lib", "files": {"share/lib": "1"}},
        {"name": "tools", "version": "3.0", "files": {"share/tools-3": "3"}},
        {"name": "script", "noarch": "python", "depends": ["python"], "link": ["script = script:main"],
         "files": {"site-packages/script.py": "def main(): print('script')\n"}},
    ]);
    let dir = crafted(patient, "channel", &packages);
    let mut records = Vec::new();
    for subdir in ["linux-64", "noarch"] {
        let list = dir.join(subdir).join("repodata.json");
        let told: Value = serde_json::from_str(&std::fs::read_to_string(&list).unwrap()).unwrap();
        for (file, record) in told["packages.conda"].as_object().unwrap() {
            let mut record = record.clone();
            record["place"] = format!("/{subdir}/{file}").into();
            records.push(record);
        }
        std::fs::remove_file(list).unwrap();
    }
    (Server::of(&dir, &[]), records)
}

pub(crate) fn conda_lock(server: &Server, records: &[Value], python: &str) -> String {
    let mut packages: Vec<Value> = records.iter().map(|record| {
        let needs = record["depends"].as_array().unwrap().iter().map(|need| {
            let (name, spec) = need.as_str().unwrap().split_once(' ').unwrap_or((need.as_str().unwrap(), ""));
            (name.to_owned(), Value::from(spec))
        });
        json!({"name": record["name"], "version": record["version"], "manager": "conda", "platform": "linux-64",
               "dependencies": needs.collect::<serde_json::Map<_, _>>(), "hash": {"sha256": record["sha256"]},
               "url": format!("{}{}", server.address, record["place"].as_str().unwrap()), "category": "main", "optional": false})
    }).collect();
    packages.push(json!({"name": "python", "version": python, "manager": "conda", "platform": "linux-64", "dependencies": {},
        "url": format!("https://x/c/linux-64/python-{python}-0.conda"), "hash": {}}));
    json!({"version": 1, "metadata": {}, "package": packages}).to_string()
}

impl Patient {
    fn locked(&self, file: &str, words: &[&str]) -> Run {
        let run = self.sandbox.mlenv(["install", "-p", "env", "-f", file]).args(words);
        run.var("MLENV_SITE", self.sandbox.path("no-site"))
    }

    pub(crate) fn python_version(&self) -> String {
        self.python(&self.env, "import platform; print(platform.python_version())")
    }
}

#[test]
fn a_conda_lock_is_installed_without_asking_channels_and_the_bases_versions_stay() {
    let patient = Patient::new();
    let (server, records) = archives(&patient);
    patient
        .sandbox
        .write("conda-lock.yml", conda_lock(&server, &records, &patient.python_version()));
    let told = patient.locked("conda-lock.yml", &["--dry-run"]).ok();
    assert!(told.out.contains("will add: app 1.0, lib 1.0, script 1.0"), "{told}");
    patient.locked("conda-lock.yml", &[]).ok().says("to fetch: 3 packages");
    let mut asked = server.asked();
    asked.sort();
    assert_eq!(
        asked,
        ["/linux-64/app-1.0-0.conda", "/linux-64/lib-1.0-0.conda", "/noarch/script-1.0-0.conda"]
    );
    assert_eq!(patient.added(), ["app 1.0", "lib 1.0", "script 1.0"]);
    assert_eq!(patient.sandbox.run(patient.at("bin/script")).ok().out, "script\n");
    let record = std::fs::read_to_string(patient.at("conda-meta/app-1.0-0.json")).unwrap();
    let record: Value = serde_json::from_str(&record).unwrap();
    assert_eq!(record["depends"], json!(["lib >=1", "tools >=2", "python"]));
    assert_eq!(patient.findings(), [""; 0]);
    patient.locked("conda-lock.yml", &[]).ok().says("everything is already there");
    let told = patient.locked("conda-lock.yml", &["--exact"]).ok();
    told.says("will shadow packages of the base: tools 3.0 (for 2.0)");
    assert!(patient.at("share/tools-3").exists());
    patient.native("uninstall", &["tools"]).ok().says("of the base again: tools 2.0");
}

#[test]
fn a_lock_takes_of_the_base_what_will_not_do_and_refuses_another_python() {
    let patient = Patient::new();
    let (server, mut records) = archives(&patient);
    let app = records.iter_mut().find(|record| record["name"] == "app").unwrap();
    app["depends"] = json!(["tools >=3"]);
    patient
        .sandbox
        .write("conda-lock.yml", conda_lock(&server, &records, &patient.python_version()));
    patient
        .locked("conda-lock.yml", &[])
        .ok()
        .says("will shadow packages of the base: tools 3.0 (for 2.0)");
    patient.sandbox.write("conda-lock.yml", conda_lock(&server, &records, "3.4.1"));
    patient.locked("conda-lock.yml", &[]).fails(2, "asks for Python 3.4, and the base ");
}

#[test]
fn a_pixi_lock_is_installed_with_pips_part() {
    let patient = Patient::new();
    let (server, records) = archives(&patient);
    let address =
        |record: &Value| format!("{}{}", server.address, record["place"].as_str().unwrap());
    let mut entries: Vec<Value> =
        records.iter().map(|record| json!({"conda": address(record)})).collect();
    entries.push(json!({"pypi": "https://y/fresh-1.0-py3-none-any.whl"}));
    let mut packages: Vec<Value> = records.iter().map(|record| {
        json!({"conda": address(record), "sha256": record["sha256"], "depends": record["depends"]})
    }).collect();
    packages.push(
        json!({"pypi": "https://y/fresh-1.0-py3-none-any.whl", "name": "fresh", "version": "1.0"}),
    );
    let lock = json!({"version": 6, "environments": {"default": {"packages": {"linux-64": entries}}}, "packages": packages});
    patient.sandbox.write("pixi.lock", lock.to_string());
    let run = patient.locked("pixi.lock", &[]).var("PIP_NO_INDEX", "1");
    run.var("PIP_FIND_LINKS", patient.sandbox.path("wheels")).ok();
    assert_eq!(patient.added(), ["app 1.0", "fresh 1.0", "lib 1.0", "script 1.0"]);
}

#[test]
fn an_archive_that_is_not_the_one_of_the_lock_changes_nothing() {
    let patient = Patient::new();
    let (server, mut records) = archives(&patient);
    records[0]["sha256"] = "0".repeat(64).into();
    patient
        .sandbox
        .write("conda-lock.yml", conda_lock(&server, &records, &patient.python_version()));
    patient.locked("conda-lock.yml", &[]).fails(2, "is not what its channel says");
    assert!(patient.added().is_empty() && !Path::new(&patient.at(".mlenv-txn")).exists());
}
