//! One description of an image, from which a Dockerfile and an Apptainer definition are made.
//!
//! Both do the same: the base image, conda's environment file, pip's requirements, and what makes the result fit for
//! use from any path. What is copied goes to `/opt/mlenv`: Apptainer mounts the host's `/tmp` and `/var/tmp` over the
//! image's while it builds. Nothing is built here.

mod definition;
mod dockerfile;
mod steps;

use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};

use serde::Deserialize;

use super::reference::Reference;
use crate::error::{Error, Result};
use crate::text::{PathText, Shown, shown, typed_path};

/// What a file describes.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Recipe {
    /// The image that it stands on: a reference, or a name of the catalogue.
    pub(crate) base: String,
    /// Where conda is, or goes.
    #[serde(default = "opt_conda")]
    prefix: String,
    /// conda's environment file, beside the recipe.
    conda: Option<PathText>,
    /// Requirements files of pip, beside the recipe.
    #[serde(default)]
    pip: Vec<PathText>,
    /// The mlenv that goes into the image, beside the recipe.
    #[serde(default = "beside")]
    mlenv: PathText,
    #[serde(default)]
    labels: BTreeMap<String, String>,
    #[serde(default)]
    env: BTreeMap<String, String>,
}

/// Which text is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RecipeForm {
    /// For podman, buildah and docker.
    Dockerfile,
    /// For apptainer and singularity.
    Definition,
}

fn opt_conda() -> String {
    "/opt/conda".to_owned()
}

fn beside() -> PathText {
    PathText("mlenv".into())
}

/// A file that goes into the image.
struct CopiedFile {
    /// Relative to the recipe.
    from: String,
    /// Absolute, in the image.
    to: String,
}

impl Recipe {
    /// The text that builds the image on `base`. `dir` is where the recipe is, `name` what it is called there.
    pub(crate) fn render(
        &self,
        form: RecipeForm,
        base: &Reference,
        dir: &Path,
        name: &Path,
    ) -> Result<String> {
        self.check()?;
        let files = self.files(dir)?;
        let source = format!("mlenv image recipe {}", typed_path(name));
        match form {
            RecipeForm::Dockerfile => Ok(dockerfile::render(self, base, &files, &source)),
            RecipeForm::Definition => definition::render(self, base, &files, &source),
        }
    }

    /// What neither text can hold is refused: they are lines.
    fn check(&self) -> Result<()> {
        let plain =
            |character: char| character.is_ascii_alphanumeric() || "/._-+".contains(character);
        if !self.prefix.starts_with('/')
            || !self.prefix.chars().all(plain)
            || self.prefix.contains("..")
        {
            return Err(Error::new(format!(
                "\"{}\" cannot be the prefix in an image",
                shown(&self.prefix)
            ))
            .hint("use an absolute path of letters, digits and . _ - +"));
        }
        let is_name = |name: &str| {
            let mut characters = name.chars();
            characters.next().is_some_and(|first| first.is_ascii_alphabetic() || first == '_')
                && characters.all(|other| other.is_ascii_alphanumeric() || other == '_')
        };
        if let Some(name) = self.env.keys().find(|name| !is_name(name)) {
            return Err(Error::new(format!("\"{}\" is not a name of a variable", shown(name))));
        }
        let is_label = |name: &str| {
            name.starts_with(|first: char| first.is_ascii_alphanumeric()) && name.chars().all(plain)
        };
        if let Some(name) = self.labels.keys().find(|name| !is_label(name)) {
            return Err(Error::new(format!("\"{}\" cannot be a label's name", shown(name)))
                .hint("use letters, digits and . _ - / +"));
        }
        let values = self.env.iter().chain(&self.labels);
        match values.into_iter().find(|(_, value)| value.contains(char::is_control)) {
            Some((name, _)) => Err(Error::new(format!(
                "the value of {name} has a line break or another control character, which no recipe can hold"
            ))),
            None => Ok(()),
        }
    }

    /// Every file that is copied, by a fixed name where it is read by a command.
    fn files(&self, dir: &Path) -> Result<Vec<CopiedFile>> {
        let mut files = Vec::new();
        for (path, to) in self.conda.iter().map(|path| (path, steps::CONDA.to_owned())) {
            files.push(CopiedFile { from: inside(&path.0, dir)?, to });
        }
        for (at, path) in self.pip.iter().enumerate() {
            files.push(CopiedFile { from: inside(&path.0, dir)?, to: steps::requirements(at) });
        }
        files.push(CopiedFile { from: inside(&self.mlenv.0, dir).map_err(|error| {
            error.hint("a release's binary starts in every image; `mlenv = \"FILE\"` names it where it is called otherwise")
        })?, to: steps::MLENV.to_owned() });
        Ok(files)
    }
}

/// A file beside the recipe or below, since builds see nothing else, with a name that both texts can hold.
fn inside(path: &Path, dir: &Path) -> Result<String> {
    let wrong = |what: &str| Error::new(format!("{} {what}", Shown(path)));
    if !path.components().all(|part| matches!(part, Component::Normal(_) | Component::CurDir)) {
        return Err(wrong("is not beside the recipe")
            .hint("builds see only what is in the recipe's directory or below"));
    }
    let plain =
        |text: &&str| text.chars().all(|one| one.is_ascii_alphanumeric() || "/._-+".contains(one));
    let tidy: PathBuf = path.components().filter(|part| *part != Component::CurDir).collect();
    let text = tidy.to_str().filter(plain).ok_or_else(|| {
        wrong("has a name that not every builder can copy")
            .hint("rename it: letters, digits and . _ - +")
    })?;
    if !dir.join(&tidy).is_file() {
        return Err(Error::no(format!("there is no file {}", Shown(&dir.join(&tidy)))));
    }
    Ok(text.to_owned())
}

#[cfg(test)]
mod tests;
