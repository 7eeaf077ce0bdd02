//! An image of a description, built by an engine and put where it is wanted.

use std::path::Path;

use super::delivery::{check, place_of};
use super::spec::Described;
use super::{by_apptainer, sif};
use crate::cli::ImageBuild;
use crate::context::Context;
use crate::engine::build::{self, Built, Order};
use crate::env::stage::Stage;
use crate::error::{Attempt, Error, Result};
use crate::fs;
use crate::layers::output::{self, Output};
use crate::text::{Shown, shown};

/// Where in the user's cache builds are laid out.
const WORK: &str = "builds";

pub(super) fn run(
    context: &Context,
    arguments: &ImageBuild,
    mut described: Described,
) -> Result<()> {
    if arguments.tag.is_none() {
        check(&arguments.to)?;
    }
    let work = match &arguments.workdir {
        Some(dir) => context.host.absolute(dir)?,
        None => context.dirs.cache.join(WORK),
    };
    let output = arguments.to.output.as_deref().map(|to| place_of(context, to)).transpose()?;
    described.check_files(context)?;
    if by_apptainer::is_meant(context, arguments, (&described.base, output.as_ref())) {
        return by_apptainer::run(context, arguments, described, (output.as_ref(), &work));
    }
    let maker = match &output {
        Some(to @ (Output::Sif(_) | Output::Sandbox(_))) => Some(sif::maker(context, to.path())?),
        Some(Output::Dir(path) | Output::Archive(path)) if path.symlink_metadata().is_ok() => {
            return Err(Error::no(format!("{} is there already", Shown(path)))
                .hint("name another place, or remove it"));
        }
        _ => None,
    };
    if !arguments.dry_run {
        described.complete(context, arguments.to.sending.patience(), true)?;
    }
    let order = Order {
        recipe: &described.recipe,
        base: &described.base,
        dir: &described.dir,
        words: &described.words,
        work: &work,
        engine: arguments.engine.as_deref(),
    };
    if arguments.dry_run {
        return super::print_words(build::line(context, &order, arguments.tag.as_deref())? + "\n");
    }
    let built = build::build(context, &order, arguments.tag.as_deref())?;
    if let Err(error) = built.label(context, &work) {
        context.ui.warn(format!("the image has no label with its packages: {error}"));
    }
    if let Some(output) = &output {
        write(context, &built, output, maker.as_deref())?;
        context.ui.say(format!("wrote {}", Shown(output.path())));
    }
    if let Some(target) = &arguments.to.push {
        built.push(context, target)?;
        context.ui.say(format!("pushed {}", shown(target)));
    }
    if let Some(tag) = &arguments.tag {
        context.ui.say(format!("built {}", shown(tag)));
    }
    Ok(())
}

fn write(context: &Context, built: &Built, output: &Output, maker: Option<&Path>) -> Result<()> {
    let to = output.path();
    let parent = to.parent().unwrap_or(Path::new("/"));
    fs::make_dirs(parent, 0o777).attempt("make", parent)?;
    let stage = Stage::new(parent)?;
    let archive = stage.path().join("image.tar");
    let form = built.save(context, &archive)?;
    match (output, maker) {
        (Output::Sif(_) | Output::Sandbox(_), Some(maker)) => {
            sif::of_archive(context, maker, (&archive, form), output)
        }
        (Output::Archive(file), _) => fs::rename_dir(&archive, file).attempt("put in place", file),
        (Output::Dir(dir), _) if form == "oci-archive" => output::laid_out(&archive, dir),
        _ => Err(Error::new("docker writes no directory in the OCI layout")
            .hint("`-o FILE.tar` writes its archive")),
    }
}
