//! What an image is to be made of: a description, a preset, or a project's file, all as one description.

use std::path::{Path, PathBuf};

use super::super::install::parts as asked_parts;
use super::super::project;
use super::find;
use crate::cli::ImageSpec;
use crate::context::Context;
use crate::error::{Attempt, Error, Result};
use crate::foreign::{self, FileKind};
use crate::image::recipe::{self, Recipe, Start};
use crate::packages::fulfil;
use crate::packages::project::Wanted;
use crate::text::{PathText, Shown, shown, typed_path};

/// A description, read.
pub(in crate::cmd) struct Described {
    /// What it says.
    pub(in crate::cmd) recipe: Recipe,
    /// Where the files are that it names.
    pub(in crate::cmd) dir: PathBuf,
    /// How it was asked for, as words of a command.
    pub(in crate::cmd) words: String,
    /// The file, where it is one.
    pub(in crate::cmd) file: Option<PathBuf>,
    /// The image that it stands on.
    pub(super) base: Start,
}

impl Described {
    /// What the file is called, without its end.
    pub(in crate::cmd) fn stem(&self) -> String {
        let stem = self.file.as_deref().and_then(Path::file_stem).or(self.dir.file_name());
        stem.unwrap_or_default().to_string_lossy().into_owned()
    }

    /// The variants that a description has.
    pub(in crate::cmd) fn variants(&self) -> Result<Vec<String>> {
        let Some(file) = &self.file else { return Ok(Vec::new()) };
        let text = foreign::read_text(file, FileKind::Settings).attempt("read", file)?;
        if describes(&text) { recipe::variants(&text) } else { Ok(Vec::new()) }
    }
}

/// What the command line names, before it is read.
pub(super) enum Kind {
    /// A project's file.
    File(PathBuf),
    /// A description of a file, or a preset.
    Description,
}

/// Tells which of them it is.
pub(super) fn kind(context: &Context, asked: &ImageSpec) -> Result<Kind> {
    let (None, Some(spec)) = (&asked.preset, &asked.spec) else { return Ok(Kind::Description) };
    let file = file(context, &context.host.absolute(spec)?)?;
    let text = foreign::read_text(&file, FileKind::Settings).unwrap_or_default();
    Ok(if is_for_recipes(&file, &text, asked) { Kind::Description } else { Kind::File(file) })
}

fn is_for_recipes(file: &Path, text: &str, asked: &ImageSpec) -> bool {
    let is_toml = file.extension().is_some_and(|end| end == "toml");
    describes(text) || is_toml && !is_of_others(file) && asked.base_image.is_none()
}

/// A project's file says nothing of an image.
pub(super) fn without_base(file: &Path) -> Error {
    Error::new(format!("{} does not say which image it is to stand on", Shown(file)))
        .hint("`--base-image REF` does, or `base = \"REF\"` in a description")
}

/// Reads what the command line means.
pub(in crate::cmd) fn read(context: &Context, asked: &ImageSpec) -> Result<Described> {
    let variant = asked.variant.as_deref();
    let (mut recipe, file) = match (&asked.preset, &asked.spec) {
        (Some(name), _) => (recipe::preset(name, variant)?, None),
        (None, Some(spec)) => {
            let file = file(context, &context.host.absolute(spec)?)?;
            (of_file(context, &file, asked)?, Some(file))
        }
        (None, None) => {
            return Err(Error::new("nothing says what the image is to be made of")
                .hint("name a description, a project's file, or a `--preset`"));
        }
    };
    if let Some(base) = &asked.base_image {
        recipe.base.clone_from(base);
    }
    let dir = file
        .as_deref()
        .and_then(Path::parent)
        .map_or_else(|| context.host.cwd(), |dir| Ok(dir.to_owned()))?;
    // A description's own words are read where it lies.
    let from = if asked.base_image.is_some() { context.host.cwd()? } else { dir.clone() };
    let base = start(context, &recipe.base, &from)?;
    Ok(Described { recipe, dir, words: words(asked, file.as_deref()), file, base })
}

/// What a base means: a place is looked for from the directory `from`.
fn start(context: &Context, base: &str, from: &Path) -> Result<Start> {
    if Start::is_place(base) {
        let place = from.join(base);
        return match place.canonicalize() {
            Ok(place) => Ok(Start::Place(place)),
            Err(_) => Err(Error::no(format!("there is no image at {}", Shown(&place)))
                .hint("name a SIF file or a sandbox, or an image as in ghcr.io/lab/ml:v1")),
        };
    }
    find(context, base)?.reference.map(Start::Named).ok_or_else(|| {
        Error::no(format!("{} is in no registry: builders cannot start from it", shown(base)))
            .hint("name it as in ghcr.io/lab/ml:v1")
    })
}

fn words(asked: &ImageSpec, file: Option<&Path>) -> String {
    let words = match (&asked.preset, file.and_then(Path::file_name)) {
        (Some(name), _) => format!("--preset {name}"),
        (None, name) => typed_path(Path::new(name.unwrap_or_default())),
    };
    match &asked.variant {
        Some(variant) => format!("{words} --variant {}", shown(variant)),
        None => words,
    }
}

