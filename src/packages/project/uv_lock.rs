//! `uv.lock`: exact versions for every machine at once, of which the parts that are asked for are followed from the project.
//! Pure.

use std::collections::{BTreeMap, VecDeque};
use std::path::Path;

use toml::{Table, Value};

use super::pyproject::{python, table};
use super::wanted::{Parts, Wanted};
use crate::error::{Error, Result};
use crate::specs::{checked, key};
use crate::text::shown;

/// The version of the format that is understood.
const FORMAT: i64 = 1;

/// Reads the text of a lock in the directory `dir`.
pub(crate) fn read(text: &str, dir: &Path, parts: &Parts) -> Result<Wanted> {
    let file = table(text)?;
    let version = file.get("version").and_then(Value::as_integer).unwrap_or_default();
    if version != FORMAT {
        return Err(Error::new(format!("its `version` is {version}: {FORMAT} is understood"))
            .hint(
                "`uv export --format pylock.toml -o pylock.toml` writes a file that can be read",
            ));
    }
    let packages: Vec<&Table> = file
        .get("package")
        .and_then(Value::as_array)
        .map(|all| all.iter().filter_map(Value::as_table).collect())
        .unwrap_or_default();
    let graph = Graph { packages: &packages };
    let mut wanted = Wanted { python: python(file.get("requires-python"))?, ..Wanted::default() };
    for (at, markers) in graph.reached(parts)? {
        graph.add(at, &markers, dir, &mut wanted)?;
    }
    wanted.passed_over.push(
        "the hashes in it are not compared, and the project itself is not installed: `mlenv install -e .` does that"
            .to_owned(),
    );
    Ok(wanted)
}

/// The packages of a lock, and what leads to what.
struct Graph<'a> {
    packages: &'a [&'a Table],
}

/// Conditions under which a package is wanted, one for each way to it; none where it is wanted anyway.
type Markers = Vec<String>;

impl Graph<'_> {
    /// The packages that the project leads to, by their place in the list.
    fn reached(&self, parts: &Parts) -> Result<BTreeMap<usize, Markers>> {
        let mut found: BTreeMap<usize, Markers> = BTreeMap::new();
        let mut waiting: VecDeque<(usize, Option<String>, Vec<String>)> = VecDeque::new();
        for at in self.roots() {
            for edge in self.asked(at, parts)? {
                waiting.extend(self.ends(edge, None));
            }
        }
        while let Some((at, marker, extras)) = waiting.pop_front() {
            let is_new = match (found.get_mut(&at), &marker) {
                (None, _) => {
                    found.insert(at, marker.iter().cloned().collect());
                    true
                }
                (Some(known), _) if known.is_empty() => false,
                (Some(known), None) => {
                    known.clear();
                    true
                }
                (Some(known), Some(marker)) if known.contains(marker) => false,
                (Some(known), Some(marker)) => {
                    known.push(marker.clone());
                    true
                }
            };
            if !is_new && extras.is_empty() {
                continue;
            }
            let package = self.packages[at];
            let mut edges = list(package, "dependencies");
            if let Some(optional) = package.get("optional-dependencies").and_then(Value::as_table) {
                for extra in &extras {
                    edges.extend(list(optional, extra));
                }
            }
            if is_new || !extras.is_empty() {
                let above = marker.as_deref();
                waiting.extend(edges.into_iter().flat_map(|edge| self.ends(edge, above)));
            }
            if waiting.len() > 100_000 {
                return Err(Error::new("its packages lead to each other in too many ways"));
            }
        }
        let roots: Vec<usize> = self.roots().collect();
        found.retain(|at, _| !roots.contains(at));
        Ok(found)
    }

    /// The project itself, or the members of a workspace.
    fn roots(&self) -> impl Iterator<Item = usize> {
        self.packages
            .iter()
            .enumerate()
            .filter(|(_, package)| is_project(package))
            .map(|(at, _)| at)
    }

    /// What the project asks for, with the parts that are wanted of it.
    fn asked(&self, at: usize, parts: &Parts) -> Result<Vec<&Table>> {
        let package = self.packages[at];
        let mut edges = list(package, "dependencies");
        for (field, names, what) in [
            ("optional-dependencies", &parts.extras, "extra"),
            ("dev-dependencies", &parts.groups, "group"),
        ] {
            let nothing = Table::new();
            let sets = package.get(field).and_then(Value::as_table).unwrap_or(&nothing);
            for name in names {
                let set = sets.keys().find(|set| key(set) == key(name)).ok_or_else(|| {
                    Error::no(format!("there is no {what} {} in it", shown(name)))
                        .hint("`uv lock` brings it up to date")
                })?;
                edges.extend(list(
                    package.get(field).and_then(Value::as_table).unwrap_or(package),
                    set,
                ));
            }
        }
        Ok(edges)
    }

    /// The packages that an edge leads to: the lock names the version only where there are several.
    fn ends(&self, edge: &Table, above: Option<&str>) -> Vec<(usize, Option<String>, Vec<String>)> {
        let (name, version) = (word(edge, "name"), word(edge, "version"));
        let marker = match (above, word(edge, "marker")) {
            (Some(above), Some(own)) if above != own => Some(format!("({above}) and ({own})")),
            (above, own) => own.or(above).map(str::to_owned),
        };
        let extras = edge.get("extra").and_then(Value::as_array);
        let extras = extras.into_iter().flatten().filter_map(Value::as_str).map(str::to_owned);
        let extras: Vec<String> = extras.collect();
        let fits = |package: &Table| {
            word(package, "name") == name
                && (version.is_none() || word(package, "version") == version)
        };
        let ends = self.packages.iter().enumerate().filter(|(_, package)| fits(package));
        ends.map(|(at, _)| (at, marker.clone(), extras.clone())).collect()
    }

    fn add(&self, at: usize, markers: &Markers, dir: &Path, wanted: &mut Wanted) -> Result<()> {
        let package = self.packages[at];
        let name = word(package, "name").ok_or_else(|| Error::new("a package has no name"))?;
        let marker = match markers.as_slice() {
            [] => String::new(),
            [one] => format!("; {one}"),
            many => format!("; ({})", many.join(") or (")),
        };
        let source = package.get("source").and_then(Value::as_table);
        let of = |field: &str| source.and_then(|source| word(source, field));
        let within = |path: &str| dir.join(path).to_str().unwrap_or(path).to_owned();
        if let Some(git) = of("git") {
            let (place, commit) = git.rsplit_once('#').unwrap_or((git, "HEAD"));
            let place = place.split('?').next().unwrap_or(place);
            wanted.pip.push(format!("{name} @ git+{place}@{commit}{marker}"));
        } else if let Some(url) = of("url") {
            wanted.pip.push(format!("{name} @ {url}{marker}"));
        } else if let Some(path) = of("editable") {
            wanted.pip.push(format!("-e {}", within(path)));
        } else if let Some(path) = of("path").or_else(|| of("directory")) {
            wanted.pip.push(within(path));
        } else {
            let version = word(package, "version")
                .ok_or_else(|| Error::new(format!("{} has no version in it", shown(name))))?;
            checked::exact(name, version)?;
            wanted.locked.push(format!("{name}=={version}{marker}"));
        }
        Ok(())
    }
}

