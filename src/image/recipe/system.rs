//! Packages of the image's system: one list, or one for each package manager, since names differ.

use serde::Deserialize;

/// What is asked for.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub(crate) enum SystemPackages {
    /// By names that all have.
    Alike(Vec<String>),
    /// By the names of each.
    Each(Managers),
}

/// The names by family of package managers; an image whose manager has none here cannot be a base.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Managers {
    #[serde(default)]
    apt: Vec<String>,
    #[serde(default)]
    dnf: Vec<String>,
    #[serde(default)]
    zypper: Vec<String>,
}

impl Default for SystemPackages {
    fn default() -> Self {
        Self::Alike(Vec::new())
    }
}

impl SystemPackages {
    /// The packages by the names that this manager has for them.
    pub(super) fn of(&self, manager: &str) -> &[String] {
        match self {
            Self::Alike(names) => names,
            Self::Each(each) => match manager {
                "apt" => &each.apt,
                "dnf" => &each.dnf,
                _ => &each.zypper,
            },
        }
    }

    /// All names.
    pub(crate) fn names(&self) -> impl Iterator<Item = &String> {
        let (alike, each) = match self {
            Self::Alike(names) => (Some(names), None),
            Self::Each(each) => (None, Some(each)),
        };
        let each = each.into_iter().flat_map(|each| [&each.apt, &each.dnf, &each.zypper]);
        alike.into_iter().chain(each).flatten()
    }
}
