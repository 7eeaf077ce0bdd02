//! What a directory knows of its container: `.mlenv-container.toml`. Data, never code; read only where nobody else
//! can have written it, since it says what runs and what of the host is seen there.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::additions::Mark;
use super::engine::{Engine, Powers};
use super::files::ImageForm;
use super::mount::Mount;
use super::place::Residence;
use super::published::Published;
use crate::config::read_toml;
use crate::error::{Attempt, Error, Result};
use crate::foreign::claim;
use crate::host::same_place;
use crate::ownership::{Judge, Role};
use crate::text::{PathText, Shown, shown};

/// The file's name.
pub(crate) const FILE: &str = ".mlenv-container.toml";

/// The version that is written; a later one is refused, not guessed at.
pub(crate) const SCHEMA: u32 = 1;

/// A directory's container.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct ContainerState {
    /// The version of this format.
    pub(crate) schema: u32,
    /// The mlenv that wrote it.
    pub(crate) mlenv: String,
    /// The directory, by its path when the container was made: a copy of it is told from it.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "claim::some_absolute"
    )]
    pub(crate) directory: Option<PathText>,
    /// This directory's own, through all updates.
    #[serde(deserialize_with = "claim::word")]
    pub(crate) id: String,
    /// This container's own.
    #[serde(deserialize_with = "claim::word")]
    pub(crate) instance: String,
    /// What runs it.
    pub(crate) engine: Engine,
    /// Whose powers the engine has.
    pub(crate) powers: Powers,
    /// The image: a reference, or a path.
    #[serde(deserialize_with = "claim::image")]
    pub(crate) image: PathText,
    /// Which of the images that had this reference.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "claim::some_digest"
    )]
    pub(crate) digest: Option<String>,
    /// Its compressed size in bytes, where the registry told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) size: Option<u64>,
    /// When the image was built, where the registry told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) built: Option<String>,
    /// When the container was made, in UTC (RFC 3339).
    pub(crate) created: String,
    /// The engine's id of the container.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "claim::some_name"
    )]
    pub(crate) container: Option<String>,
    /// The container's name.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "claim::some_name"
    )]
    pub(crate) name: Option<String>,
    /// The sandbox, or with `sif` the SIF file, from this directory.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "claim::some_inside"
    )]
    pub(crate) sandbox: Option<PathText>,
    /// Whether that is a SIF file, which never changes. An older mlenv takes it for a sandbox that is gone.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) sif: bool,
    /// The env on it, which has what is added.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "claim::some_absolute"
    )]
    pub(crate) env: Option<PathText>,
    /// Whether graphics processors were asked for.
    #[serde(default)]
    pub(crate) gpu: bool,
    /// The port of Jupyter, on loopback.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) port: Option<u16>,
    /// Other ports of it, on loopback.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) publish: Vec<Published>,
    /// What it sees of the host besides this directory and the home directory.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) bind: Vec<Mount>,
    /// What was in the image when the container was made.
    #[serde(default)]
    pub(crate) start: Mark,
}

impl ContainerState {
    /// Reads the state of the directory `dir`; `None` where there is none.
    pub(crate) fn read(dir: &Path) -> Result<Option<Self>> {
        let path = dir.join(FILE);
        if !is_own(&path)? {
            return Ok(None);
        }
        newer(&path)?;
        read_toml(&path)
    }

    /// What the engine knows the container by.
    pub(crate) fn handle(&self) -> &str {
        self.container.as_deref().or(self.name.as_deref()).unwrap_or_default()
    }

    /// The directory whose container or sandbox this really is, where `dir` is a copy of that one with its state.
    pub(crate) fn original(&self, dir: &Path) -> Option<PathBuf> {
        let other = self.directory.as_ref().map(|other| other.0.clone())?;
        if same_place(&other, dir) {
            return None;
        }
        let state = Self::read(&other).ok()??;
        let is_it = state.container == self.container && state.sandbox(&other) == self.sandbox(dir);
        is_it.then_some(other)
    }

    /// Writes it, whole or not at all.
    pub(crate) fn write(&self, dir: &Path) -> Result<()> {
        let (path, text) = (dir.join(FILE), self.text()?);
        crate::fs::write_atomic(&path, text.as_bytes()).attempt("write", &path)
    }

    /// The text that is written; what could not be read again is refused.
    pub(crate) fn text(&self) -> Result<String> {
        let failed = |why: &str| {
            Error::new(format!("could not write the container's state: {}", shown(why)))
        };
        let text = toml::to_string(self).map_err(|cause| failed(&cause.to_string()))?;
        toml::from_str::<Self>(&text).map_err(|cause| failed(cause.message()))?;
        Ok(text)
    }

    /// The sandbox's path.
    pub(crate) fn sandbox(&self, dir: &Path) -> Option<PathBuf> {
        self.sandbox.as_ref().map(|PathText(sandbox)| dir.join(sandbox))
    }

