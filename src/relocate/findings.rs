//! Turns what was seen of a base into findings.

use std::path::{Path, PathBuf};

use super::edit::Edit;
use super::finding::{BaseFault, Finding};
use super::scan::Scan;
use crate::base::Base;
use crate::env::pyvenv;
use crate::text::Shown;
use crate::text::count;

/// What is to be written beside the edits.
pub(crate) struct Missing {
    /// True where the list of packages is not there, or is another.
    pub(crate) list: bool,
    /// True where there is no index of this state of the base.
    pub(crate) index: bool,
}

/// All findings, what stops programs first.
pub(crate) fn judge(base: &Base, look: &Scan, missing: &Missing) -> Vec<Finding> {
    let edits = |kind: BaseFault| -> Vec<Edit> {
        let edits = look.edits.iter().filter(|(other, _)| *other == kind);
        edits.map(|(_, edit)| edit.clone()).collect()
    };
    let mut findings = Vec::new();
    for (kind, one, many, breaks) in MENDED {
        let edits = edits(kind);
        if !edits.is_empty() {
            let what = format!("{}{}", count(edits.len(), one, many), verb(kind, edits.len()));
            let items = edits.iter().map(|edit| Shown(&edit.path).to_string()).collect();
            findings.push(Finding::mended(kind, what, breaks, edits).about(items));
        }
    }
    for (kind, what, breaks, cure) in TOLD {
        let odd = look.odd.iter().filter(|(other, ..)| *other == kind);
        let items: Vec<String> =
            odd.map(|(_, path, why)| format!("{}: {why}", Shown(path))).collect();
        if !items.is_empty() {
            findings.push(Finding::told(kind, what, breaks, cure).about(items));
        }
    }
    findings.extend(hijacked(base));
    findings.extend(written(look, missing));
    findings.extend(unreadable(base, look));
    findings
}

/// What some of those who may enter the base cannot read.
fn unreadable(base: &Base, look: &Scan) -> Option<Finding> {
    let number = look.unreadable.len();
    let what = format!("{} cannot be read by everybody", count(number, "file", "files"));
    let breaks = "commands fail for users who may not read them, and so does making an env where they are package records";
    let cure = format!(
        "let those who use the base read it: `chmod -R a+rX {0}`, or `g+rX` for its group alone",
        Shown(&base.named)
    );
    let items = look.unreadable.iter().map(|path| Shown(path).to_string()).collect();
    (number > 0).then(|| Finding::told(BaseFault::Unreadable, what, breaks, cure).about(items))
}

type Mended = (BaseFault, &'static str, &'static str, &'static str);

const MENDED: [Mended; 5] = [
    (
        BaseFault::Scripts,
        "Python script in bin does",
        "Python scripts in bin do",
        "from another path, or without activation, they start another Python or none",
    ),
    (
        BaseFault::OtherScripts,
        "script of another interpreter names",
        "scripts of other interpreters name",
        "they start at the build path only",
    ),
    (
        BaseFault::SearchPaths,
        "program or library looks",
        "programs and libraries look",
        "where that path holds something else they load wrong libraries; elsewhere every start looks there in vain",
    ),
    (
        BaseFault::Kernels,
        "Jupyter kernel starts",
        "Jupyter kernels start",
        "they start at the build path only, or start the Python of another base that lies there",
    ),
    (
        BaseFault::RootConfig,
        "program,",
        "programs,",
        "programs that are linked with what it prints lack symbols of zlib",
    ),
];

fn verb(kind: BaseFault, number: usize) -> &'static str {
    match kind {
        BaseFault::Scripts if number == 1 => " not take the Python beside it",
        BaseFault::Scripts => " not take the Python beside them",
        BaseFault::OtherScripts => " it by the build path",
        BaseFault::SearchPaths => " for libraries at the build path",
        BaseFault::Kernels => " a Python by the build path",
        _ => " root-config, leaves out -lz in what --libs prints",
    }
}

type Told = (BaseFault, &'static str, &'static str, &'static str);

const TOLD: [Told; 3] = [
    (
        BaseFault::OddScripts,
        "scripts in bin name the build path and cannot be rewritten",
        "they start at the build path only",
        "install their packages again at a shorter path, or write their first line by hand",
    ),
    (
        BaseFault::FixedSearchPaths,
        "programs and libraries look for libraries at the build path, and that cannot be replaced in place",
        "from another path they do not find their libraries, or find others",
        "`patchelf --set-rpath` on a copy, or build them with a search path relative to $ORIGIN",
    ),
    (
        BaseFault::RootConfig,
        "root-config leaves out -lz",
        "programs that are linked with what it prints lack symbols of zlib",
        "add -lz to what `root-config --libs` prints by hand",
    ),
];

/// A `pyvenv.cfg` in a base makes its Python one of an env elsewhere.
fn hijacked(base: &Base) -> Option<Finding> {
    let path = base.prefix.join(pyvenv::FILE);
    path.is_file().then(|| {
        let what = format!("there is a pyvenv.cfg in the base: {}", Shown(&path));
        let breaks = "Python in the base, and before 3.11 in envs, takes its library from where that file says";
        Finding::told(BaseFault::BaseHijacked, what, breaks, "remove that file")
    })
}

fn written(look: &Scan, missing: &Missing) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut add = |is: bool, kind, what: &str, breaks| {
        if is {
            findings.push(Finding::mended(kind, what, breaks, Vec::new()));
        }
    };
    add(
        missing.list,
        BaseFault::PackageList,
        "the list of packages is missing or old",
        "nobody can read what is inside without starting it",
    );
    add(
        missing.index,
        BaseFault::Index,
        "there is no index of this state of the base",
        "everybody's first `mlenv create` looks through the whole base",
    );
    if !look.leftovers.is_empty() {
        let what = format!(
            "a process that was killed left {}",
            count(look.leftovers.len(), "temporary file", "temporary files")
        );
        let items = shown(&look.leftovers);
        let breaks = "nothing; they take space";
        findings.push(Finding::mended(BaseFault::Leftovers, what, breaks, Vec::new()).about(items));
    }
    findings
}

fn shown(paths: &[PathBuf]) -> Vec<String> {
    paths.iter().map(|path| Shown(Path::new(path)).to_string()).collect()
}
