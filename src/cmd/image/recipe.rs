//! `mlenv image recipe`: the text from which an image is built, for either family of engines.

use super::super::print_file;
use super::spec;
use crate::cli::ImageRecipe;
use crate::context::Context;
use crate::error::Result;
use crate::image::recipe::RecipeForm;

pub(super) fn run(context: &Context, arguments: &ImageRecipe) -> Result<()> {
    let described = spec::read(context, &arguments.spec)?;
    let form = if arguments.apptainer { RecipeForm::Definition } else { RecipeForm::Dockerfile };
    let text = described.recipe.render(form, &described.base, &described.dir, &described.words)?;
    if described.recipe.lacks_program(&described.dir) {
        context.ui.warn(
            "the build copies a file `mlenv`, which is not there: put a release's binary there",
        );
    }
    print_file(context.host, &text)
}