    /// Whether the sandbox or SIF at its path is there.
    pub(crate) fn has_its_image(&self, path: &Path) -> bool {
        if self.sif { path.is_file() } else { path.is_dir() }
    }

    /// What it is to the engine.
    pub(crate) fn form(&self) -> ImageForm {
        if self.sif { ImageForm::ReadOnly } else { ImageForm::Sandbox }
    }

    /// What people call that.
    pub(crate) fn kind(&self) -> &'static str {
        if self.sif { "SIF" } else { "sandbox" }
    }

    /// What containers of this directory are told about themselves.
    pub(crate) fn place(&self, dir: &Path, mounts: &[Mount], home: Option<&Path>) -> Residence {
        let image = self.sandbox(dir).map_or_else(|| self.image.clone(), PathText);
        Residence {
            image: Some(image),
            digest: self.digest.clone(),
            container: self.container.clone(),
            directory: Some(PathText(dir.to_owned())),
            id: Some(self.id.clone()),
            gpu: self.gpu,
            home: home.map(|home| PathText(home.to_owned())),
            writable: self.sandbox.is_some() && !self.sif,
            bind: mounts.to_vec(),
            ..Residence::new(self.engine)
        }
    }
}

/// The refusal of a state that a later mlenv wrote, whatever else is in it.
fn newer(path: &Path) -> Result<()> {
    #[derive(Deserialize)]
    struct StateVersion {
        schema: u32,
    }
    match read_toml::<StateVersion>(path)? {
        Some(StateVersion { schema }) if schema > SCHEMA => Err(is_newer(path)),
        _ => Ok(()),
    }
}

pub(super) fn is_newer(path: &Path) -> Error {
    Error::new(format!("{} was written by a newer mlenv", Shown(path)))
        .hint("use that version, or a later one")
}

/// False where there is nothing at `path`; what others could have written is refused.
pub(super) fn is_own(path: &Path) -> Result<bool> {
    let mut others = BTreeSet::new();
    let meta = Judge::new().look(path, Role::Content, &mut others)?;
    let Some(meta) = meta else { return Ok(false) };
    if meta.is_file() && others.is_empty() {
        return Ok(true);
    }
    Err(Error::new(format!(
        "{} could have been written by other users: it says what runs in your name",
        Shown(path)
    ))
    .hint("look at it, then `chown` and `chmod go-w` it, or run `mlenv container setup --force IMAGE`"))
}

/// The nearest directory, `from` or above, that has a container.
pub(crate) fn nearest(from: &Path) -> Option<PathBuf> {
    from.ancestors().find(|dir| dir.join(FILE).symlink_metadata().is_ok()).map(Path::to_owned)
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) fn sample() -> ContainerState {
        ContainerState {
            schema: SCHEMA,
            mlenv: "0.1.0".into(),
            directory: None,
            id: "0123456789abcdef".into(),
            instance: "fedcba9876543210".into(),
            engine: Engine::Podman,
            powers: Powers::User,
            image: PathText("docker.io/u/ml:1".into()),
            digest: Some("sha256:1".into()),
            size: None,
            built: None,
            created: "2026-01-01T00:00:00Z".into(),
            container: Some("2e".into()),
            name: Some("u_ml_1".into()),
            sandbox: None,
            sif: false,
            env: None,
            gpu: false,
            port: Some(8888),
            publish: vec!["6006:80".parse().unwrap()],
            bind: vec![Mount::same(Path::new("/odd, path:\"x\""))],
            start: Mark::default(),
        }
    }

    #[test]
    fn a_state_comes_back_as_it_was_and_a_newer_one_is_refused() {
        let root = tempfile::tempdir().unwrap();
        assert_eq!(ContainerState::read(root.path()).unwrap(), None);
        sample().write(root.path()).unwrap();
        assert_eq!(ContainerState::read(root.path()).unwrap(), Some(sample()));
        let below = root.path().join("a/b");
        assert_eq!(nearest(&below).as_deref(), Some(root.path()));
        crate::fs::write_atomic(&root.path().join(FILE), b"schema = 2\n").unwrap();
        assert!(ContainerState::read(root.path()).unwrap_err().to_string().contains("newer"));
    }

    #[test]
    #[expect(clippy::disallowed_methods, reason = "tests build worlds of their own")]
    fn a_state_that_others_can_write_is_not_believed() {
        use std::os::unix::fs::PermissionsExt;
        let root = tempfile::tempdir().unwrap();
        sample().write(root.path()).unwrap();
        let open = std::fs::Permissions::from_mode(0o666);
        std::fs::set_permissions(root.path().join(FILE), open).unwrap();
        let refusal = ContainerState::read(root.path()).unwrap_err();
        assert!(refusal.to_string().contains("other users"), "{refusal}");
    }
}
