//! What all tests here share: a registry on loopback with the images in it. Made on first use; it ends with the test
//! process.

use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use crate::engines::{self, Engine, settings};
use crate::registry::Registry;
use crate::rootfs;
use crate::support::sandbox::{Run, Sandbox};

/// The registry.
pub(crate) struct World {
    registry: Registry,
}

/// The one world of this process.
pub(crate) fn world() -> &'static World {
    static WORLD: OnceLock<World> = OnceLock::new();
    WORLD.get_or_init(|| {
        let world = World { registry: Registry::start("registry", "") };
        podman(&["rm", "--all", "--force", "--time", "0"]);
        images();
        world
    })
}

impl World {
    /// Lets a name in the registry stand for edition 1 or 2 of the image, and gives its reference.
    pub(crate) fn publish(&self, name: &str, edition: u32) -> String {
        self.publish_as(name, &local(edition))
    }

    /// The same for any image in podman's store.
    pub(crate) fn publish_as(&self, name: &str, image: &str) -> String {
        let reference = format!("{}/tests/{name}", self.registry.address);
        podman(&["push", "--quiet", image, &reference]);
        reference
    }
}

/// The image's name in podman's store.
pub(crate) fn local(edition: u32) -> String {
    format!("localhost/mlenv-tests-{}:{edition}", rootfs::EDITION)
}

/// podman by the tests themselves.
#[track_caller]
pub(crate) fn podman(words: &[&str]) -> String {
    let mut command = Command::new("podman");
    command.args(words).envs(settings().iter().map(|(name, value)| (name, value)));
    let output = command.stdin(Stdio::null()).output().unwrap();
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "podman {words:?}: {text}");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// The same without Python, for tests that make many containers.
pub(crate) fn small(edition: u32) -> String {
    local(edition).replace("mlenv-tests-", "mlenv-tests-small-")
}

fn images() {
    for (name, left_out) in [(local as fn(u32) -> String, &[][..]), (small, &PYTHON)] {
        if !exists(&name(1)) || !exists(&name(2)) {
            import(&name(1), left_out);
            derive(&name(1), &name(2));
        }
    }
}

/// What makes the image large.
const PYTHON: [&str; 3] = ["./opt/conda/lib", "./opt/conda/bin", "./opt/conda/include"];

fn import(name: &str, left_out: &[&str]) {
    let root = rootfs::make();
    let tar = engines::dir().join("rootfs.tar");
    let mut command = Command::new("tar");
    command.args(left_out.iter().map(|path| format!("--exclude={path}")));
    let status = command.arg("-C").arg(&root).arg("-cf").arg(&tar).arg(".").status();
    assert!(status.unwrap().success());
    let path = "ENV PATH=/opt/conda/bin:/usr/local/bin:/usr/bin:/bin";
    let change = ["--change", path, "--change", "ENV CONDA_PREFIX=/opt/conda"];
    podman(&[&["import", "--quiet"], change.as_slice(), &[tar.to_str().unwrap(), name]].concat());
    std::fs::remove_file(tar).unwrap();
}

fn derive(old: &str, new: &str) {
    let program = "echo 2 >/edition; echo '{}' >/opt/conda/conda-meta/newer-2.0-0.json";
    podman(&["rm", "--force", "--ignore", "newer"]);
    podman(&["run", "--name", "newer", old, "/bin/sh", "-c", program]);
    podman(&["commit", "--quiet", "newer", new]);
    podman(&["rm", "newer"]);
}

fn exists(image: &str) -> bool {
    let mut command = Command::new("podman");
    command
        .args(["image", "exists", image])
        .envs(settings().iter().map(|(name, value)| (name, value)));
    command.status().is_ok_and(|status| status.success())
}

/// A directory as pip takes it where its settings are split at blanks.
pub(crate) fn url(dir: &Path) -> String {
    format!("file://{}", dir.to_str().unwrap().replace('%', "%25").replace(' ', "%20"))
}

/// A free port's number; somebody else could take it, but nobody here does.
pub(crate) fn free_port() -> u16 {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port()
}

/// A user's home and a project in it, and mlenv at work there with an engine.
pub(crate) struct Project {
    pub(crate) sandbox: Sandbox,
    pub(crate) engine: Engine,
    /// The project's directory, with an odd name.
    pub(crate) dir: PathBuf,
}

impl Project {
    pub(crate) fn new(engine: Engine) -> Self {
        let sandbox = Sandbox::new();
        let dir = sandbox.path("it's a project, \"x\" $HOME");
        std::fs::create_dir_all(&dir).unwrap();
        Self { sandbox, engine, dir }
    }

    /// mlenv in the project, with the engine on PATH and its settings.
    pub(crate) fn mlenv<I: IntoIterator<Item: AsRef<std::ffi::OsStr>>>(&self, words: I) -> Run {
        self.set(self.sandbox.mlenv(words))
    }

    /// Anything else in the project.
    pub(crate) fn run(&self, program: &str) -> Run {
        self.set(self.sandbox.run(program))
    }

    fn set(&self, run: Run) -> Run {
        let path =
            format!("{}:{}", engines::apptainer_bin().display(), crate::support::sandbox::PATH);
        let run = run.var("PATH", path).cwd(&self.dir);
        settings().iter().fold(run, |run, (name, value)| run.var(name, value))
    }

    /// Makes the container.
    #[track_caller]
    pub(crate) fn setup(&self, image: &str) {
        self.mlenv(["container", "setup", image, "--engine", self.engine.name()]).ok();
    }

    /// Runs a command in the container and gives what it printed.
    #[track_caller]
    pub(crate) fn inside(&self, words: &[&str]) -> String {
        let words = ["container", "enter", "--"].iter().chain(words);
        self.mlenv(words).ok().out
    }

    pub(crate) fn state(&self) -> toml::Table {
        let text = std::fs::read_to_string(self.dir.join(".mlenv-container.toml")).unwrap();
        toml::from_str(&text).unwrap()
    }

    /// The path of a file in the project.
    pub(crate) fn path(&self, below: impl AsRef<Path>) -> PathBuf {
        self.dir.join(below)
    }
}

/// Nothing of a test stays in podman's store, also where it fails.
impl Drop for Project {
    fn drop(&mut self) {
        if self.engine != Engine::Apptainer && self.path(".mlenv-container.toml").exists() {
            let _ = self.mlenv(["container", "remove"]).end();
        }
    }
}
