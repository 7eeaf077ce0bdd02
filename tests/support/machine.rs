//! What this machine can do, and what a test says where it cannot.

use std::ffi::OsString;
use std::hash::{Hash, Hasher};
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// Something is missing for a test: said on a developer's machine, a failure where CI promises everything.
#[expect(clippy::print_stderr, reason = "the reason must be seen")]
pub(crate) fn lacks(what: &str) {
    assert!(std::env::var_os("CI").is_none_or(|ci| ci != "true"), "CI must have {what}");
    eprintln!("not tested here: this needs {what}");
}

/// True for root with the right to mount; else says so as `lacks` does.
pub(crate) fn can_mount() -> bool {
    static CAN: OnceLock<bool> = OnceLock::new();
    let can = *CAN.get_or_init(|| {
        let mount = "mount -t tmpfs none /mnt";
        is_root()
            && Command::new("unshare")
                .args(["-m", "sh", "-c", mount])
                .output()
                .is_ok_and(|output| output.status.success())
    });
    if !can {
        lacks("root and the right to mount");
    }
    can
}

/// True for root, whom permissions do not stop.
pub(crate) fn is_root() -> bool {
    nix::unistd::geteuid().is_root()
}

/// True where a program is on PATH; else says so as `lacks` does.
pub(crate) fn has(program: &str) -> bool {
    let found = Command::new("sh")
        .args(["-c", "command -v -- \"$0\"", program])
        .output()
        .is_ok_and(|output| output.status.success());
    if !found {
        lacks(program);
    }
    found
}

/// The `python3` that runs the tests' own helpers, and from which the test base is made.
pub(crate) fn python() -> &'static Facts {
    static FACTS: OnceLock<Facts> = OnceLock::new();
    FACTS.get_or_init(|| {
        let asked = std::env::var_os("MLENV_TEST_PYTHON").unwrap_or_else(|| "python3".into());
        Facts::of(Path::new(&asked)).expect("the tests need a python3 on PATH")
    })
}

/// What an interpreter says of itself.
#[derive(Clone, Debug)]
pub(crate) struct Facts {
    /// `3.11.7`
    pub(crate) version: String,
    /// Its installation.
    pub(crate) base_prefix: PathBuf,
    /// The executable without links and shims.
    pub(crate) executable: PathBuf,
    /// The standard library.
    pub(crate) stdlib: PathBuf,
    /// The C headers, whether there or not.
    pub(crate) include: PathBuf,
    /// Where a shared libpython would be.
    pub(crate) libdir: PathBuf,
}

const QUESTION: &str = "import os, sys, sysconfig
e = os.path.realpath(getattr(sys, '_base_executable', sys.executable))
p = sysconfig.get_path
f = ('.'.join(map(str, sys.version_info[:3])), sys.base_prefix, e, p('stdlib'), p('include'),
     sysconfig.get_config_var('LIBDIR') or '')
sys.stdout.buffer.write(b'\\0'.join(map(os.fsencode, f)))";

impl Facts {
    /// Asks; `None` where it does not start.
    pub(crate) fn of(program: &Path) -> Option<Self> {
        let output = Command::new(program).args(["-I", "-c", QUESTION]).output().ok()?;
        let mut fields = output.stdout.split(|byte| *byte == 0);
        let mut next = || fields.next().map(|field| OsString::from_vec(field.to_vec()));
        output.status.success().then_some(())?;
        Some(Self {
            version: next()?.into_string().ok()?,
            base_prefix: next()?.into(),
            executable: next()?.into(),
            stdlib: next()?.into(),
            include: next()?.into(),
            libdir: next()?.into(),
        })
    }

    /// `python3.11`
    pub(crate) fn name(&self) -> String {
        let mut parts = self.version.split('.');
        format!("python{}.{}", parts.next().unwrap(), parts.next().unwrap())
    }
}

/// Every CPython from 3.8 on: those of pyenv, and the system's. At least one.
pub(crate) fn pythons() -> Vec<Facts> {
    let home = std::env::var_os("HOME").map(PathBuf::from).unwrap_or_default();
    let versions = std::fs::read_dir(home.join(".pyenv/versions")).into_iter().flatten().flatten();
    let mut programs: Vec<PathBuf> = versions
        .map(|entry| entry.path().join("bin/python3"))
        .filter(|path| path.exists())
        .collect();
    programs.push("/usr/bin/python3".into());
    programs.push(python().executable.clone());
    let mut found: Vec<Facts> =
        programs.iter().filter_map(|program| Facts::of(program)).filter(is_supported).collect();
    found.sort_by(|left, right| left.base_prefix.cmp(&right.base_prefix));
    found.dedup_by(|left, right| left.base_prefix == right.base_prefix);
    assert!(!found.is_empty(), "no CPython from 3.8 on was found");
    found
}

fn is_supported(facts: &Facts) -> bool {
    let mut parts = facts.version.split('.').map(|part| part.parse::<u32>().unwrap_or(0));
    (parts.next().unwrap_or(0), parts.next().unwrap_or(0)) >= (3, 8)
}

/// Where tests work: in the build directory. Where its path holds a blank they work beside it: pip takes its settings
/// apart at blanks, and no kernel starts a script whose first line names a program with one. The program that is tested
/// stays where it is.
pub(crate) fn scratch() -> PathBuf {
    let own = Path::new(env!("CARGO_TARGET_TMPDIR"));
    if !own.to_string_lossy().contains(char::is_whitespace) {
        return own.to_owned();
    }
    let mut hash = std::hash::DefaultHasher::new();
    own.hash(&mut hash);
    let dir = std::env::temp_dir().join(format!("mlenv-tests-{:x}", hash.finish()));
    std::fs::create_dir_all(&dir).unwrap();
    dir
}
