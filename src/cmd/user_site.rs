//! `mlenv user-site`: whether packages in `~/.local` are seen in an env.

use crate::cli::{Switch, UserSite};
use crate::context::Context;
use crate::doctor::change::{Change, Over};
use crate::doctor::{activators, relocate, repair};
use crate::env::content::FileMode;
use crate::env::record::{self, Record};
use crate::env::skeleton;
use crate::error::Result;
use crate::resolve::Env;
use crate::text::Shown;

pub(super) fn run(context: &Context, arguments: &UserSite) -> Result<()> {
    let Env { path, record } =
        super::env_of(context, super::site::of(context, &arguments.of)?.as_deref())?;
    relocate::check_settled(&path, &record)?;
    let env = record.prefix.0.clone();
    let _lock = crate::fs::lock_for_work(&env, &Shown(&env).to_string())?;
    let user_site = arguments.switch == Switch::On;
    let new = Record { user_site, ..record.clone() };
    let (file, line) = skeleton::no_user_site(&record.base.python_lib);
    let mut changes = activators::changes(&env, &record, &new)?;
    changes.push(if user_site {
        Change::Remove(file)
    } else {
        Change::File { path: file, bytes: line, mode: FileMode::Data, over: Over::Seen }
    });
    changes.push(Change::rewrite(record::FILE, new.text()?.into_bytes()));
    repair::apply(&env, changes)?;
    let (seen, env) = (if user_site { "are seen" } else { "are kept out" }, Shown(&env));
    context.ui.say(format!("packages in ~/.local {seen} in {env}"));
    context.ui.hint("activate it again where it is active");
    Ok(())
}
