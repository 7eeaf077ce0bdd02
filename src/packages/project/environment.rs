//! conda's environment files: channels, specs, and what pip is to install. Pure.

use std::path::Path;

use serde_yaml::{Mapping, Value};

use super::python::PythonWish;
use super::wanted::Wanted;
use crate::error::{Error, Result};
use crate::packages::requirements::{Line, lines};
use crate::specs::name_of;
use crate::text::shown;

/// Reads the text of a file in the directory `dir`, from which paths in it are meant.
pub(crate) fn read(text: &str, dir: &Path) -> Result<Wanted> {
    let value: Value = serde_yaml::from_str(text)
        .map_err(|cause| Error::new(format!("it is not YAML: {}", shown(&cause.to_string()))))?;
    let Value::Mapping(keys) = value else {
        return Err(Error::new("it is not a conda environment file: no `dependencies:`"));
    };
    let mut wanted = Wanted { channels: channels(&keys)?, ..Wanted::default() };
    for entry in list(&keys, "dependencies")? {
        dependency(entry, dir, &mut wanted)?;
    }
    wanted.variables = variables(&keys)?;
    others(&keys, text, &mut wanted);
    Ok(wanted)
}

fn list<'a>(keys: &'a Mapping, key: &str) -> Result<&'a [Value]> {
    match keys.get(key) {
        None | Some(Value::Null) => Ok(&[]),
        Some(Value::Sequence(entries)) => Ok(entries),
        Some(_) => Err(Error::new(format!("`{key}:` is not a list"))),
    }
}

fn channels(keys: &Mapping) -> Result<Vec<String>> {
    let word = |entry: &Value| match entry.as_str() {
        Some(word) => Ok(word.to_owned()),
        None => Err(Error::new("a channel in it is not a name or an address")),
    };
    list(keys, "channels")?.iter().map(word).collect()
}

/// Variables that the env sets while it is active.
fn variables(keys: &Mapping) -> Result<Vec<(String, String)>> {
    let variables = match keys.get("variables") {
        None | Some(Value::Null) => return Ok(Vec::new()),
        Some(Value::Mapping(variables)) => variables,
        Some(_) => return Err(Error::new("`variables:` are not names with values")),
    };
    let text = |value: &Value| match value {
        Value::String(text) => Some(text.clone()),
        Value::Bool(value) => Some(value.to_string()),
        Value::Number(value) => Some(value.to_string()),
        _ => None,
    };
    let pair = |(name, value): (&Value, &Value)| {
        text(name).zip(text(value)).ok_or_else(|| {
            Error::new("a variable in it has a value that is not text").hint("put it in quotes")
        })
    };
    variables.iter().map(pair).collect()
}

fn dependency(entry: &Value, dir: &Path, wanted: &mut Wanted) -> Result<()> {
    match entry {
        Value::Null => Ok(()),
        Value::String(spec) => {
            conda(spec, wanted);
            Ok(())
        }
        Value::Mapping(section) => section.iter().try_for_each(|(key, value)| match key.as_str() {
            Some("pip") => pip(value, dir, wanted),
            other => {
                let key = shown(other.unwrap_or("?"));
                wanted.passed_over.push(format!(
                    "`{key}:` among the dependencies is passed over: only `pip:` is understood there"
                ));
                Ok(())
            }
        }),
        _ => Err(Error::new("a dependency in it is neither a spec nor `pip:`")
            .hint("write versions with the name, as `numpy=2`")),
    }
}

fn conda(spec: &str, wanted: &mut Wanted) {
    let spec = spec.trim();
    let name = name_of(spec).unwrap_or_default();
    if name != "python" {
        return wanted.conda.push(spec.to_owned());
    }
    let rest = spec.rsplit_once("::").map_or(spec, |(_, spec)| spec);
    match PythonWish::of_conda(rest["python".len()..].trim_end()) {
        Some(wish) if wish.text.is_empty() => {}
        Some(wish) => wanted.python = Some(wish),
        None => wanted
            .passed_over
            .push(format!("`{}` is passed over: an env has its base's Python", shown(spec))),
    }
}

