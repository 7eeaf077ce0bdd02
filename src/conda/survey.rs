//! What lies in an env where packages are to put files: what may give way, and what stands in the way. Looked at before
//! anything is changed.

use std::cell::OnceCell;
use std::collections::{BTreeSet, HashMap, HashSet};
use std::path::{Path, PathBuf};

use nix::libc::{S_IFDIR, S_IFMT};

use super::here::Here;
use super::offer::Offer;
use super::record;
use crate::base::contents;
use crate::error::{Error, Result};
use crate::fs::Root;
use crate::hint::command;
use crate::text::{Shown, shown};

/// An env, and who owns what in it.
pub(crate) struct Ground<'a> {
    pub(crate) env: &'a Root,
    /// What lies below it.
    pub(crate) base: &'a Path,
    /// Files that go.
    pub(crate) going: &'a HashSet<PathBuf>,
    /// Files of the env's own packages that stay, with the package.
    pub(crate) owners: &'a HashMap<PathBuf, String>,
    /// What the env has.
    pub(crate) here: &'a Here,
    /// The files of the base's packages in the env, once somebody asked.
    pub(crate) of_base: OnceCell<HashSet<PathBuf>>,
}

/// What is to come, in as few pieces as can be: whole directories where the env has none of that name.
pub(crate) fn pieces(ground: &Ground, targets: &[PathBuf]) -> Result<Vec<PathBuf>> {
    let mut dirs: HashMap<&Path, bool> = HashMap::from([(Path::new(""), true)]);
    let mut pieces = BTreeSet::new();
    for target in targets {
        let mut above: Vec<&Path> = target.ancestors().skip(1).collect();
        above.reverse();
        let missing = first_missing(ground, &above, &mut dirs)?;
        if let Some(dir) = missing {
            pieces.insert(dir.to_owned());
        } else {
            ground.check(target)?;
            pieces.insert(target.clone());
        }
    }
    Ok(pieces.into_iter().collect())
}

/// The topmost of these directories that the env does not have.
fn first_missing<'p>(
    ground: &Ground,
    above: &[&'p Path],
    dirs: &mut HashMap<&'p Path, bool>,
) -> Result<Option<&'p Path>> {
    for dir in above {
        let is_there = match dirs.get(dir) {
            Some(known) => *known,
            None => match ground.env.stat(dir) {
                Err(_) => false,
                Ok(meta) if meta.st_mode & S_IFMT == S_IFDIR => true,
                Ok(_) => return Err(ground.in_the_way(dir, "is no directory of the env")),
            },
        };
        dirs.insert(dir, is_there);
        if !is_there {
            return Ok(Some(dir));
        }
    }
    Ok(None)
}

impl Ground<'_> {
    /// What lies at a place may give way where it goes anyway, is the base's, or is made again at any time.
    fn check(&self, target: &Path) -> Result<()> {
        let Ok(meta) = self.env.stat(target) else { return Ok(()) };
        if meta.st_mode & S_IFMT == S_IFDIR {
            return Err(self.in_the_way(target, "is a directory"));
        }
        if self.going.contains(target) || is_compiled(target) {
            return Ok(());
        }
        if let Some(owner) = self.owners.get(target) {
            let error = self.in_the_way(target, &format!("is a file of {}", shown(owner)));
            return Err(error.hint("nothing was changed; leave one of the two packages out"));
        }
        if self.is_link_to_base(target) || self.is_of_base(target) {
            return Ok(());
        }
        Err(self.in_the_way(target, "belongs to no conda package"))
    }

    fn is_link_to_base(&self, target: &Path) -> bool {
        let text = self.env.read_link(target).unwrap_or_default();
        Path::new(&text).iter().any(|part| part == crate::env::content::BASE_LINK)
    }

    /// True for a file that stands for one of the base: of a package, or a script that starts the env's Python.
    fn is_of_base(&self, target: &Path) -> bool {
        let of_base = self.of_base.get_or_init(|| {
            let is_base = |offer: &&Offer| self.here.of_base.contains(&offer.key());
            let of_base = self.here.offers.iter().filter(is_base);
            let records = of_base.map(|offer| self.env.path().join(record::path(offer)));
            records.filter_map(|path| contents::contents(&path)).flat_map(|of| of.files).collect()
        });
        let is_script =
            || target.starts_with("bin") && self.base.join(target).symlink_metadata().is_ok();
        of_base.contains(target) || is_script()
    }

    fn in_the_way(&self, path: &Path, what: &str) -> Error {
        let place = self.env.path().join(path);
        let by_pip = path.iter().any(|part| part == "site-packages");
        let hint = if by_pip {
            let uninstall = command("mlenv uninstall -p {} --pip PACKAGE", &[&self.env.path()]);
            format!("if pip put it there: {uninstall}")
        } else {
            "nothing was changed; move it away, or leave the package out".to_owned()
        };
        Error::no(format!("{} is in the way: it {what}", Shown(&place))).hint(hint)
    }
}

fn is_compiled(path: &Path) -> bool {
    path.parent().is_some_and(|dir| dir.ends_with("__pycache__"))
}
