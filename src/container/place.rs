//! Where an env lives, when that is in a container: all that it takes to come back. A section of the env's record,
//! and, as JSON in `MLENV_LAUNCH`, what mlenv tells the containers that it starts about themselves.

use std::ffi::OsString;
use std::fmt::Write as _;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::engine::Engine;
use super::mount::{Mode, Mount};
use super::mountinfo::MountEntry;
use crate::foreign::claim;
use crate::text::{PathText, percent_decode, shown};

/// A container as seen from an env in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct Residence {
    /// What runs it.
    pub(crate) engine: Engine,
    /// A reference, or the path of an image; none where the container did not tell.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "claim::some_image"
    )]
    pub(crate) image: Option<PathText>,
    /// Which of the images that had this reference.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "claim::some_digest"
    )]
    pub(crate) digest: Option<String>,
    /// The engine's id of the container.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "claim::some_name"
    )]
    pub(crate) container: Option<String>,
    /// The directory whose container it is, by its path on the host.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "claim::some_absolute"
    )]
    pub(crate) directory: Option<PathText>,
    /// The id in that directory's state.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "claim::some_word"
    )]
    pub(crate) id: Option<String>,
    /// Whether it had graphics processors.
    #[serde(default)]
    pub(crate) gpu: bool,
    /// The home directory inside.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "claim::some_home"
    )]
    pub(crate) home: Option<PathText>,
    /// Whether what lies in the image could be changed: a sandbox that was entered to be written to.
    #[serde(default)]
    pub(crate) writable: bool,
    /// Where something is mounted in this container and in no other.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "claim::some_absolute"
    )]
    pub(crate) mark: Option<PathText>,
    /// What it sees of the host, as told by whoever started it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) bind: Vec<Mount>,
    /// What it sees of the host, as its table of mounts tells.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) seen: Vec<MountEntry>,
}

impl Residence {
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
            mark: None,
            bind: Vec::new(),
            seen: Vec::new(),
        }
    }

    /// A place for the mark of a new container.
    pub(crate) fn fresh_mark(instance: &str) -> PathBuf {
        format!("/run/mlenv-{instance}").into()
    }

    /// As JSON, for people who look at a container's labels.
    pub(crate) fn json(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    /// The text for `MLENV_LAUNCH`. apptainer lets a shell expand the values of variables, so it holds nothing that
    /// means anything to one: other bytes than these are `%XX`.
    pub(crate) fn launch(&self) -> String {
        self.json().bytes().fold(String::new(), |mut out, byte| {
            if byte.is_ascii_alphanumeric() || b"_./:,-".contains(&byte) {
                out.push(char::from(byte));
            } else {
                let _ = write!(out, "%{byte:02X}");
            }
            out
        })
    }

    /// Reads `MLENV_LAUNCH`; nonsense counts as nothing.
    pub(crate) fn from_launch(text: &str) -> Option<Self> {
        serde_json::from_slice(percent_decode(text).as_bytes()).ok()
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

    /// The binds as `-B` takes them, as far as it can: what it would split is left out.
    pub(crate) fn old_binds(&self) -> OsString {
        let is_plain =
            |path: &Path| !path.as_os_str().as_bytes().iter().any(|byte| b":,\n".contains(byte));
        let mut out = OsString::new();
        for Mount { source, target, mode } in &self.bind {
            if is_plain(&source.0) && is_plain(&target.0) {
                out.push(if out.is_empty() { "" } else { "," });
                out.push(&source.0);
                out.push(":");
                out.push(&target.0);
                out.push(if *mode == Mode::ReadOnly { ":ro" } else { "" });
            }
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place() -> Residence {
        let mut place = Residence::new(Engine::Podman);
        place.image = Some(PathText("docker.io/u/ml-base:alma9@sha256:1 $HOME \\\"".into()));
        place.bind = vec![
            Mount::same(Path::new("/data")),
            Mount::new(Path::new("/odd:path"), Path::new("/data/in"), Mode::Writable),
        ];
        place
    }

    #[test]
    fn what_a_container_is_told_comes_back_as_it_was() {
        let place = place();
        assert_eq!(Residence::from_launch(&place.launch()), Some(place.clone()));
        assert_eq!(Residence::from_launch("{"), None);
        let text = toml::to_string(&place).unwrap();
        assert_eq!(toml::from_str::<Residence>(&text).unwrap(), place);
        assert_eq!(place.label(), "ml-base:alma9");
    }
}
