//! Which marker speaks for a directory: the nearest one upwards, by the same rule as in the hooks.

use std::path::{Path, PathBuf};

use super::NAME;
use crate::config::CEILING;
use crate::host::Host;

/// Where the search ends: this directory is still looked into, nothing above it is.
pub(crate) fn ceiling(host: &Host) -> Option<PathBuf> {
    host.path_var(CEILING).or_else(|| host.path_var("HOME"))
}

/// Where automounters live: a look-up of a name in one of these may wake a server, or wait for one.
const AUTOMOUNT: [&str; 7] = ["/home", "/net", "/misc", "/afs", "/cvmfs", "/nfs", "/Users"];

/// The directory, `from` or above, that holds the nearest marker. Only regular files count; `/` and the roots of
/// automounters are never looked into.
pub(crate) fn nearest(from: &Path, ceiling: Option<&Path>) -> Option<PathBuf> {
    for dir in from.ancestors() {
        if dir.parent().is_none() || AUTOMOUNT.iter().any(|root| dir == Path::new(root)) {
            return None;
        }
        if is_regular(&dir.join(NAME)) {
            return Some(dir.to_owned());
        }
        if ceiling == Some(dir) {
            return None;
        }
    }
    None
}

/// Links are followed, as the shells' own test does; `Marker::read` then says what is wrong with one.
fn is_regular(path: &Path) -> bool {
    path.metadata().is_ok_and(|meta| meta.is_file())
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "tests build worlds of their own")]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn the_nearest_marker_up_to_the_ceiling_wins() {
        let root = tempfile::tempdir().unwrap();
        let root = root.path();
        let deep = root.join("a/b/c");
        fs::create_dir_all(&deep).unwrap();
        fs::write(root.join(NAME), "").unwrap();
        assert_eq!(nearest(&deep, None).as_deref(), Some(root));
        assert_eq!(nearest(&deep, Some(root)).as_deref(), Some(root));
        assert_eq!(nearest(&deep, Some(&root.join("a"))), None);
        fs::create_dir_all(root.join("a/b").join(NAME)).unwrap();
        assert_eq!(nearest(&deep, None).as_deref(), Some(root), "a directory is not a marker");
        fs::write(root.join("a").join(NAME), "").unwrap();
        assert_eq!(nearest(&deep, None), Some(root.join("a")));
    }

    #[test]
    fn the_root_is_never_looked_into() {
        assert_eq!(nearest(Path::new("/"), None), None);
        assert_eq!(nearest(Path::new("/"), Some(Path::new("/"))), None);
        assert_eq!(nearest(Path::new("/home"), None), None);
    }
}
