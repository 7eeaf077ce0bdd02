//! mlenv's own installer in all sorts of places: long paths and paths with blanks, caches elsewhere, envs of many, full
//! disks; and what other programs make of what it wrote.

use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;

use serde_json::{Value, json};

use crate::conda::channel::crafted;
use crate::kit::patient::Patient;
use crate::kit::tools;
use crate::support::{machine, tree};

/// A package of everything: a program, a library's text, a link, a module with a command.
fn packages() -> Value {
    json!([
        {"name": "tool", "files": {
            "bin/tool": "#!{prefix}/bin/python\nimport sys\nprint('tool of', sys.prefix)\n",
            "share/tool/place": "{prefix}/share\n", "share/tool/plain": "plain\n"},
         "tar": [["share/tool/link", "link", "plain"]]},
        {"name": "module", "noarch": "python", "depends": ["tool", "python >=3"], "link": ["module-run = module:main"],
         "files": {"site-packages/module.py": "def main():\n    import sys\n    print('module of', sys.prefix)\n"}},
    ])
}

#[test]
fn programs_and_commands_run_in_envs_with_long_paths_and_blanks() {
    let patient = Patient::new();
    let channel = format!("file://{}", crafted(&patient, "channel", &packages()).display());
    for name in ["with a blank", &"long".repeat(40), "ünïcödé"] {
        let env = patient.sandbox.env(name, &patient.base);
        let run = patient.sandbox.mlenv(["install", "-c", &channel, "module", "-p"]).arg(&env);
        run.var("MLENV_SITE", patient.sandbox.path("no-site")).ok();
        for (program, words) in [("tool", "tool of"), ("module-run", "module of")] {
            let told = patient.sandbox.run(env.join("bin").join(program)).ok();
            assert_eq!(told.out, format!("{words} {}\n", env.display()));
        }
        let text = std::fs::read_to_string(env.join("share/tool/place")).unwrap();
        assert_eq!(text, format!("{}/share\n", env.display()));
        assert_eq!(patient.findings_at(&env), [""; 0]);
    }
}

#[test]
fn files_are_the_caches_own_where_that_can_be_and_copies_where_others_may_write() {
    let patient = Patient::new();
    let channel = format!("file://{}", crafted(&patient, "channel", &packages()).display());
    let links = |patient: &Patient| patient.at("share/tool/plain").metadata().unwrap().nlink();
    patient.from(&channel, &["tool"]).ok();
    assert_eq!(links(&patient), 2);
    patient.native("uninstall", &["tool"]).ok();
    let told = patient.sandbox.mlenv(["prune", "-y", "--packages"]).ok();
    assert!(!patient.sandbox.path("home/.cache/mlenv/conda").exists(), "{told}");
    let shm = tempfile::tempdir_in("/dev/shm").unwrap();
    patient.from(&channel, &["tool"]).var("XDG_CACHE_HOME", shm.path()).ok();
    assert_eq!(links(&patient), 1);
    patient.native("uninstall", &["tool"]).ok();
    std::fs::set_permissions(&patient.env, PermissionsExt::from_mode(0o777)).unwrap();
    patient.from(&channel, &["tool"]).ok();
    assert_eq!(links(&patient), 1);
    assert_eq!(std::fs::read_to_string(patient.at("share/tool/link")).unwrap(), "plain\n");
}

