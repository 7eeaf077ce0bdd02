//! Where an env lives, when that is in a container: all that it takes to come back. A section of the env's record,
//! and, as JSON in `MLENV_LAUNCH`, what mlenv tells the containers that it starts about themselves.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::engine::Engine;
use super::mount::Mount;
use super::mountinfo::Entry;
use crate::text::{PathText, shown};

/// A container as seen from an env in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct Place {
    /// What runs it.
    pub(crate) engine: Engine,
    /// A reference, or the path of an image; none where the container did not tell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) image: Option<PathText>,
    /// Which of the images that had this reference.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) digest: Option<String>,
    /// The engine's id of the container.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) container: Option<String>,
    /// The directory whose container it is, by its path on the host.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) directory: Option<PathText>,
    /// The id in that directory's state.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) id: Option<String>,
    /// Whether it had graphics processors.
    #[serde(default)]
    pub(crate) gpu: bool,
    /// The home directory inside.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) home: Option<PathText>,
    /// Whether what lies in the image could be changed: a sandbox that was entered to be written to.
    #[serde(default)]
    pub(crate) writable: bool,
    /// What it sees of the host, as told by whoever started it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) bind: Vec<Mount>,
    /// What it sees of the host, as its table of mounts tells.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) seen: Vec<Entry>,
}

impl Place {
    /// A container of which only the engine is known.
    pub(crate) fn new(engine: Engine) -> Self {
        Self {
            engine,
            image: None,
            digest: None,
            container: None,
            directory: None,
            id: None,
            gpu: false,
            home: None,
            writable: false,
            bind: Vec::new(),
            seen: Vec::new(),
        }
    }

    /// The text for `MLENV_LAUNCH`.
    pub(crate) fn launch(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    /// Reads `MLENV_LAUNCH`; nonsense counts as nothing.
    pub(crate) fn from_launch(text: &str) -> Option<Self> {
        serde_json::from_str(text).ok()
    }

    /// What people call it: the last part of the image's name.
    pub(crate) fn label(&self) -> String {
        match &self.image {
            Some(PathText(image)) => {
                let name = image.file_name().unwrap_or(image.as_os_str()).to_string_lossy();
                shown(name.split('@').next().unwrap_or(&name))
            }
            None => format!("a container of {}", self.engine.name()),
        }
    }

    /// True where both are of one image: by digest where both know it, else by name and path.
    pub(crate) fn is_same_image(&self, other: &Self) -> bool {
        match (&self.digest, &other.digest) {
            (Some(one), Some(two)) => one == two,
            _ => self.image.is_some() && self.image == other.image,
        }
    }

    /// Where on the host the env lies in the container's path `inside`, as far as binds were told.
    pub(crate) fn outside(&self, inside: &std::path::Path) -> Option<PathBuf> {
        let covering = self.bind.iter().filter(|mount| inside.starts_with(&mount.target.0));
        let longest = covering.max_by_key(|mount| mount.target.0.components().count())?;
        let rest = inside.strip_prefix(&longest.target.0).ok()?;
        Some(longest.source.0.join(rest))
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn place() -> Place {
        let mut place = Place::new(Engine::Podman);
        place.image = Some(PathText("docker.io/u/ml-base:alma9@sha256:1".into()));
        place.bind = vec![
            Mount::same(Path::new("/data")),
            Mount::new(
                Path::new("/odd:path"),
                Path::new("/data/in"),
                super::super::mount::Mode::Writable,
            ),
        ];
        place
    }

    #[test]
    fn what_a_container_is_told_comes_back_as_it_was() {
        let place = place();
        assert_eq!(Place::from_launch(&place.launch()), Some(place.clone()));
        assert_eq!(Place::from_launch("{"), None);
        let text = toml::to_string(&place).unwrap();
        assert_eq!(toml::from_str::<Place>(&text).unwrap(), place);
        assert_eq!(place.label(), "ml-base:alma9");
    }

    #[test]
    fn the_longest_bind_tells_the_path_on_the_host() {
        let outside = |inside: &str| place().outside(Path::new(inside));
        assert_eq!(outside("/data/in/env"), Some("/odd:path/env".into()));
        assert_eq!(outside("/data/env"), Some("/data/env".into()));
        assert_eq!(outside("/opt/env"), None);
    }
}
