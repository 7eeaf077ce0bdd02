//! What scripts changed: the difference of a shell's variables before and after them.

use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;

use crate::plan::Vars;
use crate::plan::list;
use crate::plan::name::{Name, PATH};
use crate::plan::session::{Changed, ListEntry, Scripted};

/// By what is different. Directories that were put into a list count one by one, where to take them out gives back what was
/// there; of `PATH` whatever is new.
pub(crate) fn scripted(before: &Vars, after: &Vars) -> Scripted {
    let names: BTreeSet<&OsString> = before.keys().chain(after.keys()).collect();
    let mut scripted = Scripted::default();
    for text in names {
        let get = |vars: &'_ Vars| vars.get(text).cloned();
        let (old, new) = (get(before), get(after));
        let Some(name) = Name::new(text).filter(|name| old != new && !tells_prefix(name)) else {
            continue;
        };
        match added(&name, old.as_deref(), new.as_deref()) {
            Some(dirs) => {
                let entry = |dir| ListEntry { list: name.clone(), dir };
                scripted.entries.extend(dirs.into_iter().map(entry));
            }
            None => scripted.vars.push(Changed { name, new, old }),
        }
    }
    scripted
}

fn tells_prefix(name: &Name) -> bool {
    matches!(name.as_str(), "CONDA_PREFIX" | "VIRTUAL_ENV")
}

fn added(name: &Name, old: Option<&OsStr>, new: Option<&OsStr>) -> Option<Vec<OsString>> {
    let is_path = name.as_str() == PATH;
    let is_list = name.as_str().ends_with("PATH") || name.as_str().ends_with("_DIRS");
    let new = new.filter(|_| is_list);
    let fresh: Vec<OsString> = list::entries(new)
        .map(OsStr::from_bytes)
        .filter(|dir| dir.as_bytes().starts_with(b"/") && !list::holds(old, dir))
        .map(OsStr::to_owned)
        .collect();
    let mut rest = new.map(OsStr::to_owned);
    for dir in &fresh {
        rest = list::without(rest.as_deref(), dir);
    }
    let is_whole = !fresh.is_empty() && rest.as_deref() == old;
    (is_whole || is_path).then_some(fresh)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_count_by_directory_where_that_is_exact() {
        let vars = |pairs: &[(&str, &str)]| {
            pairs.iter().map(|(name, value)| (name.into(), value.into())).collect::<Vars>()
        };
        let before =
            vars(&[("PATH", "/e/bin:/bin"), ("GONE", "1"), ("MANPATH", "/m"), ("SAME", "1")]);
        let after = vars(&[
            ("PATH", "/new:/bin:/e/bin"),
            ("SAME", "1"),
            ("MANPATH", "/e/man:/m"),
            ("LD_LIBRARY_PATH", "/e/lib:"),
            ("CONDA_PREFIX", "/x"),
            ("PS1", "evil"),
        ]);
        let found = scripted(&before, &after);
        let names: Vec<_> = found.vars.iter().map(|var| var.name.as_str()).collect();
        assert_eq!(names, ["GONE", "LD_LIBRARY_PATH"]);
        let entries: Vec<_> = found
            .entries
            .iter()
            .map(|entry| (entry.list.as_str(), entry.dir.to_str().unwrap()))
            .collect();
        assert_eq!(entries, [("MANPATH", "/e/man"), ("PATH", "/new")]);
    }
}
