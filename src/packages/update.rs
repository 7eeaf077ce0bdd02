//! `update` and `outdated`: what was added to an env is moved to the newest that fits; what the base has stays.

use std::ffi::OsStr;
use std::os::fd::{AsRawFd, OwnedFd};

use serde::Serialize;

use super::conda::Errand;
use super::fulfil::reopened;
use super::opened::Opened;
use super::pip::Ask;
use super::run::{Task, Told};
use super::transaction::Swap;
use super::{Manner, client, job};
use crate::base::installed::{self, Installed, Manager};
use crate::context::Context;
use crate::error::{Attempt, Error, Result};
use crate::fs;
use crate::hint::command;
use crate::specs::key;
use crate::text::{Shown, shown};

/// What is to be moved.
pub(crate) struct Wanted<'a> {
    /// Packages; none means all that was added.
    pub(crate) packages: &'a [String],
    /// Channels before those of the settings.
    pub(crate) channels: &'a [String],
    pub(crate) client: Option<&'a OsStr>,
    /// Whether one report is to tell of all.
    pub(crate) json: bool,
}

/// A package that is not the newest there is.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Outdated {
    pub(crate) name: String,
    pub(crate) version: String,
    /// What `update` would put in its place, if anything.
    pub(crate) update: Option<String>,
    /// The newest there is, where that is known; it may not fit.
    pub(crate) newest: Option<String>,
    pub(crate) by: Manager,
}

/// The env's own packages that are meant, by who put them there.
struct Meant {
    conda: Vec<String>,
    pip: Vec<String>,
}

/// Moves them: conda's first, so that pip sees them.
pub(crate) fn all(
    context: &Context,
    mut site: Opened,
    wanted: &Wanted,
    manner: &Manner,
) -> Result<()> {
    let meant = meant(context, &site, wanted.packages)?;
    if wanted.json && !meant.conda.is_empty() && !meant.pip.is_empty() {
        return Err(Error::new(
            "--json tells what one tool would do, and this takes conda's packages and pip's",
        )
        .hint(format!("{} tells of both", command("mlenv outdated -p {} --json", &[&site.env]))));
    }
    if !meant.conda.is_empty() {
        let task = condas(context, &site, wanted, meant.conda)?;
        job::carry_out(context, &site, &task, manner)?;
        site = reopened(context, site)?;
    }
    if !meant.pip.is_empty() {
        let (task, told, _held) = pips(context, &site, &meant.pip)?;
        job::go_on(context, &site, &task, told, manner)?;
    }
    Ok(())
}

/// What `all` would do, and what newer there is.
pub(crate) fn outdated(context: &Context, site: &Opened, wanted: &Wanted) -> Result<Vec<Outdated>> {
    let meant = meant(context, site, wanted.packages)?;
    let mut rows = Vec::new();
    if !meant.conda.is_empty() {
        let task = condas(context, site, wanted, meant.conda)?;
        rows.extend(behind(site, Manager::Conda, &job::foretell(context, site, &task)?));
    }
    if !meant.pip.is_empty() {
        let (_, told, _held) = pips(context, site, &meant.pip)?;
        rows.extend(behind(site, Manager::Pip, &told));
    }
    rows.sort_by_key(|row| key(&row.name));
    Ok(rows)
}

fn behind(site: &Opened, by: Manager, told: &Told) -> Vec<Outdated> {
    let newest = told.newest();
    let row = |own: &Installed| {
        let key = key(&own.name);
        let is_it = |name: &str| crate::specs::key(name) == key;
        let coming = told.transaction.come.iter().find(|item| is_it(&item.name));
        let update = coming.map(|item| item.version.clone()).filter(|new| *new != own.version);
        let newest = newest.iter().find(|(name, _)| is_it(name)).map(|(_, new)| new.clone());
        let is_behind = update.is_some() || newest.as_ref().is_some_and(|new| *new != own.version);
        is_behind.then(|| Outdated {
            name: own.name.clone(),
            version: own.version.clone(),
            update,
            newest,
            by,
        })
    };
    site.own.iter().filter(|own| own.by == by).filter_map(row).collect()
}

