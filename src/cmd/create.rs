//! `mlenv create`: a new env on a base.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Instant;

use serde::Serialize;
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};

use super::activate::Reader;
use super::{Context, export, print_json};
use crate::activation::Place;
use crate::additions::export::Export;
use crate::additions::requests::Requests;
use crate::base::{Base, Kind};
use crate::cli;
use crate::cli::Create;
use crate::error::{Error, Result};
use crate::marker::{self, OnOther, Saved};
use crate::overlay::create::{Order, check_place};
use crate::overlay::layout::Layout;
use crate::overlay::plan::Count;
use crate::overlay::record::{BaseRecord, Record, SCHEMA};
use crate::overlay::stage::OnExisting;
use crate::overlay::{index, registry, skeleton, threads};
use crate::plan::session::Owner;
use crate::resolve::{self, Choice};
use crate::shell::Dialect;
use crate::text::{PathText, Shown};

pub(super) fn run(context: &Context, arguments: &Create) -> Result<()> {
    let env = place(context, &arguments.place)?;
    let wanted = if arguments.force { OnExisting::ReplaceEnv } else { OnExisting::Fail };
    let on_existing = check_place(&env, wanted)?;
    let from = arguments.from.as_deref().map(|file| export::read(context, file)).transpose()?;
    let choice = choose(context, arguments, from.as_ref())?;
    let record = wanted_record(context, arguments, from.as_ref(), (&env, &choice));
    make(context, arguments, (&env, &choice, &record), on_existing)?;
    if let Err(cause) = registry::remember(&context.dirs, &env) {
        context.ui.warn(format!("the env works, but `mlenv list` will not know it: {cause}"));
    }
    let saved = if arguments.no_save { None } else { save_marker(context, &env) };
    if let Some(from) = &from {
        export::fill(context, &env, from)?;
    }
    match &arguments.shell {
        Some(shell) if !arguments.no_activate => {
            activate(context, &env, saved, shell, arguments.hooked)
        }
        _ if arguments.json => print_json(&Report::new(&env, &record)),
        _ => {
            tell_container(context, &env, record.container.as_ref());
            explain(context, &env, &choice.base);
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
    let choice = resolve::base(context.host, &context.dirs, asked.as_deref())?;
    check_python(&choice.base, arguments.python.as_deref())?;
    Ok(choice)
}

fn wanted_record(
    context: &Context,
    arguments: &Create,
    from: Option<&Export>,
    (env, choice): (&Path, &Choice),
) -> Record {
    let layout = layout(arguments, from, choice.base.kind);
    let user_site = arguments.user_site || from.is_some_and(|from| from.user_site);
    let requests = from.map(|from| from.requests.clone()).unwrap_or_default();
    let container = crate::container::inside::look(context.host);
    Record { container, requests, ..record(env, choice, layout, user_site) }
}

/// Makes the env, and says so.
fn make(
    context: &Context,
    arguments: &Create,
    (env, choice, record): (&Path, &Choice, &Record),
    on_existing: OnExisting,
) -> Result<()> {
    let (base, layout) = (&choice.base, record.layout);
    let trust = if arguments.reindex { index::Trust::Fresh } else { index::Trust::Any };
    let mut plan = index::plan(base, layout, &context.dirs.cache, trust, context.ui)?;
    skeleton::carry(&mut plan, env, record)?;
    // From here on there is something to clean up; until here Ctrl-C simply ends us.
    let stop = stop_flag()?;
    let began = Instant::now();
    let threads = threads::for_links(nearest_dir(env), arguments.threads);
    let made = Order { env, base, plan, record, on_existing, threads, stop: &stop }.carry_out()?;
    report(context, env, choice, layout, made, began);
    Ok(())
}

/// Asked for, else as exported, else by the kind of the base. Nothing of the machine's own Python is ever linked.
fn layout(arguments: &Create, from: Option<&Export>, kind: Kind) -> Layout {
    let exported = from.filter(|_| kind != Kind::System).map(|from| from.layout);
    arguments.layout.or(exported).unwrap_or(default_layout(kind))
}

/// An env in a container is entered from the host with a word, if the container told enough about itself.
fn tell_container(context: &Context, env: &Path, container: Option<&crate::container::Place>) {
    let Some(place) = container else { return };
    context
        .ui
        .say(format!("it lives in {}: from the host, `mlenv shell` enters it", place.label()));
    if place.image.is_none() {
        context.ui.warn(format!(
            "this container does not tell its image: {} can be entered while the container is there",
            Shown(env)
        ));
    }
}

/// Writes the marker of the directory we were called in, and trusts it. Whatever stands against that, the env is
/// made: it is said, not failed for.
fn save_marker(context: &Context, env: &Path) -> Option<PathBuf> {
    let cwd = context.host.cwd().ok()?;
    if context.host.home().is_ok_and(|home| home == cwd) || cwd == Path::new("/") {
        context.ui.hint("no marker was written: here it would activate the env everywhere below; `mlenv save` does it");
        return None;
    }
    match marker::save_for(&cwd, env, &context.dirs, OnOther::Keep) {
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
            context.ui.hint("`mlenv save --force` makes it name the new one");
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
    env: &Path,
    saved: Option<PathBuf>,
    shell: &OsStr,
    hooked: bool,
) -> Result<()> {
    // By the name that the shell has for this directory, since its hook will look there.
    let owner = match saved {
        Some(path) => {
            Owner::Marker(context.host.cwd().map_or(path, |here| here.join(marker::NAME)))
        }
        None => Owner::Hand,
    };
    let reader = Reader { dialect: Dialect::new(shell)?, hooked };
    super::activate::enter(context, Place::Env(env.to_owned()), owner, reader)
}

/// What `--json` prints.
#[derive(Serialize)]
struct Report<'a> {
    path: PathText,
    record: &'a Record,
}

impl<'a> Report<'a> {
    fn new(env: &Path, record: &'a Record) -> Self {
        Self { path: PathText(env.to_owned()), record }
    }
}

/// Where a new env goes.
pub(super) fn place(context: &Context, place: &cli::Place) -> Result<PathBuf> {
    match (&place.prefix, &place.name) {
        (Some(prefix), _) => context.host.absolute(prefix),
        (None, Some(name)) => resolve::new_by_name(&context.dirs, name),
        (None, None) => Err(Error::new("no place was named").hint("use -p DIR or -n NAME")),
    }
}

/// Conda clients look for records and links; elsewhere the entry points are all that is missing.
pub(super) fn default_layout(kind: Kind) -> Layout {
    if kind == Kind::Conda { Layout::Standard } else { Layout::Sparse }
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

/// What the env at `env` is going to be.
pub(super) fn record(env: &Path, choice: &Choice, layout: Layout, user_site: bool) -> Record {
    Record {
        schema: SCHEMA,
        mlenv: env!("CARGO_PKG_VERSION").to_owned(),
        created: jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
        layout,
        user_site,
        prefix: PathText(env.to_owned()),
        parcel: None,
        base: BaseRecord::new(&choice.base, choice.name.as_deref()),
        container: None,
        requests: Requests::default(),
    }
}

/// A flag that Ctrl-C, a batch system's termination or a closed terminal sets, so that we clean up and go.
pub(super) fn stop_flag() -> Result<Arc<AtomicBool>> {
    let stop = Arc::new(AtomicBool::new(false));
    for signal in [SIGINT, SIGTERM, SIGHUP] {
        signal_hook::flag::register(signal, Arc::clone(&stop))
            .map_err(|cause| Error::new(format!("could not prepare for Ctrl-C: {cause}")))?;
    }
    Ok(stop)
}

/// The env's own parent may not be there yet.
pub(super) fn nearest_dir(env: &Path) -> &Path {
    env.ancestors().skip(1).find(|dir| dir.is_dir()).unwrap_or(Path::new("/"))
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
        context
            .ui
            .hint(format!("run {0}, add packages with {0} -m pip install ...", Shown(&python)));
    } else {
        context.ui.hint(format!(
            "the base has no pip: `{} -m ensurepip` adds it (on Debian and Ubuntu after `apt install python3-venv`)",
            Shown(&python)
        ));
    }
    context.ui.hint("`mlenv hook --help` tells how your shell activates envs by itself");
}
