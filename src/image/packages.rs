//! What is in an image, from whatever tells it without pulling: a directory, a label, a list.

use std::collections::HashSet;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::base::Base;
use crate::base::conda::Package;
use crate::base::installed::{self, Installed, Manager};
use crate::error::{Attempt, Result};
use crate::foreign;
use crate::specs::key;

/// The label (or annotation) of an image that lists its packages.
pub(crate) const LABEL: &str = "mlenv.packages";

/// The list that published ML images carry at their root.
const CARRIED: &str = "list-of-pkgs-inside.txt";

/// A package as a list has it: some tell no more than a name and a version.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub(crate) struct Listed {
    pub(crate) name: String,
    pub(crate) version: String,
    /// conda's build.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) build: Option<String>,
    /// Who put it there, where the list tells.
    #[serde(default)]
    pub(crate) by: Option<Manager>,
}

impl From<Installed> for Listed {
    fn from(package: Installed) -> Self {
        let Installed { name, version, build, by } = package;
        Self { name, version, build, by: Some(by) }
    }
}

/// The packages of the image that is unpacked at `dir`: those of the base in it, else the list that it carries.
pub(crate) fn of_directory(dir: &Path, cache: &Path) -> Result<Vec<Listed>> {
    let list = dir.join(CARRIED);
    match Base::open(dir, cache) {
        Ok(base) => Ok(installed::of_base(&base)?.into_iter().map(Listed::from).collect()),
        Err(_) if list.is_file() => of_file(&list),
        Err(error) => Err(error),
    }
}

/// The packages that the file at `path` lists.
pub(crate) fn of_file(path: &Path) -> Result<Vec<Listed>> {
    let text = foreign::read(path, foreign::FileKind::PackageData).attempt("read", path)?;
    Ok(of_text(&String::from_utf8_lossy(&text)))
}

/// The packages that a text lists: the JSON of `mlenv base packages`, or a line each as `conda list`, `conda list
/// --export`, `micromamba list` and `pip freeze` print them. Lines that name no package are passed over.
pub(crate) fn of_text(text: &str) -> Vec<Listed> {
    let listed: Option<Vec<Listed>> = serde_json::from_str(text).ok();
    sorted(listed.unwrap_or_else(|| text.lines().filter_map(of_line).collect()))
}

/// The same list as a label has it, of which `of_text` reads everything again: `name=version=build` for conda's packages,
/// `name==version` for Python's.
pub(crate) fn to_text(packages: &[Listed]) -> String {
    let line = |Listed { name, version, build, by }: &Listed| match (by, build) {
        (Some(Manager::Pip), _) => format!("{name}=={version}\n"),
        (_, Some(build)) => format!("{name}={version}={build}\n"),
        (_, None) => format!("{name} {version}\n"),
    };
    packages.iter().map(line).collect()
}

/// What an env shows: its own packages, and those of the base that it has no other one of.
pub(crate) fn of_env(own: Vec<Installed>, below: Vec<Installed>) -> Vec<Listed> {
    let names: HashSet<String> = own.iter().map(Installed::key).collect();
    let seen = below.into_iter().filter(|package| !names.contains(&package.key()));
    sorted(seen.chain(own).map(Listed::from).collect())
}

fn of_line(line: &str) -> Option<Listed> {
    let line = line.split(['#', ';']).next()?.trim();
    let (name, version, build, by) = if let Some((name, version)) = line.split_once("==") {
        (name, version, None, Some(Manager::Pip))
    } else if let Some((name, rest)) = line.split_once('=') {
        let (version, build) = rest.split_once('=').map_or((rest, None), |(v, b)| (v, Some(b)));
        (name, version, build, Some(manager(build)))
    } else {
        let mut words = line.split_whitespace();
        let (name, version) = (words.next()?, words.next()?);
        let build = words.next();
        (name, version, build, build.map(|build| manager(Some(build))))
    };
    let (name, version) = (name.trim(), version.trim());
    let is_name = name.starts_with(|first: char| first.is_ascii_alphanumeric() || first == '_')
        && !name.contains(char::is_whitespace);
    let is_version = version.starts_with(|first: char| first.is_ascii_alphanumeric())
        && version.contains(|character: char| character.is_ascii_digit());
    let build = build.filter(|build| !build.starts_with("pypi")).map(str::to_owned);
    (is_name && is_version).then(|| Listed {
        name: name.to_owned(),
        version: version.to_owned(),
        build,
        by,
    })
}

/// conda's lists call what pip put there a build of `pypi`.
fn manager(build: Option<&str>) -> Manager {
    if build.is_some_and(|build| build.starts_with("pypi")) { Manager::Pip } else { Manager::Conda }
}

