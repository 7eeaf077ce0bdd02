//! Python files compiled by the env's own Python before they are put in place, so that nobody has to wait at the first
//! import, and what is compiled goes with its package.

use std::ffi::OsStr;
use std::fmt::Write as _;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use super::record::{Placed, Sort};
use crate::process::Command;

const SCRIPT: &str = include_str!("../../shell/python/compile.py");

/// Compiles those of the files that are Python; they lie ready in `stage`, and will lie in `env`. Adds what was compiled.
/// Where that fails Python does it at the first import.
pub(crate) fn compile(stage: &Path, env: &Path, placed: &mut Vec<Placed>) {
    let mut lines = String::new();
    let is_python =
        |path: &Path| path.extension().is_some_and(|end| end == "py") && path.starts_with("lib");
    for Placed { path, .. } in placed.iter().filter(|placed| is_python(&placed.path)) {
        if let (Some(source), Some(place)) = (stage.join(path).to_str(), env.join(path).to_str())
            && ![source, place].iter().any(|path| path.contains(['\t', '\n', '\r']))
        {
            let _ = writeln!(lines, "{source}\t{place}");
        }
    }
    if lines.is_empty() {
        return;
    }
    let words = ["-I", "-S", "-c", SCRIPT].map(OsStr::new);
    let made = Command::new(env.join("bin/python")).words(words).converse(lines.as_bytes());
    let made = made.ok().flatten().unwrap_or_default();
    let made = made.split(|&byte| byte == b'\n').map(|line| Path::new(OsStr::from_bytes(line)));
    let found: Vec<PathBuf> =
        made.filter_map(|path| path.strip_prefix(stage).ok().map(Path::to_owned)).collect();
    placed.extend(found.into_iter().map(|path| Placed {
        path,
        sort: Sort::Compiled,
        sha256_in_prefix: None,
    }));
}
