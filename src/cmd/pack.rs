//! `mlenv pack` and `mlenv unpack`: an env in one file, and one made of it elsewhere.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use super::print;
use crate::base::Base;
use crate::cli::{Pack, Unpack};
use crate::consent::Kept;
use crate::context::Context;
use crate::doctor::base_state::{self, BaseState};
use crate::doctor::relocate;
use crate::env::create::nearest_dir;
use crate::env::create::{check_place, refuse_inside_base};
use crate::env::record::{BaseRecord, Record, SCHEMA};
use crate::env::stage::{OnExisting, Stage};
use crate::env::threads;
use crate::error::{Attempt, Error, Result};
use crate::fs;
use crate::pack::{self, Parcel};
use crate::process::stop_flag;
use crate::resolve::{self, Env};
use crate::text::Shown;
use crate::text::count;

/// Of many links only so many are named.
const FEW: usize = 5;

pub(super) fn pack(context: &Context, arguments: &Pack) -> Result<()> {
    let Env { path, record } = resolve::env(context.host, &context.dirs, Some(&arguments.env))?;
    relocate::check_settled(&path, &record)?;
    let env = record.prefix.0.clone();
    let out = context.host.absolute(&arguments.output)?;
    check_output(&env, &out, arguments.force)?;
    let _lock = fs::lock_for_work(&env, &Shown(&env).to_string())?;
    let stop = stop_flag()?;
    let waiting = context.ui.waiting("packing");
    let packed = pack::pack(&env, (&record, &base_state::as_recorded(&record)), &out, &stop)?;
    drop(waiting);
    let size = out.metadata().attempt("read", &out)?.len();
    context.ui.say(format!(
        "packed {} into {}: {} files and {} links, {} of {}",
        Shown(&env),
        Shown(&out),
        packed.files,
        packed.links,
        crate::text::megabytes(size),
        crate::text::megabytes(packed.bytes)
    ));
    if !packed.left_out.is_empty() {
        let named = packed.left_out.iter().take(FEW).map(|path| Shown(path).to_string());
        let named: Vec<String> = named.collect();
        let more = if packed.left_out.len() > FEW { ", and more" } else { "" };
        let number = packed.left_out.len();
        context.ui.warn(format!(
            "left out {} out of the env: {}{more}",
            count(number, "link that leads", "links that lead"),
            named.join(", ")
        ));
    }
    Ok(())
}

fn check_output(env: &Path, out: &Path, force: bool) -> Result<()> {
    let refuse = |what: &str, hint: &str| {
        Err(Error::new(format!("could not pack into {}: {what}", Shown(out))).hint(hint))
    };
    let above = out.parent().unwrap_or(Path::new("/"));
    if above
        .canonicalize()
        .is_ok_and(|above| env.canonicalize().is_ok_and(|env| above.starts_with(env)))
    {
        return refuse("that is in the env itself", "name a file outside of it");
    }
    match out.symlink_metadata() {
        Ok(meta) if meta.is_dir() => refuse("that is a directory", "name a file"),
        Ok(_) if !force => refuse("there is already a file", "`--force` replaces it"),
        _ => Ok(()),
    }
}

pub(super) fn unpack(context: &Context, arguments: &Unpack) -> Result<()> {
    let file = context.host.absolute(&arguments.file)?;
    let parcel = Parcel::open(&file)?;
    let env = place(context, arguments, parcel.record())?;
    if !is_there(&env, &parcel) {
        let record = settled(context, arguments.base.as_deref(), &parcel)?;
        let kept = Kept::of(&context.dirs, &env);
        let stop = stop_flag()?;
        match make(&parcel, &record, &env, &stop) {
            // Another task of the same job was quicker.
            Err(_) if is_there(&env, &parcel) => {}
            other => other.map_err(|error| error.during(format!("unpacking {}", Shown(&file))))?,
        }
        super::tell_untrusted(context, &kept.renew());
        context.ui.say(format!(
            "unpacked {}: an env on {}",
            Shown(&env),
            Shown(&record.base.path.0)
        ));
    }
    print([env.as_os_str().as_bytes(), b"\n"].concat())
}

