//! Where a file of a package goes in an env, and what no package may touch there. Pure.

use std::path::{Component, Path, PathBuf};

use crate::env::content::BASE_LINK;
use crate::env::record;
use crate::error::{Error, Result};
use crate::text::Shown;

/// What makes an env an env, and is never a package's.
const RESERVED: [&str; 4] = ["conda-meta", "pyvenv.cfg", BASE_LINK, record::FILE];

/// Where the files of a package go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Rule {
    /// Where the package says.
    AsTold,
    /// `site-packages` and `python-scripts` are where the env's Python has them, as its own record says (CEP 17).
    Python(PathBuf),
}

impl Rule {
    /// Where the file goes that the package has at `path`, relative to the env.
    pub(crate) fn place(&self, path: &Path) -> Result<PathBuf> {
        let told = match self {
            Self::AsTold => path.to_owned(),
            Self::Python(site) => match path.strip_prefix("site-packages") {
                Ok(rest) => site.join(rest),
                Err(_) => path
                    .strip_prefix("python-scripts")
                    .map_or_else(|_| path.to_owned(), |rest| Path::new("bin").join(rest)),
            },
        };
        check(&told)?;
        Ok(told)
    }
}

/// Where Python looks for packages by the record of its package: what it says, else what its version says.
pub(crate) fn site_packages(told: Option<&str>, version: &str) -> Result<PathBuf> {
    let told = told.filter(|told| !told.is_empty()).map(PathBuf::from);
    let site = told.unwrap_or_else(|| {
        let short: Vec<&str> = version.split('.').take(2).collect();
        PathBuf::from(format!("lib/python{}/site-packages", short.join(".")))
    });
    check(&site)?;
    Ok(site)
}

/// Refuses a path that leads out of the env, or to what is not a package's.
pub(crate) fn check(path: &Path) -> Result<()> {
    let is_below = path.components().all(|part| matches!(part, Component::Normal(_)))
        && path.components().next().is_some();
    let is_clean = path.as_os_str().as_encoded_bytes().iter().all(|&byte| byte != 0);
    let is_ours = path.iter().next().is_some_and(|first| {
        RESERVED.iter().any(|name| first == *name)
            || first.as_encoded_bytes().starts_with(b".mlenv")
    });
    if is_below && is_clean && !is_ours {
        return Ok(());
    }
    let why = if is_ours { "which is not a package's" } else { "which leads out of the env" };
    Err(Error::new(format!("the package has a file {}, {why}", Shown(path)))
        .hint("nothing was changed; tell who made the package"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_go_where_the_package_or_the_envs_python_has_them() {
        let site = site_packages(None, "3.11.7").unwrap();
        assert_eq!(site, Path::new("lib/python3.11/site-packages"));
        let python = Rule::Python(site);
        for (from, told, moved) in [
            ("bin/x", "bin/x", "bin/x"),
            ("site-packages/a/b.py", "site-packages/a/b.py", "lib/python3.11/site-packages/a/b.py"),
            ("python-scripts/x", "python-scripts/x", "bin/x"),
            ("etc/x", "etc/x", "etc/x"),
        ] {
            assert_eq!(Rule::AsTold.place(Path::new(from)).unwrap(), Path::new(told));
            assert_eq!(python.place(Path::new(from)).unwrap(), Path::new(moved));
        }
        let free = site_packages(Some("lib/python3.14t/site-packages"), "3.14.0").unwrap();
        assert_eq!(free, Path::new("lib/python3.14t/site-packages"));
        assert!(site_packages(Some("../x"), "3.11").is_err());
    }

    #[test]
    fn nothing_leads_out_of_the_env_or_to_what_makes_it_one() {
        let python = Rule::Python("lib/python3.11/site-packages".into());
        for path in [
            "../x",
            "a/../../x",
            "/etc/x",
            "",
            "conda-meta/history",
            "mlenv.toml",
            "baseEnv_dir/x",
            "pyvenv.cfg",
            ".mlenv-txn/x",
            "site-packages/../../../x",
            "a\0b",
        ] {
            assert!(Rule::AsTold.place(Path::new(path)).is_err(), "{path}");
            assert!(python.place(Path::new(path)).is_err(), "{path}");
        }
    }
}
