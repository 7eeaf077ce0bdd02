//! Variables that packages and the user gave an env: `etc/conda/env_vars.d/*.json`, then `conda-meta/state`.
//!
//! The formats are conda's, so that `conda env config vars` and mlenv see the same.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

use crate::error::{Attempt, Error, Result};
use crate::foreign;
use crate::plan::name::Name;
use crate::text::{Shown, shown};

/// conda's word for a variable that is known but not set.
const NOT_SET: &str = "***unset***";

/// Names that activation itself gives a meaning.
const TAKEN: [&str; 7] = [
    "CONDA_DEFAULT_ENV",
    "CONDA_PREFIX",
    "CONDA_PROMPT_MODIFIER",
    "CONDA_SHLVL",
    "PATH",
    "VIRTUAL_ENV",
    "VIRTUAL_ENV_PROMPT",
];

/// All variables of `layers`, in the order in which they override each other. What cannot be followed is passed
/// over with a warning: one bad file of one package must not keep the user out of the env.
pub(crate) fn of_layers(
    layers: &[&Path],
    warnings: &mut Vec<String>,
) -> Vec<(Name, Option<OsString>)> {
    let mut all = Vec::new();
    for layer in layers {
        for file in package_files(layer) {
            take(&file, read_object(&file), &mut all, warnings);
        }
    }
    if let Some(env) = layers.last() {
        let file = state_file(env);
        let vars = read_object(&file)
            .map(|state| state.and_then(|mut state| object(state.remove("env_vars"))));
        take(&file, vars, &mut all, warnings);
    }
    all
}

/// The user's own variables of `env`.
pub(crate) fn list(env: &Path) -> Result<BTreeMap<String, String>> {
    let state = read_object(&state_file(env))?.unwrap_or_default();
    let vars = state.get("env_vars").and_then(Value::as_object);
    let vars = vars
        .into_iter()
        .flatten()
        .filter_map(|(name, value)| Some((name.clone(), text_of(value)?)));
    Ok(vars.filter(|(_, value)| value != NOT_SET).collect())
}

/// Sets (`Some`) or forgets (`None`) variables of `env`, in one atomic write that keeps all else in the file.
pub(crate) fn edit(env: &Path, changes: &[(Name, Option<String>)]) -> Result<()> {
    let path = state_file(env);
    let mut state = read_object(&path)?.unwrap_or_default();
    state.entry("version").or_insert_with(|| Value::from(1));
    let mut vars = object(state.remove("env_vars")).unwrap_or_default();
    for (name, value) in changes {
        match value {
            Some(value) => vars.insert(name.to_string(), Value::from(value.as_str())),
            None => vars.remove(name.as_str()),
        };
    }
    state.insert("env_vars".into(), Value::Object(vars));
    let dir = env.join("conda-meta");
    crate::fs::make_dirs(&dir, 0o777).attempt("make", &dir)?;
    let text = serde_json::to_vec_pretty(&Value::Object(state))
        .map_err(|cause| Error::new(cause.to_string()))?;
    crate::fs::write_atomic(&path, &text).attempt("write", &path)
}

/// A name that a user may give a variable of an env.
pub(crate) fn name(text: &std::ffi::OsStr) -> Result<Name> {
    Name::new(text).filter(|name| !TAKEN.contains(&name.as_str())).ok_or_else(|| {
        Error::new(format!("`{}` cannot be a variable of an env", Shown(Path::new(text))))
            .hint("a name has letters, digits and `_`, and is not one that steers a shell or an activation")
    })
}

fn state_file(env: &Path) -> PathBuf {
    env.join("conda-meta/state")
}

fn package_files(layer: &Path) -> Vec<PathBuf> {
    let Ok(entries) = layer.join("etc/conda/env_vars.d").read_dir() else { return Vec::new() };
    let files = entries.flatten().map(|entry| entry.path());
    let mut files: Vec<PathBuf> =
        files.filter(|file| file.extension().is_some_and(|end| end == "json")).collect();
    files.sort();
    files
}

