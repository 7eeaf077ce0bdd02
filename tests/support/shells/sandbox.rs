//! A small world for one test: a home, bases, envs, in a directory with a hostile name.

use std::os::unix::fs::PermissionsExt;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// The program under test; stories inside the program itself tell nothing that needs it.
const PROGRAM: &str = match option_env!("CARGO_BIN_EXE_mlenv") {
    Some(program) => program,
    None => "mlenv",
};

/// Everything below one temporary directory.
pub(crate) struct Sandbox {
    _root: tempfile::TempDir,
    /// The directory with the hostile name.
    pub(crate) dir: PathBuf,
}

/// What kind of env to make.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Layout {
    Standard,
    Sparse,
}

impl Sandbox {
    pub(crate) fn new() -> Self {
        let root = tempfile::tempdir().unwrap();
        // The canonical path, so that what shells print can be compared with it.
        let dir = root.path().canonicalize().unwrap().join("it's a $HOME `id` {x,y} !b \\ é");
        std::fs::create_dir_all(dir.join("home")).unwrap();
        Self { _root: root, dir }
    }

    pub(crate) fn path(&self, below: &str) -> PathBuf {
        self.dir.join(below)
    }

    /// Writes a file, with its directories.
    pub(crate) fn write(&self, below: &str, text: &str) -> PathBuf {
        let path = self.path(below);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text).unwrap();
        path
    }

    /// An executable that prints `word`.
    pub(crate) fn program(&self, below: &str, word: &str) {
        let path = self.write(below, &format!("#!/bin/sh\necho {word}\n"));
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).unwrap();
    }

    /// A conda prefix with what activation looks for, in it and in its image.
    pub(crate) fn image(&self, name: &str) -> PathBuf {
        let base = format!("{name}/opt/conda");
        self.write(&format!("{base}/conda-meta/history"), "");
        self.write(&format!("{base}/ssl/cacert.pem"), "");
        self.write(&format!("{base}/share/jupyter/kernels/x/kernel.json"), "{}");
        self.write(&format!("{base}/lib/python3.11/os.py"), "");
        self.program(&format!("{base}/bin/basetool"), "from-base");
        self.program(&format!("{name}/bin/micromamba"), "micromamba");
        self.path(name)
    }

    /// An env on `base`, as `mlenv create` would leave it, as far as activation looks.
    pub(crate) fn env(&self, name: &str, base: &Path, kind: &str, layout: Layout) -> PathBuf {
        let env = self.path(name);
        std::fs::create_dir_all(env.join("bin")).unwrap();
        std::fs::create_dir_all(env.join("conda-meta")).unwrap();
        let _ = std::fs::remove_file(env.join("baseEnv_dir"));
        symlink(base, env.join("baseEnv_dir")).unwrap();
        self.program(&format!("{name}/bin/envtool"), "from-env");
        self.program(&format!("{name}/bin/python3"), "python");
        self.write(&format!("{name}/pyvenv.cfg"), "");
        let layout = if layout == Layout::Sparse { "sparse" } else { "standard" };
        let text = |path: &Path| format!("{:?}", path.to_str().unwrap()); // our names need no other escapes than TOML's
        let record = format!(
            "schema = 1\nmlenv = \"0.1.0\"\ncreated = \"2026-01-01T00:00:00Z\"\nlayout = \"{layout}\"\nuser-site = false\n\
             prefix = {}\n[base]\npath = {base}\nprefix = {base}\nkind = \"{kind}\"\npython = \"3.11.7\"\n\
             python-lib = \"python3.11\"\n[base.fingerprint]\npackages = \"x\"\nroot = \"0:0\"\nstamp = {}\n",
            text(&env),
            stamp(base),
            base = text(base)
        );
        self.write(&format!("{name}/mlenv.toml"), &record);
        env
    }

    /// A standard env called `env` on a conda base called `image`.
    pub(crate) fn simple(&self) -> PathBuf {
        let image = self.image("image");
        self.env("env", &image.join("opt/conda"), "conda", Layout::Standard)
    }

    /// A command in this world: nothing of the tester's environment gets in.
    pub(crate) fn command(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let mut command = Command::new(program);
        command.env_clear().current_dir(&self.dir);
        command.env("HOME", self.path("home")).env("PATH", "/usr/bin:/bin").env("LANG", "C.UTF-8");
        command.env("USER", "u").env("LOGNAME", "u"); // tcsh sets them
        command.env("MLENV", PROGRAM);
        command
    }

    /// Runs `mlenv` itself.
    pub(crate) fn mlenv(&self, arguments: &[&str]) -> Output {
        self.command(PROGRAM).args(arguments).output().unwrap()
    }
}

/// When the base's package records last changed: an env whose record says the same has nothing to remark.
fn stamp(base: &Path) -> i64 {
    use std::os::unix::fs::MetadataExt;
    let records = ["conda-meta", "lib/python3.11/site-packages", "lib/python3/dist-packages"];
    let records = records.map(|dir| base.join(dir));
    records.iter().find_map(|dir| dir.metadata().ok()).map_or(0, |meta| meta.mtime())
}
