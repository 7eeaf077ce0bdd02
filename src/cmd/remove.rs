//! `mlenv remove`: takes envs away, and nothing else.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use super::confirm;
use crate::cli::Remove;
use crate::consent::marker::{self, Naming};
use crate::context::Context;
use crate::doctor::base_state;
use crate::env::{interpreter, registry, stage};
use crate::error::{Error, Result};
use crate::hint::command;
use crate::kernel;
use crate::resolve::{self, Env};
use crate::text::Shown;
use crate::text::count;

/// All of them are looked at before any goes.
pub(super) fn run(context: &Context, arguments: &Remove) -> Result<()> {
    let mut envs: Vec<Env> = Vec::new();
    for word in &arguments.env {
        let env = removable(context, word)?;
        if !envs.iter().any(|other| other.path == env.path) {
            envs.push(env);
        }
    }
    let losses =
        || envs.iter().flat_map(|env| confirm::losses(context, &env.path, &env.record)).collect();
    let question = match envs.as_slice() {
        [env] => format!("remove {}?", Shown(&env.path)),
        all => format!("remove these {}?", count(all.len(), "env", "envs")),
    };
    confirm::destroying(context, arguments.yes, losses, &question)?;
    let mut done = Ok(());
    for env in &envs {
        if let Err(error) = take_away(context, env)
            && let Err(earlier) = std::mem::replace(&mut done, Err(error))
        {
            context.ui.refuse(&earlier);
        }
    }
    done
}

fn removable(context: &Context, word: &OsStr) -> Result<Env> {
    let env = resolve::env(context.host, &context.dirs, Some(word))?;
    let path = trimmed(&env.path);
    if path.symlink_metadata().is_ok_and(|meta| meta.is_symlink()) {
        return Err(Error::new(format!("{} is a link to an env, not the env", Shown(&path))).hint(
            format!("remove the link with {}, or name the env itself", command("rm {}", &[&path])),
        ));
    }
    if stands_in(context, &path) {
        return Err(
            Error::new(format!("you are inside {}", Shown(&path))).hint("`cd` out of it first")
        );
    }
    Ok(Env { path, ..env })
}

/// Without `/` and `/.` at its end, behind which a link would not be seen.
fn trimmed(path: &Path) -> PathBuf {
    path.components().collect()
}

fn take_away(context: &Context, env: &Env) -> Result<()> {
    let (Env { path: env, .. }, base) = (env, base_state::as_recorded(&env.record));
    let carries = interpreter::carries_venvs(env, &base);
    let markers = marker::naming(env, &context.dirs);
    stage::discard(env)?;
    if let Err(cause) = registry::forget(&context.dirs, env) {
        context.ui.warn(format!("the env is gone, but `mlenv list` still remembers it: {cause}"));
    }
    context.ui.say(format!("removed {}", Shown(env)));
    take_markers(context, &markers);
    if carries {
        context.ui.warn("any venv that was made in it stood on it, and no longer starts");
    }
    match kernel::forget(&context.dirs, env) {
        Ok(names) if names.is_empty() => {}
        Ok(names) => context.ui.say(format!("removed its kernels {}", names.join(", "))),
        Err(error) => context.ui.warn(error.to_string()),
    }
    Ok(())
}

/// Markers that mlenv wrote go with their env; of all others it is said how they go.
fn take_markers(context: &Context, named: &Naming) {
    for path in &named.ours {
        match marker::remove(path, &context.dirs) {
            Ok(()) => context.ui.say(format!("removed {}, which named it", Shown(path))),
            Err(error) => context.ui.warn(error.to_string()),
        }
    }
    for path in &named.others {
        context.ui.warn(format!("{} still names it", Shown(path)));
        let dir = path.parent().unwrap_or(path);
        context.ui.hint(format!("take that away with {}", command("mlenv unsave {}", &[&dir])));
    }
}

/// True where the working directory is the env or below it, by whatever name the shell knows it.
fn stands_in(context: &Context, env: &Path) -> bool {
    let cwd = context.host.cwd().ok().and_then(|cwd| cwd.canonicalize().ok());
    cwd.is_some_and(|cwd| env.canonicalize().is_ok_and(|env| cwd.starts_with(env)))
}
