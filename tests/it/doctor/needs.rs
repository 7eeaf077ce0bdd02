//! What packages need of each other once some lie in the base and some in the env: versions, and halves of one package.

use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use crate::kit::patient::Patient;
use crate::support::machine;
use crate::support::testbase::base;

/// A distribution as pip would leave it: its files, and what it needs.
fn put(prefix: &Path, (name, version): (&str, &str), needs: &[&str], files: &[(&str, &str)]) {
    let site = prefix.join(base().site());
    let info = site.join(format!("{name}-{version}.dist-info"));
    std::fs::create_dir_all(&info).unwrap();
    let lines = needs.iter();
    let needs = lines.fold(String::new(), |text, need| text + "Requires-Dist: " + need + "\n");
    let text = format!(
        "Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{needs}\nA description.\n"
    );
    std::fs::write(info.join("METADATA"), text).unwrap();
    let mut record = std::fs::File::create(info.join("RECORD")).unwrap();
    for (path, text) in files {
        let file = site.join(path);
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(file, text).unwrap();
        writeln!(record, "{path},,").unwrap();
    }
}

#[test]
fn a_requirement_that_an_addition_breaks_is_told_with_the_cure_and_the_bases_own_are_not() {
    let patient = Patient::prepared("standard", |prefix| {
        put(
            prefix,
            ("jupyter", "1.0"),
            &["traitlets>=5.1", "absent>=1", "six>=1; extra == 'dev'"],
            &[],
        );
        put(prefix, ("traitlets", "5.9"), &[], &[]);
        put(prefix, ("broken", "1"), &["six<1"], &[]);
    });
    assert_eq!(patient.findings(), [""; 0], "a base that does not fit by itself is its keeper's");
    put(&patient.env, ("traitlets", "5.0.5"), &["nowhere>2; python_version > '3'"], &[]);
    let told = patient.told(&patient.env);
    let finding = &told["findings"][0];
    assert_eq!(finding["kind"], "requirements-unmet");
    let items: Vec<&str> =
        finding["items"].as_array().unwrap().iter().map(|item| item.as_str().unwrap()).collect();
    assert_eq!(
        items,
        [
            "jupyter 1.0 needs traitlets>=5.1: 5.0.5 is there",
            "traitlets 5.0.5 needs nowhere>2: it is not there"
        ]
    );
    let cure = finding["cure"].as_str().unwrap();
    assert!(
        cure.contains("uninstall -p ") && cure.contains(" traitlets` brings the base's back"),
        "{cure}"
    );
    assert!(cure.contains("--pip") && cure.contains("'nowhere>2'"), "{cure}");
}

#[test]
fn an_installation_tells_what_does_not_fit_afterwards() {
    let patient = Patient::prepared("standard", |prefix| {
        put(prefix, ("needy", "1.0"), &["greet<2"], &[]);
    });
    let told = patient.packages("install", &["--pip", "greet==2.0"]).ok();
    assert!(told.err.contains("needy 1.0 needs greet<2: 2.0 is there"), "{told}");
    patient.packages("uninstall", &["greet"]).ok();
    assert_eq!(patient.findings(), [""; 0]);
}

const HALVES: [(&str, &str); 2] =
    [("shared/__init__.py", ""), ("shared/one/__init__.py", "NAME = 'one'\n")];

#[test]
fn the_bases_half_of_a_package_is_seen_beside_the_envs() {
    let patient = Patient::prepared("standard", |prefix| {
        put(prefix, ("shared-one", "1"), &[], &HALVES);
        put(prefix, ("spaces-one", "1"), &[], &[("spaces/one.py", "")]);
        put(
            prefix,
            ("joined-one", "1"),
            &[],
            &[("joined/__init__.py", JOINED), ("joined/one.py", "")],
        );
    });
    let env = &patient.env;
    put(env, ("shared-two", "1"), &[], &[("shared/__init__.py", ""), ("shared/two.py", "")]);
    put(env, ("spaces-two", "1"), &[], &[("spaces/two.py", "")]);
    put(env, ("joined-two", "1"), &[], &[("joined/__init__.py", JOINED), ("joined/two.py", "")]);
    let import = "import shared.two, shared.one, spaces.one, spaces.two, joined.one, joined.two; print(shared.one.NAME)";
    let told = patient.sandbox.run(env.join("bin/python")).args(["-c", import]).end();
    assert!(!told.status.success(), "the hazard is gone without us");
    patient.finds_and_mends(&["packages-split"]);
    assert_eq!(patient.python(env, import), "one");
    assert!(!env.join(base().site()).join("spaces/one.py").exists());
    // Another version of the same distribution is no half.
    put(env, ("shared-one", "2"), &[], &[]);
    assert_eq!(patient.fix(env), [""; 0]);
    std::fs::remove_dir_all(env.join(base().site()).join("shared-one-2.dist-info")).unwrap();
    assert_eq!(patient.fix(env), [""; 0]);
    // The env's half goes, and with it what was brought up.
    for gone in ["shared/__init__.py", "shared/two.py"] {
        std::fs::remove_file(env.join(base().site()).join(gone)).unwrap();
    }
    std::fs::remove_dir_all(env.join(base().site()).join("shared-two-1.dist-info")).unwrap();
    assert_eq!(patient.fix(env), [""; 0]);
    assert_eq!(patient.python(env, "import shared.one; print(shared.one.NAME)"), "one");
    assert_eq!(patient.findings(), [""; 0]);
}

const JOINED: &str = "__path__ = __import__('pkgutil').extend_path(__path__, __name__)\n";

#[test]
fn a_regular_half_in_the_base_does_not_hide_the_envs() {
    let patient =
        Patient::prepared("sparse", |prefix| put(prefix, ("shared-one", "1"), &[], &HALVES));
    put(&patient.env, ("shared-two", "1"), &[], &[("shared/two.py", "")]);
    patient.finds_and_mends(&["packages-split"]);
    patient.python(&patient.env, "import shared.two, shared.one");
}

#[test]
fn what_of_another_members_i_cannot_change_is_named_with_its_owner() {
    if !machine::is_root() || !machine::has("setpriv") {
        return machine::lacks("root, to be two users");
    }
    let patient = Patient::new();
    let (me, sandbox) = ("64321", &patient.sandbox);
    let theirs = patient.at(base().site()).join("theirs");
    std::fs::create_dir(&theirs).unwrap();
    std::fs::write(theirs.join("module.py"), "").unwrap();
    std::fs::set_permissions(sandbox.root(), PermissionsExt::from_mode(0o755)).unwrap();
    for path in ["env", "home"] {
        sandbox.run("chown").args(["-R", "-h", me]).arg(sandbox.path(path)).ok();
    }
    sandbox.run("chown").args(["-R", "0:0"]).arg(&theirs).ok();
    let run = sandbox.mlenv(["doctor", "--json", "./env"]);
    let run = run.behind(["setpriv", "--reuid", me, "--regid", me, "--clear-groups", "--"]);
    let told = run.end().json();
    let finding = told["findings"].as_array().unwrap().iter().find(|finding| {
        finding["kind"] == "other-owner"
            && finding["what"].as_str().unwrap().contains("cannot be changed by you")
    });
    let items = finding.unwrap()["items"].as_array().unwrap();
    let expected = base().site().join("theirs/module.py");
    assert_eq!(items.len(), 2, "{items:?}");
    assert!(
        items.iter().any(|item| item == &format!("{} (root)", expected.display())),
        "{items:?}"
    );
}
