//! Requirements from pipes and nested files, packages put in place again, and what goes with an uninstalled one.

use serde_json::json;

use crate::kit::patient::Patient;
use crate::support::testbase::base;
use crate::support::wheel;

impl Patient {
    /// bash with `$MLENV` and the wheels, for what only a shell can do.
    fn bash(&self, line: &str) -> crate::support::sandbox::Run {
        let run = self.sandbox.run("bash").args(["-c", line]);
        let run = run.var("MLENV", env!("CARGO_BIN_EXE_mlenv")).var("PIP_NO_INDEX", "1");
        run.var("PIP_FIND_LINKS", self.sandbox.path("wheels"))
    }
}

#[test]
fn requirements_of_a_pipe_are_read_once_installed_and_recorded() {
    let patient = Patient::new();
    for line in [
        "\"$MLENV\" install -p env -r <(printf 'fresh==1.0\\n')",
        "printf 'fresh==1.0\\n' | \"$MLENV\" install -p env -r /dev/stdin",
        "\"$MLENV\" install -p env -r /dev/fd/3 3< <(echo fresh==1.0)",
    ] {
        patient.bash(line).ok().says("installed into ");
        assert_eq!(patient.added(), ["fresh 1.0"], "{line}");
        assert_eq!(patient.requests(), json!({"pip": {"fresh": "fresh==1.0"}}), "{line}");
        patient.packages("uninstall", &["-q", "fresh"]).ok();
    }
}

#[test]
fn nested_files_constraints_and_a_byte_order_mark_are_recorded_as_they_are_meant() {
    let patient = Patient::new();
    let sandbox = &patient.sandbox;
    wheel::build(&sandbox.path("here"), "demo", "1.0");
    sandbox.write("sub/all.txt", "\u{feff}fresh\n-r more/deep.txt\n-c lock.txt\n");
    sandbox.write("sub/lock.txt", "fresh==1.0\nsix==1.16.0\n");
    // pip takes paths from where it runs, and files from where they are named.
    let deep = "greet>1  # newer\r\n./here/demo-1.0-py3-none-any.whl\r\n-r ../all.txt\r\n";
    sandbox.write("sub/more/deep.txt", deep);
    let told = patient.packages("install", &["-r", "sub/all.txt"]).end();
    let demo = sandbox.path("here/demo-1.0-py3-none-any.whl");
    let expected =
        json!({"pip": {"fresh": "fresh", "greet": "greet>1", "demo": demo.to_str().unwrap()}});
    if told.status.success() {
        assert_eq!(patient.requests(), expected, "{told}");
    } else {
        // Newer pips refuse files that bring each other in.
        assert!(told.err.contains("recursively"), "{told}");
        sandbox.write("sub/more/deep.txt", deep.replace("-r ../all.txt", ""));
        patient.packages("install", &["-r", "sub/all.txt"]).ok();
        assert_eq!(patient.requests(), expected);
    }
    patient.packages("install", &["-r", "missing.txt"]).fails(2, "could not read ");
}

#[test]
fn a_package_that_another_tool_removed_by_halves_is_found_and_put_in_place_again() {
    let patient = Patient::new();
    let mine = wheel::build(&patient.sandbox.path("mine"), "demo", "1.0");
    patient.packages("install", &["-q", "fresh>=1"]).ok();
    patient.packages("install", &["-q"]).arg(&mine).ok();
    let before = patient.requests();
    let site = patient.at(base().site());
    for name in ["fresh", "demo"] {
        std::fs::remove_dir_all(site.join(name)).unwrap();
    }
    patient.packages("install", &["fresh"]).ok().says("everything is already there");
    assert_eq!(patient.findings(), ["unfinished-installs"]);
    let cure = patient.told(&patient.env)["findings"][0]["cure"].as_str().unwrap().to_owned();
    assert!(cure.contains("mlenv install --reinstall -p "), "{cure}");
    patient.packages("install", &["-q", "fresh>=1"]).ok();
    patient.packages("install", &["--reinstall", "fresh", "Demo"]).ok();
    for module in ["fresh", "demo"] {
        let code = format!("import {module}; print({module}.__version__)");
        assert_eq!(patient.python(&patient.env, &code), "1.0");
    }
    assert!(site.join("demo-1.0.dist-info/direct_url.json").is_file(), "from where it came");
    assert_eq!((patient.requests(), patient.findings()), (before, vec![]));
    std::fs::remove_file(site.join("fresh-1.0.dist-info/RECORD")).unwrap();
    std::fs::remove_dir_all(site.join("fresh")).unwrap();
    patient.packages("install", &["--reinstall", "fresh"]).ok();
    assert_eq!(patient.findings(), [""; 0]);
    patient.packages("install", &["--reinstall", "six"]).fails(1, "six belongs to the base");
    patient.packages("install", &["--reinstall", "none"]).fails(1, "none is not installed in ");
}

#[test]
fn a_conda_package_is_put_in_place_again_by_the_client() {
    let patient = Patient::new();
    patient.conda("install", &["-q", "app"]).ok();
    std::fs::remove_file(patient.at("bin/app")).unwrap();
    assert_eq!(patient.findings(), ["unfinished-installs"]);
    patient.conda("install", &["--reinstall", "app"]).ok().says("micromamba does the work");
    assert_eq!(patient.sandbox.run(patient.at("bin/app")).ok().out, "app\n");
    assert_eq!(
        (patient.findings(), patient.requests()),
        (vec![], json!({"conda": {"app": "app"}}))
    );
}

#[test]
fn uninstall_says_which_tool_put_a_package_there_and_forgets_nothing() {
    let patient = Patient::new();
    patient.conda("unpin", &["-q", "tools"]).ok();
    patient.conda("install", &["-q", "tools>=3,<4"]).ok();
    let told =
        patient.conda("uninstall", &["--pip", "tools"]).fails(1, "a conda client put tools into ");
    told.hints(&format!("`mlenv uninstall -p {} tools`", patient.env.display()));
    assert_eq!(patient.requests(), json!({"conda": {"tools": "tools>=3,<4"}}));
    patient.packages("install", &["-q", "--pip", "fresh"]).ok();
    patient.conda("uninstall", &["--conda", "fresh"]).fails(1, "pip put fresh into ");
    assert_eq!(patient.requests()["pip"], json!({"fresh": "fresh"}));
}

#[test]
fn what_the_bases_python_serves_stays_when_the_envs_own_python_goes() {
    let patient = Patient::new();
    patient.conda("unpin", &["-q", "python"]).ok();
    let python = format!("python={}=1", base().version);
    patient.conda("install", &["-q", &python, "needs-python"]).end();
    std::fs::write(patient.at("pyvenv.cfg"), format!("home = {}\n", patient.at("bin").display()))
        .unwrap();
    let told = patient.conda("uninstall", &["python"]).ok();
    assert!(!told.err.contains("needs-python"), "{told}");
    let told = told.says(&format!("will remove: python {}", base().version));
    assert_eq!(patient.added(), ["needs-python 1.0"], "{told}");
    let code = "import os, sys, needs_python; print(os.path.realpath(sys.base_prefix))";
    assert_eq!(patient.python(&patient.env, code), patient.base.to_str().unwrap());
    assert_eq!(patient.findings(), [""; 0]);
}
