//! `mlenv save [ENV]`: writes this directory's marker and trusts it. `mlenv unsave` takes it away.

use std::path::Path;

use super::confirm;
use crate::activation::{Place, locate};
use crate::cli::{Save, Unsave};
use crate::consent::marker::{self, Marker, NAME, OnOther, Saved, save_for};
use crate::context::Context;
use crate::error::{Attempt, Error, Result};
use crate::hint::command;
use crate::host::Host;
use crate::ownership::Exposure;
use crate::plan::session::Session;
use crate::text::Shown;
use crate::ui::{Ui, Unsaid};

/// Saves the env, or the active one.
pub(super) fn run(context: &Context, arguments: &Save) -> Result<()> {
    let Context { host, dirs, ui, .. } = context;
    let named = match &arguments.env {
        Some(env) => env.clone(),
        None => {
            Session::of(host.vars())?.map(|session| session.prefix.into_os_string()).ok_or_else(
                || Error::no("nothing is active here").hint("name the env: `mlenv save ENV`"),
            )?
        }
    };
    let Place::Env(env) = locate(&named, host, dirs)? else {
        return Err(Error::no(format!(
            "{} is not an env: a marker names an env",
            Shown(named.as_ref())
        ))
        .hint("make one on it with `mlenv create`"));
    };
    let on_other = if arguments.force { OnOther::Replace } else { OnOther::Keep };
    let agree = |exposures: &[Exposure]| confirm::sharing(host, *ui, arguments.shared, exposures);
    match save_for(&host.cwd()?, &env, dirs, on_other, agree)? {
        Saved::Trusted(marker) => ui.say(format!("{} names {}", Shown(&marker), Shown(&env))),
        Saved::Untrusted(why) => return Err(why),
        Saved::Kept { marker, env: other } => {
            return Err(Error::no(format!(
                "{} names another env: {}",
                Shown(&marker),
                Shown(&other)
            ))
            .hint(format!("replace it with {}", command("mlenv save --force {}", &[&env]))));
        }
    }
    Ok(())
}

/// Takes a marker away. One that says more than `save` writes, or that git has, is asked about on a terminal.
pub(super) fn take_back(context: &Context, arguments: &Unsave) -> Result<()> {
    let Context { host, dirs, ui, .. } = context;
    let dir = match arguments.dir.as_deref() {
        Some(path) if path.file_name() == Some(NAME.as_ref()) => {
            host.absolute(path)?.parent().unwrap_or(path).to_owned()
        }
        Some(path) => host.absolute(path)?,
        None => host.cwd()?,
    };
    let path = dir.canonicalize().attempt("find", &dir)?.join(NAME);
    if path.symlink_metadata().is_err() {
        return Err(none(&dir, host));
    }
    let marker = Marker::read(&dir).ok().flatten();
    let is_plain = marker.is_some_and(|marker| marker::is_plain(&marker));
    let more = if is_plain { None } else { Some("it says more than mlenv wrote") };
    let more = more.or_else(|| marker::git_has(&path).then_some("git has it"));
    if let Some(why) = more.filter(|_| host.answers && !arguments.yes)
        && !Ui::ask(&format!("remove {}? ({why})", Shown(&path)), Unsaid::No)
    {
        return Err(Error::no("nothing was removed"));
    }
    marker::remove(&path, dirs)?;
    ui.say(format!("removed {}: this directory no longer activates anything", Shown(&path)));
    Ok(())
}

fn none(dir: &Path, host: &Host) -> Error {
    let error = Error::no(format!("there is no {NAME} in {}", Shown(dir)));
    match marker::nearest(dir, marker::ceiling(host).as_deref()) {
        Some(above) => error.hint(format!(
            "the one that counts here is taken away by {}",
            command("mlenv unsave {}", &[&above])
        )),
        None => error.hint("`mlenv status` shows what is active here, and why"),
    }
}
