//! `mlenv install`: packages on top of the base, by the tool that fits.

use std::collections::BTreeMap;
use std::path::Path;

use super::Context;
use super::site::{self, Opened};
use crate::additions::conda::Errand;
use crate::additions::forecast::{Item, Outlook};
use crate::additions::pip::{Ask, requirements};
use crate::additions::requests::{Side, name_of};
use crate::additions::work::{self, Task, Told};
use crate::additions::{client, pinned};
use crate::base::Kind;
use crate::care::installed::{self, Installed};
use crate::cli::{Install, Manner};
use crate::error::{Error, Result};
use crate::overlay::layout::Layout;
use crate::text::{Shown, shown};

pub(super) fn run(context: &Context, arguments: &Install) -> Result<()> {
    check_words(&arguments.packages)?;
    let site = site::open(context, site::word(context, &arguments.of)?.as_deref())?;
    let task = choose(context, &site, arguments)?;
    install(context, &site, &task, &arguments.manner)
}

fn install(context: &Context, site: &Opened, task: &Task, manner: &Manner) -> Result<()> {
    match carry_out(context, site, task, manner)? {
        Some(told) => remember(context, site, task, &told),
        None => Ok(()),
    }
}

/// Shows, asks, installs, looks. None where it was not to be done.
pub(super) fn carry_out(
    context: &Context,
    site: &Opened,
    task: &Task,
    manner: &Manner,
) -> Result<Option<Told>> {
    if matches!(task, Task::Conda(..)) && !manner.dry_run {
        site.put_right(context)?;
    }
    let told = foretell(context, site, task)?;
    let outlook = site.outlook(&told);
    if matches!(task, Task::Conda(..)) {
        guard(site, &outlook)?;
    }
    let is_there = outlook.is_empty() && foreseen(task, &told);
    if is_there {
        context.ui.say("everything is there already");
    }
    if !Opened::agree(context, (task, &outlook), manner)? {
        return Ok(None);
    }
    if !is_there {
        site.act(context, task, &told)?;
        context.ui.say(format!("installed into {}", Shown(&site.env)));
        missing(context, site, &told)?;
    }
    Ok(Some(told))
}

/// A pip that cannot tell what it would do is let go on, with a word.
fn foretell(context: &Context, site: &Opened, task: &Task) -> Result<Told> {
    if let Task::Pip(_, uv) = task {
        let pip = [&site.own, &site.below].into_iter().flatten().find(|p| p.key() == "pip");
        match pip {
            None => return Err(without_pip(site, uv.as_deref())),
            Some(pip) if !can_report(&pip.version) => {
                context.ui.warn(format!(
                    "pip {} cannot tell beforehand what it will install; 23.0 and later can",
                    shown(&pip.version)
                ));
                return Ok(Told::default());
            }
            Some(_) => {}
        }
    }
    site.tell(context, task).map_err(|error| match pin_in(site, task, &error.to_string()) {
        Some(name) => error.hint(format!(
            "if that is the pin: `mlenv unpin -p {} {}` lifts it",
            Shown(&site.env),
            shown(&name)
        )),
        None => error,
    })
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
    Error::new(format!("there is no pip in {env}, and nothing else counts the base's packages"))
        .hint(cure)
}

/// The pinned package that a client's refusal is about, as far as its words tell.
fn pin_in(site: &Opened, task: &Task, words: &str) -> Option<String> {
    let Task::Conda(..) = task else { return None };
    let pinned = pinned::names(&pins(site));
    let is_part = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    let mut words = words.split(|c| !is_part(c)).skip_while(|word| *word != "pin");
    words.find(|word| pinned.contains(*word)).map(str::to_owned)
}

/// True where an empty forecast means that nothing is to be done.
fn foreseen(task: &Task, told: &Told) -> bool {
    !matches!(task, Task::Pip(..)) || told.report.is_some()
}

/// `pip install --report` has its format since 23.0.
fn can_report(version: &str) -> bool {
    version.split('.').next().and_then(|major| major.parse::<u32>().ok()).is_none_or(|it| it >= 23)
}

fn check_words(words: &[String]) -> Result<()> {
    match words.iter().find(|word| word.starts_with('-') || word.trim().is_empty()) {
        Some(word) => Err(Error::new(format!("\"{}\" is no package", shown(word)))
            .hint("further arguments for pip come behind `--`")),
        None => Ok(()),
    }
}

/// The tool that fits: what only pip can do is pip's, what only a conda client can do is the client's; else a client
/// where the base is conda's, the env shows its packages, and a client is found.
fn choose(context: &Context, site: &Opened, arguments: &Install) -> Result<Task> {
    let by_place = |word: &String| name_of(word).is_none() || word.contains(" @ ");
    let pips = arguments.pip
        || !arguments.rest.is_empty()
        || !arguments.requirements.is_empty()
        || !arguments.editable.is_empty()
        || arguments.packages.iter().any(by_place);
    let condas = arguments.conda || !arguments.channel.is_empty();
    if condas && pips {
        return Err(Error::new("paths, addresses and arguments behind `--` are for pip")
            .hint("install them with a command of their own, without --conda and --channel"));
    }
    let fits = site.base.kind == Kind::Conda && site.record.layout != Layout::Sparse;
    let client = match () {
        () if condas => Some(site.conda(context)?),
        () if pips || !fits => None,
        () => client::conda(context.host, &site.vars, &site.env),
    };
    match client {
        Some(client) => Ok(Task::Conda(
            client,
            Errand::Install {
                channels: arguments.channel.clone(),
                specs: arguments.packages.clone(),
            },
        )),
        None => {
            Ok(Task::Pip(ask(context, arguments)?, client::uv(context.host, &site.vars, &site.env)))
        }
    }
}

