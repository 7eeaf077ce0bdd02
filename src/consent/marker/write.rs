//! Writing a marker: what `save` and `create` do. What they write they also trust: the user asked for it.

use std::path::{Path, PathBuf};

use serde::Serialize;

use super::{Marker, NAME};
use crate::config::Dirs;
use crate::consent::{Shared, Store, Subject};
use crate::env::record::is_env;
use crate::error::{Attempt, Error, Result};
use crate::ownership::Exposure;
use crate::text::PathText;

/// What to do about a marker that names another env.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OnOther {
    /// Leave it and say so.
    Keep,
    /// Write over it.
    Replace,
}

/// What became of the wish to have a marker.
#[derive(Debug)]
pub(crate) enum Saved {
    /// The marker at this path names the env and takes effect.
    Trusted(PathBuf),
    /// It names the env, but it does not take effect.
    Untrusted(Error),
    /// A marker for another env is there and was left alone.
    Kept {
        /// The marker.
        marker: PathBuf,
        /// The env that it names.
        env: PathBuf,
    },
}

#[derive(Serialize)]
struct Content {
    env: PathText,
}

/// Writes the marker of `dir` so that it names `env`, an absolute path, and trusts it. Where others can change it, the
/// user is asked through `agree`, unless an earlier consent covers them.
pub(crate) fn save_for(
    dir: &Path,
    env: &Path,
    dirs: &Dirs,
    on_other: OnOther,
    agree: impl FnOnce(&[Exposure]) -> Shared,
) -> Result<Saved> {
    let dir = dir.canonicalize().attempt("find", dir)?;
    let path = dir.join(NAME);
    let there = match Marker::read(&dir) {
        Err(_) if on_other == OnOther::Replace => None,
        other => other?,
    };
    let named = there.map(|marker| marker.env(&dirs.envs));
    match named {
        Some(other) if !same(&other, env) && on_other == OnOther::Keep => {
            return Ok(Saved::Kept { marker: path, env: other });
        }
        Some(other) if same(&other, env) => {}
        _ => write(&path, &remembered_as(&dir, env, &dirs.envs))?,
    }
    trust(&path, dirs, agree)
}

fn write(path: &Path, env: &Path) -> Result<()> {
    crate::fs::write_atomic(path, text_for(env)?.as_bytes()).attempt("write", path)
}

/// All that such a marker says.
pub(super) fn text_for(env: &Path) -> Result<String> {
    let content = Content { env: PathText(env.to_owned()) };
    toml::to_string(&content)
        .map_err(|cause| Error::new(format!("could not write a marker: {cause}")))
}

/// Reads back what is there and consents to that.
fn trust(path: &Path, dirs: &Dirs, agree: impl FnOnce(&[Exposure]) -> Shared) -> Result<Saved> {
    let store = Store::new(dirs);
    if store.denies(path)? {
        let denied = crate::consent::Verdict::Denied.refusal(path);
        return Ok(Saved::Untrusted(denied.unwrap_or_else(|| Error::no("denied"))));
    }
    let marker = Marker::read(path.parent().unwrap_or(path))?
        .ok_or_else(|| Error::new("the marker vanished"))?;
    let subject = Subject::of(&marker, &marker.env(&dirs.envs), &store.judge)?;
    let uncovered = store.uncovered(path, &subject.exposures);
    let shared = if uncovered.is_empty() { Shared::Accepted } else { agree(&uncovered) };
    Ok(match store.allow(&subject, shared) {
        Ok(()) => Saved::Trusted(path.to_owned()),
        Err(refused) => Saved::Untrusted(refused),
    })
}

/// How a marker in `dir` names `env`: from its own directory where the env lies below, so that both can be moved
/// together; by name where the env has one; else by its path.
pub(crate) fn remembered_as(dir: &Path, env: &Path, envs: &Path) -> PathBuf {
    let real = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_owned());
    if let Ok(below) = real(env).strip_prefix(real(dir)) {
        return Path::new(".").join(below);
    }
    match (env.file_name(), env.parent()) {
        (Some(name), Some(parent)) if real(parent) == real(envs) && !is_env(&dir.join(name)) => {
            PathBuf::from(name)
        }
        _ => env.to_owned(),
    }
}

fn same(left: &Path, right: &Path) -> bool {
    left == right
        || matches!((left.canonicalize(), right.canonicalize()), (Ok(left), Ok(right)) if left == right)
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "tests build worlds of their own")]
mod tests {
    use std::fs;

    use super::*;

    fn dirs(root: &Path) -> Dirs {
        let at = |name: &str| root.join(name);
        Dirs {
            envs: at("envs"),
            config: at("config"),
            site: at("site"),
            state: at("state"),
            cache: at("cache"),
            jupyter: at("jupyter"),
            scratch: at("scratch"),
        }
    }

    fn env(path: &Path) -> PathBuf {
        fs::create_dir_all(path).unwrap();
        fs::write(path.join("mlenv.toml"), "created = '2026-01-01T00:00:00Z'").unwrap();
        path.to_owned()
    }

    #[test]
    fn an_env_is_named_so_that_it_is_found_again() {
        let root = tempfile::tempdir().unwrap();
        let root = &root.path().canonicalize().unwrap();
        let (project, envs) = (root.join("project"), root.join("envs"));
        let below = env(&project.join("a b/one"));
        let named = env(&envs.join("tune"));
        let far = env(&root.join("far"));
        assert_eq!(remembered_as(&project, &below, &envs), Path::new("./a b/one"));
        assert_eq!(remembered_as(&project, &named, &envs), Path::new("tune"));
        assert_eq!(remembered_as(&project, &far, &envs), far);
        env(&project.join("tune"));
        assert_eq!(
            remembered_as(&project, &named, &envs),
            named,
            "the one beside the marker would win"
        );
    }

    #[test]
    fn a_marker_for_another_env_is_kept_unless_told() {
        let root = tempfile::tempdir().unwrap();
        let root = &root.path().canonicalize().unwrap();
        let dirs = dirs(root);
        let (one, two) = (env(&root.join("p/one")), env(&root.join("p/two")));
        let save = |env: &Path, on_other| {
            save_for(&root.join("p"), env, &dirs, on_other, |_| Shared::No).unwrap()
        };
        assert!(matches!(save(&one, OnOther::Keep), Saved::Trusted(_)));
        assert!(matches!(save(&one, OnOther::Keep), Saved::Trusted(_)));
        assert!(matches!(save(&two, OnOther::Keep), Saved::Kept { env, .. } if same(&env, &one)));
        assert!(matches!(save(&two, OnOther::Replace), Saved::Trusted(_)));
        assert_eq!(fs::read_to_string(root.join("p").join(NAME)).unwrap(), "env = \"./two\"\n");
    }
}
