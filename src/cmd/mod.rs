//! One file per verb. A verb joins rooms, prints results to stdout and hands words to `ui`.

mod activate;
mod answer;
mod base;
mod base_make;
mod base_match;
mod clone;
mod complete;
mod confirm;
mod consent;
mod container;
mod create;
mod doctor;
mod export;
mod generate;
mod hook;
mod image;
mod info;
mod init;
mod install;
mod jupyter;
mod list;
mod lock;
mod manual;
mod pack;
mod packages;
mod pin;
mod prepare;
mod project;
mod prune;
mod rebase;
mod remove;
mod requirements;
mod run;
mod save;
#[cfg(feature = "conda")]
mod search;
mod self_check;
mod settings;
mod settle;
mod site;
mod status;
mod sync;
mod uninstall;
mod update;
mod user_site;
mod vars;
mod why;

use std::ffi::{OsStr, OsString};
use std::io::{ErrorKind, Write};

use serde::Serialize;

use crate::cli::Command;
use crate::config::Dirs;
use crate::context::Context;
use crate::error::{Error, Result};
use crate::host::Host;
use crate::resolve;
use crate::text::{tamed, tamed_json};
use crate::ui::{self, Ui};

/// Runs one verb; `words` are the command line that it was read from.
pub(crate) fn run(command: Command, words: Vec<OsString>, host: &Host, ui: Ui) -> Result<()> {
    let _line = command.work().map(|what| ui.waiting(what));
    let exclude_newer = command.exclude_newer();
    let context = Context { host, dirs: Dirs::new(host), ui, exclude_newer, words };
    match command {
        Command::Create(arguments) => create::run(&context, &arguments),
        Command::List(arguments) => list::run(&context, &arguments),
        Command::Info(arguments) => info::run(&context, &arguments),
        Command::Install(arguments) => install::run(&context, &arguments),
        Command::Sync(arguments) => sync::run(&context, &arguments),
        Command::Lock(arguments) => lock::run(&context, &arguments),
        Command::Requirements(arguments) => requirements::run(&context, &arguments),
        Command::Uninstall(arguments) => uninstall::run(&context, &arguments),
        Command::Update(arguments) => update::run(&context, &arguments),
        Command::Outdated(arguments) => update::outdated(&context, &arguments),
        #[cfg(feature = "conda")]
        Command::Search(arguments) => search::run(&context, &arguments),
        Command::Why(arguments) => why::run(&context, &arguments),
        Command::Autoremove(arguments) => why::autoremove(&context, &arguments),
        Command::Export(arguments) => export::run(&context, &arguments),
        Command::UserSite(arguments) => user_site::run(&context, &arguments),
        Command::Pin(arguments) => pin::pin(&context, &arguments),
        Command::Unpin(arguments) => pin::unpin(&context, &arguments),
        Command::Doctor(arguments) => doctor::run(&context, &arguments),
        Command::Packages(arguments) => packages::run(&context, &arguments),
        Command::Rename(arguments) => clone::rename(&context, &arguments),
        Command::Clone(arguments) => clone::clone(&context, &arguments),
        Command::Rebase(arguments) => rebase::run(&context, &arguments),
        Command::Prune(arguments) => prune::run(&context, &arguments),
        Command::Remove(arguments) => remove::run(&context, &arguments),
        Command::Base(arguments) => base::run(&context, &arguments),
        Command::Image(arguments) => image::run(&context, &arguments),
        Command::Container(arguments) => container::run(&context, &arguments),
        Command::Import(arguments) => container::import(&context, &arguments),
        Command::Hook(arguments) => hook::run(&context, &arguments),
        Command::Save(arguments) => save::run(&context, &arguments),
        Command::Unsave(arguments) => save::take_back(&context, &arguments),
        Command::Allow(arguments) => consent::allow(&context, &arguments),
        Command::Deny(arguments) => consent::deny(&context, &arguments),
        Command::Status(arguments) => status::run(&context, &arguments),
        Command::Answer(arguments) => answer::run(&context, &arguments),
        Command::Settle(arguments) => settle::run(&context, &arguments),
        Command::Activate(arguments) => activate::activate(&context, &arguments),
        Command::Deactivate(arguments) => activate::deactivate(&context, &arguments),
        Command::Init(arguments) => init::run(&context, &arguments),
        Command::Config(verb) => settings::run(&context, &verb),
        Command::SelfCheck(arguments) => self_check::run(&context, &arguments),
        Command::Jupyter(verb) => jupyter::run(&context, &verb),
        Command::Pack(arguments) => pack::pack(&context, &arguments),
        Command::Unpack(arguments) => pack::unpack(&context, &arguments),
        Command::Run(arguments) => run::run(&context, &arguments),
        Command::Shell(arguments) => run::shell(&context, &arguments),
        Command::Vars(verb) => vars::run(&context, &verb),
        Command::Complete(arguments) => complete::run(&context, &arguments),
        Command::Man(arguments) => manual::run(&context, &arguments),
        Command::Completions(arguments) => generate::completions(&arguments),
    }
}

