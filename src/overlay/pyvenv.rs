//! `pyvenv.cfg`: what makes CPython 3.8 to 3.14 take a directory for an environment on a base. Pure text.

use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use super::plan::BASE_LINK;
use crate::base::{Base, fits_pyvenv};

/// The text for an env at `env`.
///
/// `home` and the link `baseEnv_dir` always change together: from 3.11 on Python believes `home`, before that the
/// link, and where they disagree it silently runs on another standard library.
pub(crate) fn text(base: &Base, env: &Path) -> Vec<u8> {
    let mut text = Vec::new();
    if let Some(home) = home(&base.prefix, env) {
        text.extend_from_slice(b"home = ");
        text.extend_from_slice(home.as_os_str().as_bytes());
        text.push(b'\n');
    }
    text.extend_from_slice(b"include-system-site-packages = true\n");
    text.extend_from_slice(format!("version = {}\n", base.python.version).as_bytes());
    text
}

/// The directory of the base's interpreter. Where its path holds a `:` it goes through the env's own link, so
/// that no list of paths that Python code joins is split; where neither can be written as a line of UTF-8 (which
/// `site.py` insists on) there is none, and Python finds the base by the link alone.
fn home(base: &Path, env: &Path) -> Option<PathBuf> {
    let candidates = [base.to_owned(), env.join(BASE_LINK)];
    candidates.into_iter().find(|prefix| fits_pyvenv(prefix)).map(|prefix| prefix.join("bin"))
}

#[cfg(test)]
mod tests {
    use std::ffi::OsStr;

    use super::*;

    #[test]
    fn home_is_the_base_unless_its_path_would_split_or_is_no_text() {
        let odd = Path::new(OsStr::from_bytes(b"/\xff"));
        assert_eq!(home(Path::new("/b"), Path::new("/e")), Some("/b/bin".into()));
        assert_eq!(
            home(Path::new("/ml-base:alma9"), Path::new("/e")),
            Some("/e/baseEnv_dir/bin".into())
        );
        assert_eq!(home(odd, Path::new("/e")), Some("/e/baseEnv_dir/bin".into()));
        assert_eq!(home(odd, odd), None);
    }
}
