//! A self-contained CPython prefix, copied from whatever Python runs here: one of pyenv, or the system's.

use std::path::Path;
use std::process::Command;

use walkdir::WalkDir;

use crate::support::machine::Facts;

/// Parts of the standard library that no test needs.
const HEAVY: [&str; 12] = [
    "test",
    "tests",
    "idlelib",
    "turtledemo",
    "tkinter",
    "lib2to3",
    "ensurepip",
    "site-packages",
    "dist-packages",
    "__pycache__",
    "pydoc_data",
    "EXTERNALLY-MANAGED",
];

/// A word that tells two Pythons of one version apart.
pub(crate) fn tag(facts: &Facts) -> String {
    let place = facts.base_prefix.to_string_lossy();
    let sum: u32 =
        place.bytes().fold(0, |sum, byte| sum.wrapping_mul(31).wrapping_add(byte.into()));
    format!("{}-{sum:x}", facts.version)
}

/// Makes it at `prefix` and sees it start.
pub(crate) fn make(facts: &Facts, prefix: &Path) {
    let (name, library) = (facts.name(), prefix.join("lib").join(facts.name()));
    std::fs::create_dir_all(prefix.join("bin")).unwrap();
    copy_tree(&facts.stdlib, &library);
    std::fs::create_dir_all(library.join("site-packages")).unwrap();
    if facts.include.is_dir() {
        copy_tree(&facts.include, &prefix.join("include").join(&name));
    } else {
        let header = prefix.join("include").join(&name).join("Python.h");
        std::fs::create_dir_all(header.parent().unwrap()).unwrap();
        std::fs::write(header, "/* no headers on this machine */\n").unwrap();
    }
    for entry in std::fs::read_dir(&facts.libdir).into_iter().flatten().flatten() {
        let file = entry.file_name();
        if file.to_string_lossy().starts_with("libpython3")
            && file.to_string_lossy().contains(".so")
        {
            copy(&entry.path(), &prefix.join("lib").join(file));
        }
    }
    let program = prefix.join("bin").join(&name);
    copy(&facts.executable, &program);
    point_home(&program, facts);
    undo_debian(&library);
    for link in ["python", "python3"] {
        std::os::unix::fs::symlink(&name, prefix.join("bin").join(link)).unwrap();
    }
    starts(&program, prefix);
    compile(&program, &library);
}

/// Compiled as images are: an import by a user who may write must find nothing to do.
pub(crate) fn compile(program: &Path, dir: &Path) {
    let status = Command::new(program).args(["-m", "compileall", "-q"]).arg(dir).status();
    assert!(status.unwrap().success(), "{} could not be compiled", dir.display());
}

fn copy_tree(from: &Path, to: &Path) {
    let heavy = |name: &str| HEAVY.contains(&name) || name.starts_with("config-3");
    let walk = WalkDir::new(from).into_iter();
    for entry in walk.filter_entry(|entry| !entry.file_name().to_str().is_none_or(heavy)) {
        let entry = entry.unwrap();
        let target = to.join(entry.path().strip_prefix(from).unwrap());
        if entry.path().is_dir() {
            std::fs::create_dir_all(target).unwrap();
        } else if entry.path().exists() {
            copy(entry.path(), &target);
        }
    }
}

/// A file with its mode; a link among libraries stays one.
fn copy(from: &Path, to: &Path) {
    match std::fs::read_link(from) {
        Ok(target) if target.components().count() == 1 => {
            std::os::unix::fs::symlink(target, to).unwrap();
        }
        _ => drop(std::fs::copy(from, to).unwrap()),
    }
}

/// A shared libpython is looked for beside the program, not where it was built: the path in the file is replaced by
/// a shorter one.
fn point_home(program: &Path, facts: &Facts) {
    let mut bytes = std::fs::read(program).unwrap();
    let built = [facts.libdir.as_os_str().as_encoded_bytes(), b"\0"].concat();
    let here = b"$ORIGIN/../lib\0";
    let places: Vec<usize> = (0..bytes.len().saturating_sub(built.len()))
        .filter(|at| bytes[*at..].starts_with(&built))
        .collect();
    if built.len() < here.len() || facts.libdir.starts_with("/usr") {
        return;
    }
    for at in places {
        bytes[at..at + here.len()].copy_from_slice(here);
    }
    std::fs::write(program, bytes).unwrap();
}

/// Debian's Python looks for `dist-packages` and installs below `local`; every other one does not.
fn undo_debian(library: &Path) {
    for file in ["site.py", "sysconfig.py", "sysconfig/__init__.py"] {
        let path = library.join(file);
        let Ok(text) = std::fs::read_to_string(&path) else { continue };
        if text.contains("dist-packages") {
            let text = text.replace("dist-packages", "site-packages");
            std::fs::write(&path, text.replace("/local/", "/").replace("/local'", "'")).unwrap();
        }
    }
}

/// It must run from its new place and take its library from there.
fn starts(program: &Path, prefix: &Path) {
    let output = Command::new(program)
        .args(["-I", "-c", "import os, sys, json; print(sys.prefix); print(os.__file__)"])
        .env_remove("LD_LIBRARY_PATH")
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    let here = prefix.to_string_lossy();
    assert!(
        output.status.success()
            && text.lines().count() == 2
            && text.lines().all(|line| line.starts_with(&*here)),
        "the copied Python does not stand by itself: {text}{}",
        String::from_utf8_lossy(&output.stderr)
    );
}
