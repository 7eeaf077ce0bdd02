//! `mlenv rebase`: an env moves onto another base, with what the user put into it.

use std::ffi::OsString;

use super::create::stop_flag;
use super::{Context, export, site, uninstall};
use crate::base::{Base, Kind};
use crate::care::ground;
use crate::care::installed::{self, Installed, Manager};
use crate::care::rebase::{Order, Outcome};
use crate::care::relocate;
use crate::cli::Rebase;
use crate::error::Result;
use crate::overlay::layout::Layout;
use crate::overlay::plan::{BASE_LINK, Plan};
use crate::overlay::record::{BaseRecord, Record};
use crate::overlay::{index, skeleton};
use crate::resolve::{self, Choice, Env};
use crate::text::{Shown, shown};

pub(super) fn run(context: &Context, arguments: &Rebase) -> Result<()> {
    let env = super::env_here(context, Some(&arguments.env))?;
    relocate::check_settled(&env.path, &env.record)?;
    // By the path that its programs know; the other may lead through links.
    let env = Env { path: env.record.prefix.0.clone(), record: env.record };
    let word = wanted(arguments, &env.record);
    let choice = resolve::base(context.host, &context.dirs, Some(&word))?;
    if is_same(&env.record, &choice.base) {
        context.ui.say(format!(
            "{} stands on {} already",
            Shown(&env.path),
            Shown(&choice.base.named)
        ));
        return Ok(());
    }
    let new = record(&env.record, &choice);
    let lock = site::lock(&env.path)?;
    let stop = stop_flag()?;
    let outcome = Order {
        env: &env.path,
        old: &env.record,
        new: &new,
        base: &choice.base,
        plan: plan(context, &choice.base, &new)?,
        old_plan: old_plan(context, &env)?,
        stop: &stop,
    }
    .carry_out()?;
    drop(lock);
    report(context, &env, &choice.base, &outcome);
    reinstall(context, arguments, &env, &outcome.left)?;
    drop_double(context, arguments, &env, &choice.base)
}

/// The base's name or path: asked for, or the one that the env was made with.
fn wanted(arguments: &Rebase, record: &Record) -> OsString {
    match (&arguments.base, &record.base.name) {
        (Some(base), _) => base.clone(),
        (None, Some(name)) => name.into(),
        (None, None) => record.base.path.0.clone().into_os_string(),
    }
}

fn is_same(record: &Record, base: &Base) -> bool {
    let then = &record.base;
    then.prefix.0 == base.prefix && then.fingerprint.packages == base.fingerprint.packages
}

/// The env's record on another base. Its links are as old as the record says, so that is now.
fn record(old: &Record, choice: &Choice) -> Record {
    Record {
        mlenv: env!("CARGO_PKG_VERSION").to_owned(),
        created: jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
        layout: if choice.base.kind == Kind::System { Layout::Sparse } else { old.layout },
        base: BaseRecord::new(&choice.base, choice.name.as_deref()),
        ..old.clone()
    }
}

fn plan(context: &Context, base: &Base, record: &Record) -> Result<Plan> {
    let trust = index::Trust::Any;
    let mut plan = index::plan(base, record.layout, &context.dirs.cache, trust, context.ui)?;
    skeleton::add(&mut plan, base, record.user_site());
    skeleton::carry(&mut plan, &record.prefix.0, record)?;
    Ok(plan)
}

/// What the env got from its old base, if that is there as it was, or the cache remembers.
fn old_plan(context: &Context, env: &Env) -> Result<Option<Plan>> {
    let (record, cache) = (&env.record, &context.dirs.cache);
    let then = &record.base.fingerprint.packages;
    let plan = match Base::open(&env.path.join(BASE_LINK), cache) {
        _ if record.layout == Layout::Sparse => Some(Plan::default()),
        Ok(base) if base.fingerprint.packages == *then => {
            Some(index::plan(&base, record.layout, cache, index::Trust::Any, context.ui)?)
        }
        _ => index::remembered(cache, then, record.layout),
    };
    let Some(mut plan) = plan else { return Ok(None) };
    skeleton::add(&mut plan, &ground::as_recorded(record), record.user_site());
    skeleton::carry(&mut plan, &record.prefix.0, record)?;
    Ok(Some(plan))
}

fn report(context: &Context, env: &Env, base: &Base, outcome: &Outcome) {
    let then = &env.record.base;
    context.ui.say(format!(
        "moved {} from {} to {} (Python {} to {}), with {} files of yours",
        Shown(&env.path),
        Shown(&then.path.0),
        Shown(&base.named),
        then.python,
        base.python.version,
        outcome.carried
    ));
}

/// What was compiled for the old Python is named, and installed anew where that was asked for.
fn reinstall(context: &Context, arguments: &Rebase, env: &Env, left: &[Installed]) -> Result<()> {
    if left.is_empty() {
        return Ok(());
    }
    let exact = |by: Manager| -> Vec<String> {
        let left = left.iter().filter(|package| package.by == by);
        left.map(|package| format!("{}=={}", package.name, package.version)).collect()
    };
    let (conda, pip) = (exact(Manager::Conda), exact(Manager::Pip));
    let all = shown(&[conda.clone(), pip.clone()].concat().join(" "));
    let lib = &env.record.base.python_lib;
    context.ui.warn(format!("compiled for {lib}, and left in its directory: {all}"));
    if arguments.reinstall {
        return export::reinstall(context, &env.path, (conda, pip));
    }
    for (side, names) in [("--conda", conda), ("--pip", pip)] {
        if !names.is_empty() {
            let (env, names) = (Shown(&env.path), shown(&names.join(" ")));
            context.ui.hint(format!(
                "install them again: mlenv install -p {env} {side} {names} (`rebase --reinstall` does so)"
            ));
        }
    }
    Ok(())
}

/// What the new base has too is named, and taken out of the env where that was asked for.
fn drop_double(context: &Context, arguments: &Rebase, env: &Env, base: &Base) -> Result<()> {
    let both = both(env, base)?;
    if both.is_empty() {
        return Ok(());
    }
    let pair = |(mine, theirs): &(Installed, Installed)| {
        let (name, mine, theirs) =
            (shown(&mine.name), shown(&mine.version), shown(&theirs.version));
        format!("{name} {mine} (the base has {theirs})")
    };
    let list: Vec<String> = both.iter().map(pair).collect();
    context.ui.say(format!("the new base has these too: {}", list.join(", ")));
    let names: Vec<String> = both.into_iter().map(|(mine, _)| mine.name).collect();
    if arguments.drop {
        return uninstall::all(context, &env.path, names);
    }
    let (env, names) = (Shown(&env.path), shown(&names.join(" ")));
    context.ui.hint(format!(
        "to use the base's: mlenv uninstall -p {env} {names} (`rebase --drop` does so)"
    ));
    Ok(())
}

/// Packages that env and new base both have.
fn both(env: &Env, base: &Base) -> Result<Vec<(Installed, Installed)>> {
    let theirs = installed::of_base(base)?;
    let mine = installed::of_env(&env.path, &base.python.lib)?;
    let pairs = mine.into_iter().filter_map(|mine| {
        let other = theirs.iter().find(|other| other.key() == mine.key())?;
        Some((mine, other.clone()))
    });
    Ok(pairs.collect())
}
