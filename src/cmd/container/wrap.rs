//! `mlenv container wrap`: files that run commands of the container, or of an image, from the host.

use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use super::super::print_words;
use super::{here, setup};
use crate::cli::Wrap;
use crate::container::program::{PROGRAMS, WHERE};
use crate::container::spec::BATCH_NAMES;
use crate::container::spec::{Inner, Terminal};
use crate::container::state::ContainerState;
use crate::container::{Mount, store};
use crate::context::Context;
use crate::engine::entrance::{Entrance, shell};
use crate::engine::make::planned;
use crate::engine::once::Lasting;
use crate::engine::own_env;
use crate::engine::runner::Runner;
use crate::engine::wake::wake;
use crate::engine::{home, image};
use crate::error::{Attempt, Error, Result};
use crate::fs;
use crate::process::Command;
use crate::shell::wrapper::{COMMAND, Call, DIR, Target, Wrapper, module};
use crate::text::{Shown, count};

/// What the commands are of.
struct Source {
    /// What people call it.
    title: String,
    /// By which a command in there knows where it is.
    id: String,
    runner: Runner,
    kind: Kind,
    /// Directories that are seen inside at the same path.
    seen: Vec<PathBuf>,
    /// Where a command starts that is called from elsewhere.
    dir: PathBuf,
    gpu: bool,
    /// With `DIR` and `COMMAND` among its words.
    call: Command,
}

enum Kind {
    Container(String),
    Sandbox(PathBuf),
    New(PathBuf),
    Image,
}

/// Asks in there for something.
type Asking<'a> = dyn Fn(&[OsString]) -> Result<String> + 'a;

pub(super) fn run(context: &Context, arguments: &Wrap) -> Result<()> {
    match &arguments.image {
        Some(image) => of_image(context, arguments, image),
        None => of_container(context, arguments),
    }
}

fn of_container(context: &Context, arguments: &Wrap) -> Result<()> {
    let (dir, state) = here(context)?;
    let runner = Runner::known(context.host, context.ui, state.engine, state.powers)?;
    let entrance = Entrance::new(context, &runner, &dir, &state);
    own_env::refuse_sif(&entrance, "mlenv run -p {} -- COMMAND")?;
    wake(&runner, &dir, &state)?;
    entrance.prepare()?;
    let kind = match state.sandbox(&dir) {
        Some(sandbox) => Kind::Sandbox(sandbox),
        None => Kind::Container(state.handle().to_owned()),
    };
    let ask = |words: &[OsString]| {
        answer(&runner, &|words| entrance.call(Inner::quiet(&dir), words), words)
    };
    let commands = commands(&arguments.commands, &ask)?;
    let source = Source {
        title: state.image.0.display().to_string(),
        id: state.id.clone(),
        kind,
        seen: seen(&entrance.mounts),
        gpu: state.gpu,
        call: entrance.call(how(&state), &[COMMAND.into()]),
        dir: dir.clone(),
        runner: Runner::known(context.host, context.ui, state.engine, state.powers)?,
    };
    source.wrap(context, arguments, &commands)
}

/// As the caller's: what is inherited is decided when the wrapper runs.
fn how(state: &ContainerState) -> Inner {
    let mut how = Inner::quiet(Path::new(DIR));
    how.terminal = Terminal::Pipes;
    how.user = home::as_me(state.powers);
    how
}

fn of_image(context: &Context, arguments: &Wrap, word: &OsStr) -> Result<()> {
    let dir = context.host.cwd()?;
    let runner = runner(context, arguments, word)?;
    let image = image::named(context, &runner, word)?;
    if runner.has_store() {
        image::bring(context, &runner, &mut planned(&runner, &image, None, None, &dir))?;
    } else if !store::is_path(&image) {
        let name = runner.engine.name();
        let shown = Shown(Path::new(&image)).to_string();
        return Err(Error::new(format!("{name} would ask the registry for {shown} at each call"))
            .hint("name a SIF file: `mlenv image build FILE -o NAME.sif` makes one"));
    }
    let gpu = arguments.gpu || image.to_string_lossy().contains("gpu");
    let extra = setup::binds(context, &arguments.bind)?;
    let lasting = Lasting::of(context, &runner, (&image, &dir, gpu), &extra)?;
    let ask =
        |words: &[OsString]| answer(&runner, &|words| lasting.call(context, &dir, words), words);
    let commands = commands(&arguments.commands, &ask)?;
    let source = Source {
        title: Path::new(&image).display().to_string(),
        id: lasting.id.clone(),
        kind: lasting.mark.clone().map_or(Kind::Image, Kind::New),
        seen: seen(&lasting.mounts),
        gpu,
        call: lasting.call(context, Path::new(DIR), &[COMMAND.into()]),
        dir: dir.clone(),
        runner,
    };
    source.wrap(context, arguments, &commands)
}

