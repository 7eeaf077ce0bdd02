//! What packages' `.sh` scripts do, for shells that cannot run them: the difference of two environments.
//!
//! bash runs the scripts in a small, clean environment, so that the answer depends on the env alone and can be
//! kept until a script changes. What a script put in front of a list such as `PATH` or `LD_LIBRARY_PATH` becomes
//! entries of that list; what it set becomes variables. Functions and aliases have no counterpart.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;

use sha2::{Digest, Sha256};

use crate::activation::sourced;
use crate::config::Dirs;
use crate::error::Result;
use crate::foreign;
use crate::host::Host;
use crate::ownership::Judge;
use crate::plan::name::{Name, PATH};
use crate::plan::session::{ListEntry, Owner};
use crate::plan::{self, Script, Target, Vars, list};
use crate::process::Words;
use crate::text::hex;

/// Variables of a user that scripts may need; all else stays out.
const KEPT: [&str; 6] = ["HOME", "USER", "LOGNAME", "LANG", "LC_ALL", "TMPDIR"];

/// What scripts did.
pub(super) struct Captured {
    sets: Vec<(Name, Option<OsString>)>,
    entries: Vec<ListEntry>,
}

impl Captured {
    /// Lets `target` do the same. What scripts set counts more than what was set before them.
    pub(super) fn add_to(self, target: &mut Target) {
        target.sets.extend(self.sets);
        target.entries.splice(0..0, self.entries);
    }
}

/// Runs `scripts`, or remembers what they did when they last ran.
pub(super) fn run(
    scripts: &[Script],
    target: &Target,
    host: &Host,
    dirs: &Dirs,
) -> Result<Captured> {
    let before = surroundings(target, host);
    let dir = dirs.cache.join("scripts");
    // Where nothing can be kept, or others could change it, they run each time.
    let cache =
        Judge::new().make_own_dir(&dir).ok().map(|()| dir.join(fingerprint(scripts, &before)));
    if let Some(after) =
        cache.as_ref().and_then(|cache| foreign::read(cache, foreign::FileKind::Settings).ok())
    {
        return Ok(difference(&before, &sourced::parsed(&after)));
    }
    // Each in the prefix that it lives in, also where no variable says so.
    let in_prefix = |script: &Script| Script {
        prefix: Some(script.prefix.as_ref().unwrap_or(&target.prefix).clone()),
        ..script.clone()
    };
    let scripts: Vec<Script> = scripts.iter().map(in_prefix).collect();
    let after = sourced::dump(&scripts, &before, Words::Dropped)?;
    if let Some(cache) = cache {
        let _ = crate::fs::write_cache(&cache, &after);
    }
    Ok(difference(&before, &sourced::parsed(&after)))
}

fn surroundings(target: &Target, host: &Host) -> Vars {
    let kept =
        KEPT.iter().filter_map(|name| Some((OsString::from(name), host.var(name)?.to_owned())));
    let mut outside: Vars = kept.collect();
    outside.insert(PATH.into(), "/usr/local/bin:/usr/bin:/bin".into());
    // Whoever asks, the scripts do the same.
    let neutral = Target { owner: Owner::Hand, leave: Vec::new(), ..target.clone() };
    let mut inside = plan::enter(&outside, &neutral).0.applied_to(&outside);
    inside.remove(OsStr::new(plan::name::SESSION));
    inside
}

fn fingerprint(scripts: &[Script], before: &Vars) -> String {
    let mut hash = Sha256::new();
    let mut field = |bytes: &[u8]| {
        hash.update(bytes.len().to_le_bytes());
        hash.update(bytes);
    };
    for Script { path, prefix } in scripts {
        field(path.as_os_str().as_bytes());
        field(prefix.as_ref().map_or(b"", |prefix| prefix.as_os_str().as_bytes()));
        if let Ok(meta) = path.metadata() {
            field(
                format!("{} {} {} {}", meta.mtime(), meta.mtime_nsec(), meta.size(), meta.ino())
                    .as_bytes(),
            );
        }
    }
    for (name, value) in before.iter().collect::<BTreeMap<_, _>>() {
        field(name.as_bytes());
        field(value.as_bytes());
    }
    hex(&hash.finalize()[..16])
}

fn difference(before: &Vars, after: &Vars) -> Captured {
    let mut captured = Captured { sets: Vec::new(), entries: Vec::new() };
    let names: BTreeSet<&OsString> = before.keys().chain(after.keys()).collect();
    for text in names {
        let (old, new) = (before.get(text), after.get(text));
        let Some(name) = Name::new(text).filter(|name| old != new && !is_left_alone(name.as_str()))
        else {
            continue;
        };
        match new {
            Some(new) if is_list(name.as_str(), new) => {
                captured.entries.extend(new_entries(&name, old, new));
            }
            new => captured.sets.push((name, new.cloned())),
        }
    }
    captured
}

/// bash's own, what the plan sets, and `PYTHONPATH`, which would reach every Python that runs in the shell.
fn is_left_alone(name: &str) -> bool {
    ["BASH", "BASH_VERSION", "CONDA_PREFIX", "CONDA_SHLVL", "TERM", "PYTHONPATH"].contains(&name)
}

/// A colon list of absolute directories.
fn is_list(name: &str, value: &OsStr) -> bool {
    (name.ends_with("PATH") || name.ends_with("_DIRS"))
        && list::entries(Some(value)).all(|entry| entry.is_empty() || entry.starts_with(b"/"))
}

fn new_entries(name: &Name, old: Option<&OsString>, new: &OsStr) -> Vec<ListEntry> {
    let fresh = list::entries(Some(new)).map(OsStr::from_bytes);
    let fresh =
        fresh.filter(|dir| !dir.is_empty() && !list::holds(old.map(OsString::as_os_str), dir));
    fresh.map(|dir| ListEntry { list: name.clone(), dir: dir.to_owned() }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_become_entries_and_all_else_variables() {
        let vars = |pairs: &[(&str, &str)]| {
            pairs.iter().map(|(name, value)| (name.into(), value.into())).collect::<Vars>()
        };
        let before = vars(&[("PATH", "/e/bin:/bin"), ("GONE", "1"), ("SAME", "1")]);
        let after = vars(&[
            ("PATH", "/new:/e/bin:/bin"),
            ("SAME", "1"),
            ("LD_LIBRARY_PATH", "/e/lib:"),
            ("DATA", "/x:y"),
            ("PYTHONPATH", "/evil"),
            ("BASH_FUNC_x%%", "() { :; }"),
            ("PS1", "evil"),
        ]);
        let captured = difference(&before, &after);
        let sets: Vec<_> =
            captured.sets.iter().map(|(name, value)| (name.as_str(), value.is_some())).collect();
        assert_eq!(sets, [("DATA", true), ("GONE", false)]);
        let entries: Vec<_> = captured
            .entries
            .iter()
            .map(|entry| (entry.list.as_str(), entry.dir.to_str().unwrap()))
            .collect();
        assert_eq!(entries, [("LD_LIBRARY_PATH", "/e/lib"), ("PATH", "/new")]);
    }
}
