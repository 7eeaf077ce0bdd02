//! An image as a SIF file, which apptainer makes of it.

use std::path::Path;

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
    let stage = Stage::new(parent)?;
    let (archive, built) = (stage.path().join("image.oci.tar"), stage.path().join("image.sif"));
    output::write(registry, (parts, frozen, tag), &Output::Archive(archive.clone()), context.ui)?;
    context.ui.say(format!("{} builds the SIF", Shown(&program)));
    let mut source = std::ffi::OsString::from("oci-archive:");
    source.push(&archive);
    let command = Command::new(&program).words(["--quiet", "build"]).word(&built).word(source);
    let ran = command.run(Words::Shown)?;
    if !ran.status.success() {
        return Err(Error::new(format!("{} {}", Shown(&program), ending(ran.status)))
            .hint("what it says is above"));
    }
    fs::rename_dir(&built, to).attempt("put in place", to)
}
