//! Real packages in the test base, and the records that conda would have written for most of them.

use std::path::{Component, Path, PathBuf};
use std::process::Command;

use serde_json::json;
use walkdir::WalkDir;

use super::interpreter;
use crate::support::machine::{self, Facts};
use crate::support::wheel;

/// From the package index. `wheel` and `greet`, which is made here, stay what only pip knows.
const REAL: [&str; 5] = ["pip", "six==1.16.0", "click==8.1.7", "packaging==24.0", "wheel==0.43.0"];

/// What conda knows: names of REAL.
const RECORDED: [&str; 4] = ["pip", "six", "click", "packaging"];

/// Installs with the prefix's own pip, which the machine's pip brings.
pub(crate) fn install(facts: &Facts, prefix: &Path) {
    let scratch = tempfile::tempdir().unwrap();
    let cache = machine::scratch().join("pip-cache");
    let pip = |program: &Path| {
        let mut command = Command::new(program);
        command.args(["-m", "pip", "install", "-q", "--ignore-installed", "--no-compile"]);
        command.arg("--cache-dir").arg(&cache);
        command.env("PIP_BREAK_SYSTEM_PACKAGES", "1").env("PYTHONNOUSERSITE", "1");
        command
    };
    let tools = scratch.path().join("tools");
    run(pip(&facts.executable).arg("--target").arg(&tools).arg("pip"));
    let greet = wheel::build(scratch.path(), "greet", "1.0");
    let program = prefix.join("bin").join(facts.name());
    run(pip(&program).env("PYTHONPATH", &tools).args(REAL).arg(greet));
    interpreter::compile(&program, &prefix.join("lib").join(facts.name()));
}

fn run(command: &mut Command) {
    let output = command.output().unwrap();
    assert!(
        output.status.success(),
        "{command:?} failed (the test base needs pip and, the first time, PyPI): {}",
        String::from_utf8_lossy(&output.stderr)
    );
}

/// Writes conda records for Python and for the recorded packages.
pub(crate) fn record(facts: &Facts, prefix: &Path) {
    std::fs::create_dir_all(prefix.join("conda-meta")).unwrap();
    let site = Path::new("lib").join(facts.name()).join("site-packages");
    write_record(prefix, ("python", &facts.version), &python_files(facts, prefix, &site));
    for entry in std::fs::read_dir(prefix.join(&site)).unwrap().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let Some((name, version)) =
            name.strip_suffix(".dist-info").and_then(|stem| stem.split_once('-'))
        else {
            continue;
        };
        if RECORDED.contains(&name) {
            let list = std::fs::read_to_string(entry.path().join("RECORD")).unwrap();
            let files = list.lines().map(|line| tidy(&site.join(line.split(',').next().unwrap())));
            write_record(prefix, (name, version), &files.collect::<Vec<_>>());
        }
    }
    let history =
        "==> 2024-01-01 00:00:00 <==\n# cmd: conda create\n# update specs: [\"python\"]\n";
    std::fs::write(prefix.join("conda-meta/history"), history).unwrap();
}

/// One record, with the fields that clients read.
pub(crate) fn write_record(prefix: &Path, package: (&str, &str), files: &[PathBuf]) {
    let (name, version) = package;
    let paths: Vec<_> =
        files.iter().map(|file| json!({"_path": file, "path_type": "hardlink"})).collect();
    let file = format!("{name}-{version}-0.conda");
    let record = json!({
        "build": "0", "build_number": 0, "channel": "tests", "constrains": [], "depends": [], "files": files,
        "fn": file, "name": name, "paths_data": {"paths": paths, "paths_version": 1}, "subdir": "linux-64",
        "url": format!("https://example.org/tests/linux-64/{file}"), "version": version,
    });
    let path = prefix.join("conda-meta").join(format!("{name}-{version}-0.json"));
    std::fs::write(path, serde_json::to_string_pretty(&record).unwrap()).unwrap();
}

/// The interpreter, its libraries, headers and standard library.
fn python_files(facts: &Facts, prefix: &Path, site: &Path) -> Vec<PathBuf> {
    let ours = |path: &Path| {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        path.starts_with("include")
            || (path.starts_with("lib") && !path.starts_with(site))
            || ["python", "python3", &facts.name()].contains(&name.as_str())
    };
    let walk = WalkDir::new(prefix).min_depth(1).sort_by_file_name().into_iter();
    walk.map(Result::unwrap)
        .filter(|entry| !entry.file_type().is_dir())
        .map(|entry| entry.path().strip_prefix(prefix).unwrap().to_owned())
        .filter(|path| {
            ours(path) && !path.components().any(|part| part.as_os_str() == "__pycache__")
        })
        .collect()
}

/// `a/b/../c` as `a/c`.
fn tidy(path: &Path) -> PathBuf {
    path.components().fold(PathBuf::new(), |mut out, part| {
        match part {
            Component::ParentDir => drop(out.pop()),
            other => out.push(other),
        }
        out
    })
}

/// Scripts name the place where the prefix was built; now they name the one where it will be.
pub(crate) fn name_final_place(aside: &Path, prefix: &Path) {
    let (old, new) = (aside.to_str().unwrap(), prefix.to_str().unwrap());
    for entry in std::fs::read_dir(aside.join("bin")).unwrap().flatten() {
        if entry.file_type().unwrap().is_file()
            && let Ok(text) = std::fs::read_to_string(entry.path())
            && text.contains(old)
        {
            std::fs::write(entry.path(), text.replace(old, new)).unwrap();
        }
    }
}
