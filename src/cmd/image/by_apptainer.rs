//! An image of a description, built by apptainer: a SIF or a sandbox, without any other engine.

use std::ffi::OsString;
use std::path::Path;

use super::sif;
use super::spec::Described;
use crate::cli::ImageBuild;
use crate::context::Context;
use crate::engine::build::{self, Order};
use crate::engine::sandbox;
use crate::error::{Error, Result};
use crate::image::recipe::{RecipeForm, Start};
use crate::layers::output::Output;
use crate::process::Command;
use crate::text::{Shown, shown};

/// What builds definitions.
const MAKERS: [&str; 2] = ["apptainer", "singularity"];

/// True where apptainer is to build: it was named, the base is a file that nothing else starts from, or nothing else is here and it can make what is wanted.
pub(super) fn is_meant(
    context: &Context,
    arguments: &ImageBuild,
    (base, output): (&Start, Option<&Output>),
) -> bool {
    if let Some(named) = &arguments.engine {
        return MAKERS.contains(&named.as_str());
    }
    if matches!(base, Start::Place(_)) {
        return true;
    }
    let is_its = matches!(output, Some(Output::Sif(_) | Output::Sandbox(_)));
    is_its && arguments.tag.is_none() && arguments.to.push.is_none() && !build::has_builder(context)
}

pub(super) fn run(
    context: &Context,
    arguments: &ImageBuild,
    mut described: Described,
    (output, work): (Option<&Output>, &Path),
) -> Result<()> {
    let Some(output @ (Output::Sif(_) | Output::Sandbox(_))) = output else {
        return Err(Error::new("apptainer makes a SIF or a sandbox, and neither is wanted")
            .hint("`-o FILE.sif` is the one, `-o DIR/` the other"));
    };
    if let Some(unfit) = arguments.tag.as_deref().or(arguments.to.push.as_deref()) {
        return Err(Error::new(format!("apptainer cannot make {} too", shown(unfit)))
            .hint("podman, buildah and docker do: name one of them with --engine"));
    }
    let maker = sif::maker(context, output.path())?;
    if described.recipe.user.is_none() {
        // Whoever starts it runs in it, whoever that is in the base.
        described.recipe.user = Some("root".to_owned());
    }
    if !arguments.dry_run {
        described.complete(context, arguments.to.sending.patience(), true)?;
    }
    let order = Order {
        recipe: &described.recipe,
        base: &described.base,
        dir: &described.dir,
        words: &described.words,
        work,
        engine: None,
    };
    if arguments.dry_run {
        let line = sif::call(&maker, output, output.path(), "DIR/image.def".as_ref()).line();
        return super::print_words(line + "\n");
    }
    let stage = build::lay_out(context, &order, RecipeForm::Definition)?;
    let definition = OsString::from(stage.path().join(build::name(RecipeForm::Definition)));
    let inside = stage.path().join(build::CONTEXT);
    sif::made(output, |to| {
        let mut command: Command = sif::call(&maker, output, to, &definition).in_dir(&inside);
        let named = arguments.workdir.is_some().then(|| stage.path());
        command.set.extend(sandbox::work(context.host, named.as_deref(), &stage.path())?);
        build::watched(context, &command, "the build").map_err(|error| {
            error.hint("apptainer's last words are above; -v shows all that it says")
        })
    })?;
    context.ui.say(format!("wrote {}", Shown(output.path())));
    Ok(())
}
