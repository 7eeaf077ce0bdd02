//! One `images.toml`: its format, and what in it could not be used.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::unpacked::Template;
use super::{Image, Owner};
use crate::config::read_toml;
use crate::error::{Error, Result};
use crate::image::reference::Reference;
use crate::text::{Shown, shown};

const BUILT_IN: &str = include_str!("builtin.toml");

/// What a file gave.
pub(super) struct Read {
    pub(super) images: Vec<Image>,
    pub(super) unpacked: Vec<Template>,
    pub(super) remarks: Vec<String>,
}

#[derive(Deserialize)]
struct File {
    #[serde(default)]
    unpacked: Vec<String>,
    #[serde(default)]
    image: Vec<ImageEntry>,
    #[serde(flatten)]
    unknown: BTreeMap<String, toml::Value>,
}

#[derive(Deserialize)]
struct ImageEntry {
    name: String,
    reference: Option<String>,
    #[serde(default)]
    directories: Vec<PathBuf>,
    about: Option<String>,
    packages: Option<PathBuf>,
    #[serde(flatten)]
    unknown: BTreeMap<String, toml::Value>,
}

/// The images that come with mlenv.
pub(super) fn built_in() -> Result<Read> {
    let file = toml::from_str(BUILT_IN)
        .map_err(|cause| Error::new(format!("could not read mlenv's own catalogue: {cause}")))?;
    Ok(understand(file, Path::new("mlenv's own catalogue"), Owner::BuiltIn))
}

/// The file at `path`; none where there is none.
pub(super) fn read(path: &Path, owner: Owner) -> Result<Option<Read>> {
    Ok(read_toml(path)?.map(|file| understand(file, path, owner)))
}

/// One entry that cannot be used, or a key of a later mlenv, must not take the others away from a whole site.
fn understand(file: File, path: &Path, owner: Owner) -> Read {
    let mut read = Read { images: Vec::new(), unpacked: Vec::new(), remarks: Vec::new() };
    let mut remarks = Vec::new();
    remarks.extend(file.unknown.keys().map(|key| format!("unknown key `{}`", shown(key))));
    for entry in file.image {
        let name = shown(&entry.name);
        let unknown = entry.unknown.keys();
        remarks.extend(unknown.map(|key| format!("image {name}: unknown key `{}`", shown(key))));
        match image(entry, path, owner) {
            Ok(image) => read.images.push(image),
            Err(error) => remarks.push(format!("image {name} is left out: {error}")),
        }
    }
    for text in file.unpacked {
        match Template::parse(&text) {
            Ok(template) => read.unpacked.push(template),
            Err(error) => remarks.push(format!("a place of `unpacked` is left out: {error}")),
        }
    }
    read.remarks = remarks.iter().map(|remark| format!("{}: {remark}", Shown(path))).collect();
    read
}

fn image(entry: ImageEntry, file: &Path, owner: Owner) -> Result<Image> {
    check_name(&entry.name)?;
    if entry.reference.is_none() && entry.directories.is_empty() {
        return Err(Error::new("it has neither a reference nor directories"));
    }
    if let Some(dir) = entry.directories.iter().find(|dir| !dir.is_absolute()) {
        return Err(Error::new(format!("the directory {} is not absolute", Shown(dir))));
    }
    let beside = file.parent().unwrap_or(Path::new("/"));
    Ok(Image {
        name: Some(entry.name),
        reference: entry.reference.as_deref().map(Reference::parse).transpose()?,
        directories: entry.directories,
        about: entry.about,
        packages: entry.packages.map(|list| beside.join(list)),
        from: owner,
    })
}

/// A name is a word like `ml-base:alma9` that can never be taken for a path, a pattern or an option.
fn check_name(name: &str) -> Result<()> {
    let fits = |character: char| {
        character.is_alphanumeric() || matches!(character, '.' | '_' | '-' | '+' | ':')
    };
    if name.chars().all(fits) && name.starts_with(char::is_alphanumeric) {
        return Ok(());
    }
    Err(Error::new("a name has letters, digits and . _ - + : and begins with a letter or digit"))
}
