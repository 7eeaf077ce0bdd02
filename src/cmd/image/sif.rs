//! An image as a SIF file, which apptainer makes of it.

use std::path::{Path, PathBuf};

use crate::context::Context;
use crate::env::stage::Stage;
use crate::error::{Attempt, Error, Result};
use crate::fs;
use crate::image::registry::Registry;
use crate::image::registry::content::ImageContent;
use crate::layers::freeze::Frozen;
use crate::layers::output::{self, Output};
use crate::process::{Command, Words, ending};
use crate::text::Shown;

/// Writes the file `to`, beside which it is built.
pub(super) fn write(
    context: &Context,
    (registry, parts, frozen, tag): (&mut Registry, &ImageContent, &Frozen, &str),
    to: &Path,
) -> Result<()> {
    let maker = maker(context, to)?;
    let stage = Stage::new(to.parent().unwrap_or(Path::new("/")))?;
    let archive = stage.path().join("image.oci.tar");
    output::write(registry, (parts, frozen, tag), &Output::Archive(archive.clone()), context.ui)?;
    of_archive(context, &maker, (&archive, "oci-archive"), to)
}

/// The program that makes a SIF; what is at the place already is left alone.
pub(super) fn maker(context: &Context, to: &Path) -> Result<PathBuf> {
    if to.symlink_metadata().is_ok() {
        return Err(Error::no(format!("{} is there already", Shown(to)))
            .hint("name another place, or remove it"));
    }
    let found = ["apptainer", "singularity"];
    let program = found.iter().find_map(|name| context.host.find_program(name)).ok_or_else(|| {
        Error::no("there is no apptainer here, which makes a SIF of an image")
            .hint("`-o FILE.oci.tar` writes what `apptainer build x.sif oci-archive:FILE.oci.tar` reads")
    })?;
    let parent = to.parent().unwrap_or(Path::new("/"));
    fs::make_dirs(parent, 0o777).attempt("make", parent)?;
    Ok(program)
}

/// Lets `program` make the SIF `to` of an image in a file, beside which it is built.
pub(super) fn of_archive(
    context: &Context,
    program: &Path,
    (archive, form): (&Path, &str),
    to: &Path,
) -> Result<()> {
    let stage = Stage::new(to.parent().unwrap_or(Path::new("/")))?;
    let built = stage.path().join("image.sif");
    context.ui.say(format!("{} builds the SIF", Shown(program)));
    let mut source = std::ffi::OsString::from(form);
    source.push(":");
    source.push(archive);
    let command = Command::new(program).words(["--quiet", "build"]).word(&built).word(source);
    let ran = command.run(Words::Shown)?;
    if !ran.status.success() {
        return Err(Error::new(format!("{} {}", Shown(program), ending(ran.status)))
            .hint("what it says is above"));
    }
    fs::rename_dir(&built, to).attempt("put in place", to)
}
