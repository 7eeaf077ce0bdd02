//! Where images of registries lie unpacked as directories, all after one pattern: the trees of CVMFS.

use std::path::PathBuf;

use super::Image;
use crate::error::{Error, Result};
use crate::image::reference::{HUB, Reference};
use crate::text::shown;

/// A path with `{registry}`, `{repository}` and `{tag}` in it. Without `{registry}` it is of Docker Hub's images
/// only: elsewhere the same name is another image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Template(String);

/// How trees of unpacked images spell Docker Hub: `cvmfs_ducc` keeps what its wish list says, which is the first.
const HUB_SPELLINGS: [&str; 2] = ["registry.hub.docker.com", HUB];

impl Template {
    /// Takes an absolute path that tells repositories and tags apart.
    pub(super) fn parse(text: &str) -> Result<Self> {
        let whole =
            text.starts_with('/') && text.contains("{repository}") && text.contains("{tag}");
        if !whole {
            return Err(Error::new(format!(
                "\"{}\" is not an absolute path with {{repository}} and {{tag}} in it",
                shown(text)
            )));
        }
        Ok(Self(text.to_owned()))
    }

    /// Adds to an image's places where this tree would have it. A reference that names a digest is left alone:
    /// a tree has what a tag meant when it was filled.
    pub(super) fn add_to(&self, image: &mut Image) {
        let Some(reference) = &image.reference else { return };
        let (Some(tag), None) = (reference.tag(), reference.digest()) else { return };
        for registry in self.registries(reference) {
            let path = self.0.replace("{registry}", registry);
            let path = path.replace("{repository}", reference.repository()).replace("{tag}", tag);
            let path = PathBuf::from(path);
            if !image.directories.contains(&path) {
                image.directories.push(path);
            }
        }
    }

    fn registries<'a>(&self, reference: &'a Reference) -> Vec<&'a str> {
        match (self.0.contains("{registry}"), reference.registry() == HUB) {
            (true, true) => HUB_SPELLINGS.to_vec(),
            (true, false) => vec![reference.registry()],
            (false, true) => vec![HUB],
            (false, false) => Vec::new(),
        }
    }
}
