//! One description of an image, from which a Dockerfile and an Apptainer definition are made.
//!
//! Both do the same: the base image, conda's environment file, pip's requirements, and what makes the result fit for
//! use from any path. What is copied goes to `/opt/mlenv`: Apptainer mounts the host's `/tmp` and `/var/tmp` over the
//! image's while it builds. Nothing is built here.

mod check;
mod definition;
mod dockerfile;
pub(crate) mod makefile;
pub(crate) mod pins;
mod source;
mod start;
mod steps;
mod system;
pub(crate) mod tasks;

use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};

use serde::Deserialize;

pub(crate) use self::source::{preset, read, variants};
pub(crate) use self::start::Start;
use self::system::SystemPackages;
use self::tasks::Task;
use crate::error::{Error, Result};
use crate::text::{PathText, Shown};

/// What a file describes.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Recipe {
    /// The image that it stands on: a reference, or a name of the catalogue.
    pub(crate) base: String,
    /// Where conda is, or goes.
    #[serde(default = "opt_conda")]
    prefix: String,
    /// Packages of the system.
    #[serde(default)]
    pub(crate) system: SystemPackages,
    /// Channels for conda's packages.
    #[serde(default)]
    pub(crate) channels: Vec<String>,
    /// Conda's packages.
    #[serde(default)]
    pub(crate) packages: Vec<String>,
    /// conda's environment file, beside the recipe.
    pub(crate) conda: Option<PathText>,
    /// Requirements for pip.
    #[serde(default)]
    pub(crate) pip_packages: Vec<String>,
    /// Requirements files of pip, beside the recipe.
    #[serde(default)]
    pub(crate) pip: Vec<PathText>,
    /// Files and directories beside the recipe, and where they go.
    #[serde(default)]
    files: BTreeMap<String, String>,
    /// Commands of a shell, once all packages are there.
    #[serde(default)]
    pub(crate) run: Vec<String>,
    /// Variables for the build alone.
    #[serde(default)]
    pub(crate) build_env: BTreeMap<String, String>,
    /// Directories that are made for what is mounted later.
    #[serde(default)]
    mounts: Vec<String>,
    /// Where commands start.
    workdir: Option<String>,
    /// What a container does that is given no command.
    runscript: Option<String>,
    /// Who commands run as.
    pub(crate) user: Option<String>,
    /// The mlenv that goes into the image, beside the recipe.
    mlenv: Option<PathText>,
    #[serde(default)]
    pub(crate) labels: BTreeMap<String, String>,
    #[serde(default)]
    pub(crate) env: BTreeMap<String, String>,
    /// Commands by name, for containers of the image; nothing of them is in it.
    #[serde(default)]
    pub(crate) tasks: BTreeMap<String, Task>,
}

impl Recipe {
    /// One with nothing in it but what it stands on.
    pub(crate) fn on(base: String) -> Result<Self> {
        let table = toml::Table::from_iter([("base".to_owned(), base.into())]);
        toml::Value::Table(table)
            .try_into()
            .map_err(|cause: toml::de::Error| Error::new(cause.message()))
    }

    /// The files and directories that a build copies, relative to `dir`, where the recipe is.
    pub(crate) fn copied(&self, dir: &Path) -> Result<Vec<PathBuf>> {
        Ok(self.files(dir)?.into_iter().map(|file| file.from.into()).collect())
    }

    /// True where the program that is to be copied is not beside the recipe in `dir`, and nothing said that it is.
    pub(crate) fn lacks_program(&self, dir: &Path) -> bool {
        self.mlenv.is_none() && !dir.join(PROGRAM).is_file()
    }

    /// True where something is wanted of pip.
    fn needs_pip(&self) -> bool {
        !self.pip.is_empty() || !self.pip_packages.is_empty()
    }

    /// True where packages alone are added, for which no command of anybody's has to run.
    pub(crate) fn is_of_packages(&self) -> bool {
        let Self { system, files, run, mounts, workdir, runscript, user, labels, .. } = self;
        system.names().next().is_none()
            && files.is_empty()
            && run.is_empty()
            && mounts.is_empty()
            && workdir.is_none()
            && runscript.is_none()
            && user.is_none()
            && labels.is_empty()
    }
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

/// What mlenv is called beside a recipe that does not say it.
const PROGRAM: &str = "mlenv";

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
        base: &Start,
        dir: &Path,
        name: &str,
    ) -> Result<String> {
        check::all(self)?;
        let files = self.files(dir)?;
        let source = format!("mlenv image recipe {name}");
        match form {
            RecipeForm::Dockerfile => Ok(dockerfile::render(self, base.named()?, &files, &source)),
            RecipeForm::Definition => definition::render(self, base, &files, &source),
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
        for (path, to) in &self.files {
            files.push(CopiedFile { from: inside(Path::new(path), dir)?, to: to.clone() });
        }
        let program = match &self.mlenv {
            Some(named) => inside(&named.0, dir).map_err(|error| {
                error.hint("a release's binary starts in every image; `mlenv = \"FILE\"` names it where it is called otherwise")
            })?,
            None => PROGRAM.to_owned(),
        };
        files.push(CopiedFile { from: program, to: super::PROGRAM.to_owned() });
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
    if !dir.join(&tidy).exists() {
        return Err(Error::no(format!("there is no file {}", Shown(&dir.join(&tidy)))));
    }
    Ok(text.to_owned())
}

#[cfg(test)]
mod tests;
