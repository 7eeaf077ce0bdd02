//! `mlenv save [ENV]`: writes this directory's marker and trusts it.

use crate::activation::{Place, locate};
use crate::cli::Save;
use crate::config::Dirs;
use crate::error::{Error, Result};
use crate::host::Host;
use crate::marker::{OnOther, Saved, save_for};
use crate::plan::session::Session;
use crate::text::Shown;
use crate::ui::Ui;

/// Saves the env, or the active one.
pub(super) fn run(arguments: &Save, host: &Host, ui: Ui) -> Result<()> {
    let dirs = Dirs::new(host)?;
    let named = match &arguments.env {
        Some(env) => env.clone(),
        None => Session::of(host.vars())?
            .map(|session| session.prefix.into_os_string())
            .ok_or_else(|| Error::no("nothing is active here").hint("name the env: `mlenv save ENV`"))?,
    };
    let Place::Env(env) = locate(&named, host, &dirs)? else {
        return Err(Error::no(format!("{} is no env: a marker names an env", Shown(named.as_ref())))
            .hint("make one on it with `mlenv create`"));
    };
    let on_other = if arguments.force { OnOther::Replace } else { OnOther::Keep };
    match save_for(&host.cwd()?, &env, &dirs, on_other)? {
        Saved::Trusted(marker) => ui.say(format!("{} names {}", Shown(&marker), Shown(&env))),
        Saved::Untrusted(why) => return Err(why),
        Saved::Kept { marker, env } => {
            return Err(Error::no(format!("{} names another env: {}", Shown(&marker), Shown(&env)))
                .hint("replace it with `mlenv save --force`"));
        }
    }
    Ok(())
}