/// The file itself, or the one of a directory: its only description, else the project's file.
fn file(context: &Context, path: &Path) -> Result<PathBuf> {
    if !path.is_dir() {
        return Ok(path.to_owned());
    }
    let entries = path.read_dir().attempt("read", path)?.flatten().map(|entry| entry.path());
    let mut found: Vec<PathBuf> = entries.filter(|file| is_description(file)).collect();
    found.sort();
    match found.as_slice() {
        [] => of_project(context, path),
        [one] => Ok(one.clone()),
        several => Err(undecided("several descriptions are", path, several)),
    }
}

/// The one file of a project. An image is made for others, so that no rank among several chooses what is in it.
fn of_project(context: &Context, dir: &Path) -> Result<PathBuf> {
    let found = project::candidates(dir);
    let nothing = || {
        Error::no(format!("nothing in {} says what is wanted", Shown(dir)))
            .hint("name a file: a description, environment.yml, requirements.txt, pyproject.toml or a lock")
    };
    match found.as_slice() {
        [] => Err(nothing()),
        [_] => project::file(context, dir)?.ok_or_else(nothing),
        several => Err(undecided("several files that say what is wanted are", dir, several)),
    }
}

fn undecided(what: &str, dir: &Path, files: &[PathBuf]) -> Error {
    let names: Vec<String> = files.iter().map(|file| fulfil::short(file)).collect();
    Error::new(format!("{what} in {}: {}", Shown(dir), names.join(", "))).hint("name one of them")
}

fn is_description(file: &Path) -> bool {
    let is_toml = file.extension().is_some_and(|end| end == "toml");
    is_toml && foreign::read_text(file, FileKind::Settings).is_ok_and(|text| describes(&text))
}

/// True for a table that says what it stands on, as no other tool's file does.
fn describes(text: &str) -> bool {
    let table: Option<toml::Table> = text.parse().ok();
    table.is_some_and(|table| {
        ["base", "preset"].iter().any(|key| table.get(*key).is_some_and(toml::Value::is_str))
    })
}

fn of_file(context: &Context, file: &Path, asked: &ImageSpec) -> Result<Recipe> {
    let text = match foreign::read_text(file, FileKind::Settings) {
        Err(cause) if foreign::is_missing(&cause) => {
            return Err(Error::no(format!("there is no recipe {}", Shown(file))));
        }
        other => other.attempt("read", file)?,
    };
    let during = |error: Error| error.during(format_args!("could not use {}", Shown(file)));
    if is_for_recipes(file, &text, asked) {
        return recipe::read(&text, asked.variant.as_deref()).map_err(during);
    }
    let Some(base) = &asked.base_image else {
        return Err(Error::new(format!(
            "{} does not say which image it is to stand on",
            Shown(file)
        ))
        .hint("`--base-image REF` does, or `base = \"REF\"` in a description"));
    };
    let optional = asked_parts(&asked.parts);
    let wanted = fulfil::read(context, &[file.to_owned()], &optional, &mut Vec::new())?;
    fulfil::tell(context, &wanted);
    let mut recipe = Recipe::on(base.clone())?;
    wanted.into_iter().try_for_each(|wanted| add(&mut recipe, wanted, file)).map_err(during)?;
    Ok(recipe)
}

fn is_of_others(file: &Path) -> bool {
    let name = file.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    name == "pyproject.toml" || name.starts_with("pylock.")
}

/// What a project's file asks for, in the words of a description.
fn add(recipe: &mut Recipe, wanted: Wanted, file: &Path) -> Result<()> {
    let no_engine = "`mlenv image build` makes an image of it without an engine, where packages are all that is wanted";
    if !wanted.archives.is_empty() {
        return Err(
            Error::new("it locks archives of conda, which no recipe can hold").hint(no_engine)
        );
    }
    if wanted.dynamic.is_some() {
        return Err(Error::new("its dependencies are dynamic: only its build backend knows them")
            .hint(no_engine));
    }
    let all = || wanted.pip.iter().chain(&wanted.locked);
    if let Some(line) = all().find(|line| line.starts_with("-e ") || is_of_disk(line)) {
        return Err(of_disk(line));
    }
    let dir = file.parent().unwrap_or(Path::new("/"));
    for path in &wanted.files {
        let text = foreign::read_text(path, FileKind::PackageData).attempt("read", path)?;
        if let Some(line) = text.lines().find(|line| is_of_disk(line)) {
            return Err(of_disk(line));
        }
        recipe.pip.push(PathText(path.strip_prefix(dir).unwrap_or(path).to_owned()));
    }
    recipe.channels.extend(wanted.channels.iter().cloned());
    recipe.packages.extend(wanted.conda.iter().cloned());
    recipe.pip_packages.extend(all().cloned());
    recipe.env.extend(wanted.variables);
    Ok(())
}

/// `numpy @ file:///croot/...`, as `pip freeze` writes it where conda put the package there.
pub(super) fn is_of_disk(line: &str) -> bool {
    line.contains("file:") && line.contains(" @ ")
}

pub(super) fn of_disk(line: &str) -> Error {
    Error::new(format!("it names a place on the disk of one machine: {}", shown(line.trim())))
        .hint("write a version in its place: `NAME==VERSION`")
}
