//! A conda channel with the Python of the tests' base, which runs wherever it is put, with its pip, and a package for it.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::{Value, json};
use walkdir::WalkDir;

use super::base;
use crate::support::machine;

const CRAFTED: &str = include_str!("../../it/kit/conda/crafted.py");

/// Makes a channel at `dir` of packages as `crafted.py` takes them.
pub(crate) fn crafted(dir: &Path, packages: &Value) {
    let mut make = Command::new(&machine::python().executable);
    make.arg("-c").arg(CRAFTED).arg(dir).stdin(Stdio::piped());
    let mut child = make.spawn().unwrap();
    child.stdin.take().unwrap().write_all(packages.to_string().as_bytes()).unwrap();
    assert!(child.wait().unwrap().success());
}

/// Makes it at `dir`, with these packages besides.
pub(crate) fn with_python(dir: &Path, more: &[Value]) {
    let version = &base().version;
    let lib = &base().python;
    let site = format!("lib/{lib}/site-packages");
    let text = |path: &Path| path.to_str().unwrap().to_owned();
    let mut python = files(&format!("lib/{lib}"), |path| !text(path).contains("/site-packages/"));
    python.extend(files("lib", |path| {
        path.file_name().unwrap().to_string_lossy().starts_with("libpython")
    }));
    python.extend(files("bin", |path| path.ends_with(lib)));
    let pip = files(&site, |path| text(path).contains("/site-packages/pip"));
    let links = ["python", "python3"].map(|name| json!([format!("bin/{name}"), "link", lib]));
    let greet = json!({
        "site-packages/greet.py": "def main():\n    print('hello')\n",
        "etc/greet.conf": "home = {prefix}/share\n",
    });
    let packages = [
        json!({"name": "python", "version": version, "copies": python, "tar": links}),
        json!({"name": "pip", "depends": ["python"], "copies": pip}),
        json!({"name": "greet", "noarch": "python", "depends": ["python"], "files": greet, "link": ["greet = greet:main"]}),
    ];
    crafted(dir, &packages.iter().chain(more).cloned().collect());
}

/// The files below `dir` of the base that `wanted` says yes to: where they go, and where they are.
fn files(dir: &str, wanted: impl Fn(&Path) -> bool) -> BTreeMap<String, String> {
    let prefix = &base().prefix;
    let walk = WalkDir::new(prefix.join(dir)).into_iter().map(Result::unwrap);
    let all = walk.filter(|entry| entry.file_type().is_file()).map(|entry| entry.path().to_owned());
    let all = all.filter(|path| !path.components().any(|part| part.as_os_str() == "__pycache__"));
    let below = |path: &Path| path.strip_prefix(prefix).unwrap().to_str().unwrap().to_owned();
    all.filter(|path| wanted(path))
        .map(|path| (below(&path), path.to_str().unwrap().to_owned()))
        .collect()
}
