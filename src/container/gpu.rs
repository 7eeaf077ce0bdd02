//! Graphics processors: what this machine has, and the words that let a container use it. A machine without one
//! needs no words and is not an error.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use super::engine::{Engine, Family, Nvidia};
use super::mount::{Mode, Mount};

use crate::foreign;

/// What a machine has.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Gpus {
    /// NVIDIA's device files.
    pub(crate) nvidia: Vec<PathBuf>,
    /// True where a CDI specification describes them, which also covers the driver's libraries.
    pub(crate) cdi: bool,
    /// The driver's library, by its names.
    pub(crate) libraries: Vec<PathBuf>,
    /// AMD's device files.
    pub(crate) amd: Vec<PathBuf>,
}

impl Gpus {
    /// Looks below `root`, which is `/`.
    pub(crate) fn look(root: &Path) -> Self {
        let there = |paths: &[&str]| -> Vec<PathBuf> {
            let paths = paths.iter().map(|path| root.join(path));
            paths.filter(|path| path.exists()).collect()
        };
        let amd = there(&["dev/kfd", "dev/dri"]);
        Self {
            nvidia: nvidia(&root.join("dev")),
            cdi: ["etc/cdi", "var/run/cdi"].iter().any(|dir| describes_nvidia(&root.join(dir))),
            libraries: there(&["usr/lib64/libcuda.so", "usr/lib64/libcuda.so.1"]),
            amd: if amd.len() == 2 { amd } else { Vec::new() },
        }
    }

    /// True where there is nothing that a container could use.
    pub(crate) fn is_empty(&self) -> bool {
        self.nvidia.is_empty() && !self.cdi && self.amd.is_empty()
    }

    /// The words for one engine.
    pub(crate) fn words(&self, engine: Engine) -> Vec<OsString> {
        let mut words: Vec<OsString> = Vec::new();
        let device = |path: &PathBuf| ["--device".into(), path.clone().into_os_string()];
        if self.cdi || !self.nvidia.is_empty() {
            match engine.description().nvidia {
                Nvidia::Nv => words.push("--nv".into()),
                Nvidia::Gpus => words.extend(["--gpus".into(), "all".into()]),
                Nvidia::Devices if self.cdi => {
                    words.extend(["--device".into(), "nvidia.com/gpu=all".into()]);
                }
                Nvidia::Devices => {
                    words.extend(self.nvidia.iter().flat_map(device));
                    words.extend(self.libraries.iter().flat_map(|path| library(path)));
                }
            }
        }
        match engine.family() {
            Family::Files if !self.amd.is_empty() => words.push("--rocm".into()),
            Family::Files => {}
            Family::Store => words.extend(self.amd.iter().flat_map(device)),
        }
        words
    }
}

/// Where the published ML images look for the driver's library.
fn library(path: &Path) -> [OsString; 2] {
    let target = Path::new("/usr/local/nvidia/lib64").join(path.file_name().unwrap_or_default());
    ["--mount".into(), Mount::new(path, &target, Mode::ReadOnly).csv(Family::Store)]
}

fn nvidia(dev: &Path) -> Vec<PathBuf> {
    let Ok(entries) = dev.read_dir() else { return Vec::new() };
    let is_device = |name: &str| {
        ["nvidiactl", "nvidia-uvm", "nvidia-uvm-tools"].contains(&name)
            || name.strip_prefix("nvidia").is_some_and(|rest| {
                !rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_digit())
            })
    };
    let mut devices: Vec<PathBuf> = entries
        .flatten()
        .filter(|entry| entry.file_name().to_str().is_some_and(is_device))
        .map(|entry| entry.path())
        .collect();
    devices.sort();
    // The control device alone is a driver without a card.
    if devices.iter().any(|path| path.ends_with("nvidiactl")) { devices } else { Vec::new() }
}

fn describes_nvidia(dir: &Path) -> bool {
    let Ok(entries) = dir.read_dir() else { return false };
    entries.flatten().any(|entry| {
        foreign::read_text(entry.path(), foreign::FileKind::Settings)
            .is_ok_and(|text| text.contains("nvidia.com/gpu"))
    })
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "tests build worlds of their own")]
mod tests {
    use super::*;

    fn machine(files: &[&str]) -> tempfile::TempDir {
        let root = tempfile::tempdir().unwrap();
        for file in files {
            let path = root.path().join(file);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, "kind: nvidia.com/gpu").unwrap();
        }
        root
    }

    fn words(files: &[&str], engine: Engine) -> String {
        let root = machine(files);
        let words = Gpus::look(root.path()).words(engine);
        let line: Vec<&str> = words.iter().map(|word| word.to_str().unwrap()).collect();
        line.join(" ").replace(root.path().to_str().unwrap(), "")
    }

    const CARD: [&str; 5] = [
        "dev/nvidia0",
        "dev/nvidiactl",
        "dev/nvidia-uvm",
        "dev/nvidia-modeset",
        "usr/lib64/libcuda.so.1",
    ];

    #[test]
    fn a_machine_without_a_card_needs_no_words() {
        assert!(Engine::ALL.iter().all(|engine| words(&["dev/null"], *engine).is_empty()));
        assert!(Gpus::look(machine(&["dev/nvidiactl-x"]).path()).is_empty());
    }

    #[test]
    fn each_engine_is_told_in_its_own_words() {
        assert_eq!(
            words(&CARD, Engine::Podman),
            "--device /dev/nvidia-uvm --device /dev/nvidia0 --device /dev/nvidiactl --mount \
             type=bind,source=/usr/lib64/libcuda.so.1,target=/usr/local/nvidia/lib64/libcuda.so.1,readonly"
        );
        assert_eq!(words(&CARD, Engine::Docker), "--gpus all");
        assert_eq!(words(&CARD, Engine::Nerdctl), "--gpus all");
        assert_eq!(words(&CARD, Engine::Apptainer), "--nv");
        let described = [CARD.as_slice(), &["etc/cdi/nvidia.yaml"]].concat();
        assert_eq!(words(&described, Engine::Podman), "--device nvidia.com/gpu=all");
        let amd = ["dev/kfd", "dev/dri/card0"];
        assert_eq!(words(&amd, Engine::Singularity), "--rocm");
        assert_eq!(words(&amd, Engine::Docker), "--device /dev/kfd --device /dev/dri");
    }
}
