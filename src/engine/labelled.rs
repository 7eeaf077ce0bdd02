//! What an image says of its packages: found out once it is built, and added to it as a label, which costs no layer.

use std::ffi::OsStr;
use std::path::Path;

use super::build::{Built, watched};
use crate::container::{Engine, program, store};
use crate::context::Context;
use crate::env::stage::Stage;
use crate::error::{Attempt, Error, Result};
use crate::fs::How;
use crate::image::packages::{LABEL, of_paths, to_text};
use crate::process::{Command, Words};

/// A word of a command may have 128 KiB at most.
const MOST: usize = 100_000;

impl Built {
    /// Adds the label with the image's packages. `work` is where the build's files go.
    pub(crate) fn label(&self, context: &Context, work: &Path) -> Result<()> {
        let engine = match self.builder {
            "podman" => Engine::Podman,
            "docker" => Engine::Docker,
            _ => return Ok(()), // buildah starts no containers of images
        };
        let peek = store::peek(engine, OsStr::new(&self.tag), program::PATHS);
        let ran = peek.run(Words::Kept)?;
        if !ran.status.success() {
            return Err(Error::new(
                "it could not be looked into: it has no shell, or none runs here",
            ));
        }
        let paths = String::from_utf8_lossy(&ran.out);
        let text = to_text(&of_paths(paths.lines().map(Path::new)));
        if text.is_empty() {
            return Ok(());
        }
        if text.len() > MOST {
            return Err(Error::new("the list is too long for a label"));
        }
        let stage = Stage::new(work)?;
        let from = format!("FROM {}\n", self.tag);
        let file = stage.path().join("Dockerfile");
        let written = stage.root().write_new(Path::new("Dockerfile"), from.as_bytes(), How::DATA);
        written.attempt("write", &file)?;
        let build = Command::new(&self.program).words(["build", "--tag", &self.tag]);
        let build = build.option("--label", format!("{LABEL}={text}"));
        watched(context, &build.option("--file", &file).word(stage.path()), "labelling the image")
    }
}
