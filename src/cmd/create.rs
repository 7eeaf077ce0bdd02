//! `mlenv create`: a new env on a base.

mod from;

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::time::Instant;

use serde::Serialize;

use super::activate::ShellReader;
use super::{confirm, export, print_json, project};
use crate::activation::Place;
use crate::base::{Base, BaseKind};
use crate::cli;
use crate::cli::Create;
use crate::config;
use crate::consent::Kept;
use crate::consent::marker::{self, OnOther, Saved};
use crate::context::Context;
use crate::env::content::Count;
use crate::env::create::{NewEnv, check_place, nearest_dir, refuse_inside_base};
use crate::env::layout::Layout;
use crate::env::record::Record;
use crate::env::requests::Requests;
use crate::env::stage::OnExisting;
use crate::env::{index, registry, skeleton, threads};
use crate::error::{Error, Result};
use crate::hint::command;
use crate::ownership::Exposure;
use crate::packages::export::Export;
use crate::plan::session::Owner;
use crate::process::stop_flag;
use crate::resolve::with_python::base_with;
use crate::resolve::{self, Choice};
use crate::shell::Dialect;
use crate::text::{PathText, Shown, typed_path};

pub(super) fn run(context: &Context, arguments: &Create) -> Result<()> {
    let spot = project::spot(context, &arguments.place)?;
    project::check_new(&spot)?;
    let (env, dir) = (&spot.env, spot.dir.as_deref());
    let wanted = if arguments.force { OnExisting::ReplaceEnv } else { OnExisting::Fail };
    let on_existing = check_place(env, wanted)?;
    // What pip reads of files is there until it is done.
    let mut held = Vec::new();
    let source = from::source(context, arguments, &spot, &mut held)?;
    let choice = choose(context, arguments, source.export())?;
    let filling = from::content(context, arguments, source, &choice.base)?;
    let record = wanted_record(context, arguments, &filling, (env, &choice))?;
    let shared = confirm::neighbours(context, arguments, (env, dir))?;
    let kept = Kept::of(&context.dirs, env);
    make(context, arguments, (env, &choice, &record), on_existing)?;
    super::tell_untrusted(context, &kept.renew());
    if let Err(cause) = registry::remember(&context.dirs, env) {
        context.ui.warn(format!("the env works, but `mlenv list` will not know it: {cause}"));
    }
    if spot.is_project {
        project::list_env(context, &spot);
    }
    let saved = if arguments.no_save { None } else { save_marker(context, (env, dir), shared) };
    from::fill(context, arguments, env, &filling)?;
    match &arguments.shell {
        Some(shell) if !arguments.no_activate => {
            let saved = saved.and(dir).map(|dir| dir.join(marker::NAME));
            activate(context, (env, saved), (shell, arguments.hooked))
        }
        _ if arguments.json => print_json(&CreateReport::new(env, &record)),
        _ => {
            tell_container(context, env, record.container.as_ref());
            explain(context, env, &choice.base);
            Ok(())
        }
    }
}

/// The base that is named, else the one of an export, else by the usual order.
fn choose(context: &Context, arguments: &Create, from: Option<&Export>) -> Result<Choice> {
    let asked = match (&arguments.base, from) {
        (None, Some(from)) => Some(export::base(context, from)?),
        (asked, _) => asked.clone(),
    };
    if let (None, Some(wanted)) = (&asked, &arguments.python) {
        return base_with(context.host, &context.dirs, wanted);
    }
    let choice = resolve::base(context.host, &context.dirs, asked.as_deref())?;
    check_python(&choice.base, arguments.python.as_deref())?;
    Ok(choice)
}

fn wanted_record(
    context: &Context,
    arguments: &Create,
    filling: &from::NewContent,
    (env, choice): (&Path, &Choice),
) -> Result<Record> {
    let (from, requests) = match filling {
        from::NewContent::Nothing => (None, Requests::default()),
        from::NewContent::Export(from) => (Some(&**from), from.requests.clone()),
        from::NewContent::Project(aim, _) => (None, aim.demand.requests(context)?),
    };
    let layout = layout(arguments, from, choice.base.kind);
    let user_site = arguments.user_site || from.is_some_and(|from| from.user_site);
    let container = crate::container::inside::look(context.host);
    Ok(Record {
        container,
        requests,
        ..Record::new(env, (&choice.base, choice.name.as_deref()), layout, user_site)
    })
}

/// Makes the env, and says so.
fn make(
    context: &Context,
    arguments: &Create,
    (env, choice, record): (&Path, &Choice, &Record),
    on_existing: OnExisting,
) -> Result<()> {
    let (base, layout) = (&choice.base, record.layout);
    let asked_threads = config::threads(context.host, arguments.threads)?;
    let trust = if arguments.reindex { index::Trust::Fresh } else { index::Trust::Any };
    let mut plan = index::plan(base, layout, &context.dirs.cache, trust, context.ui)?;
    skeleton::carry(&mut plan, env, record)?;
    // From here on there is something to clean up; until here Ctrl-C simply ends us.
    let stop = stop_flag()?;
    let began = Instant::now();
    let threads = threads::for_links(nearest_dir(env), asked_threads);
    refuse_inside_base(nearest_dir(env), &base.prefix)?;
    let _expected = registry::expect(&context.dirs, env);
    let made = NewEnv { env, base, plan, record, on_existing, threads, stop: &stop }.carry_out()?;
    report(context, env, choice, layout, made, began);
    Ok(())
}

