//! The catalogue: published images by short names, with their places in a registry and on CVMFS.
//!
//! Three files of one format, later ones in front: the one built in, the site's and the user's `images.toml`.
//! Only explicit verbs read it; a prompt never does.

mod file;
mod find;
mod patterns;
mod unpacked;

use std::path::{Path, PathBuf};

use serde::Serialize;

use self::unpacked::Template;
use super::reference::Reference;
use crate::config::Dirs;
use crate::error::Result;
use crate::text::Shown;

/// An image, by whatever name it was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Image {
    /// Its name in the catalogue; none for a reference that is in no catalogue.
    pub(crate) name: Option<String>,
    /// Its name in a registry; an image of a site may be in none.
    pub(crate) reference: Option<Reference>,
    /// Where it may be unpacked as a directory, the best place first; whether one is there is looked at later.
    pub(crate) directories: Vec<PathBuf>,
    /// What it is for, in one line.
    pub(crate) about: Option<String>,
    /// A list of the packages in it, kept by whoever wrote the entry.
    pub(crate) packages: Option<PathBuf>,
    /// Who put it into the catalogue.
    pub(crate) from: Owner,
}

/// Who named an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Owner {
    /// The user's own file; it wins.
    User,
    /// The site's file.
    Site,
    /// It came with mlenv.
    BuiltIn,
    /// Nobody: it was asked for by its reference.
    Nobody,
}

impl Image {
    /// A directory that nobody has a name for.
    pub(crate) fn at(directory: PathBuf) -> Self {
        Self { directories: vec![directory], ..Self::of_nobody() }
    }

    fn of_nobody() -> Self {
        Self {
            name: None,
            reference: None,
            directories: Vec::new(),
            about: None,
            packages: None,
            from: Owner::Nobody,
        }
    }

    /// What people call it.
    pub(crate) fn title(&self) -> String {
        match (&self.name, &self.reference) {
            (Some(name), _) => name.clone(),
            (None, Some(reference)) => reference.to_string(),
            (None, None) => {
                self.directories.first().map_or(String::new(), |dir| Shown(dir).to_string())
            }
        }
    }

    /// The first of its directories that this machine sees.
    pub(crate) fn here(&self) -> Option<&Path> {
        self.directories.iter().map(PathBuf::as_path).find(|dir| dir.is_dir())
    }
}

/// All that is known by name.
#[derive(Debug)]
pub(crate) struct Catalogue {
    images: Vec<Image>,
    unpacked: Vec<Template>,
    /// What was passed over in the files, one sentence each.
    pub(crate) remarks: Vec<String>,
}

impl Catalogue {
    /// Reads the three files; a missing one is empty, an unreadable one an error.
    pub(crate) fn load(dirs: &Dirs) -> Result<Self> {
        let mut files = vec![file::built_in()?];
        for (dir, owner) in [(&dirs.site, Owner::Site), (&dirs.config, Owner::User)] {
            files.extend(file::read(&dir.join("images.toml"), owner)?);
        }
        Ok(Self::of(files))
    }

    /// Joins files; an image of a later one takes the place of one with the same name.
    fn of(files: Vec<file::Read>) -> Self {
        let mut all = Self { images: Vec::new(), unpacked: Vec::new(), remarks: Vec::new() };
        for file in files {
            for image in file.images {
                all.images.retain(|known| known.name != image.name);
                all.images.push(image);
            }
            all.unpacked.splice(0..0, file.unpacked);
            all.remarks.extend(file.remarks);
        }
        for image in &mut all.images {
            all.unpacked.iter().for_each(|template| template.add_to(image));
        }
        all.images.sort_by(|left, right| patterns::natural(&left.title(), &right.title()));
        all
    }

    /// An image that is in no catalogue; it may be unpacked somewhere all the same.
    fn by_reference(&self, reference: Reference) -> Image {
        let mut image = Image { reference: Some(reference), ..Image::of_nobody() };
        self.unpacked.iter().for_each(|template| template.add_to(&mut image));
        image
    }
}

#[cfg(test)]
mod tests;