/// The packages that the names of files tell: conda's records, and the `dist-info` of Python's packagers. For an image
/// in an engine's store, of which an engine or a tar can list the paths.
pub(crate) fn of_paths<'a>(paths: impl Iterator<Item = &'a Path>) -> Vec<Listed> {
    let mut found = HashSet::new();
    for path in paths {
        found.extend(of_record(path).or_else(|| of_info(path)));
    }
    let conda = |package: &&Listed| package.by == Some(Manager::Conda);
    let key = |package: &Listed| (key(&package.name), package.version.clone());
    let recorded: HashSet<_> = found.iter().filter(conda).map(key).collect();
    sorted(
        found.iter().filter(|one| conda(one) || !recorded.contains(&key(one))).cloned().collect(),
    )
}

fn of_record(path: &Path) -> Option<Listed> {
    let is_record = path.parent()?.ends_with("conda-meta");
    let package = Package::from_record_name(path.file_name()?.to_str()?).filter(|_| is_record)?;
    let (build, by) = (Some(package.build), Some(Manager::Conda));
    Some(Listed { name: package.name, version: package.version, build, by })
}

fn of_info(path: &Path) -> Option<Listed> {
    let mut infos =
        path.components().filter_map(|part| part.as_os_str().to_str()?.strip_suffix(".dist-info"));
    let (name, version) = infos.next_back()?.split_once('-')?;
    let by = Some(Manager::Pip);
    Some(Listed { name: name.to_owned(), version: version.to_owned(), build: None, by })
}

fn sorted(mut packages: Vec<Listed>) -> Vec<Listed> {
    packages.sort_by_cached_key(|package| (key(&package.name), package.clone()));
    packages.dedup();
    packages
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(packages: &[Listed]) -> Vec<String> {
        let one = |package: &Listed| {
            let build = package.build.as_deref().unwrap_or("-");
            let by = package.by.map_or("-", Manager::name);
            format!("{} {} {build} {by}", package.name, package.version)
        };
        packages.iter().map(one).collect()
    }

    #[test]
    fn lists_of_every_common_form_are_read() {
        let text = "# packages in environment at /opt/conda:
List of packages in environment: \"/opt/conda\"
  Name    Version  Build
──────────────────────
numpy                     1.26.4          py311h64a7726_0    conda-forge
uproot                    5.3.1                    pypi_0    pypi
click=8.1.7=pyh707e725_0
torch==2.4.0+cu121 ; python_version > '3'
alembic 1.15.2
-e git+https://x#egg=y
https://x/y.whl
";
        assert_eq!(
            told(&of_text(text)),
            [
                "alembic 1.15.2 - -",
                "click 8.1.7 pyh707e725_0 conda",
                "numpy 1.26.4 py311h64a7726_0 conda",
                "torch 2.4.0+cu121 - pip",
                "uproot 5.3.1 - pip",
            ]
        );
    }

    #[test]
    fn what_a_label_says_is_read_back() {
        let package = |name: &str, build: Option<&str>, by| Installed {
            name: name.into(),
            version: "1.0".into(),
            build: build.map(str::to_owned),
            by,
        };
        let below = vec![
            package("numpy", Some("py311_0"), Manager::Conda),
            package("six", None, Manager::Pip),
        ];
        let seen = of_env(vec![package("NumPy", None, Manager::Pip)], below);
        assert_eq!(told(&seen), ["NumPy 1.0 - pip", "six 1.0 - pip"]);
        let all = of_env(vec![package("a", Some("h1_0"), Manager::Conda)], vec![]);
        assert_eq!(of_text(&to_text(&all)), all);
        assert_eq!(of_text(&to_text(&seen)), seen);
    }

    #[test]
    fn the_json_of_base_packages_is_read_back() {
        let json = r#"[{"name": "b", "version": "1", "by": "pip"}, {"name": "a", "version": "2", "build": "0", "by": "conda", "new": 1}]"#;
        assert_eq!(told(&of_text(json)), ["a 2 0 conda", "b 1 - pip"]);
    }

    #[test]
    fn the_paths_in_an_image_tell_its_packages_once_each() {
        let paths = [
            "opt/conda/conda-meta/numpy-1.26.4-py311_0.json",
            "./opt/conda/conda-meta/history",
            "/opt/conda/lib/python3.11/site-packages/numpy-1.26.4.dist-info",
            "/opt/conda/lib/python3.11/site-packages/numpy-1.26.4.dist-info/METADATA",
            "/opt/conda/lib/python3.11/site-packages/my_tool-2.0.dist-info/RECORD",
            "/opt/conda/lib/python3.11/site-packages/my_tool-2.0.dist-info",
            "/usr/share/doc/conda-meta-1-2.json",
        ];
        let packages = of_paths(paths.iter().map(Path::new));
        assert_eq!(told(&packages), ["my_tool 2.0 - pip", "numpy 1.26.4 py311_0 conda"]);
    }
}
