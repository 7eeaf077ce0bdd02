//! `mlenv image recipe`: the text from which an image is built, for either family of engines.

use std::time::Duration;

use super::super::print_file;
use super::spec;
use crate::cli::ImageRecipe;
use crate::context::Context;
use crate::error::Result;
use crate::image::recipe::RecipeForm;

/// So long the base's registry may take to say who runs in it.
const PATIENCE: Duration = Duration::from_secs(5);

pub(super) fn run(context: &Context, arguments: &ImageRecipe) -> Result<()> {
    let mut described = spec::read(context, &arguments.spec)?;
    described.check_files(context)?;
    let form = if arguments.apptainer { RecipeForm::Definition } else { RecipeForm::Dockerfile };
    // In Apptainer whoever starts a container runs in it.
    if form == RecipeForm::Dockerfile {
        described.complete(context, PATIENCE, false)?;
    }
    let text = described.recipe.render(form, &described.base, &described.dir, &described.words)?;
    if described.recipe.lacks_program(&described.dir) {
        context.ui.warn(
            "the build copies a file `mlenv`, which is not there: put a release's binary there",
        );
    }
    print_file(context.host, &text)
}