/// What stands below `pip:` are lines of a file of requirements.
fn pip(value: &Value, dir: &Path, wanted: &mut Wanted) -> Result<()> {
    let entries = match value {
        Value::Null => return Ok(()),
        Value::Sequence(entries) => entries,
        _ => return Err(Error::new("`pip:` is not a list")),
    };
    for entry in entries {
        let Some(text) = entry.as_str() else {
            return Err(Error::new("what `pip:` asks for is not all text"));
        };
        let found = lines(text);
        if found.is_empty() && !text.trim().is_empty() && !text.trim_start().starts_with('#') {
            wanted.passed_over.push(format!(
                "`{}` below `pip:` is passed over: options for pip go into a file of requirements",
                shown(text.trim())
            ));
        }
        for line in found {
            match line {
                Line::Need(need) => wanted.pip.push(placed(&need, dir)),
                Line::Editable(place) => wanted.pip.push(format!("-e {}", placed(&place, dir))),
                Line::File(file) => wanted.files.push(dir.join(file)),
            }
        }
    }
    Ok(())
}

/// A path as seen from the file, anything else as it is.
fn placed(word: &str, dir: &Path) -> String {
    if name_of(word).is_some() || word.contains("://") {
        return word.to_owned();
    }
    dir.join(word).to_str().unwrap_or(word).to_owned()
}

/// Keys that mean nothing to an env, and comments that other tools take for conditions.
fn others(keys: &Mapping, text: &str, wanted: &mut Wanted) {
    for key in keys.keys().filter_map(Value::as_str) {
        wanted.passed_over.extend(match key {
            "name" | "channels" | "dependencies" | "variables" => None,
            "prefix" => Some("`prefix:` is passed over: you say where an env goes".to_owned()),
            other => Some(format!("`{}:` is passed over", shown(other))),
        });
    }
    let is_selector = |line: &&str| {
        let comment = line.split_once(" #").map(|(_, comment)| comment.trim());
        comment.is_some_and(|comment| comment.starts_with('[') && comment.ends_with(']'))
    };
    if let Some(line) = text.lines().find(is_selector) {
        wanted.passed_over.push(format!(
            "conditions in comments are passed over, as in `{}`: such a line counts on every machine",
            shown(line.trim())
        ));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn specs_channels_and_what_pip_is_to_do_are_told_apart() {
        let wanted = read(
            "name: x\nprefix: /y\nchannels: [conda-forge, nodefaults]\nvariables: {A: 1}\ndependencies:\n\
             - python=3.11\n- numpy>=1.26,<2\n- conda-forge::root=6.30\n- pip\n- pywin32  # [win]\n\
             - sel(osx): y\n- pip:\n  - six==1.0 --hash=sha256:1\n  - -e .\n  - ./sub[dev]\n\
             \x20 - -r more/all.txt\n  - --extra-index-url https://x\n  - git+https://x/y\n",
            Path::new("/p"),
        )
        .unwrap();
        assert_eq!(wanted.channels, ["conda-forge", "nodefaults"]);
        assert_eq!(wanted.conda, ["numpy>=1.26,<2", "conda-forge::root=6.30", "pip", "pywin32"]);
        assert_eq!(wanted.pip, ["six==1.0", "-e /p/.", "/p/./sub[dev]", "git+https://x/y"]);
        assert_eq!(wanted.files, [Path::new("/p/more/all.txt")]);
        assert!(wanted.python.unwrap().admits("3.11.9"));
        let words = wanted.passed_over.join("\n");
        assert_eq!(wanted.variables, [("A".to_owned(), "1".to_owned())]);
        for part in ["prefix:", "sel(osx):", "--extra-index-url", "# [win]"] {
            assert!(words.contains(part), "{part}: {words}");
        }
        assert_eq!(wanted.passed_over.len(), 4, "{words}");
    }

    #[test]
    fn what_is_no_environment_file_is_refused() {
        for text in [
            "- a\n",
            "a: [",
            "dependencies: x\n",
            "dependencies: [[a]]\n",
            "dependencies:\n- pip: x\n",
        ] {
            assert!(read(text, Path::new("/")).is_err(), "{text}");
        }
        let bomb = (1..40).fold("a0: &a0 [x, x]\n".to_owned(), |text, n| {
            let before = n - 1;
            text + &format!("a{n}: &a{n} [*a{before}, *a{before}]\n")
        });
        assert!(read(&bomb, Path::new("/")).is_err());
    }
}
