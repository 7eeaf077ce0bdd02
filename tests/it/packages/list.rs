//! `packages`: what is there, where it is from, what it shadows.

use serde_json::{Value, json};

use crate::kit::patient::Patient;
use crate::support::sandbox::Sandbox;
use crate::support::testbase::base;

fn row<'a>(told: &'a Value, name: &str) -> &'a Value {
    let mut rows = told.as_array().unwrap().iter().filter(|row| row["name"] == name);
    let row = rows.next().unwrap_or_else(|| panic!("{name} is missing: {told}"));
    assert!(rows.next().is_none(), "{name} comes twice");
    row
}

#[test]
fn packages_of_base_and_env_are_listed_with_what_shadows_what() {
    let patient = Patient::new();
    patient.pip(&["install", "-q", "-U", "greet", "fresh"]);
    let own = "{\"name\": \"Tools\", \"files\": []}";
    std::fs::remove_file(patient.at("conda-meta/tools-2.0-0.json")).unwrap();
    std::fs::write(patient.at("conda-meta/tools-3.0-1.json"), own).unwrap();
    let told = patient.sandbox.mlenv(["packages", "--json", "env"]).ok().json();
    let expected =
        json!({"name": "fresh", "version": "1.0", "by": "pip", "from": "env", "shadows": null});
    assert_eq!(row(&told, "fresh"), &expected);
    assert_eq!(row(&told, "greet")["version"], "2.0");
    assert_eq!(
        row(&told, "greet")["shadows"],
        json!({"name": "greet", "version": "1.0", "by": "pip"})
    );
    let shadowed = json!({"name": "tools", "version": "2.0", "build": "0", "by": "conda"});
    assert_eq!(row(&told, "tools")["shadows"], shadowed);
    let expected = json!({"name": "six", "version": "1.16.0", "build": "0", "by": "conda", "from": "base", "shadows": null});
    assert_eq!(row(&told, "six"), &expected, "conda's, though it has a dist-info too");
    assert_eq!(
        (&row(&told, "wheel")["by"], &row(&told, "wheel")["from"]),
        (&json!("pip"), &json!("base"))
    );

    let text = patient.sandbox.mlenv(["packages", "env"]).ok().out;
    let line = text.lines().find(|line| line.starts_with("greet ")).unwrap();
    assert!(line.contains("env (pip)") && line.ends_with("shadows 1.0 of the base"), "{text}");
    let added = patient.sandbox.mlenv(["packages", "--added", "env"]).ok().out;
    let names: Vec<_> = added.lines().filter_map(|line| line.split(' ').next()).collect();
    assert_eq!(names, ["fresh", "greet", "tools"]);
}

#[test]
fn nothing_added_is_an_empty_list_and_eggs_and_odd_names_are_read() {
    let patient = Patient::new();
    let told = patient.sandbox.mlenv(["packages", "--added", "env"]).ok();
    assert_eq!(told.out, "");
    told.says("nothing was added to ");
    let site = patient.at(base().site());
    std::fs::create_dir_all(site.join("old_egg-0.1-py3.11.egg-info")).unwrap();
    std::fs::write(
        site.join("flat.egg-info"),
        "Metadata-Version: 1.0\nName: flat\nVersion: 3\n\nText\n",
    )
    .unwrap();
    std::fs::create_dir_all(site.join("PyYAML_x-6.0.dist-info")).unwrap();
    std::fs::write(site.join("PyYAML_x-6.0.dist-info/METADATA"), "Name: PyYAML.x\nVersion: 6.0\n")
        .unwrap();
    std::fs::create_dir_all(site.join("nothing.dist-info")).unwrap();
    let told = patient.sandbox.mlenv(["packages", "--added", "--json", "env"]).ok().json();
    let names: Vec<_> =
        told.as_array().unwrap().iter().map(|row| row["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["flat", "old_egg", "PyYAML.x"]);
}

#[test]
fn an_env_whose_base_is_gone_still_tells_what_was_added() {
    let patient = Patient::new();
    patient.pip(&["install", "-q", "fresh"]);
    std::fs::rename(&patient.base, patient.sandbox.path("hidden")).unwrap();
    let told = patient.sandbox.mlenv(["packages", "env"]).ok().says("cannot be listed");
    assert!(
        told.out.starts_with("fresh  1.0  env (pip)") && told.out.lines().count() == 1,
        "{told}"
    );
}

#[test]
fn a_base_lists_its_packages_of_conda_and_of_pip() {
    let sandbox = Sandbox::new();
    let told = sandbox.mlenv(["base", "packages", "--json"]).arg(&base().prefix).ok().json();
    assert_eq!(row(&told, "python")["version"], base().version.as_str());
    assert_eq!(row(&told, "greet")["by"], "pip");
    let text = sandbox.mlenv(["base", "packages"]).arg(&base().prefix).ok().out;
    assert!(
        text.lines().any(|line| line.starts_with("tools") && line.ends_with("conda  0")),
        "{text}"
    );
}

#[test]
fn the_packages_of_an_images_own_system_are_listed_where_their_database_is_text() {
    let sandbox = Sandbox::new();
    let image = sandbox.path("image");
    base().twin(&image.join("opt/conda"));
    let told = || sandbox.mlenv(["base", "packages", "--json", "image"]).ok();
    let before = told().json().as_array().unwrap().len();
    sandbox.write(
        "image/var/lib/dpkg/status",
        "Package: zlib1g\nStatus: install ok installed\nVersion: 1.3\n",
    );
    sandbox.write("image/lib/apk/db/installed", "P:musl\nV:1.2\n");
    let all = told().json();
    assert_eq!(all.as_array().unwrap().len(), before + 2);
    assert_eq!(row(&all, "zlib1g"), &json!({"name": "zlib1g", "version": "1.3", "by": "dpkg"}));
    assert_eq!(row(&all, "musl")["by"], "apk");
    let env = sandbox.env("env", &image);
    let all = sandbox.mlenv(["packages", "--json"]).arg(env).ok().json();
    assert!(all.as_array().unwrap().iter().all(|row| row["name"] != "zlib1g"), "not of the env");
    sandbox.write("image/var/lib/rpm/rpmdb.sqlite", "");
    told().says("is not text; `rpm -qa`");
}
