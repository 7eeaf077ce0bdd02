//! The archives that published images carry, `newEnv-base.tgz`: read into a plan.
//!
//! They were made by a shell script, and three of its slips are mended while reading: links called `*` (patterns
//! that matched nothing), the directories that hold nothing else, and the two scripts that set PYTHONPATH, which
//! `pyvenv.cfg` makes needless and which leaks into every other Python.

use std::ffi::OsString;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use flate2::read::GzDecoder;

use super::plan::Plan;
use super::{archive, conda_files};
use crate::base::{Base, Kind};
use crate::error::{Attempt, Result};
use crate::text::Shown;

/// Where the image's script put it, if it did.
pub(crate) fn find(base: &Base) -> Option<PathBuf> {
    let path = base.prefix.join("newEnv-base.tgz");
    (base.kind == Kind::Conda && path.is_file()).then_some(path)
}

/// Reads it. Python scripts are still links in it, and conda's own files are added.
pub(crate) fn read(path: &Path, base: &Base) -> Result<Plan> {
    let file = std::fs::File::open(path).attempt("read", path)?;
    let entries = archive::stream(GzDecoder::new(std::io::BufReader::new(file)))
        .map_err(|error| error.during(Shown(path)))?;
    let mut plan = Plan::default();
    for (dir, mut found) in entries {
        // Where tar packed `.`, every name has `./` in front.
        let dir = Path::new(&dir).strip_prefix(".").map_or(dir.as_os_str(), Path::as_os_str);
        let whole = plan.dirs.entry(dir.to_owned()).or_default();
        whole.links.append(&mut found.links);
        whole.files.append(&mut found.files);
    }
    mend(&mut plan);
    conda_files::add(&mut plan, &base.prefix)?;
    Ok(plan)
}

fn mend(plan: &mut Plan) {
    let mut hollow = Vec::new();
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
    let holds_dirs = |path: &OsString| {
        plan.dirs.keys().any(|other| Path::new(other).parent() == Some(Path::new(path)))
    };
    hollow.retain(|path| !holds_dirs(path));
    plan.dirs.retain(|path, _| !hollow.contains(path));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::overlay::plan::FileMode;

    #[test]
    fn the_old_scripts_slips_are_mended() {
        let mut plan = Plan::default();
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
