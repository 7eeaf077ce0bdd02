//! What an image of a description stands on.

use std::fmt;
use std::path::{Path, PathBuf};

use crate::error::{Error, Result};
use crate::image::reference::Reference;
use crate::text::Shown;

/// A base.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Start {
    /// An image of a registry, or of an engine's store.
    Named(Reference),
    /// A SIF file or a sandbox of this machine.
    Place(PathBuf),
}

impl Start {
    /// True for a word that is a path and no image's name: as shells and apptainer tell them, and by a SIF's usual end.
    pub(crate) fn is_place(word: &str) -> bool {
        let begins = ["/", "./", "../"].iter().any(|beginning| word.starts_with(beginning));
        begins || word.ends_with('/') || Path::new(word).extension().is_some_and(|it| it == "sif")
    }

    /// The name; only apptainer starts from a place.
    pub(super) fn named(&self) -> Result<&Reference> {
        match self {
            Self::Named(reference) => Ok(reference),
            Self::Place(path) => Err(Error::new(format!(
                "a Dockerfile cannot start from {}",
                Shown(path)
            ))
            .hint("apptainer can: `-o FILE.sif` and `-o DIR/` build with it, `mlenv image recipe --apptainer` prints a definition")),
        }
    }

    /// The lines of a definition's head.
    pub(super) fn head(&self) -> Result<String> {
        let path = match self {
            Self::Named(reference) => {
                return Ok(format!("Bootstrap: docker\nFrom: {}", reference.to_pull()));
            }
            Self::Place(path) => path,
        };
        let is_plain = |text: &&str| {
            text.trim() == *text && !text.contains(['\n', '#']) && !text.contains("{{")
        };
        let text = path.to_str().filter(is_plain).ok_or_else(|| {
            Error::new(format!("a definition cannot hold the path {}", Shown(path)))
                .hint("give it a name of letters and digits")
        })?;
        Ok(format!("Bootstrap: localimage\nFrom: {text}"))
    }
}

impl fmt::Display for Start {
    fn fmt(&self, out: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Self::Named(reference) => reference.fmt(out),
            Self::Place(path) => Shown(path).fmt(out),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_told_from_names_and_stand_in_definitions_alone() {
        for place in ["/srv/x.sif", "./box", "../box/", "box/", "lab.sif"] {
            assert!(Start::is_place(place), "{place}");
        }
        for name in ["lab", "ghcr.io/lab/ml:v1", "lab/ml", "localhost/ml:sif"] {
            assert!(!Start::is_place(name), "{name}");
        }
        let place = Start::Place("/srv/my x.sif".into());
        assert_eq!(place.head().unwrap(), "Bootstrap: localimage\nFrom: /srv/my x.sif");
        assert!(place.named().unwrap_err().to_string().contains("cannot start from"));
        assert!(Start::Place("/srv/a\nb".into()).head().is_err());
    }
}
