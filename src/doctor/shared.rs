//! Packages of which distributions share the directory: `nvidia` with an `__init__.py`, `PyQt6` with its add-ons.
//!
//! Python takes a regular package from one place alone, so that with one distribution in the base and another in the env
//! half of it vanishes. The other half is brought up into the env, as links file by file. Namespace packages, which
//! Python joins itself, are no matter; neither are those that join themselves (`pkgutil`, `pkg_resources`).

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use walkdir::WalkDir;

use super::change::{Change, Over};
use super::facts::Facts;
use super::finding::{EnvFault, Finding};
use super::mixed::pulled::Pulled;
use super::snapshot::Thing;
use crate::base::Base;
use crate::base::conda::wheel_rows;
use crate::base::installed;
use crate::env::content::BASE_LINK;
use crate::env::pyvenv;
use crate::foreign;
use crate::parallel;
use crate::text::Shown;
use crate::text::count;

/// Halves of packages that cannot be seen, and links to halves that are gone.
pub(super) fn findings(facts: &Facts, base: &Base) -> Vec<Finding> {
    let site = Path::new("lib").join(&base.python.lib).join("site-packages");
    let config =
        foreign::read(facts.env.join(pyvenv::FILE), foreign::FileKind::Note).unwrap_or_default();
    if !pyvenv::shows_base(&config) {
        return Vec::new();
    }
    let below = below(base);
    let dirs: Vec<PathBuf> = below.iter().map(|site| base.prefix.join(site)).collect();
    let split = split(&facts.env.join(&site), &dirs, top(facts, &site));
    if split.is_empty() {
        return Vec::new();
    }
    let others = others(&facts.env.join(&site), base, &below);
    let pulled = Pulled::read(facts.env);
    let halves: Vec<Half> = split
        .into_iter()
        .filter(|package| !pulled.owns(facts.env, &site.join(package)))
        .map(|package| Half::look(facts.env, &site, package))
        .collect();
    let shared = Shared { env: facts.env, site: &site, halves, others };
    [shared.hidden(), shared.stale()].into_iter().flatten().collect()
}

/// All that env and base share of such packages.
struct Shared<'a> {
    env: &'a Path,
    /// Relative to the env.
    site: &'a Path,
    halves: Vec<Half>,
    /// Files of the base's distributions, relative to site-packages, and the base's site-packages that each is in.
    others: BTreeMap<PathBuf, PathBuf>,
}

/// What lies in the env of a package that lies in the base too; paths are relative to the env.
struct Half {
    /// Relative to site-packages.
    package: PathBuf,
    /// Links that were brought up.
    links: Vec<PathBuf>,
    /// What Python compiled.
    compiled: Vec<PathBuf>,
    /// Whether anything else is there.
    has_own: bool,
}

impl Half {
    fn look(env: &Path, site: &Path, package: PathBuf) -> Self {
        let dir = env.join(site).join(&package);
        let mut half = Self { package, links: Vec::new(), compiled: Vec::new(), has_own: false };
        let entries = WalkDir::new(dir).into_iter().flatten();
        for entry in entries.filter(|entry| !entry.file_type().is_dir()) {
            let path = entry.path().strip_prefix(env).unwrap_or(entry.path()).to_owned();
            let text = std::fs::read_link(entry.path()).unwrap_or_default();
            let first = text.components().find(|part| part.as_os_str() != "..");
            if first.is_some_and(|part| part.as_os_str() == BASE_LINK) {
                half.links.push(path);
            } else if path.parent().is_some_and(|dir| dir.ends_with("__pycache__")) {
                half.compiled.push(path);
            } else {
                half.has_own = true;
            }
        }
        half
    }
}

/// The names in the env's site-packages that may be packages.
fn top(facts: &Facts, site: &Path) -> Vec<PathBuf> {
    let Some(seen) = facts.snapshot.dirs.get(site.as_os_str()) else { return Vec::new() };
    let dirs = seen.things.iter().filter(|(_, thing)| **thing == Thing::Dir);
    let names = dirs.filter_map(|(name, _)| name.to_str()).filter(|name| is_package(name));
    names.map(PathBuf::from).collect()
}

fn is_package(name: &str) -> bool {
    name != "__pycache__" && !name.contains(['.', '-'])
}

