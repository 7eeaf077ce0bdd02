//! One installation from beginning to end: told beforehand, agreed to, done, looked at, and remembered as asked for.

use std::collections::BTreeMap;
use std::path::Path;

use super::conda::Errand;
use super::opened::Opened;
use super::pip::Ask;
use super::run::{Task, Told};
use super::transaction::Item;
use super::{Manner, asked, guard, uv};
use crate::base::installed::{self, Installed};
use crate::context::Context;
use crate::env::requests::Side;
use crate::error::{Error, Result};
use crate::specs::{key, name_of};
use crate::text::{Shown, shown};

/// Installs, and remembers what was asked for.
pub(crate) fn install(
    context: &Context,
    site: &Opened,
    task: &Task,
    manner: &Manner,
) -> Result<()> {
    match carry_out(context, site, task, manner)? {
        Some(told) => remember(context, site, task, &told),
        None => Ok(()),
    }
}

/// Shows, asks, installs, looks. None where it was not to be done.
pub(crate) fn carry_out(
    context: &Context,
    site: &Opened,
    task: &Task,
    manner: &Manner,
) -> Result<Option<Told>> {
    if task.errand().is_some() && !manner.dry_run {
        site.put_right(context, task)?;
    }
    let told = foretell(context, site, task)?;
    go_on(context, site, task, told, manner)
}

/// The rest, where it is known what the tool would do.
pub(super) fn go_on(
    context: &Context,
    site: &Opened,
    task: &Task,
    told: Told,
    manner: &Manner,
) -> Result<Option<Told>> {
    let outlook = site.outlook(&told);
    if task.errand().is_some() {
        guard::check(site, &outlook)?;
    }
    let is_there = outlook.is_empty() && foreseen(task, &told);
    if is_there {
        let state = if task.is_update() { "up to date" } else { "already there" };
        let names = wanted(context, task)?;
        let there = site.told_there(names.iter().filter_map(|spec| name_of(spec)));
        context.ui.say(format!("everything is {state}{there}"));
    }
    if !(manner.agree)(task, &outlook)? {
        return Ok(None);
    }
    if !is_there {
        site.act(context, task, &told)?;
        context.ui.say(format!("installed into {}", Shown(&site.env)));
        if !task.is_own() {
            missing(context, site, &told)?;
        }
    }
    Ok(Some(told))
}

/// What a task asks for, in the user's words.
fn wanted(context: &Context, task: &Task) -> Result<Vec<String>> {
    Ok(match (task, task.errand()) {
        (_, Some(Errand::Install { specs, .. } | Errand::Exactly { specs, .. })) => specs.clone(),
        (_, Some(Errand::Update { names, .. })) => names.clone(),
        (Task::Pip(ask, _), _) => {
            let mut lines = asked::requests(context, &ask.files)?;
            lines.extend(ask.specs.iter().cloned());
            lines
        }
        _ => Vec::new(),
    })
}

/// A pip that cannot tell what it would do is let go on, with a word.
pub(super) fn foretell(context: &Context, site: &Opened, task: &Task) -> Result<Told> {
    if let Some(until) = &site.until {
        context.ui.say(format!("what was published after {} does not count", until.shown()));
    }
    if let Task::Pip(ask, uv) = task {
        if let Some(found) = crate::doctor::pip::environment(&site.vars) {
            return Err(Error::no(found.what.clone()).hint(found.cure_text(&site.env)));
        }
        if let Some(uv) = uv
            && let Some(told) = uv::foretell(context, site, uv, ask)?
        {
            return Ok(told);
        }
        let pip = [&site.own, &site.below].into_iter().flatten().find(|p| p.key() == "pip");
        match pip {
            None => return Err(without_pip(site, uv.as_deref())),
            Some(pip) if site.until.is_some() && !is_since(26, &pip.version) => {
                return Err(Error::new(format!(
                    "pip {} cannot leave out what was published later; 26.0 and later can, and uv",
                    shown(&pip.version)
                ))
                .hint("install uv, or leave `exclude-newer` out; uv is not asked for paths, options and upgrades"));
            }
            Some(pip) if !is_since(23, &pip.version) => {
                context.ui.warn(format!(
                    "pip {} cannot tell beforehand what it will install; 23.0 and later can",
                    shown(&pip.version)
                ));
                return Ok(Told::default());
            }
            Some(_) => {}
        }
    }
    site.tell(context, task).map_err(|error| guard::with_cure(site, error))
}

fn without_pip(site: &Opened, uv: Option<&Path>) -> Error {
    let (env, python) = (Shown(&site.env), site.env.join("bin/python"));
    let python = Shown(&python);
    let cure = match uv {
        Some(uv) => format!("`{} pip install --python {python} pip` adds it", Shown(uv)),
        None => format!(
            "`{python} -m ensurepip` adds it (on Debian and Ubuntu after `apt install python3-venv`)"
        ),
    };
    Error::new(format!("{env} has no pip, and nothing else takes the base's packages into account"))
        .hint(cure)
}

/// True where an empty transaction means that nothing is to be done.
fn foreseen(task: &Task, told: &Told) -> bool {
    !matches!(task, Task::Pip(..)) || told.report.is_some()
}

/// `pip install --report` has its format since 23.0, `--uploaded-prior-to` is there since 26.0.
fn is_since(release: u32, version: &str) -> bool {
    let major = version.split('.').next().and_then(|major| major.parse::<u32>().ok());
    major.is_none_or(|major| major >= release)
}

fn remember(context: &Context, site: &Opened, task: &Task, told: &Told) -> Result<()> {
    let (whose, wanted) = match (task, task.errand()) {
        (_, Some(Errand::Install { specs, .. } | Errand::Exactly { specs, .. })) => {
            let named = specs.iter().map(|spec| (name_of(spec).unwrap_or(spec), spec));
            (Side::Conda, named.map(|(name, spec)| (name.to_owned(), spec.clone())).collect())
        }
        (Task::Pip(ask, _), _) => (Side::Pip, pip_requests(context, ask, told)?),
        _ => (Side::Pip, BTreeMap::new()),
    };
    site.request(|requests| {
        for (name, spec) in &wanted {
            requests.add(whose, name, spec);
        }
        if let Some(Errand::Install { channels, .. }) = task.errand() {
            requests.add_channels(channels);
        }
    })
}

fn pip_requests(context: &Context, ask: &Ask, told: &Told) -> Result<BTreeMap<String, String>> {
    let lines = asked::requests(context, &ask.files)?;
    let nothing = super::pip::PipReport::default();
    Ok(told.report.as_ref().unwrap_or(&nothing).requests(ask, &lines))
}

/// What should be there now and is not, as where a tool's settings point it elsewhere.
fn missing(context: &Context, site: &Opened, told: &Told) -> Result<()> {
    let there = installed::of_env(&site.env, &site.record.base.python_lib)?;
    let is_there = |name: &str| {
        let key = key(name);
        there.iter().any(|package: &Installed| package.key() == key)
    };
    let gone = told.transaction.come.iter().filter(|item| !is_there(&item.name));
    let gone: Vec<String> = gone.map(Item::shown).collect();
    if !gone.is_empty() {
        context.ui.warn(format!("not found in the env afterwards: {}", gone.join(", ")));
        context.ui.hint("do settings such as PIP_TARGET or PIP_PREFIX point elsewhere?");
    }
    Ok(())
}
