//! The real files in an env's `conda-meta`: they keep conda clients from wiping or replacing the base's packages.

use std::fmt::Write as _;
use std::path::Path;

use super::content::{Content, FileMode};
use crate::base::conda::{self, Package};
use crate::base::contents;
use crate::error::{Error, Result};

/// Adds `history` and `pinned` for the packages of the conda prefix `base`.
pub(crate) fn add(plan: &mut Content, base: &Path) -> Result<()> {
    let packages = conda::packages(base)?;
    plan.file(
        Path::new("conda-meta/history"),
        history(base, &packages)?.into_bytes(),
        FileMode::Data,
    );
    plan.file(Path::new("conda-meta/pinned"), pinned(&packages).into_bytes(), FileMode::Data);
    Ok(())
}

/// A history in which the user asked for every package of the base. `conda remove X` removes all that nobody
/// asked for: without this it would take the whole base out of the env. The date is fixed, so that the same base
/// gives the same bytes.
fn history(base: &Path, packages: &[Package]) -> Result<String> {
    let names: Vec<&str> = packages.iter().map(|package| package.name.as_str()).collect();
    let specs = serde_json::to_string(&names)
        .map_err(|cause| Error::new(format!("could not write conda's history: {cause}")))?;
    let mut text = String::from("==> 1970-01-01 00:00:00 <==\n# cmd: mlenv create\n");
    for package in packages {
        let Package { name, version, build } = package;
        // Editors find an env's Python by its line, which they know by the origin in it.
        let origin = contents::origin(&base.join(package.record()));
        let joint = if origin.is_empty() { "" } else { "::" };
        let _ = writeln!(text, "+{origin}{joint}{name}-{version}-{build}");
    }
    let _ = writeln!(text, "# update specs: {specs}");
    Ok(text)
}

/// Pins every package of the base to its version and build, so that an update does not turn the env into a copy
/// of the base.
fn pinned(packages: &[Package]) -> String {
    let mut text = String::new();
    for Package { name, version, build } in packages {
        let _ = writeln!(text, "{name} =={version} {build}");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_package_is_asked_for_and_pinned() {
        let packages = ["numpy-1.26.4-py311_0.json", "python-3.11.7-h1_0_cpython.json"];
        let packages: Vec<_> =
            packages.iter().filter_map(|name| Package::from_record_name(name)).collect();
        assert_eq!(pinned(&packages), "numpy ==1.26.4 py311_0\npython ==3.11.7 h1_0_cpython\n");
        let history = history(Path::new("/nowhere"), &packages).unwrap();
        assert!(
            history
                .ends_with("+python-3.11.7-h1_0_cpython\n# update specs: [\"numpy\",\"python\"]\n"),
            "{history}"
        );
    }
}
