//! Which files of a base an env links: the three layouts, and what no layout ever links. Pure rules on names.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Component, Path};

use clap::ValueEnum;
use serde::{Deserialize, Serialize};

use crate::base::BaseKind;

/// How much of the base an env links. One line each; the README has the table of who needs which.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Layout {
    /// What a conda client and a compiler need: programs, libraries, headers, records, kernels
    Standard,
    /// Every file that a package owns, but for site-packages
    Full,
    /// Only the Python entry points: a handful of files, for pip and uv and slow file systems
    Sparse,
}

impl Layout {
    /// The name used on the command line, in records and in file names.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Standard => "standard",
            Self::Full => "full",
            Self::Sparse => "sparse",
        }
    }
}

/// What of an env goes on `PATH`, first one first. On a conda base the base's programs follow: not every one is linked.
pub(crate) fn search_path(base: BaseKind) -> &'static [&'static str] {
    match base {
        BaseKind::Conda => &["bin", "baseEnv_dir/bin"],
        BaseKind::Python | BaseKind::System => &["bin"],
    }
}

/// What happens to one entry of the base.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    /// Not part of this layout; a directory is not entered.
    Leave,
    /// A directory is entered; a file is linked if a package owns it.
    LinkOwned,
    /// Linked whoever put it there: images add programs of their own to `bin`.
    LinkAny,
    /// Linked if a package owns it, else carried as a real file: what an image adds to a directory whose files
    /// take effect by being there. A link would let a package's script write through it into the base.
    LinkOrCarry,
}

/// Top-level directories of the standard layout that are linked whole (`share` is cut down to Jupyter's part).
///
/// `include` and `Menu` were missing in the archives of the sourced scripts: without the first
/// `python3-config --includes` names a directory that does not exist, without the second conda cannot remove
/// packages with shortcuts.
const STANDARD: [&str; 9] =
    ["bin", "sbin", "etc", "ssl", "lib", "include", "Menu", "conda-meta", "share"];

/// Directories whose files take effect by being there.
const LIVELY: [&str; 4] = [
    "share/jupyter/kernels",
    "etc/conda/activate.d",
    "etc/conda/deactivate.d",
    "etc/conda/env_vars.d",
];

/// Decides about `path`, relative to the base's prefix. `python_lib` is the standard library's directory name,
/// such as `python3.11`.
pub(crate) fn fate(layout: Layout, python_lib: &str, path: &Path) -> Fate {
    let parts: Vec<&str> = path.components().map(text_of).collect();
    let Some((&top, below)) = parts.split_first() else { return Fate::LinkOwned };
    if layout == Layout::Sparse || is_litter(path) {
        return Fate::Leave;
    }
    match (top, below) {
        // Python finds its library through the interpreter and `home`; it never reads links to it in an env.
        ("lib" | "lib64", [lib, ..]) if *lib == python_lib => Fate::Leave,
        ("conda-meta", []) => Fate::LinkOwned,
        ("conda-meta", [record]) if Path::new(record).extension() == Some(OsStr::new("json")) => {
            Fate::LinkAny
        }
        // Of `conda-meta` only records; package caches and other envs are not part of an env.
        ("conda-meta" | "pkgs" | "envs" | "condabin", _) => Fate::Leave,
        ("bin", _) => Fate::LinkAny,
        _ if LIVELY.iter().any(|lively| path.starts_with(lively)) => Fate::LinkOrCarry,
        _ if layout == Layout::Full => Fate::LinkOwned,
        ("share", [] | ["jupyter", ..]) => Fate::LinkOwned,
        ("share", _) => Fate::Leave,
        (top, _) if STANDARD.contains(&top) || is_sysroot(top) => Fate::LinkOwned,
        _ => Fate::Leave,
    }
}

/// A compiler's own tree, such as `x86_64-conda-linux-gnu` or `aarch64-conda_cos7-linux-gnu`.
fn is_sysroot(top: &str) -> bool {
    top.contains("-conda") && top.ends_with("-linux-gnu")
}

/// Caches, logs and editor leftovers: never linked, whoever owns them.
fn is_litter(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default();
    name == "__pycache__"
        || name == OsStr::new(".cache")
        || [".pyc", ".pyo", ".log", ".lock", "~", ".swp"]
            .iter()
            .any(|end| name.as_bytes().ends_with(end.as_bytes()))
}

/// A component as text; names that are not UTF-8 match no rule and so follow the general ones.
fn text_of(part: Component<'_>) -> &str {
    match part {
        Component::Normal(name) => name.to_str().unwrap_or("\u{fffd}"),
        _ => "\u{fffd}",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(layout: Layout, expected: &[(&str, Fate)]) {
        for (path, fate_expected) in expected {
            assert_eq!(
                fate(layout, "python3.11", Path::new(path)),
                *fate_expected,
                "{layout:?} {path}"
            );
        }
    }

    #[test]
    fn standard_holds_what_clients_and_compilers_need() {
        check(
            Layout::Standard,
            &[
                ("bin/tool", Fate::LinkAny),
                ("bin/.pkg-pre-unlink.sh", Fate::LinkAny),
                ("lib/libz.so", Fate::LinkOwned),
                ("lib/python3.11", Fate::Leave),
                ("lib/python3.11/os.py", Fate::Leave),
                ("include/zlib.h", Fate::LinkOwned),
                ("conda-meta/numpy-1.0-0.json", Fate::LinkAny),
                ("conda-meta/history", Fate::Leave),
                ("share/jupyter/lab", Fate::LinkOwned),
                ("share/jupyter/kernels/x/kernel.json", Fate::LinkOrCarry),
                ("share/man", Fate::Leave),
                ("x86_64-conda-linux-gnu/bin/ld", Fate::LinkOwned),
                ("etc/__pycache__", Fate::Leave),
                ("pkgs/cache", Fate::Leave),
                ("libexec/x", Fate::Leave),
            ],
        );
    }

    #[test]
    fn full_adds_the_rest_but_no_caches() {
        check(
            Layout::Full,
            &[
                ("share/man/man1", Fate::LinkOwned),
                ("libexec/x", Fate::LinkOwned),
                ("lib/python3.11/site-packages", Fate::Leave),
                ("pkgs", Fate::Leave),
                ("conda-meta/history", Fate::Leave),
            ],
        );
    }

    #[test]
    fn sparse_links_nothing() {
        check(Layout::Sparse, &[("bin/tool", Fate::Leave), ("lib", Fate::Leave)]);
    }
}
