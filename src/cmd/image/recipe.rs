//! `mlenv image recipe`: the text from which an image is built, for either family of engines.

use std::path::Path;

use super::{Context, catalogue, print};
use crate::cli::ImageRecipe;
use crate::config::read_toml;
use crate::error::{Error, Result};
use crate::image::recipe::{Form, Recipe};
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
    let form = if arguments.dockerfile { Form::Dockerfile } else { Form::Definition };
    let dir = path.parent().unwrap_or(Path::new("/"));
    let name = path.file_name().map_or(path.as_path(), Path::new);
    print(recipe.render(form, &base, dir, name)?)
}