/// An image that is a file takes an engine for files.
fn runner(context: &Context, arguments: &Wrap, word: &OsStr) -> Result<Runner> {
    let asked = arguments.engine.as_deref();
    if store::is_path(word) {
        return Runner::for_files(context.host, context.ui, asked);
    }
    Runner::choose(context.host, context.ui, asked)
}

impl Source {
    fn wrap(&self, context: &Context, arguments: &Wrap, commands: &BTreeSet<String>) -> Result<()> {
        let output = context.host.absolute(&arguments.output)?;
        let mut files: Vec<(PathBuf, Vec<u8>)> = Vec::new();
        for command in commands {
            let file = output.join(Path::new(command).file_name().unwrap_or_default());
            if files.iter().any(|(other, _)| *other == file) {
                return Err(Error::new(format!("two of the commands would be {}", Shown(&file)))
                    .hint("wrap them into different directories, with `-o DIR`"));
            }
            files.push((file, self.text(command)));
        }
        if let Some(path) = &arguments.module {
            let what = format!("commands of {}", self.title);
            let path = context.host.absolute(path)?;
            files.push((path.clone(), module(&path, &output, &what)));
        }
        if arguments.dry_run {
            let lines: Vec<String> =
                files.iter().map(|(path, _)| format!("write {}", Shown(path))).collect();
            return print_words(lines.join("\n") + "\n");
        }
        write(context, &files, arguments.force)
    }

    fn text(&self, command: &str) -> Vec<u8> {
        let target = match &self.kind {
            Kind::Container(id) => Target::Container(id.as_ref()),
            Kind::Sandbox(path) => Target::Sandbox(path.as_os_str()),
            Kind::New(mark) => Target::New(mark.as_os_str()),
            Kind::Image => Target::Image,
        };
        let Command { program, arguments, set, unset, .. } = &self.call;
        let wrapper = Wrapper {
            command: command.as_ref(),
            id: &self.id,
            program: self.runner.program(),
            target,
            seen: self.seen.clone(),
            dir: &self.dir,
            gpu: self.gpu,
            call: Call { engine: program, words: arguments, set, unset },
            batch: &BATCH_NAMES,
        };
        wrapper.text()
    }
}

fn seen(mounts: &[Mount]) -> Vec<PathBuf> {
    let same = mounts.iter().filter(|mount| mount.source == mount.target);
    same.map(|mount| mount.source.0.clone()).collect()
}

/// What `words` print in there; nothing where they fail, unless that is because nothing starts in there at all.
fn answer(
    runner: &Runner,
    call: &dyn Fn(&[OsString]) -> Command,
    words: &[OsString],
) -> Result<String> {
    runner.ask(&call(words)).map_or_else(
        || runner.run("run a command in it", &call(&shell(":", &[]))).map(|_| String::new()),
        Ok,
    )
}

/// The paths of the commands, and of all in directories.
fn commands(words: &[OsString], ask: &Asking) -> Result<BTreeSet<String>> {
    let mut found = BTreeSet::new();
    for word in words {
        if word.as_bytes().ends_with(b"/") {
            found.extend(programs(word, ask)?);
        } else {
            found.insert(locate(word, ask)?);
        }
    }
    Ok(found)
}

fn programs(dir: &OsStr, ask: &Asking) -> Result<Vec<String>> {
    let told = ask(&shell(PROGRAMS, &[dir.to_owned()]))?;
    let is_path = |path: &&str| path.starts_with('/') && !path.contains('\u{fffd}');
    let all: Vec<String> = told.split('\0').filter(is_path).map(str::to_owned).collect();
    if all.is_empty() {
        let dir = Shown(Path::new(dir)).to_string();
        return Err(Error::no(format!("there are no programs in {dir} in the container"))
            .hint("name a directory by its whole path there, such as /opt/conda/bin/"));
    }
    Ok(all)
}

fn locate(name: &OsStr, ask: &Asking) -> Result<String> {
    let found = ask(&shell(WHERE, &[name.to_owned()]))?;
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
    }
    if files.len() <= 40 {
        for (path, _) in files {
            context.ui.say(format!("wrote {}", Shown(path)));
        }
        return Ok(());
    }
    let dir = files[0].0.parent().unwrap_or(Path::new("/"));
    context.ui.say(format!("wrote {} into {}", count(files.len(), "file", "files"), Shown(dir)));
    Ok(())
}
