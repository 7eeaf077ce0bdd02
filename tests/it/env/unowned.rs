//! Programs of a conda base that no package owns: not linked, since some conda clients write through such links, and
//! found all the same.

use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;

use crate::kit::patient::Patient;
use crate::support::tree;

/// A program that somebody put into the base by hand, and no record names.
fn put(prefix: &Path) {
    let path = prefix.join("bin/rawtool");
    std::fs::write(&path, "#!/bin/sh\necho raw\n").unwrap();
    std::fs::set_permissions(&path, PermissionsExt::from_mode(0o755)).unwrap();
}

#[test]
fn programs_that_no_package_owns_are_not_linked_and_are_found_on_path_all_the_same() {
    for layout in ["standard", "full", "sparse"] {
        let patient = Patient::prepared(layout, put);
        assert!(patient.at("bin/rawtool").symlink_metadata().is_err(), "{layout}");
        assert_eq!(patient.at("bin/shelltool").symlink_metadata().is_ok(), layout != "sparse");
        let run = patient.sandbox.mlenv(["run", "-p", "./env", "--", "rawtool"]);
        assert_eq!(run.ok().out, "raw\n", "{layout}");
        let text = "eval \"$(mlenv activate --shell bash ./env)\"; rawtool";
        let mlenv = Path::new(env!("CARGO_BIN_EXE_mlenv")).parent().unwrap();
        let path = format!("{}:/usr/bin:/bin", mlenv.display());
        let run = patient.sandbox.run("bash").args(["-c", text]).var("PATH", path);
        assert_eq!(run.ok().out, "raw\n", "{layout}");
        for (shell, file) in [
            ("bash", "activate"),
            ("zsh", "activate"),
            ("tcsh", "activate.csh"),
            ("fish", "activate.fish"),
        ] {
            let text = format!("source ./env/bin/{file}; rawtool");
            let options: &[&str] = if shell == "tcsh" { &["-f", "-c"] } else { &["-c"] };
            let told = patient.sandbox.run(shell).args(options).arg(text).ok();
            assert_eq!(told.out, "raw\n", "{shell} {layout}");
        }
        assert_eq!(patient.findings(), [""; 0], "{layout}");
    }
}

/// The text of an activation file without what keeps pip's variables away, as older versions wrote it.
fn without_pip(text: &str) -> String {
    let chunk = "set __mlenv_act_ours = 0\n";
    let parts = text.split(chunk).filter(|part| !part.starts_with("  if ( $?PIP_"));
    let text = parts.collect::<Vec<_>>().join(chunk);
    text.split_inclusive('\n').filter(|line| !line.contains("PIP_")).collect()
}

/// What the files of an env had not yet: what stands between `#{` and `#}` in their templates.
fn newer(file: &str) -> Vec<String> {
    let template = Path::new(env!("CARGO_MANIFEST_DIR")).join("shell/activators").join(file);
    let template = std::fs::read_to_string(template).unwrap_or_default();
    let (mut blocks, mut is_new) = (Vec::new(), false);
    for line in template.split_inclusive('\n') {
        match line.trim() {
            "#{" => {
                is_new = true;
                blocks.push(String::new());
            }
            "#}" => is_new = false,
            _ if is_new => blocks.last_mut().unwrap().push_str(line),
            _ => {}
        }
    }
    blocks
}

/// Where a block of a template stands in the file that was made of it, whatever its tokens became.
fn place(text: &str, block: &str) -> std::ops::Range<usize> {
    let mut pieces = block.split('@').step_by(2);
    let first = pieces.next().unwrap();
    let start = text.find(first).unwrap_or_else(|| panic!("no {first} in {text}"));
    let after = |end: usize, piece: &str| end + text[end..].find(piece).unwrap() + piece.len();
    start..pieces.fold(start + first.len(), after)
}

/// As an env was made while `bin` was linked whole.
fn make_older(patient: &Patient) {
    symlink("../baseEnv_dir/bin/rawtool", patient.at("bin/rawtool")).unwrap();
    for (file, template) in [
        ("bin/activate", "activate.sh"),
        ("bin/activate.csh", "activate.csh"),
        ("bin/activate.fish", "activate.fish"),
    ] {
        let mut text = std::fs::read_to_string(patient.at(file)).unwrap();
        for block in newer(template) {
            text.replace_range(place(&text, &block), "");
        }
        let old = text.replace("bin baseEnv_dir/bin", "bin").replace("baseEnv_dir/bin bin", "bin");
        assert_ne!(text, old, "{file}");
        std::fs::write(patient.at(file), without_pip(&old)).unwrap();
    }
}

#[test]
fn an_older_envs_links_to_such_programs_are_told_and_taken_away() {
    let patient = Patient::prepared("standard", put);
    let fresh = tree::shape(&patient.env);
    make_older(&patient);
    let before = tree::snapshot(&patient.base);
    let told = patient.sandbox.mlenv(["doctor", "env"]).end();
    assert!(
        told.out.contains("that no package owns") && told.out.contains("bin/rawtool"),
        "{told}"
    );
    patient.finds_and_mends(&["programs-unowned"]);
    tree::assert_same(&fresh, &tree::shape(&patient.env), "the env");
    tree::assert_same(&before, &tree::snapshot(&patient.base), "the base");
}

#[test]
fn an_older_env_moves_to_another_base_without_them() {
    let patient = Patient::prepared("standard", put);
    let fresh = std::fs::read(patient.at("bin/activate")).unwrap();
    make_older(&patient);
    let other = patient.sandbox.path("other");
    crate::support::testbase::base().twin(&other);
    patient.sandbox.mlenv(["rebase", "-q", "env", "--base"]).arg(&other).ok();
    assert!(patient.at("bin/rawtool").symlink_metadata().is_err());
    assert_eq!(std::fs::read(patient.at("bin/activate")).unwrap(), fresh);
    assert_eq!(patient.findings(), [""; 0]);
}
