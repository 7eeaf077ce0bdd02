//! What an activation reads, sources or puts on a search path of an env, and who else could change that.
//!
//! A fixed list, never a walk: an env may hold a hundred thousand files. The base is trusted by being named, so what
//! leads into it is not followed.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::env::content::BASE_LINK;
use crate::env::record::Record;
use crate::error::Result;
use crate::ownership::{Exposure, Judge, Role};

/// Single files and directories.
const PARTS: [&str; 15] = [
    "",
    BASE_LINK,
    "mlenv.toml",
    "pyvenv.cfg",
    "pip.conf",
    "bin",
    "lib",
    "conda-meta",
    "conda-meta/state",
    "etc",
    "etc/conda",
    "share",
    "share/jupyter",
    "share/jupyter/kernels",
    "ssl/cacert.pem",
];

/// Directories all of whose files are read or sourced.
const WHOLE: [&str; 3] = ["etc/conda/activate.d", "etc/conda/deactivate.d", "etc/conda/env_vars.d"];

/// Adds who could change what is read of `env`, a path without links.
pub(super) fn judge(
    judge: &Judge,
    env: &Path,
    record: Option<&Record>,
    out: &mut BTreeSet<Exposure>,
) -> Result<()> {
    let base = env.join(BASE_LINK).canonicalize().ok();
    let mut reader = Reader { judge, base: base.as_deref(), out };
    for part in PARTS {
        reader.part(&if part.is_empty() { env.to_owned() } else { env.join(part) })?;
    }
    for dir in libraries(env, record) {
        reader.part(&dir)?;
        reader.part(&dir.join("site-packages"))?;
    }
    for part in WHOLE {
        reader.whole(&env.join(part))?;
    }
    Ok(())
}

struct Reader<'a> {
    judge: &'a Judge,
    base: Option<&'a Path>,
    out: &'a mut BTreeSet<Exposure>,
}

impl Reader<'_> {
    /// True for what is the env's and there. A link counts together with what it leads to, and the way there.
    fn part(&mut self, path: &Path) -> Result<bool> {
        let Some(meta) = self.judge.look(path, Role::Content, self.out)? else { return Ok(false) };
        if !meta.is_symlink() {
            return Ok(true);
        }
        let real = path.canonicalize().ok();
        let Some(real) = real.filter(|real| !self.base.is_some_and(|base| real.starts_with(base)))
        else {
            return Ok(false); // the base's, or nothing
        };
        self.judge.look(&real, Role::Content, self.out)?;
        self.judge.above(&real, self.out)?;
        Ok(true)
    }

    fn whole(&mut self, dir: &Path) -> Result<()> {
        if !self.part(dir)? {
            return Ok(());
        }
        for entry in dir.read_dir().into_iter().flatten().flatten() {
            self.part(&entry.path())?;
        }
        Ok(())
    }
}

/// The library directories of the Pythons that `bin` starts: the base's, and one that was installed into the env.
fn libraries(env: &Path, record: Option<&Record>) -> BTreeSet<PathBuf> {
    let recorded = record.map(|record| record.base.python_lib.clone().into());
    let program = std::fs::read_link(env.join("bin/python3")).ok();
    let own = program.as_deref().and_then(Path::file_name);
    let own = own.filter(|name| name.as_encoded_bytes().starts_with(b"python3."));
    let names = recorded.into_iter().chain(own.map(ToOwned::to_owned));
    names.map(|name| env.join("lib").join(name)).collect()
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "tests build worlds of their own")]
mod tests {
    use std::fs::{self, Permissions, set_permissions};
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;
    use crate::ownership::sentences;

    /// Every part that an activation reads.
    const ALL: [&str; 18] = [
        "",
        "mlenv.toml",
        "pyvenv.cfg",
        "bin",
        "lib",
        "lib/python3.11",
        "lib/python3.11/site-packages",
        "conda-meta",
        "conda-meta/state",
        "etc",
        "etc/conda",
        "etc/conda/activate.d",
        "etc/conda/activate.d/a.sh",
        "etc/conda/deactivate.d",
        "etc/conda/deactivate.d/a.sh",
        "etc/conda/env_vars.d",
        "etc/conda/env_vars.d/a.json",
        "share/jupyter",
    ];

    fn is_dir(name: &str) -> bool {
        Path::new(name).extension().is_none_or(|end| end == "d" || end == "11")
            && !name.ends_with("state")
    }

    fn seen(env: &Path) -> Vec<String> {
        let mut out = BTreeSet::new();
        judge(&Judge::new(), env, None, &mut out).unwrap();
        sentences(&out)
    }

    #[test]
    fn each_part_counts_and_nothing_deeper() {
        let root = tempfile::tempdir().unwrap();
        let env = root.path().canonicalize().unwrap().join("env");
        for name in ALL {
            let path = env.join(name);
            if is_dir(name) {
                fs::create_dir_all(path).unwrap();
            } else {
                fs::create_dir_all(path.parent().unwrap()).unwrap();
                fs::write(path, "").unwrap();
            }
        }
        symlink("python3.11", env.join("bin/python3")).unwrap();
        assert_eq!(seen(&env), Vec::<String>::new());
        for name in ALL {
            let usual = env.join(name).metadata().unwrap().permissions();
            set_permissions(env.join(name), Permissions::from_mode(0o757)).unwrap();
            assert_eq!(seen(&env).len(), 1, "{name}");
            set_permissions(env.join(name), usual).unwrap();
        }
        let deeper = env.join("lib/python3.11/site-packages/numpy");
        fs::create_dir(&deeper).unwrap();
        set_permissions(&deeper, Permissions::from_mode(0o777)).unwrap();
        assert_eq!(seen(&env), Vec::<String>::new());
    }

    #[test]
    fn links_into_the_base_are_not_followed_and_others_are() {
        let root = tempfile::tempdir().unwrap();
        let root = root.path().canonicalize().unwrap();
        for dir in ["env/etc/conda/activate.d", "base/etc", "away"] {
            fs::create_dir_all(root.join(dir)).unwrap();
        }
        for file in ["base/etc/x.sh", "away/y.sh"] {
            fs::write(root.join(file), "").unwrap();
            set_permissions(root.join(file), Permissions::from_mode(0o666)).unwrap();
        }
        let env = root.join("env");
        symlink(root.join("base"), env.join(BASE_LINK)).unwrap();
        let scripts = env.join("etc/conda/activate.d");
        symlink("../../../baseEnv_dir/etc/x.sh", scripts.join("x.sh")).unwrap();
        assert_eq!(seen(&env), Vec::<String>::new());
        symlink(root.join("away/y.sh"), scripts.join("y.sh")).unwrap();
        assert!(seen(&env)[0].contains("away/y.sh"), "{:?}", seen(&env));
    }
}
