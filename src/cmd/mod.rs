//! One file per verb. A verb joins rooms, prints results to stdout and hands words to `ui`.

mod activate;
mod answer;
mod base;
mod clone;
mod complete;
mod consent;
mod container;
mod create;
mod doctor;
mod export;
mod fitness;
mod generate;
mod hook;
mod image;
mod info;
mod install;
mod jupyter;
mod list;
mod packages;
mod parcel;
mod pin;
mod prune;
mod rebase;
mod remove;
mod run;
mod save;
mod self_check;
mod site;
mod status;
mod uninstall;
mod user_site;
mod vars;
mod watch;

use std::ffi::OsStr;
use std::io::{ErrorKind, Write};

use serde::Serialize;

use crate::cli::{self, Command};
use crate::config::Dirs;
use crate::error::{Error, Result};
use crate::host::Host;
use crate::resolve;
use crate::ui::Ui;

/// What every verb may look at.
struct Context<'a> {
    host: &'a Host,
    dirs: Dirs,
    ui: Ui,
}

/// Runs one verb.
pub(crate) fn run(command: Command, host: &Host, ui: Ui) -> Result<()> {
    let command = match command {
        // Generated text needs nothing of the world.
        Command::Completions(arguments) => return generate::completions(&arguments),
        Command::Man(cli::Man { to: None }) => return generate::man(),
        other => other,
    };
    let dirs = match &command {
        // What starts in jobs has to do with what a job has.
        Command::Run(_) | Command::Shell(_) | Command::Activate(_) | Command::Unpack(_) => {
            Dirs::for_jobs(host)
        }
        _ => Dirs::new(host)?,
    };
    let context = Context { host, dirs, ui };
    match command {
        Command::Create(arguments) => create::run(&context, &arguments),
        Command::List(arguments) => list::run(&context, &arguments),
        Command::Info(arguments) => info::run(&context, &arguments),
        Command::Install(arguments) => install::run(&context, &arguments),
        Command::Uninstall(arguments) => uninstall::run(&context, &arguments),
        Command::Export(arguments) => export::run(&context, &arguments),
        Command::UserSite(arguments) => user_site::run(&context, &arguments),
        Command::Pin(arguments) => pin::pin(&context, &arguments),
        Command::Unpin(arguments) => pin::unpin(&context, &arguments.what),
        Command::Doctor(arguments) => doctor::run(&context, &arguments),
        Command::Packages(arguments) => packages::run(&context, &arguments),
        Command::Rename(arguments) => clone::rename(&context, &arguments),
        Command::Clone(arguments) => clone::clone(&context, &arguments),
        Command::Rebase(arguments) => rebase::run(&context, &arguments),
        Command::Prune(arguments) => prune::run(&context, &arguments),
        Command::Remove(arguments) => remove::run(&context, &arguments),
        Command::Base(arguments) => base::run(&context, arguments),
        Command::Image(arguments) => image::run(&context, &arguments),
        Command::Container(arguments) => container::run(&context, &arguments),
        Command::Import(arguments) => container::import(&context, &arguments),
        Command::Hook(arguments) => hook::run(&arguments, host),
        Command::Save(arguments) => save::run(&arguments, host, ui),
        Command::Allow(arguments) => consent::allow(&arguments, host, ui),
        Command::Deny(arguments) => consent::deny(&arguments, host, ui),
        Command::Status(arguments) => status::run(&arguments, host),
        Command::Answer(arguments) => answer::run(&arguments, host, ui),
        Command::Activate(arguments) => activate::activate(&context, &arguments),
        Command::Deactivate(arguments) => activate::deactivate(&arguments, host, ui),
        Command::SelfCheck(arguments) => self_check::run(&context, &arguments),
        Command::Jupyter(verb) => jupyter::run(&context, &verb),
        Command::Pack(arguments) => parcel::pack(&context, &arguments),
        Command::Unpack(arguments) => parcel::unpack(&context, &arguments),
        Command::Run(arguments) => run::run(&context, &arguments),
        Command::Shell(arguments) => run::shell(&context, &arguments),
        Command::Vars(verb) => vars::run(&verb, host, ui),
        Command::Complete(arguments) => complete::run(&context, &arguments),
        Command::Man(cli::Man { to }) => {
            to.map_or(Ok(()), |dir| generate::man_pages(&context, &dir))
        }
        Command::Completions(_) => Ok(()),
    }
}

/// The env that a verb works at, which has to be where it can be used: not in a container that this is not.
fn env_here(context: &Context, word: Option<&OsStr>) -> Result<resolve::Env> {
    let env = resolve::env(context.host, &context.dirs, word)?;
    crate::activation::elsewhere::check(&env.record, &env.path, context.host)?;
    Ok(env)
}

/// Prints a result. A reader that went away (`mlenv list | head -1`) is no failure.
fn print(text: impl AsRef<[u8]>) -> Result<()> {
    let mut out = std::io::stdout().lock();
    let written = out.write_all(text.as_ref()).and_then(|()| out.flush());
    match written {
        Err(cause) if cause.kind() != ErrorKind::BrokenPipe => {
            Err(Error::new(format!("could not write the result: {cause}")))
        }
        _ => Ok(()),
    }
}

/// Prints a result for programs.
fn print_json(value: &impl Serialize) -> Result<()> {
    let text = serde_json::to_string_pretty(value)
        .map_err(|cause| Error::new(format!("could not write the result as JSON: {cause}")))?;
    print(text + "\n")
}
