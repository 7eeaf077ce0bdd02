//! `pyproject.toml`: dependencies and extras (PEP 621), groups (PEP 735). Nothing of the project is run. Pure.

use std::collections::BTreeSet;
use std::path::Path;

use toml::{Table, Value};

use super::python::PythonWish;
use super::wanted::{Parts, Wanted};
use crate::error::{Error, Result};
use crate::foreign::format::misread;
use crate::specs::{key, name_of};
use crate::text::shown;

/// A file of TOML, read.
pub(super) fn table(text: &str) -> Result<Table> {
    toml::from_str(text).map_err(|cause| Error::new(misread(text, &cause).0))
}

/// Reads the text of a file.
pub(crate) fn read(text: &str, dir: &Path, parts: &Parts) -> Result<Wanted> {
    let file = table(text)?;
    let project = sub(&file, "project");
    if project.is_none() && parts.groups.is_empty() {
        return Err(without_project(&file));
    }
    let nothing = Table::new();
    let project = project.unwrap_or(&nothing);
    let mut reader = ProjectReader {
        file: &file,
        project,
        has_dynamic_extras: false,
        seen: BTreeSet::new(),
        found: Vec::new(),
    };
    let dynamic = reader.dependencies()?.then(|| dir.to_owned());
    parts.extras.iter().try_for_each(|extra| reader.extra(extra))?;
    parts.groups.iter().try_for_each(|group| reader.group(group))?;
    let pip = std::mem::take(&mut reader.found);
    Ok(Wanted {
        python: python(project.get("requires-python"))?,
        pip,
        dynamic,
        passed_over: reader.left(parts),
        ..Wanted::default()
    })
}

fn sub<'a>(table: &'a Table, key: &str) -> Option<&'a Table> {
    table.get(key)?.as_table()
}

/// `requires-python`, which may be missing.
pub(super) fn python(value: Option<&Value>) -> Result<Option<PythonWish>> {
    let Some(value) = value else { return Ok(None) };
    let wish = value.as_str().and_then(PythonWish::of_project);
    let refused = || {
        Error::new(format!(
            "its `requires-python` is not understood: {}",
            shown(&value.to_string())
        ))
    };
    wish.map(Some).ok_or_else(refused)
}

/// The texts of a list.
pub(super) fn texts(value: &Value, what: &str) -> Result<Vec<String>> {
    let entries = value.as_array().map(Vec::as_slice).unwrap_or_default();
    let texts: Vec<String> = entries.iter().filter_map(Value::as_str).map(str::to_owned).collect();
    if value.is_array() && texts.len() == entries.len() {
        return Ok(texts);
    }
    Err(Error::new(format!("`{}` is not a list of requirements", shown(what))))
}

fn without_project(file: &Table) -> Error {
    let has = |tool: &str| sub(file, "tool").is_some_and(|tools| tools.contains_key(tool));
    let error =
        Error::new("it has no [project] table, so it asks for nothing that a standard knows");
    if has("poetry") {
        return error.hint("`poetry export -o requirements.txt` writes a file that can be read");
    }
    if has("pixi") {
        return error.hint("`pixi workspace export conda-environment environment.yml` writes a file that can be read");
    }
    error.hint("name another file with -f")
}

struct ProjectReader<'a> {
    file: &'a Table,
    project: &'a Table,
    /// Which extras there are only the project's own code knows.
    has_dynamic_extras: bool,
    seen: BTreeSet<String>,
    found: Vec<String>,
}

