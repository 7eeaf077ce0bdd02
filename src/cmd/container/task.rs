//! `mlenv container task` and `makefile`: what a project does with the image that it describes.

use std::ffi::OsString;
use std::path::Path;

use clap::Parser as _;
use serde::Serialize;

use super::super::image::spec::{self, Described};
use super::super::{image, print_file, print_json, print_words};
use super::print_calls;
use crate::cli::{self, Arguments, ContainerMakefile, ContainerTask, ImageSpec};
use crate::container::program::LOGIN_SHELL;
use crate::container::store;
use crate::context::Context;
use crate::engine::entrance::shell;
use crate::engine::home;
use crate::engine::once::{self, Once};
use crate::engine::runner::Runner;
use crate::error::{Error, Result};
use crate::image::recipe::{makefile, tasks};
use crate::text::shown;
use crate::text::table::table;

/// One task, for programs.
#[derive(Serialize)]
struct TaskRow {
    name: String,
    command: String,
}

pub(super) fn run(context: &Context, arguments: &ContainerTask) -> Result<()> {
    let described = described(context, arguments.file.as_deref(), arguments.variant.as_deref())?;
    let Some(name) = &arguments.name else { return list(context, &described, arguments.json) };
    let runner = Runner::choose(context.host, context.ui, arguments.engine.as_deref())?;
    let image = Image::of(&runner, &described, arguments.variant.as_deref());
    if name == "build" {
        return image.build(context, &runner, &described, arguments);
    }
    let command = match name.as_str() {
        "shell" => shell(LOGIN_SHELL, &home::shells(context.host)),
        name => described.recipe.task(name)?.command(&arguments.rest),
    };
    let gpu = arguments.variant.as_deref().is_some_and(|name| name.contains("gpu"));
    let once = Once { image: image.0.clone(), dir: &described.dir, gpu, command };
    let call = once::call(context, &runner, &once);
    if arguments.dry_run {
        return print_calls(&[call]);
    }
    if !image.is_there(&runner) {
        image.build(context, &runner, &described, arguments)?;
    }
    Err(runner.become_call(&call))
}

fn list(context: &Context, described: &Described, json: bool) -> Result<()> {
    let run = described.recipe.task("run").ok().map(|task| ("run".to_owned(), task.shown()));
    let own = described.recipe.tasks.iter().map(|(name, task)| (name.clone(), task.shown()));
    let rows: Vec<TaskRow> = [("build", "makes the image"), ("shell", "a shell in it")]
        .map(|(name, command)| (name.to_owned(), command.to_owned()))
        .into_iter()
        .chain(run)
        .chain(own)
        .map(|(name, command)| TaskRow { name, command })
        .collect();
    if json {
        return print_json(&rows);
    }
    let rows: Vec<_> =
        rows.into_iter().map(|row| (false, vec![shown(&row.name), row.command])).collect();
    print_words(table(&["TASK", "COMMAND"], &rows, context.host.columns))
}

/// The project's description: the one that is named, else the only one in this directory.
fn described(context: &Context, file: Option<&Path>, variant: Option<&str>) -> Result<Described> {
    let spec = match file {
        Some(file) => file.to_owned(),
        None => context.host.cwd()?,
    };
    let asked =
        ImageSpec { spec: Some(spec), variant: variant.map(str::to_owned), ..ImageSpec::default() };
    spec::read(context, &asked)
}

/// The image of a description: in an engine's store, or as a SIF beside it.
struct Image(OsString);

impl Image {
    fn of(runner: &Runner, described: &Described, variant: Option<&str>) -> Self {
        let stem = described.stem();
        if runner.has_store() {
            return Self(tasks::tag(&stem, variant).into());
        }
        let variant = variant.map(|name| format!("-{name}")).unwrap_or_default();
        Self(described.dir.join(format!("{stem}{variant}.sif")).into())
    }

    fn is_there(&self, runner: &Runner) -> bool {
        if runner.has_store() {
            return runner.ask(&store::inspect_image(runner.engine, &self.0)).is_some();
        }
        Path::new(&self.0).exists()
    }

    /// As `mlenv image build` would.
    fn build(
        &self,
        context: &Context,
        runner: &Runner,
        described: &Described,
        arguments: &ContainerTask,
    ) -> Result<()> {
        let file = described.file.clone().unwrap_or_else(|| described.dir.clone());
        let mut words: Vec<OsString> = ["mlenv", "image", "build"].map(OsString::from).into();
        words.push(file.into());
        let to = if runner.has_store() { "--tag" } else { "--output" };
        words.extend([to.into(), self.0.clone()]);
        words.extend(["--engine".into(), runner.engine.name().into()]);
        if let Some(variant) = &arguments.variant {
            words.extend(["--variant".into(), variant.into()]);
        }
        if arguments.dry_run {
            words.push("--dry-run".into());
        }
        match Arguments::try_parse_from(words).map(|arguments| arguments.command) {
            Ok(cli::Command::Image(verb)) => image::run(context, &verb),
            _ => Err(Error::new("the image cannot be asked for; this is a bug in mlenv")),
        }
    }
}

/// `mlenv container makefile`.
pub(super) fn makefile(context: &Context, arguments: &ContainerMakefile) -> Result<()> {
    let file = arguments.file.as_deref();
    let plain = described(context, file, None)?;
    let mut all = Vec::new();
    for variant in plain.variants()? {
        let found = described(context, file, Some(&variant))?;
        all.push((Some(variant), found.recipe));
    }
    let (stem, words) = (plain.stem(), plain.words.clone());
    all.insert(0, (None, plain.recipe));
    print_file(context.host, &makefile::render(&stem, &all, &words))
}
