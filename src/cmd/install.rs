//! `mlenv install`: packages on top of the base, by the tool that fits.

use std::os::fd::OwnedFd;
use std::path::PathBuf;

use super::site;
use crate::base::BaseKind;
use crate::cli::{self, Install};
use crate::context::Context;
use crate::env::layout::Layout;
use crate::error::{Error, Result};
use crate::foreign::{self, FileKind};
use crate::hint::command;
use crate::packages::Manner;
use crate::packages::asked::spec;
use crate::packages::client;
use crate::packages::conda::{self, Errand, Spelling};
use crate::packages::demand::Means;
use crate::packages::fulfil;
use crate::packages::opened::Opened;
use crate::packages::pip::Ask;
use crate::packages::project::Parts;
use crate::packages::run::Task;
use crate::packages::{asked, explicit, job, reinstall};
use crate::specs::name_of;
use crate::text::{Shown, shown};

pub(super) fn run(context: &Context, arguments: &Install) -> Result<()> {
    check_words(&arguments.packages)?;
    let mut site = site::open(context, site::word(context, &arguments.of)?.as_deref())?;
    site.is_offline = arguments.offline;
    site.runs_scripts = arguments.run_scripts;
    if arguments.reinstall {
        return site::with(context, &arguments.manner, |manner| {
            let client = arguments.client.as_deref();
            reinstall::all(context, &site, (&arguments.packages, client), manner)
        });
    }
    // What pip reads of it is there until it is done.
    let mut held = Vec::new();
    if !arguments.asked.files.is_empty() {
        return of_files(context, site, arguments, &mut held);
    }
    let task = choose(context, &site, arguments, &mut held)?;
    site::with(context, &arguments.manner, |manner| job::install(context, &site, &task, manner))
}

/// What projects' files ask for.
fn of_files(
    context: &Context,
    site: Opened,
    arguments: &Install,
    held: &mut Vec<OwnedFd>,
) -> Result<()> {
    let (parts, kept) = (parts(&arguments.asked.parts), arguments.asked.kept);
    let wanted = fulfil::read(context, &arguments.asked.files, &parts, held)?;
    fulfil::tell(context, &wanted);
    let mut demand =
        fulfil::fit(context, &wanted, (&site.base, &site.below), (&parts, kept.exact))?;
    demand.channels.splice(0..0, site::channels(context, &arguments.channel)?);
    let means = Means {
        client: arguments.client.as_deref(),
        upgrade: arguments.upgrade,
        json: arguments.manner.json,
        rest: &arguments.rest,
        frozen_base: kept.frozen_base,
        no_repair: kept.no_repair,
        ..Means::default()
    };
    let job = |manner: &Manner| fulfil::install(context, site, &demand, (means, manner));
    site::with(context, &arguments.manner, job).map(drop)
}

/// Extras and groups, as they were named.
pub(super) fn parts(parts: &cli::PartsOf) -> Parts {
    Parts { extras: parts.extras.clone(), groups: parts.groups.clone() }
}

fn check_words(words: &[String]) -> Result<()> {
    match words.iter().find(|word| word.starts_with('-') || word.trim().is_empty()) {
        Some(word) => Err(Error::new(format!("\"{}\" is not a package", shown(word)))
            .hint("further arguments for pip go after `--`")),
        None => Ok(()),
    }
}

