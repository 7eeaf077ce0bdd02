//! Tools that the tests take from the package index once, and keep in the build directory: uv, and rattler's Python library.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use crate::support::machine;

/// Counts up whenever other tools are wanted.
const EDITION: u32 = 1;

const WANTED: [&str; 2] = ["uv", "py-rattler"];

/// The directory with the programs; none, with a reason, where there is no network.
pub(crate) fn from_pypi() -> Option<&'static Path> {
    static TOOLS: OnceLock<Option<PathBuf>> = OnceLock::new();
    let tools = TOOLS.get_or_init(|| {
        let facts = machine::python();
        let place = machine::scratch().join(format!("tools{EDITION}-{}", facts.version));
        let whole = place.join("whole");
        if !whole.exists() {
            let _ = std::fs::remove_dir_all(&place);
            run(Command::new(&facts.executable).args(["-m", "venv"]).arg(&place))?;
            let pip = place.join("bin/python");
            run(Command::new(pip).args(["-m", "pip", "install", "-q"]).args(WANTED))?;
            std::fs::write(whole, "").unwrap();
        }
        Some(place.join("bin"))
    });
    if tools.is_none() {
        machine::lacks("a network with PyPI, for uv and py-rattler");
    }
    tools.as_deref()
}

/// Where setuptools can be imported from: the machine's own pip brings them.
pub(crate) fn setuptools() -> PathBuf {
    static PLACE: OnceLock<PathBuf> = OnceLock::new();
    PLACE
        .get_or_init(|| {
            let place = machine::scratch().join("setuptools");
            if !place.join("setuptools").is_dir() {
                let mut pip = Command::new(&machine::python().executable);
                pip.args(["-m", "pip", "install", "-q", "--upgrade", "--target"]).arg(&place);
                pip.args(["setuptools<81", "wheel"]).env("PIP_BREAK_SYSTEM_PACKAGES", "1");
                assert!(run(&mut pip).is_some(), "the tests need setuptools from PyPI once");
            }
            place
        })
        .clone()
}

#[expect(clippy::print_stderr, reason = "the reason must be seen")]
fn run(command: &mut Command) -> Option<()> {
    let output = command.output().ok()?;
    if !output.status.success() {
        eprintln!("{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    }
    output.status.success().then_some(())
}
