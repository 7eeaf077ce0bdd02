//! `mlenv lock`: what a project's env has besides its base, written down exactly.

use super::sync;
use crate::base::{Base, installed};
use crate::cli;
use crate::context::Context;
use crate::error::Result;
use crate::packages::follow::Aim;
use crate::packages::fulfil;
use crate::packages::lock::{Lock, keep, make, obey};
use crate::resolve;
use crate::text::Shown;

pub(super) fn run(context: &Context, arguments: &cli::Lock) -> Result<()> {
    // An env is needed only to tell the base and the file.
    let env = match (&arguments.base, &arguments.of.env, &arguments.of.name) {
        (Some(_), ..) => None,
        (None, None, None) => sync::env(context, &arguments.of).ok(),
        _ => Some(sync::env(context, &arguments.of)?),
    };
    let base = match &env {
        Some(env) => Base::of_prefix(&env.record.base.prefix.0, &context.dirs.cache)?,
        None => resolve::base(context.host, &context.dirs, arguments.base.as_deref())?.base,
    };
    let named = (arguments.file.as_deref(), &arguments.parts);
    let (file, parts) = sync::file(context, named, env.as_ref())?;
    let mut held = Vec::new();
    let wanted = fulfil::read(context, std::slice::from_ref(&file), &parts, &mut held)?;
    let demand = fulfil::fit(
        context,
        &wanted,
        (&base, &installed::of_base(&base)?),
        (&parts, arguments.kept.exact),
    )?;
    fulfil::tell(context, &wanted);
    let aim = Aim { file, parts, demand };
    if arguments.check {
        obey::read(&aim.file, &base, &make::asked(context, &aim.demand, aim.dir())?)?;
        context.ui.say(format!("{} is up to date", Shown(&Lock::beside(&aim.file))));
        return Ok(());
    }
    keep::write(context, &aim, &base, arguments.relock)
}