fn place(context: &Context, arguments: &Unpack, record: &Record) -> Result<PathBuf> {
    if let Some(prefix) = &arguments.prefix {
        return context.host.absolute(prefix);
    }
    let to = context.host.absolute(arguments.to.as_deref().unwrap_or(Path::new(".")))?;
    let name = record.prefix.0.file_name().ok_or_else(|| {
        Error::new("the packed env has no name").hint("say where to put it with -p")
    })?;
    Ok(to.join(name))
}

/// True where this very parcel was unpacked.
fn is_there(env: &Path, parcel: &Parcel) -> bool {
    let record = Record::read(env).ok().flatten();
    record
        .is_some_and(|record| record.parcel.as_ref() == Some(&parcel.id) && record.prefix.0 == env)
}

/// The record of the env to be, on the base that is named, or the one that it had.
fn settled(context: &Context, named: Option<&OsStr>, parcel: &Parcel) -> Result<Record> {
    let old = parcel.record();
    let record = Record { schema: SCHEMA, parcel: Some(parcel.id.clone()), ..old.clone() };
    let Some(named) = named else {
        // One that lives in a container sees its base there.
        let is_there = old.container.is_some()
            || old.base.prefix.0.join("lib").join(&old.base.python_lib).is_dir();
        return if is_there { Ok(record) } else { found(context, record) };
    };
    let choice = resolve::base(context.host, &context.dirs, Some(named))?;
    let base = &choice.base;
    if base.python.lib != old.base.python_lib {
        return Err(Error::new(format!(
            "the env was made for {}, and {} has {}",
            old.base.python_lib,
            Shown(&base.named),
            base.python.lib
        ))
        .hint("name a base with that Python"));
    }
    if base.fingerprint.packages != old.base.fingerprint.packages {
        context.ui.warn(format!(
            "{} has other packages than the base that the env was made on",
            Shown(&base.named)
        ));
    }
    Ok(Record { base: BaseRecord::new(base, choice.name.as_deref()), ..record })
}

/// The base where its name or the path that it was asked for by leads today.
fn found(context: &Context, record: Record) -> Result<Record> {
    match base_state::find(Path::new("/nonexistent"), &record, &context.dirs) {
        BaseState::Here(base) | BaseState::Moved(base) => {
            let name = record.base.name.clone();
            Ok(Record { base: BaseRecord::new(&base, name.as_deref()), ..record })
        }
        _ => Err(Error::new(format!(
            "the base of the packed env is not here: {}",
            Shown(&record.base.path.0)
        ))
        .hint("mount it, or name the base with --base")),
    }
}

fn make(parcel: &Parcel, record: &Record, env: &Path, stop: &AtomicBool) -> Result<()> {
    check_place(env, OnExisting::Fail)?;
    let parent = env.parent().unwrap_or(Path::new("/"));
    let new_top = parent.ancestors().take_while(|dir| !dir.exists()).last().map(Path::to_owned);
    fs::make_dirs(parent, 0o777).attempt("make", parent)?;
    let made = fill(parcel, record, env, stop);
    if let (Err(_), Some(top)) = (&made, new_top) {
        fs::remove_empty_dirs(parent, &top);
    }
    made
}

fn fill(parcel: &Parcel, record: &Record, env: &Path, stop: &AtomicBool) -> Result<()> {
    let parent = env.parent().unwrap_or(Path::new("/"));
    let base: Base = base_state::as_recorded(record);
    if record.container.is_none() {
        refuse_inside_base(nearest_dir(env), &base.prefix)?;
    }
    let stage = Stage::new(parent)?;
    let threads = threads::for_links(parent, None);
    pack::settle(parcel, record, (stage.root(), env), threads, stop)?;
    stage.commit(env, OnExisting::Fail)
}