fn meant(context: &Context, site: &Opened, words: &[String]) -> Result<Meant> {
    let mut found: Vec<&Installed> = Vec::new();
    for word in words {
        let own = site.own.iter().find(|own| own.key() == key(word));
        found.push(own.ok_or_else(|| not_own(site, word))?);
    }
    if words.is_empty() {
        found.extend(&site.own);
        if found.is_empty() {
            context.ui.say(format!("nothing was added to {}", Shown(&site.env)));
        }
    }
    let placed = installed::direct(&site.env, &site.record.base.python_lib);
    let of = |by: Manager| found.iter().filter(move |own| own.by == by);
    let (stay, pip): (Vec<&Installed>, Vec<&Installed>) =
        of(Manager::Pip).partition(|own| placed.contains_key(&own.key()));
    if !stay.is_empty() {
        let names: Vec<String> = stay.iter().map(|own| shown(&own.name)).collect();
        let names = names.join(", ");
        context.ui.say(format!("left as they are, since they came from no index: {names}"));
    }
    Ok(Meant {
        conda: of(Manager::Conda).map(|own| own.name.clone()).collect(),
        pip: pip.into_iter().map(|own| own.name.clone()).collect(),
    })
}

fn not_own(site: &Opened, word: &str) -> Error {
    let (name, env) = (shown(word), Shown(&site.env));
    let install = command("mlenv install -p {} {}", &[&site.env, &word]);
    match site.of_base(word) {
        Some(below) if below.by == Manager::Conda => {
            let unpin = command("mlenv unpin -p {} {}", &[&site.env, &word]);
            Error::no(format!("{name} belongs to the base, which stays as it is"))
                .hint(format!("{unpin} and {install} put another version into this env"))
        }
        Some(_) => Error::no(format!("{name} belongs to the base, which stays as it is"))
            .hint(format!("{install} with a version puts another one into this env")),
        None => Error::no(format!("{name} is not installed in {env}"))
            .hint(format!("{install} installs it; leave versions out here")),
    }
}

fn condas(context: &Context, site: &Opened, wanted: &Wanted, names: Vec<String>) -> Result<Task> {
    let asked = &site.record.requests.conda;
    let is_there = |name: &str| {
        let key = key(name);
        site.own.iter().any(|own| own.by == Manager::Conda && own.key() == key)
    };
    // Those of packages that somebody took away since are no requests any more.
    let specs = asked.iter().filter(|(name, _)| is_there(name)).map(|(_, spec)| spec.clone());
    let errand =
        Errand::Update { channels: wanted.channels.to_vec(), specs: specs.collect(), names };
    site.conda_anywhere(context, wanted.client, errand)
}

/// So often pip is asked again, with what it would have replaced of the base.
const ROUNDS: usize = 5;

/// What pip has that is newer, and the base stays: of what pip would shadow, the version is told to it.
fn pips(
    context: &Context,
    site: &Opened,
    names: &[String],
) -> Result<(Task, Told, Option<OwnedFd>)> {
    let asked = &site.record.requests.pip;
    let spec = |name: &String| asked.get(&key(name)).cloned().unwrap_or_else(|| name.clone());
    let specs: Vec<String> = names.iter().map(spec).collect();
    let (mut kept, mut held) = (String::new(), None);
    for _ in 0..ROUNDS {
        let mut ask = Ask { specs: specs.clone(), upgrade: true, ..Ask::default() };
        if !kept.is_empty() {
            let file = fs::held(kept.as_bytes()).attempt("hold versions for", &site.env)?;
            let path = format!("/proc/self/fd/{}", file.as_raw_fd());
            ask.rest = vec!["-c".into(), path.into()];
            held = Some(file);
        }
        let task = Task::Pip(ask, client::uv(context.host, &site.vars, &site.env));
        let told = job::foretell(context, site, &task)?;
        let outlook = site.outlook(&told);
        if outlook.shadow.is_empty() {
            return Ok((task, told, held));
        }
        for line in outlook.shadow.iter().map(Swap::kept) {
            kept.push_str(&line);
            kept.push('\n');
        }
    }
    Err(Error::no("no versions were found that fit the base").hint("name the packages one by one"))
}
