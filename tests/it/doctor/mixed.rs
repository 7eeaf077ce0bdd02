//! Libraries of an env and of its base by the same name: hazards H2 and H3, with what a compiler made.

use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use serde_json::json;

use crate::kit::compile::{Source, hep, loaded};
use crate::kit::patient::Patient;
use crate::support::sandbox::Sandbox;
use crate::support::testbase::base;
use crate::support::tree;

const OLD_TAG: &str = "--disable-new-dtags";

/// A compiled module without Python's headers: the layout of these structures has not changed since 3.5.
const MODULE: &str = "typedef struct {long count; void *type;} O;
struct D {O o; void *init; long index; void *copy; const char *name, *doc; long size; void *rest[5];};
O *PyModule_Create2(struct D *, int); int PyModule_AddIntConstant(O *, const char *, long); int hep_version(void);
static struct D d = {{1, 0}, 0, 0, 0, \"_hepmod\", 0, -1, {0}};
O *PyInit__hepmod(void) {O *m = PyModule_Create2(&d, 1013); PyModule_AddIntConstant(m, \"V\", hep_version()); return m;}";

/// An env on a base with `hepcore` 1.0, a library on top of it, a program, a package and a module of the standard
/// library that use it.
fn patient(layout: &str) -> Patient {
    Patient::prepared(layout, |prefix| {
        let lib = |name: &str| prefix.join("lib").join(name);
        hep(lib("libhep.so.1.0"), 1);
        symlink("libhep.so.1.0", lib("libhep.so.1")).unwrap();
        let mid = Source {
            to: lib("libmid.so.1"),
            text: "int hep_version(void); int mid(void) {return hep_version();}",
            soname: Some("libmid.so.1"),
            needs: &[lib("libhep.so.1")],
            linker: &[OLD_TAG, "-rpath=$ORIGIN"],
        };
        mid.compile();
        let tool = "#include <stdio.h>\nint mid(void); int main(void) {printf(\"%d\\n\", mid()); return 0;}";
        let (to, needs) = (prefix.join("bin/heptool"), [lib("libmid.so.1")]);
        let linker = [OLD_TAG, "-rpath=$ORIGIN/../lib"];
        Source { to, text: tool, soname: None, needs: &needs, linker: &linker }.compile();
        symlink("heptool", prefix.join("bin/heptool-too")).unwrap();
        let site = prefix.join(base().site());
        package(
            &site,
            "pyhep",
            "int hep_version(void); int ask(void) {return hep_version();}",
            &lib("libhep.so.1"),
        );
        let to = site.parent().unwrap().join("lib-dynload/_hepmod.so");
        let (needs, linker) = ([lib("libhep.so.1")], [OLD_TAG, "-rpath=$ORIGIN/../.."]);
        Source { to, text: MODULE, soname: Some("_hepmod.so"), needs: &needs, linker: &linker }
            .compile();
        let files = [
            "lib/libhep.so.1",
            "lib/libhep.so.1.0",
            "lib/libmid.so.1",
            "bin/heptool",
            "bin/heptool-too",
        ];
        let record = json!({"name": "hepcore", "files": files}).to_string();
        std::fs::write(prefix.join("conda-meta/hepcore-1.0-0.json"), record).unwrap();
    })
}

/// A package with a compiled part that it loads from beside itself.
fn package(site: &Path, name: &str, text: &str, needs: &Path) {
    let to = site.join(name).join("core/_core.so");
    let linker = [OLD_TAG, "-rpath=$ORIGIN/../../../.."];
    Source { to, text, soname: Some("_core.so"), needs: &[needs.to_owned()], linker: &linker }
        .compile();
    std::fs::write(site.join(name).join("data.txt"), "data").unwrap();
    let init = "import ctypes, os\ncore = ctypes.PyDLL(os.path.join(os.path.dirname(__file__), 'core', '_core.so'), os.RTLD_NOW)\n\
                def ask(): return core.ask()\n";
    std::fs::write(site.join(name).join("__init__.py"), init).unwrap();
    // As images have it: an import by a user who may write finds nothing to do.
    let mut compile = std::process::Command::new(base().prefix.join("bin").join(&base().python));
    assert!(
        compile.args(["-m", "compileall", "-q"]).arg(site.join(name)).status().unwrap().success()
    );
}

/// As a conda client does it: `hepcore` 1.1 in place of the base's, and `hepnew`, which needs it.
fn upgrade(patient: &Patient) {
    for path in ["lib/libhep.so.1", "lib/libhep.so.1.0", "conda-meta/hepcore-1.0-0.json"] {
        let _ = std::fs::remove_file(patient.at(path));
    }
    hep(patient.at("lib/libhep.so.1.1"), 2);
    symlink("libhep.so.1.1", patient.at("lib/libhep.so.1")).unwrap();
    let files = ["lib/libhep.so.1", "lib/libhep.so.1.1"];
    std::fs::create_dir_all(patient.at("conda-meta")).unwrap();
    let record = json!({"name": "hepcore", "files": files}).to_string();
    std::fs::write(patient.at("conda-meta/hepcore-1.1-0.json"), record).unwrap();
    let text = "int hep_feature(void); int ask(void) {return hep_feature();}";
    package(&patient.at(base().site()), "hepnew", text, &patient.at("lib/libhep.so.1"));
}

/// As a client does it: the upgrade is removed.
fn downgrade(patient: &Patient) {
    for path in ["lib/libhep.so.1", "lib/libhep.so.1.1", "conda-meta/hepcore-1.1-0.json"] {
        std::fs::remove_file(patient.at(path)).unwrap();
    }
}

const ASK: &str = "import _hepmod, pyhep; print(_hepmod.V, pyhep.ask())";
const BOTH: &str = "import pyhep, hepnew; print(pyhep.ask(), hepnew.ask())";

/// Hazards H2 and H3.
#[test]
fn what_uses_the_bases_library_is_pulled_up_when_the_env_has_its_own_and_taken_back_later() {
    let patient = patient("standard");
    let env_before = tree::shape(&patient.env);
    let base_before = tree::snapshot(&patient.base);
    assert_eq!(patient.findings(), [""; 0]);
    upgrade(&patient);
    let tool = |name: &str| patient.sandbox.run(patient.at("bin").join(name)).ok().out;
    assert_eq!((tool("heptool"), patient.python(&patient.env, ASK)), ("1\n".into(), "1 1".into()));
    let run = patient.sandbox.run(patient.at("bin/python")).args(["-c", BOTH]).end();
    assert!(run.err.contains("hep_feature"), "the hazard is gone without us: {run}");
    let told = patient.told(&patient.env);
    let items = told["findings"][0]["items"].to_string();
    for name in [
        "libhep.so.1 of hepcore 1.1",
        "bin/heptool",
        "site-packages/pyhep",
        "lib-dynload/_hepmod.so",
    ] {
        assert!(items.contains(name), "{name} is missing: {items}");
    }
    patient.finds_and_mends(&["mixed-libraries"]);
    assert_eq!((tool("heptool"), tool("heptool-too")), ("2\n".into(), "2\n".into()));
    let by_loader = loaded(&patient.at("bin/heptool"));
    assert!(by_loader.contains("/env/bin/../lib/libhep.so.1"), "{by_loader}");
    assert_eq!(patient.python(&patient.env, ASK), "2 2");
    assert_eq!(patient.python(&patient.env, BOTH), "2 7");
    let prefixes = "import sys; print(sys.prefix, sys.base_prefix)";
    let expected = format!("{} {}", patient.env.display(), patient.base.display());
    assert_eq!(patient.python(&patient.env, prefixes), expected);
    let file = "import pyhep; print(open(pyhep.__path__[0] + '/data.txt').read())";
    assert_eq!(patient.python(&patient.env, file), "data");
    downgrade(&patient);
    std::fs::remove_dir_all(patient.at(base().site()).join("hepnew")).unwrap();
    patient.finds_and_mends(&["packages-removed", "pulled-up"]);
    assert_eq!((tool("heptool"), patient.python(&patient.env, ASK)), ("1\n".into(), "1 1".into()));
    tree::assert_same(&env_before, &tree::shape(&patient.env), "the env");
    tree::assert_same(&base_before, &tree::snapshot(&patient.base), "the base");
}

/// The same by mlenv's own installer: nobody has to ask for it.
#[cfg(feature = "conda")]
#[test]
fn a_library_in_another_form_is_pulled_up_at_once_and_taken_back() {
    let patient = patient("standard");
    let env_before = tree::shape(&patient.env);
    let base_before = tree::snapshot(&patient.base);
    let built = patient.sandbox.path("built");
    hep(built.join("lib/libhep.so.1.1"), 2);
    symlink("libhep.so.1.1", built.join("lib/libhep.so.1")).unwrap();
    let text = "int hep_feature(void); int ask(void) {return hep_feature();}";
    package(&built.join(base().site()), "hepnew", text, &built.join("lib/libhep.so.1"));
    let site = base().site().to_str().unwrap().to_owned();
    let [init, core] = ["__init__.py", "core/_core.so"].map(|name| format!("{site}/hepnew/{name}"));
    let packages = json!([
        {"name": "hepcore", "version": "1.1", "tar": [["lib/libhep.so.1", "link", "libhep.so.1.1"]],
         "copies": {"lib/libhep.so.1.1": built.join("lib/libhep.so.1.1")}},
        {"name": "hepnew", "depends": ["hepcore >=1.1"],
         "copies": {&init: built.join(&init), &core: built.join(&core)}},
    ]);
    let channel = crate::conda::channel::crafted(&patient, "channel", &packages);
    patient.native("unpin", &["hepcore"]).ok();
    patient.from(&format!("file://{}", channel.display()), &["hepnew"]).ok();
    assert_eq!(patient.python(&patient.env, BOTH), "2 7");
    assert_eq!(patient.python(&patient.env, ASK), "2 2");
    assert_eq!(patient.sandbox.run(patient.at("bin/heptool")).ok().out, "2\n");
    assert_eq!(patient.findings(), [""; 0]);
    patient.native("uninstall", &["hepcore"]).ok().says("of the base again: hepcore 1.0");
    assert_eq!(patient.python(&patient.env, ASK), "1 1");
    let without = |mut shape: tree::Listing| {
        for path in ["conda-meta/history", "conda-meta/pinned", "mlenv.toml"] {
            shape.remove(Path::new(path));
        }
        shape
    };
    tree::assert_same(&without(env_before), &without(tree::shape(&patient.env)), "the env");
    tree::assert_same(&base_before, &tree::snapshot(&patient.base), "the base");
}

#[test]
fn a_sparse_env_gets_all_that_the_pulled_up_need() {
    let patient = patient("sparse");
    upgrade(&patient);
    patient.finds_and_mends(&["mixed-libraries"]);
    assert_eq!(patient.python(&patient.env, ASK), "2 2");
    assert_eq!(patient.python(&patient.env, BOTH), "2 7");
    assert!(!patient.at("bin/heptool").exists(), "a sparse env shows no programs of its base");
}

#[test]
fn copies_follow_a_base_that_changed_and_files_of_others_are_not_touched() {
    let patient = patient("standard");
    upgrade(&patient);
    assert_eq!(patient.fix(&patient.env), [""; 0]);
    let text = "#include <stdio.h>\nint mid(void); int main(void) {printf(\"new %d\\n\", mid()); return 0;}";
    std::fs::remove_file(patient.base.join("bin/heptool")).unwrap();
    let (to, needs) = (patient.base.join("bin/heptool"), [patient.base.join("lib/libmid.so.1")]);
    let linker = [OLD_TAG, "-rpath=$ORIGIN/../lib"];
    Source { to, text, soname: None, needs: &needs, linker: &linker }.compile();
    patient.finds_and_mends(&["mixed-libraries"]);
    assert_eq!(patient.sandbox.run(patient.at("bin/heptool")).ok().out, "new 2\n");
    std::fs::remove_file(patient.at("bin/heptool")).unwrap();
    std::fs::write(patient.at("bin/heptool"), "mine").unwrap();
    assert_eq!(patient.findings(), [""; 0]);
    downgrade(&patient);
    assert_eq!(patient.fix(&patient.env), [""; 0]);
    assert_eq!(std::fs::read_to_string(patient.at("bin/heptool")).unwrap(), "mine");
}

#[test]
fn what_was_pulled_up_does_not_come_along_onto_another_base() {
    let patient = patient("standard");
    upgrade(&patient);
    patient.fix(&patient.env);
    let sandbox: &Sandbox = &patient.sandbox;
    let other = base().twin(&sandbox.path("other"));
    sandbox.mlenv(["rebase", "-q", "env", "--base"]).arg(&other).ok();
    for gone in ["bin/heptool", "bin/heptool-too", "mlenv-pulled.toml"].map(PathBuf::from) {
        assert!(patient.at(&gone).symlink_metadata().is_err(), "{} came along", gone.display());
    }
    assert!(!patient.at(base().site()).join("pyhep").exists());
    assert!(patient.at("lib/libhep.so.1").exists(), "what the client installed did not");
    let told = patient.told(&patient.env);
    assert!(!told.to_string().contains("mixed-libraries"), "{told}");
}

#[test]
fn a_library_that_nothing_of_the_base_uses_or_that_is_the_same_concerns_nobody() {
    let patient = patient("standard");
    std::fs::remove_file(patient.at("lib/libhep.so.1")).unwrap();
    std::fs::copy(patient.base.join("lib/libhep.so.1"), patient.at("lib/libhep.so.1")).unwrap();
    assert_eq!(patient.findings(), [""; 0]);
    let text = "int other(void) {return 1;}";
    let to = patient.at("lib/libalone.so.1");
    Source { to, text, soname: Some("libalone.so.1"), needs: &[], linker: &[] }.compile();
    assert_eq!(patient.findings(), [""; 0]);
}

#[test]
fn what_was_pulled_up_works_at_any_path() {
    let patient = patient("standard");
    upgrade(&patient);
    patient.fix(&patient.env);
    let mut last = patient.env.clone();
    for name in ["it's $x `y` 50%", "\u{fc}n\u{ef} \"q\" !"] {
        let new = patient.sandbox.path(name);
        std::fs::rename(&last, &new).unwrap();
        assert_eq!(patient.fix(&new), [""; 0], "{name}");
        assert_eq!(patient.python(&new, ASK), "2 2", "{name}");
        assert_eq!(patient.sandbox.run(new.join("bin/heptool")).ok().out, "2\n", "{name}");
        last = new;
    }
}

#[test]
fn pulling_up_that_is_killed_is_ended_by_the_next_doctor_and_taken_back_whole() {
    let patient = patient("standard");
    let before = tree::shape(&patient.env);
    upgrade(&patient);
    let sick = patient.sandbox.path("sick");
    let copy = || {
        let _ = std::fs::remove_dir_all(&sick);
        patient.sandbox.run("cp").arg("-a").arg(&patient.env).arg(&sick).ok();
        patient.sandbox.run("sed").args(["-i", "s|/env\"|/sick\"|", "sick/mlenv.toml"]).ok();
    };
    copy();
    // What needs what in the base is read once and kept; the runs that are killed find it.
    patient.told(&sick);
    let began = std::time::Instant::now();
    patient.sandbox.mlenv(["doctor", "-q", "--fix", "sick"]).ok();
    let whole = began.elapsed();
    let mut interrupted = 0;
    for part in 0..12_u32 {
        copy();
        let mut command = patient.sandbox.mlenv(["doctor", "-q", "--fix", "sick"]).command();
        let mut child = command.stdout(std::process::Stdio::null()).spawn().unwrap();
        // Every other one early: on a busy machine a run may take half as long as the one that was timed.
        std::thread::sleep(whole * part / if part % 2 == 0 { 12 } else { 36 });
        child.kill().unwrap();
        interrupted += u32::from(!child.wait().unwrap().success());
        assert_eq!(patient.fix(&sick), [""; 0]);
        assert_eq!(patient.python(&sick, ASK), "2 2");
    }
    assert!(interrupted > 2, "the kills came too late to show anything");
    let sick = Patient { env: sick, ..patient };
    downgrade(&sick);
    std::fs::remove_dir_all(sick.at(base().site()).join("hepnew")).unwrap();
    sick.fix(&sick.env);
    let mut after = tree::shape(&sick.env);
    after.retain(|path, _| !path.file_name().unwrap().to_string_lossy().starts_with(".mlenv-"));
    assert_eq!(before.keys().collect::<Vec<_>>(), after.keys().collect::<Vec<_>>());
}