/// The tool that fits: what only pip can do is pip's, what only a conda client can do is the client's; else a client
/// where the base is conda's, the env shows its packages, and a client is found.
fn choose(
    context: &Context,
    site: &Opened,
    arguments: &Install,
    held: &mut Vec<OwnedFd>,
) -> Result<Task> {
    if let Some(errand) = explicit(context, site, arguments)? {
        let task = site.conda(context, arguments.client.as_deref(), errand)?;
        context.ui.say(format!("{} does the work", task.tool()));
        return Ok(task);
    }
    let by_place = |word: &String| name_of(word).is_none() || word.contains(" @ ");
    let pips = arguments.pip
        || !arguments.rest.is_empty()
        || !arguments.requirements.is_empty()
        || !arguments.editable.is_empty()
        || arguments.packages.iter().any(by_place);
    let condas = arguments.conda || !arguments.channel.is_empty();
    if condas && pips {
        return Err(Error::new("paths, addresses and arguments after `--` are for pip")
            .hint("install them with a command of their own, without --conda and --channel"));
    }
    if pips && (arguments.offline || arguments.run_scripts || arguments.client.is_some()) {
        return Err(Error::new("--client, --offline and --run-scripts are for conda packages")
            .hint("leave them out: pip does the work here"));
    }
    let fits = site.base.kind == BaseKind::Conda && site.record.layout != Layout::Sparse;
    let named = arguments.client.as_deref();
    let channels = site::channels(context, &arguments.channel)?;
    let errand =
        || Errand::Install { channels: channels.clone(), specs: arguments.packages.clone() };
    let (task, why) = match () {
        () if condas => (Some(site.conda(context, named, errand())?), ""),
        () if pips => (None, "as you asked"),
        () if !fits => {
            (None, "as a conda client needs a conda base, and an env that is not sparse")
        }
        () => (site.conda_if_there(context, named, errand())?, "as no conda client was found"),
    };
    if task.is_none() {
        check_spellings(site, &arguments.packages, why)?;
    }
    context.ui.say(match &task {
        Some(Task::Conda(client, _)) => format!("{} does the work", Shown(client)),
        Some(_) => "mlenv itself does the work".to_owned(),
        None if why == "as you asked" => "pip does the work".to_owned(),
        None => format!("pip does the work, {why}"),
    });
    match task {
        Some(task) => Ok(task),
        None => Ok(Task::Pip(
            ask(context, arguments, held)?,
            client::uv(context.host, &site.vars, &site.env),
        )),
    }
}

/// What an explicit list has and the base has not, where such a list is given in the place of requirements.
fn explicit(context: &Context, site: &Opened, arguments: &Install) -> Result<Option<Errand>> {
    let [file] = arguments.requirements.as_slice() else { return Ok(None) };
    // What cannot be read, as a pipe, is for pip to read or to refuse.
    let text = foreign::read(context.host.absolute(file)?, FileKind::PackageData);
    let text = text.unwrap_or_default();
    if arguments.pip {
        return Ok(None);
    }
    let Some(mut listed) = explicit::listed(&String::from_utf8_lossy(&text))? else {
        return Ok(None);
    };
    listed.retain(|listed| !listed.is_among(&site.below));
    Ok(Some(explicit::errand(listed)))
}

/// Pip does not get what only a conda client understands: its words on that help nobody.
fn check_spellings(site: &Opened, packages: &[String], why: &str) -> Result<()> {
    let mut spelled = packages.iter().map(|spec| (spec, conda::spelling(spec)));
    let Some((spec, spelling)) = spelled.find(|(_, of)| *of != Spelling::Pips) else {
        return Ok(());
    };
    let error = Error::new(format!(
        "\"{}\" is a conda spelling, and pip does the work here, {why}",
        shown(spec)
    ));
    Err(error.hint(match spelling {
        Spelling::Condas(pips) => format!(
            "in pip's words: {}",
            command("mlenv install -p {} --pip {}", &[&site.env, &pips])
        ),
        _ => {
            "leave channel and build out, and write versions as pip does: `numpy>=2,<3`".to_owned()
        }
    }))
}

/// With every path made absolute: the record outlives the working directory.
fn ask(context: &Context, arguments: &Install, held: &mut Vec<OwnedFd>) -> Result<Ask> {
    let absolute = |path: &PathBuf| match path.to_str() {
        Some(address) if address.contains("://") => Ok(path.clone()),
        _ => context.host.absolute(path),
    };
    let mut files = Vec::new();
    for path in &arguments.requirements {
        files.push(asked::rereadable(context.host.absolute(path)?, held)?);
    }
    let specs = arguments.packages.iter().map(|word| spec(context, word));
    Ok(Ask {
        specs: specs.collect::<Result<_>>()?,
        editables: arguments.editable.iter().map(absolute).collect::<Result<_>>()?,
        files,
        upgrade: arguments.upgrade,
        rest: arguments.rest.clone(),
        ..Ask::default()
    })
}
