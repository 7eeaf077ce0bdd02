//! What an env's container saw of its host, found again on this one: sources of binds, and the image.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use super::remote;
use super::runner::Runner;
use crate::container::binds::is_session;
use crate::container::mount::Mode;
use crate::container::mountinfo::Table;
use crate::container::spec::is_visible;
use crate::container::{Family, Mount, Residence, store};
use crate::context::Context;
use crate::error::{Error, Result};
use crate::host::same_place;
use crate::image::Reference;
use crate::image::digest::Digest;
use crate::text::{PathText, Shown};

/// The mounts for a new container in which the env, which is at the first path here, is at the second.
pub(crate) fn mounts(context: &Context, lives: &Residence, env: (&Path, &Path)) -> Vec<Mount> {
    let mut mounts = told(context, lives);
    mounts.extend(seen(context, lives, env));
    // These engines bind the home by themselves, so nobody told it as a bind; we mount it as all else.
    let home = lives.home.as_ref().map(|home| home.0.as_path());
    if let Some(home) = home.filter(|home| lives.engine.family() == Family::Files && home.is_dir())
        && !is_visible(home, &mounts)
    {
        mounts.push(Mount::same(home));
    }
    see_env(&mut mounts, env);
    if let Ok(cwd) = context.host.cwd()
        && is_users(&cwd)
        && cwd.to_str().is_some()
        && !is_visible(&cwd, &mounts)
        && !mounts.iter().any(|mount| cwd.starts_with(&mount.target.0))
    {
        mounts.push(Mount::same(&cwd));
    }
    mounts
}

/// Binds that whoever started the container told us. One that is not here may not matter.
fn told(context: &Context, lives: &Residence) -> Vec<Mount> {
    let (there, gone): (Vec<&Mount>, Vec<&Mount>) =
        lives.bind.iter().partition(|mount| mount.source.0.exists());
    for mount in gone {
        context.ui.warn(format!(
            "{}, which is {} in the container, is not here: going on without it",
            Shown(&mount.source.0),
            Shown(&mount.target.0)
        ));
    }
    there.into_iter().cloned().collect()
}

/// Binds that the container's table of mounts showed, by their file systems. One of them shows the env, whose place
/// here is known.
fn seen(context: &Context, lives: &Residence, env: (&Path, &Path)) -> Vec<Mount> {
    let table = Table::read();
    let usual = usual(lives);
    let mut found: Vec<Mount> = Vec::new();
    for entry in lives.seen.iter().filter(|entry| !is_session(&entry.target.0)) {
        let target = &entry.target.0;
        let source = by_env(target, env).or_else(|| table.find(entry)).or_else(|| {
            Some(target.clone()).filter(|same| same.ends_with(&entry.root.0) && same.exists())
        });
        let is_below = usual.iter().any(|dir| target.starts_with(dir) && target != dir);
        match source {
            // A mount below another bind came along with it, or with what the engine binds by itself.
            Some(source) if is_carried(&source, target, &found) => {}
            Some(source) if is_below && source == *target && entry.mode == Mode::Writable => {}
            Some(source) => found.push(Mount::new(&source, target, entry.mode)),
            None if is_below => {}
            None => context.ui.warn(format!(
                "what was {} in the container was not found here: going on without it",
                Shown(target)
            )),
        }
    }
    found
}

/// What engines of its kind bind by themselves, with all that is mounted below.
fn usual(lives: &Residence) -> Vec<PathBuf> {
    if lives.engine.family() == Family::Store {
        return Vec::new();
    }
    let home = lives.home.iter().map(|home| home.0.clone());
    ["/tmp", "/var/tmp"].map(PathBuf::from).into_iter().chain(home).collect()
}

/// The source of the bind at `target`, if that shows the env: its path here, less the same end.
fn by_env(target: &Path, (here, inside): (&Path, &Path)) -> Option<PathBuf> {
    let rest = inside.strip_prefix(target).ok()?;
    if rest.as_os_str().is_empty() {
        return Some(here.to_owned());
    }
    let source = here.ancestors().nth(rest.components().count())?;
    here.ends_with(rest).then(|| source.to_owned())
}

fn is_carried(source: &Path, target: &Path, found: &[Mount]) -> bool {
    found.iter().any(|parent| {
        target
            .strip_prefix(&parent.target.0)
            .is_ok_and(|rest| parent.source.0.join(rest) == *source)
    })
}

