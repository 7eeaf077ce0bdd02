//! `mlenv user-site`: whether packages in `~/.local` are seen in an env.

use super::{Context, site};
use crate::care::change::{Change, Over};
use crate::care::{carried, mend, relocate};
use crate::cli::{Switch, UserSite};
use crate::error::Result;
use crate::overlay::plan::FileMode;
use crate::overlay::record::{self, Record};
use crate::overlay::skeleton;
use crate::resolve::{self, Env};
use crate::text::Shown;

pub(super) fn run(context: &Context, arguments: &UserSite) -> Result<()> {
    let Env { path, record } = resolve::env(context.host, &context.dirs, arguments.env.as_deref())?;
    relocate::check_settled(&path, &record)?;
    let env = record.prefix.0.clone();
    let _lock = site::lock(&env)?;
    let user_site = arguments.switch == Switch::On;
    let new = Record { user_site, ..record.clone() };
    let (file, line) = skeleton::no_user_site(&record.base.python_lib);
    let mut changes = carried::changes(&env, &record, &new)?;
    changes.push(if user_site {
        Change::Remove(file)
    } else {
        Change::File { path: file, bytes: line, mode: FileMode::Data, over: Over::Seen }
    });
    changes.push(Change::rewrite(record::FILE, new.text()?.into_bytes()));
    mend::apply(&env, changes)?;
    let (seen, env) = (if user_site { "are seen" } else { "are kept out" }, Shown(&env));
    context.ui.say(format!("packages in ~/.local {seen} in {env}"));
    context.ui.hint("activate it again where it is active");
    Ok(())
}
