//! `mlenv uninstall`: what was added goes again, and what it shadowed is seen again.

use std::path::Path;

use super::Context;
use super::site::{self, Opened};
use crate::additions::conda::Errand;
use crate::additions::forecast::{Forecast, Item};
use crate::additions::requests::Side;
use crate::additions::work::{self, Task, Told};
use crate::care::installed::{self, Installed, Manager};
use crate::cli::{Manner, OfEnv, Uninstall};
use crate::error::{Error, Result};
use crate::text::{Shown, shown};

pub(super) fn run(context: &Context, arguments: &Uninstall) -> Result<()> {
    let site = site::open(context, site::word(context, &arguments.of)?.as_deref())?;
    uninstall_all(context, &site, arguments)
}

/// Takes these packages out of the env at `env`, whoever put them there, without a question.
pub(super) fn all(context: &Context, env: &Path, packages: Vec<String>) -> Result<()> {
    let manner = Manner { dry_run: false, yes: true, json: false };
    let of = OfEnv { env: Some(env.as_os_str().to_owned()), name: None };
    run(context, &Uninstall { of, packages, pip: false, conda: false, manner })
}

fn uninstall_all(context: &Context, site: &Opened, arguments: &Uninstall) -> Result<()> {
    let chosen = chosen(site, arguments)?;
    if chosen.iter().all(|(_, names)| names.is_empty()) {
        context.ui.say("the base has it, and nothing was added; it is asked for no more");
    }
    for (by, names) in chosen.iter().filter(|(_, names)| !names.is_empty()) {
        uninstall(context, site, (*by, names), &arguments.manner)?;
    }
    Ok(())
}

/// What is to go, by who put it there.
fn chosen(site: &Opened, arguments: &Uninstall) -> Result<[(Manager, Vec<String>); 2]> {
    let (mut conda, mut pip) = (Vec::new(), Vec::new());
    for word in &arguments.packages {
        let key = installed::key(word);
        let is_meant =
            |by: Manager| if by == Manager::Conda { !arguments.pip } else { !arguments.conda };
        let mut found = site.own.iter().filter(|package| package.key() == key);
        match found.find(|package| is_meant(package.by)) {
            Some(found) if found.by == Manager::Conda => conda.push(found.name.clone()),
            Some(found) => pip.push(found.name.clone()),
            None if !arguments.manner.dry_run && forget(site, word)? => {}
            None => return Err(nowhere(site, word)),
        }
    }
    Ok([(Manager::Conda, conda), (Manager::Pip, pip)])
}

/// What was asked for and found in the base is asked for no more; true where it was.
fn forget(site: &Opened, word: &str) -> Result<bool> {
    let mut asked = site.record.requests.clone();
    asked.forget(Side::Conda, word);
    asked.forget(Side::Pip, word);
    let was_asked = asked != site.record.requests;
    site.request(|requests| *requests = asked)?;
    Ok(was_asked)
}

fn nowhere(site: &Opened, word: &str) -> Error {
    let env = Shown(&site.env);
    match site.of_base(word) {
        Some(package) => Error::no(format!(
            "{} {} belongs to the base and stays: nothing was added for it in {env}",
            shown(&package.name),
            shown(&package.version)
        ))
        .hint("an env shows all of its base; install another version to shadow it"),
        None => Error::no(format!("there is no {} in {env}", shown(word)))
            .hint(format!("`mlenv packages --added {env}` lists what was added")),
    }
}

fn uninstall(
    context: &Context,
    site: &Opened,
    (by, names): (Manager, &[String]),
    manner: &Manner,
) -> Result<()> {
    let (task, going) = if by == Manager::Conda {
        if !manner.dry_run {
            site.put_right(context)?;
        }
        let going = with_dependents(context, site, names)?;
        (Task::Conda(site.conda(context)?, Errand::RemoveOnly(going.clone())), going)
    } else {
        (Task::PipRemove(names.to_vec()), names.to_vec())
    };
    let told =
        Told { forecast: Forecast { come: Vec::new(), go: items(site, by, &going) }, report: None };
    let outlook = site.outlook(&told);
    if !Opened::agree(context, (&task, &outlook), manner)? {
        return Ok(());
    }
    site.act(context, &task, &told)?;
    let whose = if by == Manager::Conda { Side::Conda } else { Side::Pip };
    site.request(|requests| going.iter().for_each(|name| requests.forget(whose, name)))?;
    context.ui.say(format!("removed from {}: {}", Shown(&site.env), shown(&going.join(" "))));
    // What a conda client brings back is told by the look that follows it.
    let pips = going.iter().filter(|_| by == Manager::Pip);
    for package in pips.filter_map(|name| site.of_base(name)) {
        context.ui.say(format!(
            "the base's {} {} is seen again",
            shown(&package.name),
            shown(&package.version)
        ));
    }
    Ok(())
}

/// The packages, and what in the env needs them. A client counts packages of the base in, which stay where they are:
/// so it is asked what would go, and then told exactly what of the env's own is to go.
fn with_dependents(context: &Context, site: &Opened, names: &[String]) -> Result<Vec<String>> {
    if let Some(why) = work::frozen(&site.env) {
        return Err(Error::no(format!("{} is frozen: {why}", Shown(&site.env)))
            .hint("who keeps it put a file conda-meta/frozen there"));
    }
    let task = Task::Conda(site.conda(context)?, Errand::Remove(names.to_vec()));
    let told = site.tell(context, &task)?;
    let is_own = |item: &&Item| {
        let key = installed::key(&item.name);
        site.own.iter().any(|own| own.by == Manager::Conda && own.key() == key)
    };
    let mut going: Vec<String> =
        told.forecast.go.iter().filter(is_own).map(|item| item.name.clone()).collect();
    going.extend(
        names
            .iter()
            .filter(|name| !told.forecast.go.iter().any(|item| item.name == **name))
            .cloned(),
    );
    Ok(going)
}

fn items(site: &Opened, by: Manager, names: &[String]) -> Vec<Item> {
    let is_named = |package: &&Installed| package.by == by && names.contains(&package.name);
    let found = site.own.iter().filter(is_named);
    found
        .map(|package| Item { name: package.name.clone(), version: package.version.clone() })
        .collect()
}
