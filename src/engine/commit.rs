//! A container's image as its engine makes one: written to a file, and gone from the store again.

use std::path::{Path, PathBuf};

use super::entrance::Entrance;
use super::runner::Runner;
use crate::container::store;
use crate::context::Context;
use crate::env::stage::Stage;
use crate::error::{Attempt, Result};
use crate::fs;

/// The image, in a file that goes away with this.
pub(crate) struct Saved {
    /// The file.
    pub(crate) archive: PathBuf,
    /// The directory around it.
    _stage: Stage,
}

/// A name in the engine's store, which is taken out again.
struct Named<'a>(&'a Runner, String);

impl Drop for Named<'_> {
    fn drop(&mut self) {
        let _ = self.0.ask(&store::forget(self.0.engine, &self.1));
    }
}

/// Makes the image, and writes it to a file below `work`.
pub(crate) fn commit(context: &Context, entrance: &Entrance, work: &Path) -> Result<Saved> {
    let runner = entrance.runner;
    fs::make_dirs(work, 0o700).attempt("make", work)?;
    let stage = Stage::new(work)?;
    let archive = stage.path().join("image.tar");
    let waiting = context.ui.waiting("the engine looks through the container");
    let named = Named(runner, format!("localhost/mlenv/as-is:{}", entrance.state.instance));
    let call = store::commit(runner.engine, entrance.state.handle(), &named.1);
    runner.run("make an image of the container", &call)?;
    runner.run("write the image", &store::save(runner.engine, &named.1, &archive))?;
    drop(waiting);
    Ok(Saved { archive, _stage: stage })
}
