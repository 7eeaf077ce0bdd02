//! What is in an image that an engine of this machine has in its store.

use std::ffi::OsString;
use std::path::Path;

use crate::container::{Engine, Family, Powers, program, store};
use crate::context::Context;
use crate::engine::runner::Runner;
use crate::error::Result;
use crate::image::Reference;
use crate::image::packages::{self, Listed};

/// Asks the engines that are here, one after the other; none where none of them has the image. Nothing is pulled.
pub(super) fn packages(
    context: &Context,
    reference: &Reference,
) -> Result<Option<(Engine, Vec<Listed>)>> {
    let image = OsString::from(reference.to_pull().to_string());
    for engine in Engine::ALL.into_iter().filter(|engine| engine.family() == Family::Store) {
        let known = Runner::known(context.host, context.ui, engine, Powers::User);
        let Ok(runner) = known else { continue };
        if runner.ask(&store::inspect_image(engine, &image)).is_none() {
            continue;
        }
        let peek = store::peek(engine, &image, program::PATHS);
        let paths = runner.run("look into the image", &peek)?;
        return Ok(Some((engine, packages::of_paths(paths.lines().map(Path::new)))));
    }
    Ok(None)
}
