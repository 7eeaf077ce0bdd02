//! The list of packages that images carry: `NAME VERSION`, a line for each.

use std::path::PathBuf;

use crate::base::Base;
use crate::base::installed;
use crate::error::Result;
use crate::foreign;

/// Its name in a base.
const FILE: &str = "list-of-pkgs-inside.txt";

/// Where it goes, and what should be in it.
pub(crate) struct PackageList {
    /// The file.
    pub(crate) path: PathBuf,
    text: String,
}

impl PackageList {
    /// The list of `base`; in the base itself, or at `place`.
    pub(crate) fn of(base: &Base, place: Option<PathBuf>) -> Result<Self> {
        let packages = installed::of_base(base)?.into_iter();
        let text = packages.map(|package| package.name + " " + &package.version + "\n").collect();
        Ok(Self { path: place.unwrap_or_else(|| base.prefix.join(FILE)), text })
    }

    /// True where the file holds it.
    pub(crate) fn is_there(&self) -> bool {
        foreign::read(&self.path, foreign::FileKind::PackageData)
            .is_ok_and(|text| text == self.bytes())
    }

    /// What should be in the file.
    pub(crate) fn bytes(&self) -> &[u8] {
        self.text.as_bytes()
    }
}
