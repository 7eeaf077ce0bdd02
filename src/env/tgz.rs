//! The archives that published images carry, `newEnv-base.tgz`: read into a plan.
//!
//! They were made by a shell script, and three of its slips are mended while reading: links called `*` (patterns
//! that matched nothing), the directories that hold nothing else, and the two scripts that set PYTHONPATH, which
//! `pyvenv.cfg` makes needless and which leaks into every other Python.

use std::collections::HashSet;
use std::ffi::OsString;
use std::io::Read;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use flate2::read::GzDecoder;

use super::content::Content;
use super::{archive, conda_files};
use crate::base::{Base, BaseKind};
use crate::error::{Attempt, Result};
use crate::foreign;
use crate::text::Shown;

/// Where the image's script put it, if it did.
pub(crate) fn find(base: &Base) -> Option<PathBuf> {
    let path = base.prefix.join("newEnv-base.tgz");
    (base.kind == BaseKind::Conda && path.is_file()).then_some(path)
}

/// Reads it. Python scripts are still links in it, and conda's own files are added.
pub(crate) fn read(path: &Path, base: &Base) -> Result<Content> {
    let file = foreign::open(path).attempt("read", path)?;
    let size = file.metadata().attempt("read", path)?.len();
    let size = usize::try_from(size).unwrap_or(usize::MAX);
    let mut plan =
        plan(std::io::BufReader::new(file), size).map_err(|error| error.during(Shown(path)))?;
    conda_files::add(&mut plan, &base.prefix)?;
    Ok(plan)
}

/// What is in an archive of `size` bytes, its slips mended. Not checked yet.
pub(crate) fn plan(archive: impl Read, size: usize) -> Result<Content> {
    let mut plan = Content::default();
    for (dir, mut found) in archive::stream(GzDecoder::new(archive), size)? {
        // Where tar packed `.`, every name has `./` in front.
        let dir = Path::new(&dir).strip_prefix(".").map_or(dir.as_os_str(), Path::as_os_str);
        let whole = plan.dirs.entry(dir.to_owned()).or_default();
        whole.links.append(&mut found.links);
        whole.files.append(&mut found.files);
    }
    mend(&mut plan);
    Ok(plan)
}

fn mend(plan: &mut Content) {
    let mut hollow = Vec::new(); // sorted, as the directories are
    for (path, dir) in &mut plan.dirs {
        let before = dir.links.len();
        dir.links.retain(|link| link.name != "*");
        if dir.links.is_empty() && before > 0 && path.as_bytes().contains(&b'/') {
            hollow.push(path.clone());
        }
        dir.files.retain(|file| {
            file.name != "activate-python.sh" && file.name != "deactivate-python.sh"
        });
    }
    let parents: HashSet<OsString> =
        plan.dirs.keys().filter_map(|path| Some(Path::new(path).parent()?.into())).collect();
    hollow.retain(|path| !parents.contains(path));
    plan.dirs.retain(|path, _| hollow.binary_search(path).is_err());
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::env::content::FileMode;

    #[test]
    fn the_old_scripts_slips_are_mended() {
        let mut plan = Content::default();
        for path in ["x86/ld/*", "lib/*", "lib/a", "etc/deep/*", "etc/deep/er/b"] {
            plan.link_to_base(Path::new(path));
        }
        for path in ["etc/conda/activate.d/activate-python.sh", "etc/keep"] {
            plan.file(Path::new(path), vec![], FileMode::Data);
        }
        mend(&mut plan);
        let dirs: Vec<_> = plan.dirs.keys().collect();
        assert_eq!(
            dirs,
            [
                "",
                "etc",
                "etc/conda",
                "etc/conda/activate.d",
                "etc/deep",
                "etc/deep/er",
                "lib",
                "x86"
            ]
        );
        assert_eq!((plan.count().links, plan.count().files), (2, 1));
    }
}
