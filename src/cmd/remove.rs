//! `mlenv remove`: takes an env away, and nothing else.

use std::path::Path;

use super::Context;
use crate::cli::Remove;
use crate::error::{Error, Result};
use crate::kernel;
use crate::overlay::{registry, stage};
use crate::resolve;
use crate::text::Shown;

pub(super) fn run(context: &Context, arguments: &Remove) -> Result<()> {
    let env = resolve::env(context.host, &context.dirs, Some(&arguments.env))?.path;
    if env.symlink_metadata().is_ok_and(|meta| meta.is_symlink()) {
        return Err(Error::new(format!("{} is a link to an env, not the env", Shown(&env)))
            .hint("remove the link with `rm`, or name the env itself"));
    }
    if stands_in(context, &env) {
        return Err(
            Error::new(format!("you are inside {}", Shown(&env))).hint("`cd` out of it first")
        );
    }
    stage::discard(&env)?;
    if let Err(cause) = registry::forget(&context.dirs, &env) {
        context.ui.warn(format!("the env is gone, but `mlenv list` still remembers it: {cause}"));
    }
    context.ui.say(format!("removed {}", Shown(&env)));
    match kernel::forget(&context.dirs, &env) {
        Ok(names) if names.is_empty() => {}
        Ok(names) => context.ui.say(format!("removed its kernels {}", names.join(", "))),
        Err(error) => context.ui.warn(error.to_string()),
    }
    Ok(())
}

/// True where the working directory is the env or below it, by whatever name the shell knows it.
fn stands_in(context: &Context, env: &Path) -> bool {
    let cwd = context.host.cwd().ok().and_then(|cwd| cwd.canonicalize().ok());
    cwd.is_some_and(|cwd| env.canonicalize().is_ok_and(|env| cwd.starts_with(env)))
}