/// Where the base's packages are, relative to it: Debian's Python has them in several places, of other names.
fn below(base: &Base) -> Vec<PathBuf> {
    let sites = installed::sites(&base.prefix, &base.python.lib, base.kind).into_iter();
    sites.filter_map(|site| site.strip_prefix(&base.prefix).ok().map(Path::to_owned)).collect()
}

/// The packages that lie in both and are regular in one of them at least, at whatever depth.
fn split(env: &Path, base: &[PathBuf], names: Vec<PathBuf>) -> Vec<PathBuf> {
    let mut split = Vec::new();
    let mut waiting = names;
    while let Some(path) = waiting.pop() {
        let here = env.join(&path);
        let mut below = base.iter().map(|site| site.join(&path));
        let Some(below) = below.find(|dir| dir.is_dir()) else { continue };
        let inits = [&here, &below].map(|dir| dir.join("__init__.py"));
        match inits.iter().filter(|init| init.is_file()).collect::<Vec<_>>().as_slice() {
            [] => {
                let inner = std::fs::read_dir(&here).into_iter().flatten().flatten();
                let inner = inner.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()));
                let names = inner.filter_map(|entry| entry.file_name().into_string().ok());
                waiting.extend(names.filter(|name| is_package(name)).map(|name| path.join(name)));
            }
            inits if inits.iter().all(|init| joins_itself(init)) => {}
            _ => split.push(path),
        }
    }
    split.sort();
    split
}

fn joins_itself(init: &Path) -> bool {
    let text = foreign::head(init, 4096).unwrap_or_default();
    let has = |word: &[u8]| text.windows(word.len()).any(|part| part == word);
    has(b"extend_path") || has(b"declare_namespace")
}

/// Files of the base's distributions that the env has no version of in its site-packages `own`.
fn others(own: &Path, base: &Base, below: &[PathBuf]) -> BTreeMap<PathBuf, PathBuf> {
    let own: BTreeSet<String> = installed::infos(own).iter().filter_map(|info| key(info)).collect();
    let infos = |site: &PathBuf| {
        let infos = installed::infos(&base.prefix.join(site)).into_iter();
        infos.map(|info| (site.clone(), info)).collect::<Vec<_>>()
    };
    let mut infos: Vec<(PathBuf, PathBuf)> = below.iter().flat_map(infos).collect();
    infos.retain(|(_, info)| key(info).is_some_and(|key| !own.contains(&key)));
    let rows = parallel::map(parallel::for_cpu(), infos.len(), |at| {
        let (site, info) = &infos[at];
        Ok((site, wheel_rows(&info.join("RECORD"))))
    });
    let rows = rows.unwrap_or_default().into_iter();
    let rows = rows.flat_map(|(site, rows)| rows.into_iter().map(move |row| (row, site.clone())));
    let is_source = |(path, _): &(PathBuf, PathBuf)| {
        path.extension() != Some(OsStr::new("pyc")) && !path.starts_with("..")
    };
    rows.filter(is_source).collect()
}

/// The name of the distribution that `info` describes, as packagers compare it.
fn key(info: &Path) -> Option<String> {
    let stem = info.file_stem()?.to_str()?;
    // `name-1.0` or, in the old format, `name-1.0-py3.11`.
    let is_new = info.extension() == Some(OsStr::new("dist-info"));
    let parts = if is_new { stem.rsplit_once('-') } else { stem.split_once('-') };
    Some(crate::specs::key(parts.map_or(stem, |(name, _)| name)))
}

/// What the link at `path` in the env says to lead to `there` in the base.
fn link_text(path: &Path, there: &Path) -> OsString {
    let climb: PathBuf = path.components().skip(1).map(|_| "..").collect();
    climb.join(BASE_LINK).join(there).into_os_string()
}

