//! The five engines as data: what they are called, what they can be asked, and where they differ.

use std::ffi::OsStr;

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};

/// A program that runs containers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Engine {
    Podman,
    Docker,
    Nerdctl,
    Apptainer,
    Singularity,
}

/// How an engine keeps what it runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Family {
    /// Images and containers in a store of its own: podman, docker, nerdctl.
    Store,
    /// Files and directories of the user's: apptainer, singularity.
    Files,
}

/// What differs from engine to engine.
pub(crate) struct Description {
    /// What it is called, by users and on disk.
    pub(crate) name: &'static str,
    /// How it keeps things.
    pub(crate) family: Family,
    /// Arguments that succeed only where it works, daemon and all. What is printed tells whether it has root's powers.
    pub(crate) probe: &'static [&'static str],
    /// Given to every new container.
    pub(crate) always: &'static [&'static str],
    /// How it lets a container use NVIDIA's devices.
    pub(crate) nvidia: Nvidia,
    /// What names of variables for the inside begin with, on the outside. Both names of the family, since either
    /// program may be installed under the other's name.
    pub(crate) prefixes: &'static [&'static str],
}

/// How an engine is told to give NVIDIA's devices.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Nvidia {
    /// Device by device, or all through a CDI specification.
    Devices,
    /// `--gpus all`.
    Gpus,
    /// `--nv`.
    Nv,
}

const INSIDE: &[&str] = &["APPTAINERENV_", "SINGULARITYENV_"];
const SECURITY: &[&str] = &["info", "--format", "{{json .SecurityOptions}}"];

static DESCRIPTIONS: [Description; 5] = [
    Description {
        name: "podman",
        family: Family::Store,
        probe: &["info", "--format", "rootless={{.Host.Security.Rootless}}"],
        // Where SELinux is on, a home directory could not be read otherwise; toolbox and distrobox do the same.
        always: &["--security-opt", "label=disable"],
        nvidia: Nvidia::Devices,
        prefixes: &[],
    },
    Description {
        name: "docker",
        family: Family::Store,
        probe: SECURITY,
        always: &[],
        nvidia: Nvidia::Gpus,
        prefixes: &[],
    },
    Description {
        name: "nerdctl",
        family: Family::Store,
        probe: SECURITY,
        always: &[],
        nvidia: Nvidia::Gpus,
        prefixes: &[],
    },
    Description {
        name: "apptainer",
        family: Family::Files,
        probe: &["--version"],
        always: &[],
        nvidia: Nvidia::Nv,
        prefixes: INSIDE,
    },
    Description {
        name: "singularity",
        family: Family::Files,
        probe: &["--version"],
        always: &[],
        nvidia: Nvidia::Nv,
        prefixes: INSIDE,
    },
];

impl Engine {
    /// All of them, the first choice first.
    pub(crate) const ALL: [Self; 5] =
        [Self::Podman, Self::Docker, Self::Nerdctl, Self::Apptainer, Self::Singularity];

    /// What is particular about it.
    pub(crate) fn description(self) -> &'static Description {
        &DESCRIPTIONS[self as usize]
    }

    /// Its name.
    pub(crate) fn name(self) -> &'static str {
        self.description().name
    }

    /// How it keeps things.
    pub(crate) fn family(self) -> Family {
        self.description().family
    }

    /// The engine that `word` means; the beginning of a name is enough.
    pub(crate) fn from_word(word: &OsStr) -> Result<Self> {
        let text = word.to_str().unwrap_or_default();
        let mut found = Self::ALL.into_iter().filter(|engine| engine.name().starts_with(text));
        match (found.next(), found.next()) {
            (Some(engine), None) if !text.is_empty() => Ok(engine),
            _ => {
                let word = crate::text::Shown(word.as_ref()).to_string();
                Err(Error::new(format!("there is no engine called `{word}`"))
                    .hint("mlenv knows podman, docker, nerdctl, apptainer and singularity"))
            }
        }
    }
}

impl Family {
    /// How `--mount` calls the place in the container. Old releases of singularity know this word only.
    pub(super) fn target_word(self) -> &'static [u8] {
        match self {
            Self::Store => b"target=",
            Self::Files => b"destination=",
        }
    }

    /// How `--mount` says that nothing can be written.
    pub(super) fn read_only_word(self) -> &'static [u8] {
        match self {
            Self::Store => b"readonly",
            Self::Files => b"ro",
        }
    }
}

/// Whose powers an engine has, by what its probe printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Powers {
    /// Root's: root in a container is root on the host.
    Root,
    /// The user's: root in a container is the user on the host.
    User,
}

impl Powers {
    /// Reads the answer to `Description::probe`.
    pub(crate) fn of(engine: Engine, answer: &str) -> Self {
        let rootless = answer.contains("rootless=true") || answer.contains("name=rootless");
        if engine.family() == Family::Files || rootless { Self::User } else { Self::Root }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_engine_has_its_own_description() {
        for engine in Engine::ALL {
            assert_eq!(Engine::from_word(OsStr::new(engine.name())).unwrap(), engine);
        }
        assert_eq!(Engine::from_word(OsStr::new("sing")).unwrap(), Engine::Singularity);
        assert!(Engine::from_word(OsStr::new("")).is_err());
        assert!(Engine::from_word(OsStr::new("lxc")).is_err());
    }

    #[test]
    fn answers_tell_whose_powers_an_engine_has() {
        assert_eq!(Powers::of(Engine::Podman, "rootless=true\n"), Powers::User);
        assert_eq!(Powers::of(Engine::Podman, "rootless=false\n"), Powers::Root);
        assert_eq!(Powers::of(Engine::Docker, r#"["name=seccomp","name=rootless"]"#), Powers::User);
        assert_eq!(Powers::of(Engine::Apptainer, "apptainer version 1.4.5"), Powers::User);
    }
}
