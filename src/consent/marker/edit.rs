//! Markers whose env goes elsewhere or away: what mlenv wrote it may change and take back, and nothing else.

use std::path::{Path, PathBuf};

use serde::Deserialize;
use toml::{Spanned, Value};

use super::write::{remembered_as, text_for};
use super::{Marker, git, parse};
use crate::config::Dirs;
use crate::consent::{Kept, Store, without_links};
use crate::error::{Attempt, Error, Result};
use crate::hint::command;
use crate::text::{PathText, Shown};

/// The markers that name one env.
pub(crate) struct Naming {
    /// Written by `save`, with the user's consent, and no part of a repository.
    pub(crate) ours: Vec<PathBuf>,
    /// The others.
    pub(crate) others: Vec<PathBuf>,
}

/// Finds them while the env is there.
pub(crate) fn naming(env: &Path, dirs: &Dirs) -> Naming {
    let store = Store::new(dirs);
    let kept = Kept::of(dirs, env);
    let real = without_links(env);
    let mut known = store.markers_of(&real);
    let beside = real.parent().map(|dir| dir.join(super::NAME));
    known.extend(beside.filter(|path| !known.contains(path)));
    let named = known.into_iter().filter_map(|path| {
        let marker = Marker::read(path.parent()?).ok()??;
        (without_links(&marker.env(&dirs.envs)) == real).then_some(marker)
    });
    let is_ours = |marker: &Marker| {
        kept.markers().any(|held| held == marker.path)
            && store.judge.owns(&marker.path)
            && is_as_written(marker, env, dirs)
            && !git::tracks(&marker.path)
    };
    let (ours, others): (Vec<Marker>, Vec<Marker>) = named.partition(is_ours);
    let paths = |all: Vec<Marker>| all.into_iter().map(|marker| marker.path).collect();
    Naming { ours: paths(ours), others: paths(others) }
}

/// True where the bytes are those that `save` would write for this env.
fn is_as_written(marker: &Marker, env: &Path, dirs: &Dirs) -> bool {
    let real = without_links(env);
    let forms = [env, &real].map(|env| text_for(&remembered_as(marker.dir(), env, &dirs.envs)));
    forms.into_iter().any(|text| text.is_ok_and(|text| text.as_bytes() == marker.bytes))
}

/// True for a marker that says what `save` writes, for whatever env.
pub(crate) fn is_plain(marker: &Marker) -> bool {
    text_for(&marker.env).is_ok_and(|text| text.as_bytes() == marker.bytes)
}

/// Takes the marker `path` away, and the consent to it. A denial stays: it is about the place.
pub(crate) fn remove(path: &Path, dirs: &Dirs) -> Result<()> {
    crate::fs::remove_file(path).attempt("remove", path)?;
    Store::new(dirs).forget(path)
}

/// Lets the marker `path` name `env`: its one value changes, and every other byte of it stays.
pub(crate) fn rename(path: &Path, env: &Path, dirs: &Dirs) -> Result<()> {
    let dir = path.parent().unwrap_or(path);
    let Some(marker) = Marker::read(dir)? else { return Ok(()) };
    let named = remembered_as(dir, env, &dirs.envs);
    let bytes = renamed(&marker.bytes, &named).ok_or_else(|| {
        Error::new(format!("could not change {}: it names its env in an unusual way", Shown(path)))
            .hint(format!("in {}: {}", Shown(dir), command("mlenv save --force {}", &[&env])))
    })?;
    crate::fs::write_atomic(path, &bytes).attempt("write", path)
}

/// `None` where the value does not stand in one piece.
fn renamed(bytes: &[u8], env: &Path) -> Option<Vec<u8>> {
    #[derive(Deserialize)]
    struct Where {
        env: Spanned<PathText>,
    }
    let text = std::str::from_utf8(bytes).ok()?;
    let span = toml::from_str::<Where>(text).ok()?.env.span();
    let value = Value::try_from(PathText(env.to_owned())).ok()?.to_string();
    let new = [text.get(..span.start)?, &value, text.get(span.end..)?].concat().into_bytes();
    let (named, unknown) = parse(&new).ok()?;
    (named == env && parse(bytes).is_ok_and(|(_, before)| before == unknown)).then_some(new)
}

#[cfg(test)]
mod tests {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;

    use super::*;

    #[track_caller]
    fn check(before: &str, env: &[u8], after: Option<&str>) {
        let new = renamed(before.as_bytes(), Path::new(OsStr::from_bytes(env)));
        assert_eq!(new.map(|bytes| String::from_utf8(bytes).unwrap()).as_deref(), after);
    }

    #[test]
    fn one_value_changes_and_all_else_stays() {
        check("env = \"./a\"\n", b"./b", Some("env = \"./b\"\n"));
        check(
            "# mine\r\nx = 1\r\n  env='a' # why\r\n[env2]\nenv = 'a'\n",
            b"it's $x",
            Some("# mine\r\nx = 1\r\n  env=\"it's $x\" # why\r\n[env2]\nenv = 'a'\n"),
        );
        check("env = { percent = \"a%FF\" }\n", b"./b", Some("env = \"./b\"\n"));
        check("env = \"./a\"\n", b"\xff", Some("env = { percent = \"%FF\" }\n"));
        check("env = 'a'\nenv = 'b'\n", b"c", None);
    }

    #[test]
    fn a_value_in_several_pieces_is_left_alone() {
        check("[env]\npercent = \"a\"\n", b"./b", None);
    }
}
