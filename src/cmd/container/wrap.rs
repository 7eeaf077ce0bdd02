//! `mlenv container wrap`: files that run commands of the container from the host.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use super::super::print_words;
use super::here;
use crate::cli::Wrap;
use crate::container::program::WHERE;
use crate::container::spec::BATCH_NAMES;
use crate::container::spec::{Inner, Terminal};
use crate::container::state::ContainerState;
use crate::context::Context;
use crate::engine::entrance::{Entrance, shell};
use crate::engine::home;
use crate::engine::runner::Runner;
use crate::engine::wake::wake;
use crate::error::{Attempt, Error, Result};
use crate::fs;
use crate::shell::wrapper::{COMMAND, Call, DIR, Target, Wrapper, module};
use crate::text::Shown;

pub(super) fn run(context: &Context, arguments: &Wrap) -> Result<()> {
    let (dir, state) = here(context)?;
    let runner = Runner::known(context.host, context.ui, state.engine, state.powers)?;
    let entrance = Entrance::new(context, &runner, &dir, &state);
    wake(&runner, &dir, &state)?;
    entrance.prepare()?;
    let output = context.host.absolute(&arguments.output)?;
    let call = entrance.call(how(&state), &[COMMAND.into()]);
    let sandbox = state.sandbox(&dir);
    let target = match &sandbox {
        Some(sandbox) => Target::Sandbox(sandbox.as_os_str()),
        None => Target::Container(state.handle().as_ref()),
    };
    let mut files: Vec<(PathBuf, Vec<u8>)> = Vec::new();
    for name in &arguments.commands {
        let command = locate(&entrance, name)?;
        let wrapper = Wrapper {
            command: command.as_ref(),
            id: &state.id,
            program: runner.program(),
            target,
            seen: seen(&entrance),
            dir: &dir,
            gpu: state.gpu,
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
    finish(context, arguments, (&output, state.image.0.as_os_str()), files)
}

/// Writes the files, and the module where one is wanted.
pub(super) fn finish(
    context: &Context,
    arguments: &Wrap,
    (output, image): (&Path, &OsStr),
    mut files: Vec<(PathBuf, Vec<u8>)>,
) -> Result<()> {
    if let Some(path) = &arguments.module {
        let what = format!("commands of {}", image.display());
        let path = context.host.absolute(path)?;
        files.push((path.clone(), module(&path, output, &what)));
    }
    if arguments.dry_run {
        let lines: Vec<String> =
            files.iter().map(|(path, _)| format!("write {}", Shown(path))).collect();
        return print_words(lines.join("\n") + "\n");
    }
    write(context, &files, arguments.force)
}

/// As the caller's: what is inherited is decided when the wrapper runs.
fn how(state: &ContainerState) -> Inner {
    let mut how = Inner::quiet(Path::new(DIR));
    how.terminal = Terminal::Pipes;
    how.user = home::as_me(state.powers);
    how
}

fn seen(entrance: &Entrance) -> Vec<PathBuf> {
    let same = entrance.mounts.iter().filter(|mount| mount.source == mount.target);
    same.map(|mount| mount.source.0.clone()).collect()
}

fn locate(entrance: &Entrance, name: &OsStr) -> Result<String> {
    let words = shell(WHERE, &[name.to_owned()]);
    let call = entrance.call(Inner::quiet(entrance.dir), &words);
    found(entrance.runner.ask(&call), name)
}

/// The command's path, as the image told it.
pub(super) fn found(told: Option<String>, name: &OsStr) -> Result<String> {
    let found = told.unwrap_or_default();
    let path = found.trim_end_matches('\n');
    if path.starts_with('/') {
        return Ok(path.to_owned());
    }
    let name = Shown(Path::new(name)).to_string();
    Err(Error::no(format!("there is no command `{name}` in the container"))
        .hint("`mlenv container enter -- sh -c 'command -v NAME'` looks for one"))
}

/// All or nothing that stands in the way.
fn write(context: &Context, files: &[(PathBuf, Vec<u8>)], force: bool) -> Result<()> {
    let taken = files.iter().find(|(path, _)| path.symlink_metadata().is_ok());
    if let (false, Some((path, _))) = (force, taken) {
        return Err(Error::new(format!("could not write {}: it already exists", Shown(path)))
            .hint("`--force` replaces it, `-o DIR` names another directory"));
    }
    for (path, text) in files {
        let parent = path.parent().unwrap_or(path);
        fs::make_dirs(parent, 0o777).attempt("make", parent)?;
        fs::write_program(path, text).attempt("write", path)?;
        context.ui.say(format!("wrote {}", Shown(path)));
    }
    Ok(())
}
