//! Whether uv may decide in pip's place: only where nothing that a user set for pip would make it choose otherwise.

use std::ffi::{OsStr, OsString};
use std::path::PathBuf;

use crate::foreign::{self, FileKind};
use crate::host::Host;
use crate::plan::Vars;

/// Settings of pip that choose nothing, in the form of its files. Those that say where packages are put an env's own
/// `pip.conf` and its activation take away.
const HARMLESS: [&str; 24] = [
    "break-system-packages",
    "cache-dir",
    "cert",
    "config-file",
    "default-timeout",
    "disable-pip-version-check",
    "exists-action",
    "log",
    "no-cache-dir",
    "no-color",
    "no-input",
    "no-python-version-warning",
    "no-warn-conflicts",
    "no-warn-script-location",
    "prefix",
    "progress-bar",
    "quiet",
    "require-virtualenv",
    "retries",
    "root",
    "root-user-action",
    "target",
    "timeout",
    "user",
];

/// Variables of uv that choose nothing; the others do not reach it, since pip, which would decide else, knows nothing of
/// them.
const KEPT: [&str; 13] = [
    "UV_CACHE_DIR",
    "UV_CONCURRENT_BUILDS",
    "UV_CONCURRENT_DOWNLOADS",
    "UV_CONCURRENT_INSTALLS",
    "UV_HTTP_RETRIES",
    "UV_HTTP_TIMEOUT",
    "UV_INSECURE_HOST",
    "UV_LINK_MODE",
    "UV_NATIVE_TLS",
    "UV_NO_CACHE",
    "UV_OFFLINE",
    "UV_REQUEST_TIMEOUT",
    "UV_SYSTEM_CERTS",
];

/// True where no setting of pip's, by variable or by one of these files, has a say.
pub(super) fn leave_it_to_uv(host: &Host, files: &[PathBuf]) -> bool {
    let vars = host.vars();
    let mut by_variable = vars.keys().filter_map(|name| setting(name));
    let mut by_file = files.iter().filter_map(|file| {
        let text = foreign::read_text(file, FileKind::Settings).ok()?;
        Some(keys(&text).all(|key| HARMLESS.contains(&key.as_str())))
    });
    by_variable.all(|key| HARMLESS.contains(&key.as_str())) && by_file.all(|harmless| harmless)
}

/// `index-url` of `PIP_INDEX_URL`.
fn setting(variable: &OsStr) -> Option<String> {
    let name = variable.to_str()?.strip_prefix("PIP_")?;
    Some(name.to_ascii_lowercase().replace('_', "-"))
}

/// The keys of a settings file of pip's, whichever section they are in.
fn keys(text: &str) -> impl Iterator<Item = String> {
    let is_key = |line: &&str| !line.is_empty() && !line.starts_with(['#', ';', '[', ' ', '\t']);
    text.lines().filter(is_key).map(|line| {
        let key = line.split(['=', ':']).next().unwrap_or(line);
        key.trim().trim_start_matches('-').to_ascii_lowercase().replace('_', "-")
    })
}

/// What uv has in its environment.
pub(super) fn variables(vars: &Vars) -> Vars {
    let chooses = |name: &OsString| {
        let name = name.to_string_lossy();
        name.starts_with("UV_") && !KEPT.contains(&name.as_ref())
    };
    let kept = vars.iter().filter(|(name, _)| !chooses(name));
    kept.map(|(name, value)| (name.clone(), value.clone())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_chooses_packages_leaves_it_to_pip() {
        let harmless = "# mine\n[global]\ntimeout = 60\n[install]\nuser = false\ntarget =\n";
        assert!(keys(harmless).all(|key| HARMLESS.contains(&key.as_str())));
        for text in ["[install]\nonly-binary = :all:", "pre=1", "constraint: /x", "index_url = x"] {
            assert!(!keys(text).all(|key| HARMLESS.contains(&key.as_str())), "{text}");
        }
        assert_eq!(setting(OsStr::new("PIP_NO_BINARY")).as_deref(), Some("no-binary"));
        assert_eq!(setting(OsStr::new("PIPX_HOME")), None);
    }
}
