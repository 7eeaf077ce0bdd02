//! The base that most tests stand on: a real CPython with real packages, dressed as a conda prefix, and with the
//! odd things that published images hold.
//!
//! Made once into the build directory. It is built aside and renamed, so that test processes which start together
//! do not meet halves; whoever is second throws its own away.

pub(crate) mod channel;
mod extras;
mod interpreter;
mod jupyter;
mod packages;

use std::path::{Path, PathBuf};
use std::sync::{Mutex, OnceLock, PoisonError};

use crate::support::machine;
use crate::support::tree;

pub(crate) use extras::{CARRIED, NEVER, OWNED_FULL_ONLY, OWNED_STANDARD, SCRIPTS};
pub(crate) use jupyter::with_ipykernel;

/// Counts up whenever this module makes another base than before.
const EDITION: u32 = 5;

/// A base, ready for use. Nobody may change it: a test that must takes a `twin`.
pub(crate) struct TestBase {
    /// The conda prefix.
    pub(crate) prefix: PathBuf,
    /// `python3.11`
    pub(crate) python: String,
    /// `3.11.7`
    pub(crate) version: String,
}

/// The base; made on first use.
pub(crate) fn base() -> &'static TestBase {
    static BASE: OnceLock<TestBase> = OnceLock::new();
    BASE.get_or_init(|| {
        let facts = machine::python();
        let prefix = machine::scratch().join(format!("base{EDITION}-{}", interpreter::tag(facts)));
        if !prefix.is_dir() {
            build(facts, &prefix);
        }
        TestBase { prefix, python: facts.name(), version: facts.version.clone() }
    })
}

/// The Python of `facts` alone, with a package `basepkg`, made once: for tests of what Python does.
pub(crate) fn slim(facts: &machine::Facts) -> PathBuf {
    let prefix = machine::scratch().join(format!("slim{EDITION}-{}", interpreter::tag(facts)));
    let _one_at_a_time = MAKING.lock().unwrap_or_else(PoisonError::into_inner);
    if !prefix.is_dir() {
        let aside = aside(&prefix);
        interpreter::make(facts, &aside);
        let site = aside.join("lib").join(facts.name()).join("site-packages");
        std::fs::write(site.join("basepkg.py"), "").unwrap();
        put(&aside, &prefix);
    }
    prefix
}

fn build(facts: &machine::Facts, prefix: &Path) {
    let aside = aside(prefix);
    interpreter::make(facts, &aside);
    packages::install(facts, &aside);
    packages::record(facts, &aside);
    extras::add(&aside, prefix);
    packages::name_final_place(&aside, prefix);
    put(&aside, prefix);
}

/// Tests run side by side; a prefix is made by one of them.
static MAKING: Mutex<()> = Mutex::new(());

/// Where this process builds what will be `prefix`. Whatever a killed run left there goes.
fn aside(prefix: &Path) -> PathBuf {
    let name = prefix.file_name().unwrap().to_string_lossy();
    let aside = prefix.with_file_name(format!("{name}-aside{}", std::process::id()));
    let _ = std::fs::remove_dir_all(&aside);
    aside
}

/// Gives a finished prefix its name, unless another process was quicker.
fn put(aside: &Path, prefix: &Path) {
    if std::fs::rename(aside, prefix).is_err() {
        assert!(prefix.is_dir(), "the test base could not be put in its place");
        std::fs::remove_dir_all(aside).unwrap();
    }
}

impl TestBase {
    /// A copy to be changed by a test, at any path.
    pub(crate) fn twin(&self, to: &Path) -> PathBuf {
        tree::twin(&self.prefix, to);
        to.to_owned()
    }

    /// `lib/python3.11/site-packages`
    pub(crate) fn site(&self) -> PathBuf {
        Path::new("lib").join(&self.python).join("site-packages")
    }
}
