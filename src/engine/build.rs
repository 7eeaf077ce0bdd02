//! An image built by an engine from a description: in a directory that holds just what the description names, under a name of
//! its own until it is whole.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use crate::context::Context;
use crate::env::stage::Stage;
use crate::error::{Attempt, Error, Result};
use crate::fs::{self, How, Root};
use crate::image::recipe::{Recipe, RecipeForm, Start};
use crate::process::{Command, ending, stop_flag};
use crate::text::{Shown, shown};

/// Programs that build from a Dockerfile, the first that is there.
const BUILDERS: [&str; 3] = ["podman", "buildah", "docker"];

/// What is to be built.
pub(crate) struct Order<'a> {
    pub(crate) recipe: &'a Recipe,
    /// The image that it stands on.
    pub(crate) base: &'a Start,
    /// Where the files are that the description names.
    pub(crate) dir: &'a Path,
    /// How it was asked for, as words of a command.
    pub(crate) words: &'a str,
    /// Where the build's files go while it is built.
    pub(crate) work: &'a Path,
    /// The engine that was named.
    pub(crate) engine: Option<&'a str>,
}

/// An image in an engine's store.
#[derive(Debug)]
pub(crate) struct Built {
    pub(super) program: PathBuf,
    pub(super) builder: &'static str,
    /// Its name in the store.
    pub(super) tag: String,
    /// Whether it goes away with this.
    is_scratch: bool,
}

/// Builds the image, under `tag` where one is named.
pub(crate) fn build(context: &Context, order: &Order, tag: Option<&str>) -> Result<Built> {
    let (builder, program) = builder(context, order.engine)?;
    let stage = lay_out(context, order, RecipeForm::Dockerfile)?;
    let own = format!("localhost/mlenv-build-{}:latest", std::process::id());
    let built =
        Built { program, builder, tag: tag.map_or(own, str::to_owned), is_scratch: tag.is_none() };
    let command = built.command(&stage.path());
    watched(context, &command, "the build").map_err(|error| {
        error.hint("the step that failed is the last one above; -v shows all that the engine says")
    })?;
    Ok(built)
}

/// The command that would build it.
pub(crate) fn line(context: &Context, order: &Order, tag: Option<&str>) -> Result<String> {
    let (builder, program) = builder(context, order.engine)?;
    let tag = tag.unwrap_or("localhost/mlenv-build:latest").to_owned();
    Ok(Built { program, builder, tag, is_scratch: false }.command(Path::new("DIR")).line())
}

fn builder(context: &Context, named: Option<&str>) -> Result<(&'static str, PathBuf)> {
    let meant = BUILDERS.into_iter().filter(|name| named.is_none_or(|named| named == *name));
    let mut found = meant.filter_map(|name| Some((name, context.host.find_program(name)?)));
    found.next().ok_or_else(|| match named {
        Some(name) if BUILDERS.contains(&name) => {
            Error::no(format!("{name} is not on PATH")).hint("leave --engine out: whichever is there builds")
        }
        Some(name) => Error::new(format!("{} builds no Dockerfile", shown(name)))
            .hint("podman, buildah and docker do; apptainer builds a SIF or a sandbox"),
        None => Error::no("there is no podman, buildah or docker here, and the description has commands to run").hint(
            "`mlenv image recipe` prints the text for a machine that has one; packages alone need none",
        ),
    })
}

/// True where a Dockerfile can be built.
pub(crate) fn has_builder(context: &Context) -> bool {
    BUILDERS.iter().any(|name| context.host.find_program(name).is_some())
}

/// The directory of what a text copies, beside that text.
pub(crate) const CONTEXT: &str = "context";

/// What the text is called.
pub(crate) fn name(form: RecipeForm) -> &'static str {
    match form {
        RecipeForm::Dockerfile => "Dockerfile",
        RecipeForm::Definition => "image.def",
    }
}

