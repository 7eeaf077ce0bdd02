//! Names of kernels: the ones that Jupyter takes, and the ones that people see.

use std::ffi::OsStr;
use std::path::Path;

use sha2::{Digest, Sha256};

use crate::error::Error;
use crate::plan::prompt::Label;
use crate::text::{hex, shown};

/// Behind the name of the kernel that sees the user site.
pub(super) const TWIN: &str = "-usersite";

/// Jupyter's own rule.
pub(super) fn is_name(name: &str) -> bool {
    // A `.` in front would hide it, or lead elsewhere; a `-` would be an option to who removes it.
    !name.is_empty()
        && !name.starts_with(['.', '-'])
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte))
}

pub(super) fn bad_name(name: &OsStr) -> Error {
    let name = shown(&name.to_string_lossy());
    Error::new(format!("`{name}` cannot be the name of a kernel"))
        .hint("Jupyter takes letters, digits, `.`, `_` and `-`; --display-name may be anything")
}

/// The name of an env as Jupyter takes it.
pub(super) fn name_of(prefix: &Path) -> String {
    let name = prefix.file_name().unwrap_or_default().to_string_lossy().to_lowercase();
    let name: String =
        name.chars().map(|c| if is_name(c.encode_utf8(&mut [0; 4])) { c } else { '-' }).collect();
    let name = name.trim_matches(|c| c == '-' || c == '.');
    if name.is_empty() { "env".to_owned() } else { name.to_owned() }
}

/// As `name_of`, but for an env whose name another one has taken.
pub(super) fn longer(name: &str, prefix: &Path) -> String {
    let hash = Sha256::digest(prefix.as_os_str().as_encoded_bytes());
    format!("{name}-{}", hex(&hash[..3]))
}

/// What launchers show: `Python 3 (myEnv)`, or with the directory above, `Python 3 (myEnv in project)`.
pub(super) fn displays(prefix: &Path) -> [String; 2] {
    let label = |path: Option<&Path>| {
        let name = path.and_then(Path::file_name).unwrap_or(OsStr::new("/"));
        Label::new(name).name().to_owned()
    };
    let (name, above) = (label(Some(prefix)), label(prefix.parent()));
    [format!("Python 3 ({name})"), format!("Python 3 ({name} in {above})")]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_env_has_a_name_that_jupyter_takes() {
        for (path, name) in [
            ("/p/myEnv", "myenv"),
            ("/p/it's a $HOME", "it-s-a--home"),
            ("/p/.x é", "x"),
            ("/p/!!", "env"),
            ("/p/ml-base:alma9", "ml-base-alma9"),
        ] {
            assert_eq!(name_of(Path::new(path)), name);
            assert!(is_name(name));
        }
    }
}
