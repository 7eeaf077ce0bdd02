//! `mlenv clone` and `mlenv rename`: the same env at another path.

use std::ffi::OsStr;
use std::io::ErrorKind;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use super::create::place;
use crate::cli::{Clone, Rename};
use crate::consent::Kept;
use crate::consent::marker::{self, Naming};
use crate::context::Context;
use crate::doctor::{base_state, relocate};
use crate::env::create::nearest_dir;
use crate::env::create::{check_place, refuse_inside_base};
use crate::env::stage::{OnExisting, Stage};
use crate::env::{interpreter, leftover, registry};
use crate::error::{Attempt, Error, Result};
use crate::fs::{self, Copied, Root};
use crate::hint::command;
use crate::kernel;
use crate::process::stop_flag;
use crate::resolve::Env;
use crate::text::Shown;

/// Copies an env: built beside its place, renamed into it.
pub(super) fn clone(context: &Context, arguments: &Clone) -> Result<()> {
    let env = source(context, &arguments.env)?;
    let to = place(context, &arguments.place)?;
    check_target(&env, &to)?;
    refuse_inside_base(nearest_dir(&to), &env.record.base.prefix.0)?;
    let parent = to.parent().unwrap_or(Path::new("/"));
    let new_top = parent.ancestors().take_while(|dir| !dir.exists()).last().map(Path::to_owned);
    fs::make_dirs(parent, 0o777).attempt("make", parent)?;
    let kept = Kept::of(&context.dirs, &to);
    let _expected = registry::expect(&context.dirs, &to);
    let made = copy(&env, &to, parent);
    if let (Err(_), Some(top)) = (&made, new_top) {
        fs::remove_empty_dirs(parent, &top);
    }
    let (copied, compiled) = made?;
    super::tell_untrusted(context, &kept.renew());
    remember(context, &to);
    context.ui.say(format!(
        "cloned {} to {}: {} links, {} files",
        Shown(&env.path),
        Shown(&to),
        copied.links,
        copied.files
    ));
    name_compiled(context, &compiled);
    Ok(())
}

fn copy(env: &Env, to: &Path, parent: &Path) -> Result<(Copied, Vec<String>)> {
    let stop = stop_flag()?;
    let stage = Stage::new(parent)?;
    let copied = fs::copy_tree(&env.path, stage.root(), leftover::MARK, &stop).map_err(
        |cause| match cause.kind() {
            ErrorKind::Interrupted => Error::interrupted(),
            _ => Error::io("copy", &env.path, &cause),
        },
    )?;
    let compiled = relocate::settle(stage.root(), &env.record, to)?;
    stage.commit(to, OnExisting::Fail)?;
    Ok((copied, compiled))
}

/// Gives an env another path. From the rename on it is at the new one; a death before the rest is written leaves
/// what `doctor` calls a moved env, and mends.
pub(super) fn rename(context: &Context, arguments: &Rename) -> Result<()> {
    let env = source(context, &arguments.env)?;
    let to = beside(context, &env.path, &arguments.new)?;
    check_target(&env, &to)?;
    refuse_inside_base(nearest_dir(&to), &env.record.base.prefix.0)?;
    let kept = Kept::of(&context.dirs, &env.path);
    let named = marker::naming(&env.path, &context.dirs);
    let _expected = registry::expect(&context.dirs, &to);
    let carries = interpreter::carries_venvs(&env.path, &base_state::as_recorded(&env.record));
    fs::rename_dir(&env.path, &to).map_err(|cause| match cause.kind() {
        ErrorKind::CrossesDevices => Error::new(format!(
            "could not rename {}: {} is on another file system",
            Shown(&env.path),
            Shown(&to)
        ))
        .hint("`mlenv clone` it there, then `mlenv remove` it here"),
        _ => Error::io("rename", &env.path, &cause),
    })?;
    let root = Root::open_itself(&to).attempt("open", &to)?;
    let compiled = relocate::settle(&root, &env.record, &to).map_err(|error| {
        let fix = command("mlenv doctor --fix {}", &[&to]);
        error.hint(format!("the env is at its new place: {fix} ends the work"))
    })?;
    let _ = registry::forget(&context.dirs, &env.path);
    remember(context, &to);
    follow(context, &kept, &named, &to);
    let renewals = kernel::renewals(&context.dirs, (&env.path, &to), &context.host.program()?);
    if let Err(error) = kernel::renew(&renewals) {
        context.ui.warn(error.to_string());
    }
    context.ui.say(format!("renamed {} to {}", Shown(&env.path), Shown(&to)));
    if carries {
        context.ui.warn(format!(
            "any venv that was made in it names {}, and no longer starts: make it again",
            Shown(&env.path)
        ));
    }
    if is_active(context, &env.path) {
        context.ui.hint(format!(
            "it was active in this shell: run {}",
            command("mlenv activate {}", &[&to])
        ));
    }
    name_compiled(context, &compiled);
    Ok(())
}

/// Markers that the user consented to name the env at its new place; others are told.
fn follow(context: &Context, kept: &Kept, named: &Naming, to: &Path) {
    for path in kept.markers() {
        if let Err(error) = marker::rename(path, to, &context.dirs) {
            context.ui.refuse(&error);
        }
    }
    super::tell_untrusted(context, &kept.renew());
    let others =
        named.others.iter().filter(|path| !kept.markers().any(|held| held == path.as_path()));
    for path in others {
        context.ui.warn(format!("{} names the old place, and was left alone", Shown(path)));
    }
}

/// The env itself, not a link to it, at the place that its programs know.
fn source(context: &Context, word: &OsStr) -> Result<Env> {
    let env = super::env_only_here(context, Some(word))?;
    if env.path.symlink_metadata().is_ok_and(|meta| meta.is_symlink()) {
        return Err(Error::new(format!("{} is a link to an env, not the env", Shown(&env.path)))
            .hint("name the env itself"));
    }
    relocate::check_settled(&env.path, &env.record)?;
    Ok(env)
}

/// A word is a name in the same directory, anything with a `/` a path.
fn beside(context: &Context, env: &Path, new: &OsStr) -> Result<PathBuf> {
    if new.as_bytes().contains(&b'/') || matches!(new.as_bytes(), b"." | b"..") {
        return context.host.absolute(Path::new(new));
    }
    Ok(env.parent().unwrap_or(Path::new("/")).join(new))
}

fn check_target(env: &Env, to: &Path) -> Result<()> {
    check_place(to, OnExisting::Fail)?;
    if to.starts_with(&env.path) {
        return Err(Error::new(format!("{} is inside the env itself", Shown(to)))
            .hint("name a place outside of it"));
    }
    Ok(())
}

fn remember(context: &Context, env: &Path) {
    if let Err(cause) = registry::remember(&context.dirs, env) {
        context.ui.warn(format!("the env works, but `mlenv list` will not know it: {cause}"));
    }
}

fn is_active(context: &Context, env: &Path) -> bool {
    let active = ["VIRTUAL_ENV", "CONDA_PREFIX"].map(|name| context.host.path_var(name));
    active.iter().flatten().any(|prefix| prefix == env)
}

fn name_compiled(context: &Context, packages: &[String]) {
    if !packages.is_empty() {
        let names: Vec<String> = packages.iter().map(|name| crate::text::shown(name)).collect();
        context.ui.warn(format!(
            "these conda packages hold the old path in compiled files; install them again: {}",
            names.join(" ")
        ));
    }
}
