//! What was added goes again, and what it shadowed is seen again.

use std::ffi::OsStr;

use super::Manner;
use super::conda::Errand;
use super::opened::Opened;
use super::run::{self, Task, Told};
use super::served;
use super::transaction::{Item, Transaction};
use crate::base::contents::depends;
use crate::base::installed::{Installed, Manager};
use crate::context::Context;
use crate::env::requests::Side;
use crate::error::{Error, Result};
use crate::hint::command;
use crate::specs::key;
use crate::text::{Shown, shown};

/// What is to go.
pub(crate) struct Wanted<'a> {
    /// By name.
    pub(crate) packages: &'a [String],
    /// Only what pip put there.
    pub(crate) pip: bool,
    /// Only what a conda client put there.
    pub(crate) conda: bool,
    /// The client that does it; none leaves that to the settings.
    pub(crate) client: Option<&'a OsStr>,
}

/// Takes what is wanted out of an env.
pub(crate) fn all(
    context: &Context,
    site: &Opened,
    wanted: &Wanted,
    manner: &Manner,
) -> Result<()> {
    let chosen = chosen(site, wanted, manner)?;
    if chosen.iter().all(|(_, names)| names.is_empty()) {
        context.ui.say("the base has it, and nothing was added; it is no longer asked for");
    }
    for (by, names) in chosen.iter().filter(|(_, names)| !names.is_empty()) {
        uninstall(context, site, (*by, names, wanted.client), manner)?;
    }
    Ok(())
}

/// What is to go, by who put it there.
fn chosen(site: &Opened, wanted: &Wanted, manner: &Manner) -> Result<[(Manager, Vec<String>); 2]> {
    let (mut conda, mut pip) = (Vec::new(), Vec::new());
    for word in wanted.packages {
        let key = key(word);
        let is_meant = |by: Manager| if by == Manager::Conda { !wanted.pip } else { !wanted.conda };
        let mut found = site.own.iter().filter(|package| package.key() == key);
        match found.find(|package| is_meant(package.by)) {
            Some(found) if found.by == Manager::Conda => conda.push(found.name.clone()),
            Some(found) => pip.push(found.name.clone()),
            None if site.own.iter().any(|package| package.key() == key) => {
                return Err(others(site, word, wanted.pip));
            }
            None if !manner.dry_run && forget(site, word)? => {}
            None => return Err(nowhere(site, word)),
        }
    }
    Ok([(Manager::Conda, conda), (Manager::Pip, pip)])
}

/// What was asked for and found in the base is no longer asked for; true where it was.
fn forget(site: &Opened, word: &str) -> Result<bool> {
    let mut asked = site.record.requests.clone();
    asked.forget(Side::Conda, word);
    asked.forget(Side::Pip, word);
    let was_asked = asked != site.record.requests;
    site.request(|requests| *requests = asked)?;
    Ok(was_asked)
}

/// It is there, but another tool put it there than the one that was named.
fn others(site: &Opened, word: &str, said_pip: bool) -> Error {
    let (tool, said) = if said_pip { ("a conda client", "--pip") } else { ("pip", "--conda") };
    let plain = command("mlenv uninstall -p {} {}", &[&site.env, &word]);
    Error::no(format!("{tool} put {} into {}", shown(word), Shown(&site.env)))
        .hint(format!("{plain}, without {said}, removes it"))
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
        None => Error::no(format!("{} is not installed in {env}", shown(word))).hint(format!(
            "{} lists what was added",
            command("mlenv packages --added {}", &[&site.env])
        )),
    }
}

fn uninstall(
    context: &Context,
    site: &Opened,
    (by, names, client): (Manager, &[String], Option<&OsStr>),
    manner: &Manner,
) -> Result<()> {
    let (task, going) = if by == Manager::Conda {
        let asking = site.conda_anywhere(context, client, Errand::Remove(names.to_vec()))?;
        if !manner.dry_run {
            site.put_right(context, &asking)?;
        }
        let going = with_dependents(context, site, (names, &asking))?;
        (site.conda_anywhere(context, client, Errand::RemoveOnly(going.clone()))?, going)
    } else {
        (Task::PipRemove(names.to_vec()), names.to_vec())
    };
    let told = Told {
        transaction: Transaction { go: items(site, by, &going), ..Transaction::default() },
        ..Told::default()
    };
    let outlook = site.outlook(&told);
    if !(manner.agree)(&task, &outlook)? {
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
            "the base's {} {} can be seen again",
            shown(&package.name),
            shown(&package.version)
        ));
    }
    Ok(())
}

/// The packages, and what in the env needs them. A client counts packages of the base in, which stay where they are:
/// so it is asked what would go, and then told exactly what of the env's own is to go.
fn with_dependents(
    context: &Context,
    site: &Opened,
    (names, asking): (&[String], &Task),
) -> Result<Vec<String>> {
    if let Some(why) = run::frozen(&site.env) {
        return Err(Error::no(format!("{} is frozen: {why}", Shown(&site.env)))
            .hint("whoever keeps it put a file conda-meta/frozen there"));
    }
    let own = site.own.iter().filter(|own| own.by == Manager::Conda);
    let mut others: Vec<String> = own.map(|own| own.name.clone()).collect();
    if matches!(asking, Task::Conda(..)) {
        let told = site.tell(context, asking)?;
        let goes = |name: &String| told.transaction.go.iter().any(|item| item.name == *name);
        others.retain(goes);
    }
    others.retain(|name| !names.contains(name));
    Ok(joined(site, names.to_vec(), others))
}

/// Of the others those go along for which the base's package of the same name would not do.
fn joined(site: &Opened, mut going: Vec<String>, mut others: Vec<String>) -> Vec<String> {
    loop {
        let lacks = |name: &String| {
            needs_of(site, name).iter().any(|depends| {
                let subject = served::subject(depends);
                let base = || site.below.iter().find(|package| package.name == subject);
                going.iter().any(|gone| gone == subject)
                    && !base().is_some_and(|package| served::serves(package, depends))
            })
        };
        let (lacking, left): (Vec<String>, Vec<String>) = others.into_iter().partition(lacks);
        if lacking.is_empty() {
            return going;
        }
        going.extend(lacking);
        others = left;
    }
}

/// What a conda package of the env's own needs.
fn needs_of(site: &Opened, name: &str) -> Vec<String> {
    let own = site.own.iter().find(|own| own.by == Manager::Conda && own.name == name);
    let record = own.map(|own| {
        let build = own.build.as_deref().unwrap_or_default();
        site.env.join(format!("conda-meta/{name}-{}-{build}.json", own.version))
    });
    record.map(|record| depends(&record)).unwrap_or_default()
}

fn items(site: &Opened, by: Manager, names: &[String]) -> Vec<Item> {
    let is_named = |package: &&Installed| package.by == by && names.contains(&package.name);
    let found = site.own.iter().filter(is_named);
    found.map(|package| Item::of(&package.name, &package.version)).collect()
}
