//! `mlenv image recipe`: the text from which an image is built, for either family of engines.

use std::path::Path;

use super::super::print_file;
use super::catalogue;
use crate::cli::ImageRecipe;
use crate::config::read_toml;
use crate::context::Context;
use crate::error::{Error, Result};
use crate::image::recipe::{Recipe, RecipeForm};
use crate::text::{Shown, shown};

pub(super) fn run(context: &Context, arguments: &ImageRecipe) -> Result<()> {
    let path = context.host.absolute(&arguments.file)?;
    let recipe: Recipe = read_toml(&path)?
        .ok_or_else(|| Error::no(format!("there is no recipe {}", Shown(&path))))?;
    let image = catalogue(context)?.find(&recipe.base)?;
    let base = image.reference.ok_or_else(|| {
        Error::no(format!(
            "{} is in no registry: builders cannot start from it",
            shown(&recipe.base)
        ))
    })?;
    let form = if arguments.dockerfile { RecipeForm::Dockerfile } else { RecipeForm::Definition };
    let dir = path.parent().unwrap_or(Path::new("/"));
    let name = path.file_name().map_or(path.as_path(), Path::new);
    print_file(context.host, &recipe.render(form, &base, dir, name)?)
}