/// Asked for, else as exported, else by the kind of the base. Nothing of the machine's own Python is ever linked.
fn layout(arguments: &Create, from: Option<&Export>, kind: BaseKind) -> Layout {
    let exported = from.filter(|_| kind != BaseKind::System).map(|from| from.layout);
    arguments.layout.or(exported).unwrap_or(default_layout(kind))
}

/// An env in a container is entered from the host with a word, if the container told enough about itself.
fn tell_container(context: &Context, env: &Path, container: Option<&crate::container::Residence>) {
    let Some(place) = container else { return };
    let shell = command("mlenv shell {}", &[&env]);
    context.ui.say(format!("it lives in {}: from the host, {shell} enters it", place.label()));
    if place.image.is_none() {
        context.ui.warn(format!(
            "this container does not say what image it is of: {} can be entered while the container is there",
            Shown(env)
        ));
    }
}

/// Writes the marker of the project's directory, and trusts it. Whatever stands against that, the env is
/// made: it is said, not failed for.
fn save_marker(
    context: &Context,
    (new, dir): (&Path, Option<&Path>),
    shared: bool,
) -> Option<PathBuf> {
    let dir = dir?;
    if context.host.home().is_ok_and(|home| home == dir) || dir == Path::new("/") {
        context.ui.hint("no marker was written: here it would activate the env everywhere below; `mlenv save` writes one all the same");
        return None;
    }
    let agree =
        |exposures: &[Exposure]| confirm::sharing(context.host, context.ui, shared, exposures);
    match marker::save_for(dir, new, &context.dirs, OnOther::Keep, agree) {
        Ok(Saved::Trusted(path)) => {
            context
                .ui
                .say(format!("saved {}: entering this directory activates the env", Shown(&path)));
            Some(path)
        }
        Ok(Saved::Kept { marker, env }) => {
            context.ui.say(format!(
                "{} names another env, {}, and was left alone",
                Shown(&marker),
                Shown(&env)
            ));
            context.ui.hint(format!(
                "{} makes it name the new one",
                command("mlenv save --force {}", &[&new])
            ));
            None
        }
        Ok(Saved::Untrusted(why)) | Err(why) => {
            context.ui.warn(format!("this directory will not activate the env: {why}"));
            None
        }
    }
}

/// Prints what the calling shell evaluates.
fn activate(
    context: &Context,
    (env, saved): (&Path, Option<PathBuf>),
    (shell, hooked): (&OsStr, bool),
) -> Result<()> {
    // By the name that the shell has for this directory, since its hook will look there.
    let owner = saved.map_or(Owner::Hand, Owner::Marker);
    let reader = ShellReader { dialect: Dialect::new(shell)?, hooked };
    super::activate::enter(context, Place::Env(env.to_owned()), owner, reader)
}

/// What `--json` prints.
#[derive(Serialize)]
struct CreateReport<'a> {
    path: PathText,
    record: &'a Record,
}

impl<'a> CreateReport<'a> {
    fn new(env: &Path, record: &'a Record) -> Self {
        Self { path: PathText(env.to_owned()), record }
    }
}

/// Where a copy of an env goes.
pub(super) fn place(context: &Context, place: &cli::Place) -> Result<PathBuf> {
    match (&place.prefix, &place.name) {
        (Some(prefix), _) => context.host.absolute(prefix),
        (None, Some(name)) => resolve::new_by_name(&context.dirs, name),
        (None, None) => Err(Error::new("no place was named").hint("use -p DIR or -n NAME")),
    }
}

/// Conda clients look for records and links; elsewhere the entry points are all that is missing.
pub(super) fn default_layout(kind: BaseKind) -> Layout {
    if kind == BaseKind::Conda { Layout::Standard } else { Layout::Sparse }
}

fn check_python(base: &Base, wanted: Option<&str>) -> Result<()> {
    match wanted {
        Some(wanted) if !base.python.is(wanted) => Err(Error::new(format!(
            "Python {} was asked for, but the base {} has {}",
            crate::text::shown(wanted),
            Shown(&base.named),
            base.python.version
        ))
        .hint("an env has its base's Python: name another base, or leave --python out")),
        _ => Ok(()),
    }
}

fn report(
    context: &Context,
    env: &Path,
    choice: &Choice,
    layout: Layout,
    made: Count,
    began: Instant,
) {
    let base = &choice.base;
    context.ui.say(format!(
        "created {} on {} ({}, Python {}, {})",
        Shown(env),
        Shown(&base.named),
        base.kind.name(),
        base.python.version,
        choice.source
    ));
    context.ui.say(format!(
        "layout {}: {} links, {} files, {} directories in {} ms",
        layout.name(),
        made.links,
        made.files,
        made.dirs,
        began.elapsed().as_millis()
    ));
}

/// Without the hook nothing is activated: how to use the env all the same.
fn explain(context: &Context, env: &Path, base: &Base) {
    let python = env.join("bin/python");
    if base.python.has_pip(&base.prefix) {
        let python = typed_path(&python);
        context.ui.hint(format!("run {python}, add packages with {python} -m pip install ..."));
    } else {
        context.ui.hint(format!(
            "the base has no pip: {} adds it (on Debian and Ubuntu after `apt install python3-venv`)",
            command("{} -m ensurepip", &[&python])
        ));
    }
    context.ui.hint("`mlenv hook --help` says how your shell activates envs by itself");
}
