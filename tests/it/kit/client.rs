//! Conda clients for tests: a stand-in for micromamba, rattler's library where the package index can be reached, and a
//! small channel of real packages for both.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use sha2::{Digest, Sha256};

use crate::kit::patient::Patient;
use crate::support::machine;
use crate::support::sandbox::Run;
use crate::support::testbase::base;

const STAND_IN: &str = include_str!("conda/micromamba.py");
const CHANNEL: &str = include_str!("conda/channel.py");

/// The channel, made once for this script and Python; built aside and renamed, as the test base is.
pub(crate) fn channel() -> &'static Path {
    static CHANNEL_DIR: OnceLock<PathBuf> = OnceLock::new();
    CHANNEL_DIR.get_or_init(|| {
        let digest = Sha256::digest(CHANNEL);
        let edition = u32::from_be_bytes(digest[..4].try_into().unwrap());
        let name = format!("channel-{edition:x}-{}", base().version);
        let place = machine::scratch().join(name);
        let aside = place.with_extension(std::process::id().to_string());
        if !place.is_dir() {
            let mut make = Command::new(&machine::python().executable);
            make.arg("-c").arg(CHANNEL).arg(&aside).arg(&base().version);
            let output = make.output().unwrap();
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
            if std::fs::rename(&aside, &place).is_err() {
                std::fs::remove_dir_all(&aside).unwrap(); // another process was quicker
            }
        }
        place
    })
}

/// The address of the channel.
pub(crate) fn address() -> String {
    format!("file://{}", channel().display())
}

/// Writes the stand-in as a program `micromamba` into `dir`.
pub(crate) fn stand_in(dir: &Path) -> PathBuf {
    std::fs::create_dir_all(dir).unwrap();
    let path = dir.join("micromamba");
    let head = format!("#!{}\n", machine::python().executable.display());
    std::fs::write(&path, head + STAND_IN).unwrap();
    std::fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    path
}

impl Patient {
    /// `mlenv VERB -p env ...` with the stand-in as the user's client.
    pub(crate) fn conda(&self, verb: &str, words: &[&str]) -> Run {
        let client = stand_in(&self.sandbox.path("clients"));
        let run = self.sandbox.mlenv([verb, "-p", "env"]).args(words);
        run.var("MAMBA_EXE", client).var("TEST_CHANNELS", address())
    }

    /// The client by itself, as a user runs it.
    pub(crate) fn micromamba(&self, words: &[&str]) -> Run {
        let client = stand_in(&self.sandbox.path("clients"));
        let run = self.sandbox.run(client).args(words).arg("-p").arg(&self.env).arg("-y");
        run.var("TEST_CHANNELS", address())
    }
}
