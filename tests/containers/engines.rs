//! Which engines there are, and what they need here: settings and a store of the tests' own.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use crate::docker;

use crate::support::machine;

/// An engine that tests run for real.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Engine {
    Podman,
    Docker,
    Apptainer,
}

impl Engine {
    pub(crate) const ALL: [Self; 3] = [Self::Podman, Self::Docker, Self::Apptainer];

    /// One of each kind, for what takes long.
    pub(crate) const KINDS: [Self; 2] = [Self::Podman, Self::Apptainer];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Podman => "podman",
            Self::Docker => "docker",
            Self::Apptainer => "apptainer",
        }
    }

    /// True where it runs a program; else says why not, as `tests/run` does when it cannot be installed.
    pub(crate) fn works(self) -> bool {
        match self {
            Self::Podman => podman(),
            Self::Docker => say(docker::lacking(), "docker") && podman(),
            Self::Apptainer => apptainer(),
        }
    }
}

/// The directory of everything that engines keep for the tests.
pub(crate) fn dir() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("engines")
}

/// A directory with a short path for what goes away with the machine: sockets and podman want one. This user's and this
/// checkout's own, since the tests of several may run at once.
pub(crate) fn run_dir() -> PathBuf {
    use std::hash::{DefaultHasher, Hash, Hasher};
    use std::os::unix::fs::{DirBuilderExt, MetadataExt};
    let mut hash = DefaultHasher::new();
    env!("CARGO_TARGET_TMPDIR").hash(&mut hash);
    let user = nix::unistd::geteuid();
    let dir = PathBuf::from(format!("/tmp/mlenv-{user}-{:x}", hash.finish() & 0xffff_ffff));
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(&dir).unwrap();
    assert_eq!(dir.symlink_metadata().unwrap().uid(), user.as_raw(), "{}", dir.display());
    dir
}

/// The directory with the link to apptainer that goes on `PATH`; `tests/install-apptainer` makes it.
pub(crate) fn apptainer_bin() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("apptainer/bin")
}

/// Variables by which engines find what is theirs.
pub(crate) fn settings() -> &'static [(&'static str, PathBuf)] {
    static SETTINGS: OnceLock<Vec<(&str, PathBuf)>> = OnceLock::new();
    SETTINGS.get_or_init(|| {
        let dir = dir();
        std::fs::create_dir_all(&dir).unwrap();
        let file = |name: &str, text: String| {
            let path = dir.join(name);
            std::fs::write(&path, text).unwrap();
            path
        };
        vec![
            ("CONTAINERS_CONF", file("containers.conf", containers_conf())),
            ("CONTAINERS_STORAGE_CONF", file("storage.conf", storage_conf(&dir))),
            ("CONTAINERS_REGISTRIES_CONF", file("registries.conf", REGISTRIES.into())),
            ("APPTAINER_CACHEDIR", dir.join("apptainer-cache")),
            ("APPTAINER_NOHTTPS", "1".into()),
            ("DOCKER_HOST", docker::host().into()),
            // Half of the time of a SIF went into making it small.
            ("APPTAINER_MKSQUASHFS_ARGS", "-noI -noD -noF -noX".into()),
        ]
    })
}

/// Limits that may be set without a capability that many machines' root lacks; runc, which takes every layout of
/// cgroups; no network of its own.
fn containers_conf() -> String {
    let runtime = if is_there("runc") { "runtime = \"runc\"\n" } else { "" };
    format!(
        "[containers]\ndefault_ulimits = [\"nofile=1024:1024\", \"nproc=4096:4096\"]\nnetns = \"host\"\n\
         [engine]\n{runtime}cgroup_manager = \"cgroupfs\"\nevents_logger = \"file\"\ntmp_dir = \"{}\"\n",
        run_dir().join("libpod").display()
    )
}

/// podman wants a short path for what goes away with the machine.
fn storage_conf(dir: &Path) -> String {
    let driver = if machine::is_root() { "overlay" } else { "vfs" };
    format!(
        "[storage]\ndriver = \"{driver}\"\ngraphroot = \"{}\"\nrunroot = \"{}\"\n",
        dir.join("layers").display(),
        run_dir().join("run").display()
    )
}

const REGISTRIES: &str = "[[registry]]\nlocation = \"127.0.0.1\"\ninsecure = true\n";

fn is_there(program: &str) -> bool {
    Command::new("sh")
        .args(["-c", "command -v -- \"$0\"", program])
        .output()
        .is_ok_and(|output| output.status.success())
}

fn podman() -> bool {
    static WORKS: OnceLock<Option<String>> = OnceLock::new();
    let lacking = WORKS.get_or_init(|| {
        ["podman", "docker-registry", "busybox"]
            .into_iter()
            .find(|program| !is_there(program))
            .map(|program| format!("{program} is not installed"))
    });
    say(lacking.as_deref(), "podman")
}

fn apptainer() -> bool {
    static WORKS: OnceLock<Option<String>> = OnceLock::new();
    let lacking = WORKS.get_or_init(|| {
        let output = Command::new(apptainer_bin().join("apptainer")).arg("--version").output();
        match output {
            Ok(output) if output.status.success() => None,
            _ => Some(reason()),
        }
    });
    say(lacking.as_deref(), "apptainer") && podman()
}

/// What `tests/install-apptainer` wrote down.
fn reason() -> String {
    std::fs::read_to_string(apptainer_bin().with_file_name("why-not")).map_or_else(
        |_| "tests/run, which installs it, was not run".to_owned(),
        |text| text.trim().to_owned(),
    )
}

/// What a distribution has is there in CI. Whether apptainer could be had, from another suite than the system's, does not
/// depend on us: its absence is never a failure, but never silent.
fn say(lacking: Option<&str>, engine: &str) -> bool {
    match lacking {
        Some(why) if engine == "apptainer" => eprintln!("not tested here with {engine}: {why}"),
        Some(why) => machine::lacks(&format!("{engine}: {why}")),
        None => {}
    }
    lacking.is_none()
}
