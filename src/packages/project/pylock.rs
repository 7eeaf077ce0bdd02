//! `pylock.toml` (PEP 751): exact versions, and places of what is on no index. Pure.

use std::path::Path;

use toml::{Table, Value};

use super::pyproject::{python, table};
use super::wanted::Wanted;
use crate::error::{Error, Result};
use crate::specs::checked;
use crate::text::shown;

/// The major version of the format that is understood.
const FORMAT: &str = "1.";

/// Reads the text of a lock in the directory `dir`.
pub(crate) fn read(text: &str, dir: &Path) -> Result<Wanted> {
    let file = table(text)?;
    let version = file.get("lock-version").and_then(Value::as_str).unwrap_or_default();
    if !version.starts_with(FORMAT) {
        return Err(Error::new(format!(
            "its `lock-version` is \"{}\": 1 is understood",
            shown(version)
        )));
    }
    let packages = file.get("packages").and_then(Value::as_array);
    let mut wanted = Wanted { python: python(file.get("requires-python"))?, ..Wanted::default() };
    let (mut optional, mut indexes) = (Vec::new(), Vec::new());
    for package in packages.map(Vec::as_slice).unwrap_or_default() {
        let package = package.as_table().ok_or_else(|| Error::new("`packages` are not tables"))?;
        let marker = word(package, "marker");
        let name = word(package, "name").ok_or_else(|| Error::new("a package has no name"))?;
        if marker
            .is_some_and(|marker| marker.contains("extras") || marker.contains("dependency_groups"))
        {
            optional.push(shown(name));
            continue;
        }
        let marker = marker.map_or(String::new(), |marker| format!("; {marker}"));
        let words = words(package, name, dir)?.map(|words| words + &marker);
        let is_exact = words.as_ref().is_some_and(|words| words.contains("=="));
        if is_exact { &mut wanted.locked } else { &mut wanted.pip }.extend(words);
        indexes.extend(word(package, "index").filter(|index| !index.contains("//pypi.org/")));
    }
    told(&mut wanted, packages.is_some_and(|all| !all.is_empty()), &optional, &indexes);
    Ok(wanted)
}

fn word<'a>(table: &'a Table, key: &str) -> Option<&'a str> {
    table.get(key)?.as_str()
}

/// pip's words for a package; none for what is there without being a package.
fn words(package: &Table, name: &str, dir: &Path) -> Result<Option<String>> {
    let place = |key: &str| package.get(key).and_then(Value::as_table);
    let within = |path: &str| dir.join(path).to_str().unwrap_or(path).to_owned();
    if let Some(source) = place("directory") {
        let path = within(word(source, "path").unwrap_or("."));
        let is_editable = source.get("editable").and_then(Value::as_bool) == Some(true);
        return Ok(Some(if is_editable { format!("-e {path}") } else { path }));
    }
    if let Some(source) = place("vcs") {
        let (kind, commit) = (word(source, "type").unwrap_or("git"), word(source, "commit-id"));
        let from = word(source, "url").or(word(source, "path")).zip(commit);
        let (from, commit) =
            from.ok_or_else(|| Error::new(format!("{} does not say where it is", shown(name))))?;
        return Ok(Some(format!("{name} @ {kind}+{from}@{commit}")));
    }
    if let Some(source) = place("archive") {
        let url = word(source, "url").map(|url| format!("{name} @ {url}"));
        return Ok(url.or(word(source, "path").map(within)));
    }
    let version = word(package, "version")
        .ok_or_else(|| Error::new(format!("{} has no version in it", shown(name))))?;
    checked::exact(name, version)?;
    Ok(Some(format!("{name}=={version}")))
}

fn told(wanted: &mut Wanted, has_any: bool, optional: &[String], indexes: &[&str]) {
    if has_any {
        wanted
            .passed_over
            .push("the hashes in it are not compared with what pip fetches".to_owned());
    }
    if !optional.is_empty() {
        wanted
            .passed_over
            .push(format!("only for extras or groups, and left out: {}", optional.join(", ")));
    }
    let mut indexes: Vec<String> = indexes.iter().map(|index| shown(index)).collect();
    indexes.sort();
    indexes.dedup();
    if !indexes.is_empty() {
        wanted.passed_over.push(format!(
            "it was made with {}: pip asks the indexes of your own settings",
            indexes.join(", ")
        ));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_places_and_what_is_for_others_are_found() {
        let wanted = read(
            "lock-version = '1.0'\nrequires-python = '>=3.9'\ncreated-by = 'x'\n\
             [[packages]]\nname = 'six'\nversion = '1.16.0'\nindex = 'https://pypi.org/simple'\nwheels = []\n\
             [[packages]]\nname = 'torch'\nversion = '2.1+cu118'\nindex = 'https://w/cu118'\nmarker = \"sys_platform == 'linux'\"\n\
             [[packages]]\nname = 'pytest'\nversion = '8'\nmarker = \"'test' in dependency_groups\"\n\
             [[packages]]\nname = 'here'\ndirectory = { path = 'sub', editable = true }\n\
             [[packages]]\nname = 'far'\nvcs = { type = 'git', url = 'https://x/y', commit-id = 'abc' }\n\
             [[packages]]\nname = 'arch'\narchive = { url = 'https://x/a.whl' }\n",
            Path::new("/p"),
        )
        .unwrap();
        let locked = ["six==1.16.0", "torch==2.1+cu118; sys_platform == 'linux'"];
        assert_eq!(wanted.locked, locked);
        assert_eq!(
            wanted.pip,
            ["-e /p/sub", "far @ git+https://x/y@abc", "arch @ https://x/a.whl",]
        );
        let words = wanted.passed_over.join("\n");
        for part in ["hashes", "left out: pytest", "https://w/cu118"] {
            assert!(words.contains(part), "{part}: {words}");
        }
    }

    #[test]
    fn a_lock_of_another_format_is_refused() {
        for text in [
            "",
            "lock-version = '2.0'\n",
            "lock-version = '1.0'\n[[packages]]\nname = 'x'\n",
            "lock-version = '1.0'\n[[packages]]\nname = '--target=/x'\nversion = '1'\n",
        ] {
            assert!(read(text, Path::new("/")).is_err(), "{text}");
        }
    }
}
