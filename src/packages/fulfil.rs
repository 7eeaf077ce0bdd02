//! What project files ask for, fitted to a base and installed: what the base has, or the env has by now, stays as it is.
//! conda's packages come first, so that pip sees them.

use std::ffi::OsStr;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

use super::conda::Errand;
use super::demand::{Demand, Means, all_served};
use super::explicit::{self, Listed};
use super::opened::{self, Opened};
use super::project::{Parts, Wanted, names};
use super::run::Task;
use super::served::{serves, serves_spec, subject};
use super::{Manner, asked, client, dynamic, job, pins, project, resolution};
use crate::activation::variables;
use crate::base::installed::{Installed, Manager};
use crate::base::{Base, BaseKind, known};
use crate::context::Context;
use crate::env::record::Record;
use crate::error::{Attempt, Error, Result};
use crate::foreign::{self, FileKind};
use crate::resolve;
use crate::specs::{key, name_of};
use crate::text::{Shown, shown};

/// Says what of files is passed over.
pub(crate) fn tell(context: &Context, wanted: &[Wanted]) {
    for file in wanted {
        for sentence in &file.passed_over {
            context.ui.say(format!("{}: {sentence}", short(&file.from)));
        }
    }
}

/// Reads files. What pip reads of them is there until `held` goes.
pub(crate) fn read(
    context: &Context,
    files: &[PathBuf],
    parts: &Parts,
    held: &mut Vec<OwnedFd>,
) -> Result<Vec<Wanted>> {
    let mut all = Vec::new();
    for file in files {
        let named = context.host.absolute(file)?;
        let path = asked::rereadable(named.clone(), held)?;
        let bytes = foreign::read(&path, FileKind::PackageData).attempt("read", &named)?;
        let wanted = project::read(&path, &bytes, parts)
            .map_err(|error| error.during(format_args!("could not use {}", Shown(&named))))?;
        all.push(Wanted { from: named, ..wanted });
    }
    Ok(all)
}

/// A file by its name alone.
pub(crate) fn short(file: &Path) -> String {
    Shown(Path::new(file.file_name().unwrap_or(file.as_os_str()))).to_string()
}

/// What files ask for of an env on `base`, which holds `below`. What cannot be had there is an error, before anything is
/// made.
pub(crate) fn fit(
    context: &Context,
    wanted: &[Wanted],
    (base, below): (&Base, &[Installed]),
    (parts, exact): (&Parts, bool),
) -> Result<Demand> {
    let mut demand = Demand { channels: Wanted::channels(wanted), ..Demand::default() };
    let has = |name: &str| below.iter().any(|package| package.key() == key(name));
    for file in wanted {
        check_python(context, file, base)?;
        if base.kind == BaseKind::Conda {
            demand.conda.extend(file.conda.iter().cloned());
        } else {
            demand.pip.extend(without_conda(file, base, below)?);
        }
        demand.archives.extend(archives(file, base, below, exact)?);
        demand.pip.extend(file.pip.iter().cloned());
        if let Some(dir) = &file.dynamic {
            demand.pip.extend(dynamic::dependencies(context, dir, parts, base)?);
        }
        for spec in &file.locked {
            let is_below = !exact && name_of(spec).is_some_and(has);
            if is_below { &mut demand.kept } else { &mut demand.pip }.push(spec.clone());
        }
        demand.variables.extend(file.variables.iter().cloned());
        demand.files.extend(file.files.iter().cloned());
    }
    Ok(demand)
}

/// The archives of a lock that are wanted: not those that the base has in a version that the others of the lock can do
/// with, unless all are to be as in the lock.
fn archives(wanted: &Wanted, base: &Base, below: &[Installed], exact: bool) -> Result<Vec<Listed>> {
    if base.kind != BaseKind::Conda && !wanted.archives.is_empty() {
        return Err(Error::new(format!(
            "{} locks packages of conda, and {} is not a conda base",
            Shown(&wanted.from),
            Shown(&base.prefix)
        ))
        .hint("name a conda base with --base"));
    }
    let needs: Vec<&String> = wanted.archives.iter().flat_map(|one| &one.depends).collect();
    let does = |package: &Installed| {
        let mut needs = needs.iter().filter(|need| subject(need) == package.name);
        needs.all(|need| serves(package, need))
    };
    let stays = |name: &str| {
        let there = below.iter().find(|one| one.by == Manager::Conda && one.name == name);
        !exact && there.is_some_and(does)
    };
    let all = wanted.archives.iter().map(|one| &one.listed);
    Ok(all.filter(|listed| !stays(&listed.package.name)).cloned().collect())
}