/// Whatever was told: at the env's place inside there must be the env.
fn see_env(mounts: &mut Vec<Mount>, (here, inside): (&Path, &Path)) {
    let covering = mounts.iter().filter(|mount| inside.starts_with(&mount.target.0));
    let longest = covering.max_by_key(|mount| mount.target.0.components().count());
    let shown = longest
        .and_then(|mount| Some(mount.source.0.join(inside.strip_prefix(&mount.target.0).ok()?)));
    if !shown.is_some_and(|shown| same_place(&shown, here)) {
        mounts.push(Mount::new(here, inside, Mode::Writable));
    }
}

/// A directory of the user's: mounting one of the system's would hide the image's own.
fn is_users(dir: &Path) -> bool {
    const SYSTEM: [&str; 13] = [
        "/bin", "/boot", "/dev", "/etc", "/lib", "/lib64", "/opt", "/proc", "/run", "/sbin",
        "/sys", "/usr", "/var",
    ];
    dir.parent().is_some() && !SYSTEM.iter().any(|system| dir.starts_with(system))
}

/// The image as the engine is to be told, the one that the env was made in: a tag may mean another one by now.
pub(crate) fn image(context: &Context, runner: &Runner, lives: &Residence) -> Result<OsString> {
    let Some(PathText(image)) = &lives.image else { return by_container(runner, lives) };
    if !runner.has_store() {
        return if store::is_path(image.as_os_str()) && !image.exists() {
            Err(gone(format!("the image {} is gone", Shown(image))))
        } else {
            Ok(crate::container::files::source(image.as_os_str()))
        };
    }
    let (Some(digest), Some(text)) = (&lives.digest, image.to_str()) else {
        return Ok(image.into());
    };
    let by_name = runner.ask(&store::inspect_image(runner.engine, image.as_os_str()));
    if by_name.as_deref().is_some_and(|facts| remote::has_digest(facts, digest)) {
        return Ok(image.into());
    }
    let reference = Reference::parse(text)?.pinned(Digest::parse(digest)?);
    let exact = OsString::from(reference.to_pull().to_string());
    if runner.ask(&store::inspect_image(runner.engine, &exact)).is_some() {
        return Ok(exact);
    }
    context.ui.say(format!("pulling {}", Shown(Path::new(&exact))));
    let pulled = runner
        .watch(&format!("pull {}", Shown(Path::new(&exact))), &store::pull(runner.engine, &exact));
    match (pulled, by_name) {
        (Ok(_), _) => Ok(exact),
        (Err(error), None) => Err(error),
        (Err(_), Some(_)) => Err(gone(format!(
            "{} is now another image than the one that the env was made in ({digest})",
            Shown(image)
        ))),
    }
}

/// A container that did not tell its image tells the engine's id: while it is there, the engine knows.
fn by_container(runner: &Runner, lives: &Residence) -> Result<OsString> {
    let id = lives.container.as_deref().unwrap_or_default();
    let facts = runner.ask(&store::inspect(runner.engine, id)).unwrap_or_default();
    let facts: serde_json::Value = serde_json::from_str(&facts).unwrap_or_default();
    let image = facts.pointer("/0/Image").and_then(serde_json::Value::as_str);
    image.map(OsString::from).ok_or_else(|| {
        gone(
            "the container that the env was made in is gone, and it did not say what image it was of"
                .to_owned(),
        )
    })
}

fn gone(what: String) -> Error {
    Error::new(what).hint(
        "enter a container of the same or a newer image with `mlenv container`, and run `mlenv rebase ENV --update` on the env there",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_env_itself_tells_where_its_bind_comes_from() {
        let env = (Path::new("/data/odd:dir/p/env"), Path::new("/mnt/p/env"));
        assert_eq!(by_env(Path::new("/mnt"), env), Some("/data/odd:dir".into()));
        assert_eq!(by_env(Path::new("/mnt/p/env"), env), Some(env.0.to_owned()));
        assert_eq!(by_env(Path::new("/other"), env), None);
        let mut mounts = Vec::new();
        see_env(&mut mounts, env);
        assert_eq!(mounts.len(), 1);
    }

    #[test]
    fn directories_of_the_system_are_not_mounted() {
        assert!(is_users(Path::new("/data/x")) && is_users(Path::new("/scratch")));
        assert!(!is_users(Path::new("/opt/x")) && !is_users(Path::new("/")));
    }

    #[test]
    fn what_came_along_with_a_bind_is_not_mounted_again() {
        let parent = Mount::new(Path::new("/data"), Path::new("/mnt"), Mode::default());
        assert!(is_carried(
            Path::new("/data/sub"),
            Path::new("/mnt/sub"),
            std::slice::from_ref(&parent)
        ));
        assert!(!is_carried(Path::new("/else"), Path::new("/mnt/sub"), &[parent]));
    }
}