impl Shared<'_> {
    /// What of the base vanishes behind the env's half, or would hide it.
    fn hidden(&self) -> Option<Finding> {
        let mut changes = Vec::new();
        let mut names = BTreeSet::new();
        for half in self.halves.iter().filter(|half| half.has_own) {
            for (file, below) in
                self.others.iter().filter(|(file, _)| file.starts_with(&half.package))
            {
                let path = self.site.join(file);
                let is_there = self.env.join(&path).symlink_metadata().is_ok();
                if !is_there && !in_the_way(self.env, &path) {
                    let target = link_text(&path, &below.join(file));
                    changes.push(Change::Link { path, target, over: Over::Nothing });
                    names.insert(Shown(&half.package).to_string());
                }
            }
        }
        (!changes.is_empty()).then(|| {
            let names: Vec<String> = names.into_iter().collect();
            let what = format!(
                "{} of the base cannot be seen: {} lies in the env and in the base, and Python takes it from one place alone",
                count(changes.len(), "file", "files"),
                names.join(", ")
            );
            let breaks = "modules of the base, or of the env, cannot be imported";
            Finding::mended(EnvFault::PackagesSplit, what, breaks, changes).about(names)
        })
    }

    /// Links of ours whose other half is gone: from the base, or with the env's own half.
    fn stale(&self) -> Option<Finding> {
        let mut changes = Vec::new();
        for half in &self.halves {
            let is_gone = |link: &&PathBuf| {
                let file = link.strip_prefix(self.site).unwrap_or(link);
                !half.has_own
                    || !self.others.contains_key(file)
                    || self.env.join(link).metadata().is_err()
            };
            let mut gone: Vec<&PathBuf> = half.links.iter().filter(is_gone).collect();
            if !half.has_own && !gone.is_empty() {
                gone.extend(&half.compiled);
            }
            let above = |path: &&PathBuf| {
                let dirs = path.ancestors().skip(1).take_while(|dir| *dir != self.site);
                dirs.map(Path::to_owned).collect::<Vec<_>>()
            };
            let dirs: BTreeSet<PathBuf> = gone.iter().flat_map(above).collect();
            changes.extend(gone.into_iter().cloned().map(Change::Remove));
            changes.extend(dirs.into_iter().rev().map(Change::RemoveDir));
        }
        (!changes.is_empty()).then(|| {
            let what = "the env has links for halves of packages that it no longer needs";
            let breaks = "old modules of the base are seen, or links that lead nowhere";
            Finding::mended(EnvFault::PackagesSplit, what, breaks, changes)
        })
    }
}

/// A link or a file where a directory would have to be.
fn in_the_way(env: &Path, path: &Path) -> bool {
    let mut above = path.ancestors().skip(1).take_while(|dir| !dir.ends_with("site-packages"));
    above.any(|dir| env.join(dir).symlink_metadata().is_ok_and(|meta| !meta.is_dir()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::BaseKind;
    use crate::fs::{make_dirs, write_new};

    #[test]
    fn a_half_in_debians_dist_packages_is_found_and_linked() {
        let root = tempfile::tempdir().unwrap();
        let (prefix, env) = (root.path().join("usr"), root.path().join("env"));
        let base = Base { kind: BaseKind::System, ..crate::base::tests::at(&prefix) };
        let dist = Path::new("lib/python3/dist-packages");
        let site = Path::new("lib").join(&base.python.lib).join("site-packages");
        make_dirs(&prefix.join(dist).join("blinker-1.5.dist-info"), 0o755).unwrap();
        make_dirs(&prefix.join(dist).join("blinker"), 0o755).unwrap();
        make_dirs(&env.join(&site).join("blinker"), 0o755).unwrap();
        for (path, text) in [
            (prefix.join(dist).join("blinker/__init__.py"), ""),
            (prefix.join(dist).join("blinker/base.py"), ""),
            (prefix.join(dist).join("blinker-1.5.dist-info/RECORD"), "blinker/base.py,,\n"),
            (env.join(&site).join("blinker/__init__.py"), ""),
        ] {
            write_new(&path, text.as_bytes()).unwrap();
        }
        let below = below(&base);
        let dirs: Vec<PathBuf> = below.iter().map(|site| prefix.join(site)).collect();
        let split = split(&env.join(&site), &dirs, vec!["blinker".into()]);
        assert_eq!(split, [Path::new("blinker")]);
        let halves = vec![Half::look(&env, &site, "blinker".into())];
        let others = others(&env.join(&site), &base, &below);
        let shared = Shared { env: &env, site: &site, halves, others };
        let found = shared.hidden().unwrap();
        let path = site.join("blinker/base.py");
        let target = "../../../../baseEnv_dir/lib/python3/dist-packages/blinker/base.py";
        let link = Change::Link { path, target: target.into(), over: Over::Nothing };
        assert_eq!(found.changes(), [link]);
    }
}