/// A file that is missing or blank holds nothing.
fn read_object(file: &Path) -> Result<Option<Map<String, Value>>> {
    let Some(text) = foreign::read_if_there(file, foreign::FileKind::Settings)? else {
        return Ok(None);
    };
    if text.trim_ascii().is_empty() {
        return Ok(None);
    }
    serde_json::from_slice(&text).map(Some).map_err(|cause| {
        Error::new(format!("could not understand {}: {}", Shown(file), shown(&cause.to_string())))
            .hint("mend that file, or move it away")
    })
}

fn take(
    file: &Path,
    vars: Result<Option<Map<String, Value>>>,
    all: &mut Vec<(Name, Option<OsString>)>,
    warnings: &mut Vec<String>,
) {
    let vars = vars.unwrap_or_else(|error| {
        warnings.push(error.to_string());
        None
    });
    for (text, value) in vars.into_iter().flatten() {
        match (name(text.as_ref()), text_of(&value)) {
            (Ok(_), Some(value)) if value == NOT_SET => {}
            (Ok(name), Some(value)) if !value.contains('\0') => {
                all.push((name, Some(value.into())));
            }
            _ => warnings.push(format!("passed over `{}` in {}", shown(&text), Shown(file))),
        }
    }
}

fn object(value: Option<Value>) -> Option<Map<String, Value>> {
    match value {
        Some(Value::Object(map)) => Some(map),
        _ => None,
    }
}

fn text_of(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(flag) => Some(flag.to_string()),
        _ => None,
    }
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "tests build worlds of their own")]
mod tests {
    use super::*;

    fn write(path: &Path, text: &str) {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    #[test]
    fn later_files_and_the_state_override_and_bad_ones_are_told() {
        let env = tempfile::tempdir().unwrap();
        let dir = env.path().join("etc/conda/env_vars.d");
        write(&dir.join("b.json"), r#"{"A": "b", "N": 1}"#);
        write(&dir.join("a.json"), r#"{"A": "a", "PATH": "/evil", "x y": "1"}"#);
        write(&dir.join("c.json"), "{");
        write(&dir.join("d.json"), " ");
        write(
            &env.path().join("conda-meta/state"),
            r#"{"env_vars": {"A": "s", "B": "***unset***", "CONDA_PREFIX": "/x"}}"#,
        );
        let mut warnings = Vec::new();
        let all = of_layers(&[env.path()], &mut warnings);
        let all: Vec<_> = all
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_deref().unwrap().to_str().unwrap()))
            .collect();
        assert_eq!(all, [("A", "a"), ("A", "b"), ("N", "1"), ("A", "s")]);
        assert_eq!(warnings.len(), 4, "{warnings:?}");
    }

    #[test]
    fn edits_keep_what_they_do_not_know() {
        let env = tempfile::tempdir().unwrap();
        write(
            &env.path().join("conda-meta/state"),
            r#"{"version": 7, "other": [1], "env_vars": {"A": "1", "B": "2"}}"#,
        );
        let change =
            |name: &str, value: Option<&str>| (Name::known(name), value.map(str::to_owned));
        edit(env.path(), &[change("B", None), change("C", Some("it's \"$x\"\n"))]).unwrap();
        let state = read_object(&state_file(env.path())).unwrap().unwrap();
        assert_eq!((state["version"].as_i64(), state["other"].is_array()), (Some(7), true));
        let vars: Vec<_> = list(env.path()).unwrap().into_iter().collect();
        assert_eq!(vars, [("A".into(), "1".into()), ("C".into(), "it's \"$x\"\n".into())]);
    }

    #[test]
    fn a_first_edit_makes_the_file() {
        let env = tempfile::tempdir().unwrap();
        edit(env.path(), &[(Name::known("A"), Some("1".into()))]).unwrap();
        assert_eq!(list(env.path()).unwrap()["A"], "1");
    }
}