impl ProjectReader<'_> {
    /// The dependencies; true where only the project's own code knows them.
    fn dependencies(&mut self) -> Result<bool> {
        let dynamic = self.project.get("dynamic").map(|value| texts(value, "dynamic"));
        let dynamic = dynamic.transpose()?.unwrap_or_default();
        if let Some(value) = self.project.get("dependencies") {
            self.found.extend(texts(value, "dependencies")?);
        }
        let is_dynamic = |field: &str| dynamic.iter().any(|key| key == field);
        self.has_dynamic_extras = is_dynamic("optional-dependencies");
        Ok(is_dynamic("dependencies") || self.has_dynamic_extras)
    }

    fn extra(&mut self, name: &str) -> Result<()> {
        if !self.seen.insert(format!("[{}]", key(name))) {
            return Ok(());
        }
        let extras = sub(self.project, "optional-dependencies");
        let value = extras.and_then(|extras| of_name(extras, name));
        if value.is_none() && self.has_dynamic_extras {
            return Ok(());
        }
        let value = value.ok_or_else(|| none("extra", name, extras))?;
        for need in texts(value, name)? {
            match self.of_itself(&need) {
                Some(inner) => inner.iter().try_for_each(|name| self.extra(name))?,
                None => self.found.push(need),
            }
        }
        Ok(())
    }

    /// The extras of `demo[a,b]`, in the project demo itself.
    fn of_itself(&self, need: &str) -> Option<Vec<String>> {
        let (name, rest) = need.split_once('[')?;
        let own = self.project.get("name")?.as_str()?;
        let (extras, _) = rest.split_once(']')?;
        (key(name.trim()) == key(own))
            .then(|| extras.split(',').map(|extra| extra.trim().to_owned()).collect())
    }

    fn group(&mut self, name: &str) -> Result<()> {
        if !self.seen.insert(key(name)) {
            return Ok(());
        }
        let groups = sub(self.file, "dependency-groups");
        let value = groups.and_then(|groups| of_name(groups, name));
        let value = value.ok_or_else(|| none("group", name, groups))?;
        for entry in value.as_array().map(Vec::as_slice).unwrap_or_default() {
            let included = entry.get("include-group").and_then(Value::as_str);
            match (entry.as_str(), included) {
                (Some(need), _) => self.found.push(need.to_owned()),
                (None, Some(group)) => self.group(group)?,
                (None, None) => {
                    return Err(Error::new(format!("the group {} is not understood", shown(name))));
                }
            }
        }
        Ok(())
    }

    /// What of the file was not taken.
    fn left(&self, parts: &Parts) -> Vec<String> {
        let mut lines = Vec::new();
        for (what, table, taken) in [
            ("extra", sub(self.project, "optional-dependencies"), &parts.extras),
            ("group", sub(self.file, "dependency-groups"), &parts.groups),
        ] {
            let is_taken = |name: &&String| taken.iter().any(|one| key(one) == key(name));
            let names = table.into_iter().flat_map(Table::keys).filter(|name| !is_taken(name));
            let names: Vec<String> = names.map(|name| shown(name)).collect();
            if !names.is_empty() {
                lines.push(format!(
                    "not asked for: {} (`--{what} NAME` adds one)",
                    names.join(", ")
                ));
            }
        }
        if self.file.contains_key("build-system") {
            let name = self.project.get("name").and_then(Value::as_str).and_then(name_of);
            lines.push(format!(
                "{} itself is not installed: `mlenv install -e DIR` does that",
                name.map_or("the project".to_owned(), shown)
            ));
        }
        let uv = sub(self.file, "tool").and_then(|tools| sub(tools, "uv"));
        let own = ["sources", "index", "override-dependencies", "constraint-dependencies"];
        let own = own.into_iter().filter(|key| uv.is_some_and(|uv| uv.contains_key(*key)));
        let own: Vec<&str> = own.collect();
        if !own.is_empty() {
            lines.push(format!("passed over, as only uv knows it: [tool.uv] {}", own.join(", ")));
        }
        lines
    }
}

fn of_name<'a>(table: &'a Table, name: &str) -> Option<&'a Value> {
    table.iter().find(|(known, _)| key(known) == key(name)).map(|(_, value)| value)
}

fn none(what: &str, name: &str, table: Option<&Table>) -> Error {
    let error = Error::no(format!("it has no {what} {}", shown(name)));
    let names: Vec<String> =
        table.into_iter().flat_map(Table::keys).map(|name| shown(name)).collect();
    if names.is_empty() { error } else { error.hint(format!("there are: {}", names.join(", "))) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = "[build-system]\nrequires = []\n[project]\nname = 'My.Demo'\nrequires-python = '>=3.9'\n\
        dependencies = ['numpy>=1.26', \"tomli; python_version<'3.11'\"]\n\
        [project.optional-dependencies]\nplot = ['matplotlib']\nall = ['my-demo[plot]', 'rich']\n\
        [dependency-groups]\ntest = ['pytest', {include-group = 'Lint'}]\nlint = ['ruff', {include-group = 'test'}]\n\
        [tool.uv.sources]\nx = {path = 'y'}\n";

    fn with(extras: &[&str], groups: &[&str]) -> Result<Wanted> {
        let owned = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect();
        read(FILE, Path::new("/p"), &Parts { extras: owned(extras), groups: owned(groups) })
    }

    #[test]
    fn dependencies_extras_and_groups_are_found() {
        let plain = with(&[], &[]).unwrap();
        assert_eq!(plain.pip, ["numpy>=1.26", "tomli; python_version<'3.11'"]);
        assert!(plain.python.unwrap().admits("3.12.1"));
        let words = plain.passed_over.join("\n");
        for part in ["all, plot (`--extra", "lint, test (`--group", "My.Demo itself", "sources"] {
            assert!(words.contains(part), "{part}: {words}");
        }
        let more = with(&["ALL"], &["test"]).unwrap().pip;
        assert_eq!(more[2..], ["matplotlib", "rich", "pytest", "ruff"]);
        assert_eq!(with(&["x"], &[]).unwrap_err().cure(), Some("there are: all, plot"));
        assert!(with(&[], &["none"]).is_err());
    }

    #[test]
    fn what_only_the_projects_code_knows_is_left_to_it() {
        let text = "[project]\nname='x'\ndynamic=['version', 'dependencies']\n";
        let wanted = read(text, Path::new("/p"), &Parts::default()).unwrap();
        assert_eq!(wanted.dynamic.as_deref(), Some(Path::new("/p")));
        assert_eq!(with(&[], &[]).unwrap().dynamic, None);
    }

    #[test]
    fn what_only_another_tool_knows_is_an_error_with_a_cure() {
        for (text, what, cure) in [
            ("[tool.poetry]\nname='x'\n", "no [project]", "poetry export"),
            ("[tool.ruff]\n", "no [project]", "-f"),
            ("[project]\ndependencies = 'numpy'\n", "not a list", ""),
            ("[project]\nrequires-python = 3\n", "requires-python", ""),
            ("[project\n", "line 1", ""),
        ] {
            let error = read(text, Path::new("/p"), &Parts::default()).unwrap_err();
            assert!(error.to_string().contains(what), "{error}");
            assert!(error.cure().unwrap_or_default().contains(cure), "{error}");
        }
    }
}