fn check_python(context: &Context, wanted: &Wanted, base: &Base) -> Result<()> {
    let Some(wish) = wanted.python.as_ref().filter(|wish| !wish.admits(&base.python.version))
    else {
        return Ok(());
    };
    let error = Error::new(format!(
        "{} asks for Python {}, and the base {} has {}",
        Shown(&wanted.from),
        shown(&wish.text),
        Shown(&base.prefix),
        shown(&base.python.version)
    ));
    let names = known::all(&context.dirs).unwrap_or_default();
    let fits = names.iter().filter(|(_, (entry, _))| {
        let base = resolve::at(&entry.path.0, &context.dirs);
        base.is_ok_and(|base| wish.admits(&base.python.version))
    });
    let fits: Vec<String> = fits.map(|(name, _)| shown(name)).collect();
    Err(error.hint(match fits.as_slice() {
        [] => "an env has its base's Python: name another base with --base".to_owned(),
        fits => format!("known bases that fit: {}; name one with --base", fits.join(", ")),
    }))
}

/// conda's specs in pip's words, for a base that is not conda's.
fn without_conda(wanted: &Wanted, base: &Base, below: &[Installed]) -> Result<Vec<String>> {
    let (mut found, mut unknown) = (Vec::new(), Vec::new());
    for spec in wanted.conda.iter().filter(|spec| name_of(spec) != Some("pip")) {
        match names::for_pip(spec) {
            Some(words) => found.push(words),
            None if below.iter().any(|package| serves_spec(package, spec)) => {}
            None => unknown.push(shown(spec)),
        }
    }
    if unknown.is_empty() {
        return Ok(found);
    }
    Err(Error::new(format!(
        "{} asks for packages of conda, and {} is not a conda base: {}",
        Shown(&wanted.from),
        Shown(&base.prefix),
        unknown.join(", ")
    ))
    .hint("name a conda base with --base; what Python's index has can stand below `pip:`"))
}

/// Installs what is lacking, and remembers all that was asked for.
pub(crate) fn install(
    context: &Context,
    mut site: Opened,
    demand: &Demand,
    (means, manner): (Means, &Manner),
) -> Result<Opened> {
    let specs = demand.lacking_conda(&site);
    let archives = demand.lacking_archives(&site);
    let lines = demand.lines(context)?;
    let pips = means.upgrade && !lines.is_empty() || !all_served(&site, &lines);
    let tools = [!specs.is_empty() || !archives.is_empty(), pips];
    if means.json && tools == [true; 2] {
        return Err(Error::new(
            "--json tells what one tool would do, and this takes conda's packages and pip's",
        )
        .hint("leave --json out"));
    }
    if tools == [false; 2] {
        let names = demand.names(context)?;
        let there = site.told_there(names.iter().map(String::as_str));
        context.ui.say(format!("everything is already there{there}"));
    }
    if means.frozen_base && !demand.shadowing(&site).is_empty() {
        let names = demand.shadowing(&site).join(", ");
        return Err(Error::no(format!(
            "packages of the base would be shadowed: {}",
            shown(&names)
        ))
        .hint("without --frozen-base they come, into the env alone"));
    }
    if !archives.is_empty() {
        // A lock says itself that another version than the base's is wanted.
        if !manner.dry_run {
            pins::lift(&site.env, &explicit::shadowing(&site, &archives))?;
        }
        let task = site.conda(context, means.client, explicit::errand(archives))?;
        job::carry_out(context, &site, &task, manner)?;
        site = reopened(context, site)?;
    }
    if !specs.is_empty() {
        let errand = Errand::Install { channels: demand.channels.clone(), specs };
        let task = site.conda(context, means.client, errand)?;
        job::install(context, &site, &task, manner)?;
        site = reopened(context, site)?;
    }
    if pips {
        let uv = client::uv(context.host, &site.vars, &site.env);
        let (ask, told) = resolution::of_pip(context, &site, (demand, uv.as_deref()), means)?;
        job::go_on(context, &site, &Task::Pip(ask, uv), told, manner)?;
        site = reopened(context, site)?;
    }
    if !manner.dry_run {
        set_variables(context, &site, &demand.variables)?;
        let asked = demand.requests(context)?;
        site.request(|requests| requests.join(asked))?;
    }
    Ok(site)
}

/// Sets variables that the env does not have yet; what the user set stays.
pub(super) fn set_variables(
    context: &Context,
    site: &Opened,
    wanted: &[(String, String)],
) -> Result<()> {
    if wanted.is_empty() {
        return Ok(());
    }
    let there = variables::list(&site.env)?;
    let mut changes = Vec::new();
    for (name, value) in wanted {
        match there.get(name) {
            None => changes.push((variables::name(OsStr::new(name))?, Some(value.clone()))),
            Some(own) if own == value => {}
            Some(_) => context.ui.say(format!("{} stays as you set it", shown(name))),
        }
    }
    if changes.is_empty() {
        return Ok(());
    }
    variables::edit(&site.env, &changes)?;
    let names: Vec<String> = changes.iter().map(|(name, _)| name.to_string()).collect();
    context.ui.say(format!("set while the env is active: {}", names.join(", ")));
    Ok(())
}

/// The env with what it holds by now.
pub(super) fn reopened(context: &Context, site: Opened) -> Result<Opened> {
    let (path, is_offline) = (site.env.clone(), site.is_offline);
    let record = Record::read(&path)?.unwrap_or_else(|| site.record.clone());
    drop(site); // its lock goes
    let mut site = opened::open(context, resolve::Env { path, record })?;
    site.is_offline = is_offline;
    Ok(site)
}
