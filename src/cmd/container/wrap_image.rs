//! `mlenv container wrap --image`: files that run commands of any image, each in a new container of it.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use super::wrap::{finish, found};
use crate::cli::Wrap;
use crate::container::program::WHERE;
use crate::container::spec::{BATCH_NAMES, Inner, Terminal};
use crate::container::store::is_path;
use crate::container::{Engine, Powers};
use crate::context::Context;
use crate::engine::entrance::shell;
use crate::engine::image;
use crate::engine::once::{self, Once};
use crate::engine::runner::Runner;
use crate::error::Result;
use crate::shell::wrapper::{COMMAND, Call, DIR, Target, Wrapper};

/// An engine takes the first word of a command apart from the rest; what a wrapper is given is one list.
const AS_GIVEN: &str = "exec \"$@\"";

/// No container has it: nothing runs inside already.
const NO_ID: &str = "none";

pub(super) fn run(context: &Context, arguments: &Wrap, word: &OsStr) -> Result<()> {
    let runner = runner(context, arguments, word)?;
    let image = image::named(context, &runner, word)?;
    let dir = context.host.cwd()?;
    let output = context.host.absolute(&arguments.output)?;
    let once =
        |command: Vec<OsString>| Once { image: image.clone(), dir: &dir, gpu: false, command };
    let mut how = Inner::quiet(Path::new(DIR));
    how.terminal = Terminal::Pipes;
    let call = once::with(context, &runner, &once(shell(AS_GIVEN, &[COMMAND.into()])), how);
    let mounts = once::mounts(context, &runner, &dir);
    let seen = mounts.iter().filter(|mount| mount.source == mount.target);
    let seen: Vec<PathBuf> = seen.map(|mount| mount.source.0.clone()).collect();
    let mut files = Vec::new();
    for name in &arguments.commands {
        let ask = once(shell(WHERE, &[name.to_owned()]));
        let told = runner.ask(&once::with(context, &runner, &ask, Inner::quiet(&dir)));
        let command = found(told, name)?;
        let wrapper = Wrapper {
            command: command.as_ref(),
            id: NO_ID,
            program: runner.program(),
            target: if runner.has_store() { Target::Image } else { Target::File },
            seen: seen.clone(),
            dir: &dir,
            gpu: arguments.gpu,
            call: Call {
                engine: &call.program,
                words: &call.arguments,
                set: &call.set,
                unset: &call.unset,
            },
            batch: &BATCH_NAMES,
        };
        let file = Path::new(&command).file_name().unwrap_or(name);
        files.push((output.join(file), wrapper.text()));
    }
    finish(context, arguments, (&output, &image), files)
}

/// The engine that is named; for a file or a directory one that runs those.
fn runner(context: &Context, arguments: &Wrap, word: &OsStr) -> Result<Runner> {
    if arguments.engine.is_none() && is_path(word) {
        for engine in [Engine::Apptainer, Engine::Singularity] {
            if context.host.find_program(engine.name()).is_some() {
                return Runner::known(context.host, context.ui, engine, Powers::User);
            }
        }
    }
    Runner::choose(context.host, context.ui, arguments.engine.as_deref())
}
