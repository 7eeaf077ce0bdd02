//! What uv is told in a project whose env was entered by its marker: `uv sync` and `uv run` there mean this env, and do not
//! make one without the base in its place.
//!
//! Only in that project: told the same in another one, `uv sync` would empty the env.

use std::ffi::OsString;
use std::path::Path;

use crate::host::Host;
use crate::plan::name::Name;
use crate::plan::session::Owner;

/// What makes a directory a project to uv.
const FILE: &str = "pyproject.toml";

/// Variables that keep uv to the env at `env`; none but in the project whose marker names it.
pub(super) fn for_uv(owner: &Owner, env: &Path, host: &Host) -> Vec<(Name, OsString)> {
    let Owner::Marker(marker) = owner else { return Vec::new() };
    let (Some(dir), Ok(cwd)) = (marker.parent(), host.cwd()) else { return Vec::new() };
    if !is_project_of(dir, &cwd) {
        return Vec::new();
    }
    vec![
        (Name::known("UV_PYTHON"), env.join("bin/python").into()),
        (Name::known("UV_PROJECT_ENVIRONMENT"), env.into()),
    ]
}

/// True where `cwd` belongs to the project in `dir` and to none that is nearer.
fn is_project_of(dir: &Path, cwd: &Path) -> bool {
    let nearest = cwd.ancestors().find(|above| *above == dir || above.join(FILE).is_file());
    nearest == Some(dir) && dir.join(FILE).is_file()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fs;

    #[test]
    fn uv_is_told_in_the_markers_own_project_alone() {
        let root = tempfile::tempdir().unwrap();
        let (dir, inner) = (root.path().join("a"), root.path().join("a/b"));
        fs::make_dirs(&inner.join("c"), 0o755).unwrap();
        assert!(!is_project_of(&dir, &dir), "there is no project");
        fs::write_new(&dir.join(FILE), b"").unwrap();
        assert!(is_project_of(&dir, &dir) && is_project_of(&dir, &inner.join("c")));
        fs::write_new(&inner.join(FILE), b"").unwrap();
        assert!(!is_project_of(&dir, &inner.join("c")) && is_project_of(&dir, &dir));
        assert!(!is_project_of(&dir, root.path()));
        let host = Host::fake(&[], &dir);
        let of = |owner: &Owner| for_uv(owner, Path::new("/e"), &host).len();
        assert_eq!((of(&Owner::Hand), of(&Owner::Marker(dir.join(".mlenv.toml")))), (0, 2));
    }
}
