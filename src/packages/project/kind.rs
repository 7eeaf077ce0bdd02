//! What a file of a project is: by its name, else by what is in it. Pure.

use std::ffi::OsStr;
use std::path::Path;

use crate::error::{Error, Result};
use crate::foreign::format::instead_of_export;

/// The sorts of files that are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ProjectFile {
    /// What `mlenv export` wrote.
    Export,
    /// A lock (PEP 751).
    Pylock,
    /// `uv.lock`.
    UvLock,
    /// `pyproject.toml`.
    Pyproject,
    /// `conda-lock.yml`, whatever comes before that.
    CondaLock,
    /// `pixi.lock`.
    PixiLock,
    /// A conda environment file.
    Environment,
    /// pip's requirements.
    Requirements,
    /// A Python script with a block of its own (PEP 723).
    Script,
    /// None of these.
    Unknown,
}

/// Names of a project's files, the first rank first; those of one rank are alternatives to each other. Exports come
/// before all of them, whatever their name.
pub(crate) const RANKS: [&[&str]; 6] = [
    &["pylock.toml"],
    &["uv.lock"],
    &["pixi.lock", "conda-lock.yml"],
    &["pyproject.toml"],
    &["environment.yml", "environment.yaml"],
    &["requirements.txt"],
];

/// Names of files that are told to be there and not read.
pub(crate) const UNREAD: [&str; 4] = ["poetry.lock", "pdm.lock", "pixi.toml", "Pipfile"];

/// How the file of an export begins.
const EXPORT: &[u8] = b"# An env of mlenv.";

/// True for the text of an export.
pub(crate) fn is_export(bytes: &[u8]) -> bool {
    bytes.starts_with(EXPORT)
}

/// Files of other tools that cannot be read, and what writes one that can.
const OTHERS: [(&str, &str); 4] = [
    ("poetry.lock", "`poetry export -o requirements.txt` writes a file that can be read"),
    ("pdm.lock", "`pdm export -f pylock -o pylock.toml` writes a file that can be read"),
    (
        "pixi.toml",
        "`pixi workspace export conda-environment environment.yml` writes a file that can be read",
    ),
    ("Pipfile", "`pipenv requirements > requirements.txt` writes a file that can be read"),
];

/// Tells what the file `path` with these bytes is; what cannot be read is an error with a cure.
pub(crate) fn kind(path: &Path, bytes: &[u8]) -> Result<ProjectFile> {
    let name = path.file_name().and_then(OsStr::to_str).unwrap_or_default();
    if let Some((_, cure)) = OTHERS.iter().find(|(other, _)| *other == name) {
        return Err(Error::new("files of this sort are not read").hint(*cure));
    }
    if ["setup.py", "setup.cfg"].contains(&name) {
        return Err(Error::new("only the project's own code knows what it asks for")
            .hint("`mlenv install -e DIR` lets pip ask that code"));
    }
    let end = path.extension().and_then(OsStr::to_str).unwrap_or_default();
    Ok(match end {
        _ if is_export(bytes) => ProjectFile::Export,
        "lock" if name == "uv.lock" => ProjectFile::UvLock,
        "toml" if name.starts_with("pylock.") => ProjectFile::Pylock,
        "toml" => of_toml(name, bytes),
        "lock" if name == "pixi.lock" => ProjectFile::PixiLock,
        "yml" | "yaml" if name.contains("conda-lock") => ProjectFile::CondaLock,
        "yml" | "yaml" => ProjectFile::Environment,
        "py" => ProjectFile::Script,
        _ if has_key(bytes, "dependencies:") => ProjectFile::Environment,
        "txt" | "in" => ProjectFile::Requirements,
        _ if instead_of_export(bytes).0.contains("requirements") => ProjectFile::Requirements,
        _ => ProjectFile::Unknown,
    })
}

fn of_toml(name: &str, bytes: &[u8]) -> ProjectFile {
    let is_project = ["[project", "[dependency-groups]", "[tool."];
    if has_key(bytes, "lock-version") {
        ProjectFile::Pylock
    } else if name == "pyproject.toml" || is_project.iter().any(|key| has_key(bytes, key)) {
        ProjectFile::Pyproject
    } else {
        ProjectFile::Unknown
    }
}

fn has_key(bytes: &[u8], key: &str) -> bool {
    bytes.split(|byte| *byte == b'\n').any(|line| line.starts_with(key.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_known_by_their_names_else_by_their_content() {
        for (name, text, expected) in [
            ("a.toml", "# An env of mlenv. x", ProjectFile::Export),
            ("pylock.gpu.toml", "", ProjectFile::Pylock),
            ("x.toml", "lock-version = '1.0'\n", ProjectFile::Pylock),
            ("pyproject.toml", "[project]\n", ProjectFile::Pyproject),
            ("env.yaml", "", ProjectFile::Environment),
            ("linux.conda-lock.yml", "", ProjectFile::CondaLock),
            ("pixi.lock", "", ProjectFile::PixiLock),
            ("63", "name: x\ndependencies:\n", ProjectFile::Environment),
            ("63", "six\n", ProjectFile::Requirements),
            ("requirements-dev.in", "six\n", ProjectFile::Requirements),
            ("x.toml", "env = './x'\n", ProjectFile::Unknown),
            ("x.whl", "PK\u{3}\u{4}", ProjectFile::Unknown),
            ("run.py", "", ProjectFile::Script),
        ] {
            assert_eq!(kind(Path::new(name), text.as_bytes()).unwrap(), expected, "{name}");
        }
        for name in ["poetry.lock", "setup.py", "Pipfile"] {
            assert!(kind(Path::new(name), b"").unwrap_err().cure().is_some(), "{name}");
        }
    }
}
