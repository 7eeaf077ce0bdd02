//! A Python of the env's own: a conda client replaced the base's, and `pyvenv.cfg` still sends it to the base's library.
//!
//! A new interpreter on an old standard library fails in odd ways. Where the whole library came with it, `home` leads
//! to the env itself; packages of the base are seen through a `.pth` file then, which names no place.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use super::change::{Change, Over};
use super::conda::{self, Own};
use super::facts::Facts;
use super::finding::{EnvFault, Finding};
use super::snapshot::{Snapshot, Thing};
use crate::base::Base;
use crate::base::conda::Package;
use crate::env::content::{BASE_LINK, Content, FileMode};
use crate::env::pyvenv::{self, Library};
use crate::foreign::{self, claim};
use crate::text::{Shown, shown};

/// The file by which a Python of the env's own sees the base's packages.
const PATH_FILE: &str = "mlenv-base.pth";

const BREAKS: &str = "the new interpreter runs on the base's standard library: modules fail in odd ways, or it does not start";

/// On whose library the Python of an env has to run.
pub(super) fn library(
    own: &BTreeMap<String, Own>,
    snapshot: &Snapshot,
    plan: &Content,
    base: &Base,
) -> Library {
    match another(own, plan, base) {
        Some(package) if is_whole(package, snapshot) => Library::Own(package.version.clone()),
        _ => Library::OfBase,
    }
}

/// What `pyvenv.cfg` has to hold.
pub(super) fn config(facts: &Facts, base: &Base) -> Vec<u8> {
    let old =
        foreign::read(facts.env.join(pyvenv::FILE), foreign::FileKind::Note).unwrap_or_default();
    let library = library(&facts.own, &facts.snapshot, &facts.plan, base);
    pyvenv::renewed(&old, base, &facts.place, &library)
}

/// True where the env has another Python than its base.
pub(super) fn is_there(facts: &Facts, base: &Base) -> bool {
    another(&facts.own, &facts.plan, base).is_some()
}

/// The env's own Python, and what is left of one that went.
pub(super) fn findings(facts: &Facts, base: &Base) -> Vec<Finding> {
    let Some(own) = another(&facts.own, &facts.plan, base) else {
        return leftover(facts, base).into_iter().collect();
    };
    let what = format!(
        "a conda client put Python {} ({}) into the env; the base has {}",
        shown(&own.version),
        shown(&own.build),
        base.python.version
    );
    let back = format!(
        "`micromamba install -p {} {}`, or the same with the client that you used, brings the base's back",
        Shown(facts.env),
        spec(facts, base)
    );
    let found = if is_whole(own, &facts.snapshot) {
        let changes = changes(facts, base, own);
        let mend =
            || Finding::mended(EnvFault::PythonReplaced, what.clone(), BREAKS, changes.clone());
        let told = || {
            let breaks = "packages of the base cannot be imported: they are for another Python";
            Finding::told(EnvFault::PythonReplaced, what.clone(), breaks, back)
        };
        let is_other = lib(own) != base.python.lib;
        if changes.is_empty() { is_other.then(told) } else { Some(mend()) }
    } else {
        Some(Finding::told(EnvFault::PythonReplaced, what, BREAKS, back))
    };
    found.into_iter().collect()
}

/// The env's own Python, if it is another than the base's.
fn another<'a>(own: &'a BTreeMap<String, Own>, plan: &Content, base: &Base) -> Option<&'a Package> {
    let own = &own.get("python")?.package;
    let of_base = conda::planned(plan).into_iter().find(|package| package.name == "python");
    let same = match of_base {
        Some(of_base) => of_base == *own,
        None => own.version == base.python.version, // a sparse env shows no records
    };
    // What names itself so is written into `pyvenv.cfg`.
    (!same && claim::is_version(&own.version)).then_some(own)
}

/// True where interpreter and library are real files of the env.
fn is_whole(own: &Package, snapshot: &Snapshot) -> bool {
    let lib = lib(own);
    let library = Path::new("lib").join(&lib);
    let is_file = |dir: &Path, name: &str| {
        snapshot.thing(dir.as_os_str(), OsStr::new(name)) == Some(&Thing::File)
    };
    is_file(Path::new("bin"), &lib) && is_file(&library, "os.py") && is_file(&library, "site.py")
}

/// `python3.11`
fn lib(own: &Package) -> String {
    let minor: Vec<&str> = own.version.splitn(3, '.').take(2).collect();
    format!("python{}", minor.join("."))
}

fn changes(facts: &Facts, base: &Base, own: &Package) -> Vec<Change> {
    let mut changes = Vec::new();
    let text =
        foreign::read(facts.env.join(pyvenv::FILE), foreign::FileKind::Note).unwrap_or_default();
    let wanted = config(facts, base);
    if text != wanted {
        changes.push(Change::rewrite(pyvenv::FILE, wanted));
    }
    if lib(own) == base.python.lib && pyvenv::shows_base(&text) {
        let (path, line) = (path_file(base), path_line(base));
        if !foreign::holds(&facts.env.join(&path), &line) {
            let (bytes, mode) = (line, FileMode::Data);
            changes.push(Change::File { path, bytes, mode, over: Over::Seen });
        }
    }
    changes
}

fn path_file(base: &Base) -> PathBuf {
    Path::new("lib").join(&base.python.lib).join("site-packages").join(PATH_FILE)
}

/// As `site` would add the base's packages: with their own `.pth` files.
fn path_line(base: &Base) -> Vec<u8> {
    format!(
        "import os, site, sys; site.addsitedir(os.path.join(sys.prefix, '{BASE_LINK}', 'lib', '{}', 'site-packages'))\n",
        base.python.lib
    )
    .into_bytes()
}

/// Once the base's Python is back, the base's packages would be seen twice.
fn leftover(facts: &Facts, base: &Base) -> Option<Finding> {
    let path = path_file(base);
    let is_ours = foreign::holds(&facts.env.join(&path), &path_line(base));
    is_ours.then(|| {
        let what =
            "the env's own Python is gone, and the file by which it saw the base's packages is still there";
        let breaks = "packages of the base are listed twice";
        Finding::mended(EnvFault::Leftovers, what, breaks, vec![Change::Remove(path)])
    })
}

/// How conda clients name the base's Python.
fn spec(facts: &Facts, base: &Base) -> String {
    let planned = conda::planned(&facts.plan);
    match planned.iter().find(|package| package.name == "python") {
        Some(package) => format!("python={}={}", package.version, package.build),
        None => format!("python={}", base.python.version),
    }
}
