//! An image as a SIF file or a sandbox, which apptainer makes of it.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use crate::context::Context;
use crate::engine::sandbox::{building_place, work};
use crate::env::stage::Stage;
use crate::error::{Attempt, Error, Result};
use crate::fs;
use crate::image::registry::Registry;
use crate::image::registry::content::ImageContent;
use crate::layers::freeze::Frozen;
use crate::layers::output::{self, Output};
use crate::process::{Command, Words, ending};
use crate::text::Shown;

/// Writes `to`, beside which it is built.
pub(super) fn write(
    context: &Context,
    (registry, parts, frozen, tag): (&mut Registry, &ImageContent, &Frozen, &str),
    to: &Output,
) -> Result<()> {
    let maker = maker(context, to.path())?;
    let stage = Stage::new(to.path().parent().unwrap_or(Path::new("/")))?;
    let archive = stage.path().join("image.oci.tar");
    output::write(registry, (parts, frozen, tag), &Output::Archive(archive.clone()), context.ui)?;
    of_archive(context, &maker, (&archive, "oci-archive"), to)
}

/// The program that makes it; what is at the place already is left alone.
pub(super) fn maker(context: &Context, to: &Path) -> Result<PathBuf> {
    if to.symlink_metadata().is_ok() {
        return Err(Error::no(format!("{} is there already", Shown(to)))
            .hint("name another place, or remove it"));
    }
    let found = ["apptainer", "singularity"];
    let program = found.iter().find_map(|name| context.host.find_program(name)).ok_or_else(|| {
        Error::no("there is no apptainer here, which makes a SIF or a sandbox of an image")
            .hint("`-o FILE.oci.tar` writes what `apptainer build x.sif oci-archive:FILE.oci.tar` reads")
    })?;
    let parent = to.parent().unwrap_or(Path::new("/"));
    fs::make_dirs(parent, 0o777).attempt("make", parent)?;
    Ok(program)
}

/// Lets `program` make `to` of an image in a file.
pub(super) fn of_archive(
    context: &Context,
    program: &Path,
    (archive, form): (&Path, &str),
    to: &Output,
) -> Result<()> {
    let mut source = OsString::from(form);
    source.push(":");
    source.push(archive);
    of_source(context, program, &source, to)
}

/// The same, of whatever it takes for a source.
pub(super) fn of_source(
    context: &Context,
    program: &Path,
    source: &OsStr,
    to: &Output,
) -> Result<()> {
    let what = if matches!(to, Output::Sandbox(_)) { "sandbox" } else { "SIF" };
    context.ui.say(format!("{} builds the {what}", Shown(program)));
    made(to, |built| {
        let mut command = call(program, to, built, source);
        let beside = built.parent().unwrap_or(Path::new("/"));
        command.set.extend(work(context.host, None, beside)?);
        let ran = command.run(Words::Shown)?;
        if ran.status.success() {
            return Ok(());
        }
        Err(Error::new(format!("{} {}", Shown(program), ending(ran.status)))
            .hint("what it says is above"))
    })
}

/// The call that makes a thing like `to` at `place` of `source`.
pub(super) fn call(program: &Path, to: &Output, place: &Path, source: &OsStr) -> Command {
    let command = Command::new(program).words(["--quiet", "build"]);
    let command = match to {
        // What nobody may read or remove would be left behind by whoever removes it.
        Output::Sandbox(_) => command.words(["--fix-perms", "--sandbox"]),
        _ => command,
    };
    command.word(place).word(source)
}

/// Lets `make` make it beside the place of `to`, and puts it there when it is whole.
pub(super) fn made(to: &Output, make: impl FnOnce(&Path) -> Result<()>) -> Result<()> {
    let beside = match to {
        Output::Sandbox(dir) => building_place(dir)?,
        _ => to.path().parent().unwrap_or(Path::new("/")).to_owned(),
    };
    let stage = Stage::new(&beside)?;
    let built = stage.path().join("image.sif");
    make(&built)?;
    fs::rename_dir(&built, to.path()).attempt("put in place", to.path())
}
