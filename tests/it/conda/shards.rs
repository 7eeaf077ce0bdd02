//! Sharded repodata (CEP 16): only what matters is fetched, and kept by its hash.

use serde_json::json;

use crate::conda::channel::{Server, sharded};
use crate::kit::patient::Patient;

fn served(patient: &Patient) -> Server {
    let packages = json!([
        {"name": "little", "noarch": "python", "depends": ["python", "tools"],
         "files": {"site-packages/little.py": "x = 1\n"}},
        {"name": "app", "depends": ["lib >=1", "tools >=2"], "files": {"share/app": "1"}},
        {"name": "lib", "files": {"share/lib": "1"}},
        {"name": "python", "version": "3.99"},
        {"name": "other"},
    ]);
    Server::of(&sharded(patient, "channel", &packages), &[])
}

fn shards(asked: &[String]) -> usize {
    asked.iter().filter(|path| path.contains("/shards/")).count()
}

#[test]
fn of_what_the_base_has_nothing_is_fetched() {
    let patient = Patient::new();
    let server = served(&patient);
    patient.from(&server.address, &["little"]).ok().says("will add: little 1.0");
    let asked = server.asked();
    assert_eq!((asked.len(), shards(&asked)), (4, 1), "two lists, a shard, a package: {asked:?}");
    patient.from(&server.address, &["app"]).ok().says("will add: app 1.0, lib 1.0");
    let asked = server.asked();
    assert_eq!((asked.len(), shards(&asked)), (6, 2), "{asked:?}");
    patient.native("uninstall", &["app", "lib"]).ok();
    patient.from(&server.address, &["app", "--offline"]).ok();
    assert_eq!(server.asked(), [""; 0]);
    patient.from(&server.address, &["other", "--offline"]).fails(1, "was not fetched before");
    patient.from(&server.address, &["nosuch"]).fails(1, "nosuch does not exist in ");
    assert_eq!(patient.findings(), [""; 0]);
}

#[test]
fn a_shard_that_is_not_the_one_of_the_list_changes_nothing_wherever_it_lies() {
    let patient = Patient::new();
    let server = served(&patient);
    let shards = patient.sandbox.path("channel/linux-64/shards");
    for shard in shards.read_dir().unwrap() {
        std::fs::write(shard.unwrap().path(), "not it").unwrap();
    }
    patient.from(&server.address, &["app"]).fails(2, "is not what its channel says");
    assert!(patient.added().is_empty());
    let kept = patient.sandbox.path("home/.cache/mlenv/conda/shards");
    assert!(!kept.exists() || kept.read_dir().unwrap().next().is_none());
}