/// The text, and beside it what it copies.
pub(crate) fn lay_out(context: &Context, order: &Order, form: RecipeForm) -> Result<Stage> {
    let text = order.recipe.render(form, order.base, order.dir, order.words)?;
    fs::make_dirs(order.work, 0o700).attempt("make", order.work)?;
    let stage = Stage::new(order.work)?;
    let root = stage.root();
    let written = root.write_new(Path::new(name(form)), text.as_bytes(), How::DATA);
    written.attempt("write", &stage.path().join(name(form)))?;
    let inside = root.make_dirs(Path::new(CONTEXT)).attempt("make", &stage.path())?;
    for file in order.recipe.copied(order.dir)? {
        let from = if file == Path::new("mlenv") && order.recipe.lacks_program(order.dir) {
            context.ui.say("this very mlenv goes into the image: it starts there if the image's C library is no older than this machine's");
            context.host.program()?
        } else {
            order.dir.join(&file)
        };
        put(&inside, &file, &from).attempt("copy", &from)?;
    }
    Ok(stage)
}

fn put(inside: &Root, name: &Path, from: &Path) -> std::io::Result<()> {
    if let Some(parent) = name.parent() {
        inside.make_dirs(parent)?;
    }
    if from.is_dir() {
        let dir = inside.make_dirs(name)?;
        return fs::copy_tree(from, &dir, "", &AtomicBool::new(false)).map(drop);
    }
    inside.copy(name, from)
}

impl Built {
    fn command(&self, stage: &Path) -> Command {
        let command = Command::new(&self.program);
        let command = command.word(if self.builder == "buildah" { "bud" } else { "build" });
        let command = command.option("--tag", &self.tag).option("--file", stage.join("Dockerfile"));
        command.word(stage.join(CONTEXT))
    }

    /// Writes it to a file that engines load, and tells by which name they know the form of it.
    pub(crate) fn save(&self, context: &Context, to: &Path) -> Result<&'static str> {
        let command = Command::new(&self.program);
        let (command, form) = match self.builder {
            "podman" => {
                let words = ["save", "--quiet", "--format", "oci-archive", "--output"];
                (command.words(words).word(to).word(&self.tag), "oci-archive")
            }
            "buildah" => {
                let mut target = OsString::from("oci-archive:");
                target.push(to);
                (command.words(["push", "--quiet"]).word(&self.tag).word(target), "oci-archive")
            }
            _ => (command.words(["save", "--output"]).word(to).word(&self.tag), "docker-archive"),
        };
        watched(context, &command, "saving the image").map(|()| form)
    }

    /// Sends it to a registry.
    pub(crate) fn push(&self, context: &Context, to: &str) -> Result<()> {
        let command = Command::new(&self.program);
        if self.builder == "docker" {
            watched(context, &command.clone().words(["tag", &self.tag, to]), "naming the image")?;
            return watched(context, &command.words(["push", to]), "pushing the image");
        }
        let target = format!("docker://{to}");
        watched(context, &command.words(["push", &self.tag, &target]), "pushing the image")
    }
}

impl Drop for Built {
    fn drop(&mut self) {
        if self.is_scratch {
            let _ = Command::new(&self.program)
                .words(["rmi", "--force", &self.tag])
                .run(crate::process::Words::Dropped);
        }
    }
}

/// So many of an engine's last lines are shown where it fails.
const LAST: usize = 20;

/// Lets an engine work: its steps are one line that changes, its last words are shown where it fails.
pub(crate) fn watched(context: &Context, command: &Command, what: &str) -> Result<()> {
    let stop = stop_flag()?;
    if context.ui.is_verbose() {
        let status = command.attended(&stop)?;
        let failed = || {
            Error::new(format!(
                "{what} failed: {} {}",
                Shown(Path::new(&command.program)),
                ending(status)
            ))
        };
        return if status.success() { Ok(()) } else { Err(failed()) };
    }
    let bar = context.ui.waiting("building");
    let mut reached = String::new();
    let done = command.watched(&stop, &mut |line| {
        if line.starts_with("STEP ") || line.starts_with("Step ") {
            reached = shown(line);
        }
        bar.say(shown(line));
    });
    drop(bar);
    let (status, words) = done?;
    if status.success() {
        return Ok(());
    }
    let text = String::from_utf8_lossy(&words).into_owned();
    let lines: Vec<&str> = text.lines().collect();
    let last = lines[lines.len().saturating_sub(LAST)..].join("\n") + "\n";
    context.ui.repeat(last.as_bytes());
    let at = if reached.is_empty() { reached } else { format!(" at {reached}") };
    Err(Error::new(format!(
        "{what} failed{at}: {} {}",
        Shown(Path::new(&command.program)),
        ending(status)
    )))
}