fn is_project(package: &Table) -> bool {
    let source = package.get("source").and_then(Value::as_table);
    source.is_some_and(|source| {
        word(source, "virtual").or_else(|| word(source, "editable")) == Some(".")
    })
}

fn list<'t>(table: &'t Table, key: &str) -> Vec<&'t Table> {
    let entries = table.get(key).and_then(Value::as_array);
    entries.into_iter().flatten().filter_map(Value::as_table).collect()
}

fn word<'t>(table: &'t Table, key: &str) -> Option<&'t str> {
    table.get(key)?.as_str()
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOCK: &str = "version = 1\nrevision = 3\nrequires-python = '>=3.9'\n\
        [[package]]\nname = 'own'\nversion = '0.1'\nsource = { virtual = '.' }\n\
        dependencies = [{ name = 'a' }, { name = 'w', marker = \"sys_platform == 'win32'\" }, { name = 'far' }]\n\
        [package.optional-dependencies]\nplot = [{ name = 'p' }]\n\
        [package.dev-dependencies]\ntest = [{ name = 't' }]\n\
        [[package]]\nname = 'a'\nversion = '1'\nsource = { registry = 'https://pypi.org/simple' }\n\
        dependencies = [{ name = 'b', version = '2', marker = \"python_version >= '3.11'\" }, { name = 'c', extra = ['x'] }]\n\
        [[package]]\nname = 'b'\nversion = '1'\nsource = { registry = 'x' }\n\
        [[package]]\nname = 'b'\nversion = '2'\nsource = { registry = 'x' }\ndependencies = [{ name = 'a' }]\n\
        [[package]]\nname = 'c'\nversion = '3'\nsource = { registry = 'x' }\n\
        [package.optional-dependencies]\nx = [{ name = 'd' }]\n\
        [[package]]\nname = 'd'\nversion = '4'\nsource = { registry = 'x' }\n\
        [[package]]\nname = 'w'\nversion = '5'\nsource = { registry = 'x' }\n\
        [[package]]\nname = 'p'\nversion = '6'\nsource = { registry = 'x' }\n\
        [[package]]\nname = 't'\nversion = '7'\nsource = { editable = 'sub' }\n\
        [[package]]\nname = 'far'\nversion = '1'\nsource = { git = 'https://h/far?rev=main#abc' }\n";

    #[test]
    fn what_the_project_leads_to_is_found_with_its_conditions() {
        let wanted = read(LOCK, Path::new("/p"), &Parts::default()).unwrap();
        assert_eq!(
            wanted.locked,
            [
                "a==1",
                "b==2; python_version >= '3.11'",
                "c==3",
                "d==4",
                "w==5; sys_platform == 'win32'"
            ]
        );
        assert_eq!(wanted.pip, ["far @ git+https://h/far@abc"]);
        let parts = Parts { extras: vec!["plot".into()], groups: vec!["test".into()] };
        let wanted = read(LOCK, Path::new("/p"), &parts).unwrap();
        assert!(wanted.locked.contains(&"p==6".to_owned()));
        assert!(wanted.pip.contains(&"-e /p/sub".to_owned()));
    }

    #[test]
    fn what_is_not_understood_is_refused() {
        let extras = Parts { extras: vec!["none".into()], ..Parts::default() };
        assert!(read(LOCK, Path::new("/"), &extras).is_err());
        for text in [
            "version = 2\n",
            "",
            "version = 1\n[[package]]\nname = 'o'\nsource = { virtual = '.' }\ndependencies = [{ name = '-x' }]\n[[package]]\nname = '-x'\nversion = '1'\n",
        ] {
            assert!(read(text, Path::new("/"), &Parts::default()).is_err(), "{text}");
        }
    }
}
