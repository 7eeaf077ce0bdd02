//! `mlenv uninstall`: what was added is removed, and what it shadowed can be seen again.

use std::path::Path;

use super::site;
use crate::cli::Uninstall;
use crate::context::Context;
use crate::error::Result;
use crate::hint::command;
use crate::packages::dependents::{self, Dependents};
use crate::packages::opened::Opened;
use crate::packages::uninstall::{self, Wanted};
use crate::text::shown;

pub(super) fn run(context: &Context, arguments: &Uninstall) -> Result<()> {
    let opened = site::open(context, site::word(context, &arguments.of)?.as_deref())?;
    let Uninstall { packages, pip, conda, client, manner, .. } = arguments;
    let wanted = Wanted { packages, pip: *pip, conda: *conda, client: client.as_deref() };
    let env = opened.env.clone();
    let before = dependents::may_leave(&opened, packages).then(|| unneeded(&opened));
    site::with(context, manner, |manner| uninstall::all(context, &opened, &wanted, manner))?;
    drop(opened); // its lock goes
    match before {
        Some(before) if !manner.dry_run => tell_unneeded(context, &env, &before),
        _ => Ok(()),
    }
}

fn unneeded(site: &Opened) -> Vec<String> {
    let found = Dependents::read(site).unneeded(site);
    found.into_iter().map(|package| package.name).collect()
}

/// Says which packages nobody needs any more, now that others went. What nobody needed before was somebody's wish.
fn tell_unneeded(context: &Context, env: &Path, before: &[String]) -> Result<()> {
    let site = site::open(context, Some(env.as_os_str()))?;
    let left: Vec<String> =
        unneeded(&site).into_iter().filter(|name| !before.contains(name)).collect();
    if !left.is_empty() {
        context.ui.say(format!("nobody needs any more: {}", shown(&left.join(", "))));
        context.ui.hint(format!("{} removes them", command("mlenv autoremove -p {}", &[&env])));
    }
    Ok(())
}
