//! Which files of a base load the base's copy of a library that an env has a copy of its own of. Pure.
//!
//! A process has one library of a name: the first that is loaded. `$ORIGIN` of a program is the directory of the real
//! file, whatever link it was started by, while that of a library is the directory that it was found in. So programs
//! have to be copies in the env, and for everything else a link in the env is enough.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use super::web::{Node, Search, Web};

/// The places in a base that matter.
pub(super) struct Places<'a> {
    /// The interpreter, `bin/python3.11`; none where the env has a Python of its own.
    pub(super) python: Option<&'a Path>,
    /// `lib/python3.11/site-packages`
    pub(super) site: &'a Path,
    /// `lib/python3.11/lib-dynload`
    pub(super) modules: &'a Path,
}

/// What has to be loaded from the env.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Reach {
    /// Programs, to be copied.
    pub(super) programs: BTreeSet<PathBuf>,
    /// Packages and modules in site-packages, by their topmost path.
    pub(super) packages: BTreeSet<PathBuf>,
    /// Compiled modules of the standard library.
    pub(super) modules: BTreeSet<PathBuf>,
    /// Libraries that any of them needs beside those that the env has of its own.
    pub(super) libraries: BTreeSet<PathBuf>,
}

/// Follows needs upwards from the names `own`, then down again to all that what was found needs.
pub(super) fn reach(web: &Web, own: &BTreeSet<PathBuf>, places: &Places) -> Reach {
    let names = by_name(web);
    let concerned = dependents(web, own);
    let mut found = Reach::default();
    let mut pulled: Vec<&Node> = Vec::new();
    for node in &web.files {
        let path = &node.path.0;
        let needs = node.needed.iter().any(|name| concerned.contains(&name.0));
        let hits = needs && node.search != Search::Elsewhere;
        // Modules without a search path of their own take the interpreter's.
        let is_python = places.python == Some(path.as_path());
        if path.starts_with("bin") && node.is_program {
            if hits && !(places.python.is_none() && is_interpreter(path))
                || is_python && (needs || node.search == Search::LibForAll)
            {
                found.programs.insert(path.clone());
                pulled.push(node);
            }
        } else if let (true, Ok(inside)) = (hits, path.strip_prefix(places.site)) {
            found.packages.extend(inside.iter().next().map(|top| places.site.join(top)));
            pulled.push(node);
        } else if hits && path.starts_with(places.modules) && places.python.is_some() {
            found.modules.insert(path.clone());
            pulled.push(node);
        }
    }
    found.libraries = below(&names, &pulled, own);
    found
}

fn is_interpreter(path: &Path) -> bool {
    let name = path.file_name().and_then(OsStr::to_str).unwrap_or_default();
    name.strip_prefix("python").is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
}

/// Libraries in `lib` by every name that they are needed by.
fn by_name(web: &Web) -> BTreeMap<&Path, &Node> {
    let mut names = BTreeMap::new();
    for node in web.files.iter().filter(|node| is_in_lib(node)) {
        names.extend(node.soname.as_ref().map(|name| (name.0.as_path(), node)));
        names.extend(node.path.0.file_name().map(|name| (Path::new(name), node)));
    }
    names
}

fn is_in_lib(node: &Node) -> bool {
    node.path.0.parent() == Some(Path::new("lib"))
}

/// `own`, and the names of the base's libraries that need one of them, or one that does.
fn dependents(web: &Web, own: &BTreeSet<PathBuf>) -> BTreeSet<PathBuf> {
    let mut names = own.clone();
    loop {
        let before = names.len();
        for node in web.files.iter().filter(|node| is_in_lib(node)) {
            if node.needed.iter().any(|name| names.contains(&name.0)) {
                names.extend(node.soname.as_ref().map(|name| name.0.clone()));
                names.extend(node.path.0.file_name().map(PathBuf::from));
            }
        }
        if names.len() == before {
            return names;
        }
    }
}

/// Every library of the base's `lib` that `nodes` need, directly or not.
fn below(
    names: &BTreeMap<&Path, &Node>,
    nodes: &[&Node],
    own: &BTreeSet<PathBuf>,
) -> BTreeSet<PathBuf> {
    let mut found = BTreeSet::new();
    let mut open: Vec<&Node> = nodes.to_vec();
    while let Some(node) = open.pop() {
        for name in node.needed.iter().map(|name| &name.0).filter(|name| !own.contains(*name)) {
            if let Some(library) = names.get(name.as_path())
                && found.insert(Path::new("lib").join(name))
            {
                open.push(library);
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::PathText;

    fn node(path: &str, soname: &str, needed: &[&str], search: Search) -> Node {
        let text = |name: &&str| PathText(name.into());
        Node {
            path: text(&path),
            soname: Some(text(&soname)).filter(|_| !soname.is_empty()),
            needed: needed.iter().map(text).collect(),
            search,
            is_program: path.starts_with("bin"),
        }
    }

    fn paths(paths: &[&str]) -> BTreeSet<PathBuf> {
        paths.iter().map(PathBuf::from).collect()
    }

    #[test]
    fn needs_are_followed_through_libraries_and_what_finds_its_own_elsewhere_is_spared() {
        let all = Search::LibForAll;
        let mut web = Web::default();
        web.files.extend([
            node("bin/python3.11", "", &["libc.so.6"], all),
            node("bin/tool", "", &["libmid.so"], Search::Lib),
            node("bin/other", "", &["libz.so.1"], all),
            node("lib/libmid.so.2.1", "libmid.so", &["libhep.so.1", "libz.so.1"], Search::Lib),
            node("lib/libhep.so.1.0", "libhep.so.1", &[], all),
            node("lib/libz.so.1", "libz.so.1", &[], all),
            node("lib/python3.11/site-packages/hep/core/_x.so", "", &["libmid.so"], all),
            node(
                "lib/python3.11/site-packages/wheel/_x.so",
                "",
                &["libhep.so.1"],
                Search::Elsewhere,
            ),
            node("lib/python3.11/lib-dynload/_hep.so", "", &["libhep.so.1"], Search::Lib),
        ]);
        let mut places = Places {
            python: Some(Path::new("bin/python3.11")),
            site: Path::new("lib/python3.11/site-packages"),
            modules: Path::new("lib/python3.11/lib-dynload"),
        };
        let found = reach(&web, &paths(&["libhep.so.1"]), &places);
        let expected = Reach {
            programs: paths(&["bin/python3.11", "bin/tool"]),
            packages: paths(&["lib/python3.11/site-packages/hep"]),
            modules: paths(&["lib/python3.11/lib-dynload/_hep.so"]),
            libraries: paths(&["lib/libmid.so", "lib/libz.so.1"]),
        };
        assert_eq!(found, expected);
        places.python = None;
        let found = reach(&web, &paths(&["libhep.so.1"]), &places);
        assert_eq!((found.programs, found.modules), (paths(&["bin/tool"]), paths(&[])));
    }
}
