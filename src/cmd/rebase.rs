//! `mlenv rebase`: an env moves onto another base, with what the user put into it.

use std::ffi::OsString;

use super::site;
use crate::base::installed::{self, Installed, Manager};
use crate::base::{Base, BaseKind};
use crate::cli::Rebase;
use crate::consent::Kept;
use crate::context::Context;
use crate::doctor::base_state;
use crate::doctor::rebase::{Outcome, Rebasing};
use crate::doctor::relocate;
use crate::env::content::{BASE_LINK, Content};
use crate::env::layout::Layout;
use crate::env::record::{BaseRecord, Record, SCHEMA};
use crate::env::{index, skeleton};
use crate::error::Result;
use crate::fs;
use crate::hint::command;
use crate::packages::again::{self, Wanted};
use crate::packages::served;
use crate::packages::{Manner, uninstall};
use crate::process::stop_flag;
use crate::resolve::{self, Choice, Env};
use crate::specs::Direct;
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
            "{} already stands on {}",
            Shown(&env.path),
            Shown(&choice.base.named)
        ));
        return Ok(());
    }
    let new = record(&env.record, &choice);
    let kept = Kept::of(&context.dirs, &env.path);
    let lock = fs::lock_for_work(&env.path, &Shown(&env.path).to_string())?;
    let stop = stop_flag()?;
    let outcome = Rebasing {
        env: &env.path,
        old: &env.record,
        new: &new,
        base: &choice.base,
        plan: plan(context, &choice.base, &new)?,
        old_plan: old_plan(context, &env)?,
        stop: &stop,
    }
    .carry_out()?;
    super::tell_untrusted(context, &kept.renew());
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
        schema: SCHEMA,
        mlenv: env!("CARGO_PKG_VERSION").to_owned(),
        created: jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
        layout: if choice.base.kind == BaseKind::System { Layout::Sparse } else { old.layout },
        base: BaseRecord::new(&choice.base, choice.name.as_deref()),
        ..old.clone()
    }
}

fn plan(context: &Context, base: &Base, record: &Record) -> Result<Content> {
    let trust = index::Trust::Any;
    let mut plan = index::plan(base, record.layout, &context.dirs.cache, trust, context.ui)?;
    skeleton::add(&mut plan, base, record.user_site());
    skeleton::carry(&mut plan, &record.prefix.0, record)?;
    Ok(plan)
}

/// What the env got from its old base, if that is there as it was, or the cache remembers.
fn old_plan(context: &Context, env: &Env) -> Result<Option<Content>> {
    let (record, cache) = (&env.record, &context.dirs.cache);
    let then = &record.base.fingerprint.packages;
    let plan = match Base::of_prefix(&env.path.join(BASE_LINK), cache) {
        _ if record.layout == Layout::Sparse => Some(Content::default()),
        Ok(base) if base.fingerprint.packages == *then => {
            Some(index::plan(&base, record.layout, cache, index::Trust::Any, context.ui)?)
        }
        _ => index::remembered(cache, then, record.layout),
    };
    let Some(mut plan) = plan else { return Ok(None) };
    skeleton::add(&mut plan, &base_state::as_recorded(record), record.user_site());
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
    let lib = &env.record.base.python_lib;
    let places = installed::direct(&env.path, lib);
    let (mut conda, mut pip, mut direct) = (Vec::new(), Vec::new(), Vec::new());
    for package in left {
        let exact = format!("{}=={}", package.name, package.version);
        match places.get(&package.key()) {
            _ if package.by == Manager::Conda => conda.push(exact),
            Some(place) => direct.push(place.clone()),
            None => pip.push(exact),
        }
    }
    let all: Vec<String> = left
        .iter()
        .map(|package| shown(&format!("{}=={}", package.name, package.version)))
        .collect();
    context.ui.warn(format!("compiled for {lib}, and left in its directory: {}", all.join(" ")));
    if arguments.reinstall {
        let opened = site::open(context, Some(env.path.as_os_str()))?;
        let channels = opened.record.requests.channels.clone();
        return again::put(context, &opened, Wanted { channels: &channels, conda, pip, direct });
    }
    pip.extend(direct.iter().filter(|place| place.is_known()).map(Direct::spec));
    let sides = [("mlenv install -p {} --conda {}", conda), ("mlenv install -p {} --pip {}", pip)];
    for (template, specs) in sides {
        if !specs.is_empty() {
            let install = command(template, &[&env.path, &specs]);
            context
                .ui
                .hint(format!("install them again: {install} (`rebase --reinstall` does so)"));
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
    let places = installed::direct(&env.path, &base.python.lib);
    let (drop, keep): (Vec<_>, Vec<_>) = both.into_iter().partition(|(mine, theirs)| {
        !places.contains_key(&mine.key()) && is_as_new(&theirs.version, &mine.version)
    });
    let names = |pairs: &[(Installed, Installed)]| {
        pairs.iter().map(|(mine, _)| shown(&mine.name)).collect::<Vec<_>>()
    };
    if !keep.is_empty() {
        context.ui.say(format!(
            "kept, as the base's may be older or different: {}",
            names(&keep).join(" ")
        ));
    }
    if drop.is_empty() {
        return Ok(());
    }
    if arguments.drop {
        let packages: Vec<String> = drop.into_iter().map(|(mine, _)| mine.name).collect();
        let opened = site::open(context, Some(env.path.as_os_str()))?;
        let wanted =
            uninstall::Wanted { packages: &packages, pip: false, conda: false, client: None };
        return Manner::unasked(context, |manner| {
            uninstall::all(context, &opened, &wanted, manner)
        });
    }
    context.ui.hint(format!(
        "to use the base's: {} (`rebase --drop` does so)",
        command("mlenv uninstall -p {} {}", &[&env.path, &names(&drop)])
    ));
    Ok(())
}

/// What cannot be compared may be older.
fn is_as_new(theirs: &str, mine: &str) -> bool {
    theirs == mine || served::compared(theirs, mine).is_some_and(std::cmp::Ordering::is_ge)
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