/// With every path made absolute: the record outlives the working directory.
fn ask(context: &Context, arguments: &Install) -> Result<Ask> {
    let absolute = |path: &Path| context.host.absolute(path);
    let spec = |spec: &String| match name_of(spec) {
        None if !spec.contains("://") => {
            Ok(absolute(Path::new(spec))?.to_str().unwrap_or(spec).to_owned())
        }
        _ => Ok(spec.clone()),
    };
    Ok(Ask {
        specs: arguments.packages.iter().map(spec).collect::<Result<_>>()?,
        editables: arguments.editable.iter().map(|path| absolute(path)).collect::<Result<_>>()?,
        files: arguments.requirements.iter().map(|path| absolute(path)).collect::<Result<_>>()?,
        upgrade: arguments.upgrade,
        rest: arguments.rest.clone(),
    })
}

/// What a conda client may not do: take packages of the base out of the env, or replace pinned ones (conda itself
/// passes over a pin when the package is asked for by name).
fn guard(site: &Opened, outlook: &Outlook) -> Result<()> {
    let env = Shown(&site.env);
    if let Some(why) = work::frozen(&site.env) {
        return Err(Error::no(format!("{env} is frozen: {why}"))
            .hint("who keeps it put a file conda-meta/frozen there"));
    }
    if !outlook.remove_of_base.is_empty() {
        let names: Vec<String> = outlook.remove_of_base.iter().map(Item::shown).collect();
        return Err(Error::no(format!(
            "that would take packages of the base out of {env}: {}",
            names.join(", ")
        ))
        .hint("ask for other versions, or install with --pip"));
    }
    let pinned = pinned::names(&pins(site));
    let hit: Vec<String> =
        outlook.shadowed().filter(|name| pinned.contains(*name)).map(shown).collect();
    if hit.is_empty() {
        return Ok(());
    }
    let (are, names) = (if hit.len() == 1 { "is" } else { "are" }, hit.join(", "));
    let error = Error::no(format!(
        "{names} of the base {are} pinned, and would be replaced in {env}: {}",
        outlook.shadow_text()
    ));
    Err(error.hint(format!("`mlenv unpin -p {env} {}` allows it", hit.join(" "))))
}

/// The text of `conda-meta/pinned`.
fn pins(site: &Opened) -> String {
    work::read(&site.env.join("conda-meta/pinned")).unwrap_or_default()
}

fn remember(context: &Context, site: &Opened, task: &Task, told: &Told) -> Result<()> {
    let (whose, wanted) = match task {
        Task::Conda(_, Errand::Install { specs, .. }) => {
            let named = specs.iter().map(|spec| (name_of(spec).unwrap_or(spec), spec));
            (Side::Conda, named.map(|(name, spec)| (name.to_owned(), spec.clone())).collect())
        }
        Task::Pip(ask, _) => (Side::Pip, pip_requests(context, ask, told)?),
        _ => (Side::Pip, BTreeMap::new()),
    };
    site.request(|requests| {
        for (name, spec) in &wanted {
            requests.add(whose, name, spec);
        }
        if let Task::Conda(_, Errand::Install { channels, .. }) = task {
            requests.add_channels(channels);
        }
    })
}

fn pip_requests(context: &Context, ask: &Ask, told: &Told) -> Result<BTreeMap<String, String>> {
    let mut lines = Vec::new();
    for file in &ask.files {
        let dir = file.parent().unwrap_or(Path::new("/"));
        let all = requirements(&work::read(file)?);
        lines.extend(all.into_iter().map(|line| match line.strip_prefix("-e ") {
            Some(path) if !path.contains("://") => {
                let path = context.host.absolute(&dir.join(path.trim()));
                path.ok().and_then(|path| Some(format!("-e {}", path.to_str()?))).unwrap_or(line)
            }
            _ => line,
        }));
    }
    let nothing = crate::additions::pip::Report::default();
    Ok(told.report.as_ref().unwrap_or(&nothing).requests(ask, &lines))
}

/// What should be there now and is not, as where a tool's settings point it elsewhere.
fn missing(context: &Context, site: &Opened, told: &Told) -> Result<()> {
    let there = installed::of_env(&site.env, &site.record.base.python_lib)?;
    let is_there = |name: &str| {
        let key = installed::key(name);
        there.iter().any(|package: &Installed| package.key() == key)
    };
    let gone = told.forecast.come.iter().filter(|item| !is_there(&item.name));
    let gone: Vec<String> = gone.map(Item::shown).collect();
    if !gone.is_empty() {
        context.ui.warn(format!("not found in the env afterwards: {}", gone.join(", ")));
        context.ui.hint("do settings such as PIP_TARGET or PIP_PREFIX point elsewhere?");
    }
    Ok(())
}