#[test]
fn a_full_disk_leaves_the_env_as_it_was() {
    if !machine::can_mount() {
        return;
    }
    let patient = Patient::new();
    let text = "text ".repeat(400_000);
    let packages = json!([{"name": "large", "files": {"share/large": text}}]);
    let channel = crafted(&patient, "channel", &packages);
    let script = r#"set -eu
mkdir small
mount -t tmpfs -o size=1m none small
"$MLENV" create -q --no-save -p small/env --base "$BASE" --layout standard
before=$(cd small && find . | sort)
code=0; "$MLENV" install -p small/env -c "$1" large 2> said || code=$?
test "$code" = 2
grep -q 'No space left' said && grep -q 'hint: ' said
test "$before" = "$(cd small && find . | sort)"
"#;
    let run = patient.sandbox.run("unshare").args(["-m", "sh", "-c", script, "sh"]);
    let run = run.arg(format!("file://{}", channel.display())).var("BASE", &patient.base);
    let run = run.var("MLENV", env!("CARGO_BIN_EXE_mlenv"));
    run.var("MLENV_SITE", patient.sandbox.path("no-site")).ok();
}

/// A second reader: what another program of conda's world makes of the records.
#[test]
fn rattler_reads_what_mlenv_wrote_and_goes_on_from_there() {
    let Some(tools) = tools::from_pypi() else { return };
    let patient = Patient::new();
    let channel = crafted(&patient, "channel", &packages());
    let address = format!("file://{}", channel.display());
    patient.from(&address, &["module>=1"]).ok();
    let read = |patient: &Patient| {
        let run = patient.sandbox.run(tools.join("python"));
        run.args(["-c", include_str!("../kit/conda/records.py")]).arg(&patient.env).ok().json()
    };
    let told = read(&patient);
    let module = format!("lib/{}/site-packages/module.py", patient.lib());
    let files: Vec<&str> =
        told["module"]["files"].as_array().unwrap().iter().map(|it| it.as_str().unwrap()).collect();
    assert!(files.contains(&module.as_str()) && files.contains(&"bin/module-run"), "{files:?}");
    assert!(files.iter().any(|file| file.contains("/__pycache__/")), "{files:?}");
    for file in files {
        assert!(patient.at(file).symlink_metadata().is_ok(), "{file}");
    }
    assert_eq!(told["module"]["requested"], json!(["module>=1"]));
    assert_eq!(told["module"]["url"], format!("{address}/noarch/module-1.0-0.conda"));
    assert_eq!(told["tool"]["requested"], json!([]));
    assert!(told["six"]["version"] == "1.16.0", "the base's too");
    let mode = patient.at("conda-meta/module-1.0-0.json").metadata().unwrap().mode();
    assert_eq!(mode & 0o444, 0o444, "others can read it");
}

/// What pip and doctor make of it, and what a base's own unpacked packages are for.
#[test]
fn packages_that_the_base_has_unpacked_are_not_fetched() {
    let patient = Patient::new();
    let channel = crafted(&patient, "channel", &packages());
    let address = format!("file://{}", channel.display());
    patient.from(&address, &["tool"]).ok();
    let cache = patient.sandbox.path("home/.cache/mlenv/conda/packages");
    let unpacked = std::fs::read_dir(&cache).unwrap().next().unwrap().unwrap().path();
    let record = std::fs::read_to_string(channel.join("linux-64/repodata.json")).unwrap();
    let record: Value = serde_json::from_str(&record).unwrap();
    let place = patient.base.join("pkgs/tool-1.0-0");
    std::fs::create_dir_all(place.parent().unwrap()).unwrap();
    std::fs::rename(unpacked, &place).unwrap();
    let note = record["packages.conda"]["tool-1.0-0.conda"].to_string();
    std::fs::write(place.join("info/repodata_record.json"), note).unwrap();
    std::fs::remove_file(channel.join("linux-64/tool-1.0-0.conda")).unwrap();
    patient.native("uninstall", &["tool"]).ok();
    let before = tree::snapshot(&patient.base);
    patient.from(&address, &["tool"]).ok();
    tree::assert_same(&before, &tree::snapshot(&patient.base), "the base");
    assert!(patient.at("bin/tool").is_file() && !Path::new(&cache).join("tool-1.0-0").exists());
    let pip = patient.pip(&["list", "--format", "json"]);
    assert!(pip.out.contains("\"six\""), "{pip}");
    assert_eq!(patient.findings(), [""; 0]);
}