/// The env that is named, else the active one, else that of the nearest trusted marker.
fn env_of(context: &Context, word: Option<&OsStr>) -> Result<resolve::Env> {
    let Context { host, dirs, .. } = context;
    if word.is_some() {
        return resolve::env(host, dirs, word);
    }
    resolve::env(host, dirs, None).or_else(|none| {
        if !project::has_marker(context).unwrap_or(false) {
            return Err(none);
        }
        let (place, _) = activate::by_marker(host, dirs, "name one with -p")?;
        resolve::env(host, dirs, Some(place.path().as_os_str()))
    })
}

/// The env that a verb works at, where it can be used. Where that is a container that can be entered from here, the
/// verb goes in and is carried out there.
fn env_here(context: &Context, word: Option<&OsStr>) -> Result<resolve::Env> {
    let env = env_of(context, word)?;
    crate::engine::errand::go_in(context, &env, word)?;
    check_here(context, env)
}

/// As `env_here`, but for a verb that can only be carried out here.
fn env_only_here(context: &Context, word: Option<&OsStr>) -> Result<resolve::Env> {
    check_here(context, env_of(context, word)?)
}

fn check_here(context: &Context, env: resolve::Env) -> Result<resolve::Env> {
    crate::activation::elsewhere::check(&env.record, &env.path, context.host)?;
    Ok(env)
}

/// Prints a result. A reader that went away (`mlenv list | head -1`) is not a failure.
fn print(text: impl AsRef<[u8]>) -> Result<()> {
    let mut out = std::io::stdout().lock();
    let written = ui::aside(|| out.write_all(text.as_ref()).and_then(|()| out.flush()));
    match written {
        Err(cause) if cause.kind() != ErrorKind::BrokenPipe => {
            Err(Error::new(format!("could not write the result: {cause}")))
        }
        _ => Ok(()),
    }
}

/// Prints a result for people: nothing in it steers a terminal, wherever it came from.
fn print_words(text: impl AsRef<str>) -> Result<()> {
    print(tamed(text.as_ref()).as_bytes())
}

/// Prints what is a file's text: as it is, but on a terminal it steers nothing.
fn print_file(host: &Host, text: &str) -> Result<()> {
    if host.screen { print_words(text) } else { print(text) }
}

/// Prints a result for programs.
fn print_json(value: &impl Serialize) -> Result<()> {
    let text = serde_json::to_string_pretty(value)
        .map_err(|cause| Error::new(format!("could not write the result as JSON: {cause}")))?;
    print(format!("{}\n", tamed_json(&text)))
}

/// What kept the user's consent to an env from going along with it.
fn tell_untrusted(context: &Context, failures: &[Error]) {
    for failure in failures {
        context.ui.refuse(failure);
    }
}
