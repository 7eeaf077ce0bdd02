//! The archives that published images carry, `newEnv-base.tgz`: read into a plan.
//!
//! They were made by a shell script, and three of its slips are mended while reading: links called `*` (patterns
//! that matched nothing), the directories that hold nothing else, and the two scripts that set PYTHONPATH, which
//! `pyvenv.cfg` makes needless and which leaks into every other Python.

use std::path::{Path, PathBuf};

use flate2::read::GzDecoder;

use super::plan::Plan;
use super::{archive, conda_files};
use crate::base::{Base, Kind};
use crate::error::{Attempt, Result};

/// Where the image's script put it, if it did.
pub(crate) fn find(base: &Base) -> Option<PathBuf> {
    let path = base.prefix.join("newEnv-base.tgz");
    (base.kind == Kind::Conda && path.is_file()).then_some(path)
}

/// Reads it. Python scripts are still links in it, and conda's own files are added.
pub(crate) fn read(path: &Path, base: &Base) -> Result<Plan> {
    let file = std::fs::File::open(path).attempt("read", path)?;
    let mut plan = archive::entries(GzDecoder::new(std::io::BufReader::new(file)))
        .map_err(|error| error.during(crate::text::Shown(path)))?;
    tidy(&mut plan);
    mend(&mut plan);
    plan.files.extend(conda_files::of(&base.prefix)?);
    plan.settle();
    Ok(plan)
}

/// Takes off what tar writes around a name: a slash behind directories, `./` in front where it packed `.`.
fn tidy(plan: &mut Plan) {
    let bare = |path: &PathBuf| -> PathBuf {
        path.strip_prefix(".").unwrap_or(path).components().collect()
    };
    plan.dirs = plan.dirs.iter().map(bare).filter(|dir| !dir.as_os_str().is_empty()).collect();
    plan.links.iter_mut().for_each(|link| link.path = bare(&link.path));
    plan.files.iter_mut().for_each(|file| file.path = bare(&file.path));
}

fn mend(plan: &mut Plan) {
    let holders: Vec<PathBuf> = plan
        .links
        .iter()
        .filter(|link| link.path.ends_with("*"))
        .filter_map(|link| link.path.parent().map(Path::to_owned))
        .collect();
    plan.links
        .retain(|link| !link.path.ends_with("*") && !link.path.starts_with("conda-meta/history"));
    let used = |dir: &PathBuf| plan.links.iter().any(|link| link.path.starts_with(dir));
    let hollow: Vec<PathBuf> =
        holders.into_iter().filter(|dir| !used(dir) && dir.components().count() > 1).collect();
    plan.dirs.retain(|dir| !hollow.contains(dir));
    let sets_pythonpath = |path: &Path| {
        path.ends_with("activate.d/activate-python.sh")
            || path.ends_with("deactivate.d/deactivate-python.sh")
    };
    plan.files.retain(|file| !sets_pythonpath(&file.path));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::overlay::plan::{File, FileMode, Link};

    #[test]
    fn the_old_scripts_slips_are_mended() {
        let link = |path: &str| Link { path: path.into(), target: "../baseEnv_dir/x".into() };
        let file = |path: &str| File { path: path.into(), bytes: vec![], mode: FileMode::Data };
        let mut plan = Plan {
            dirs: ["x86", "x86/ld", "etc", "lib"].map(PathBuf::from).into(),
            links: ["x86/ld/*", "lib/*", "lib/a"].map(link).into(),
            files: ["etc/conda/activate.d/activate-python.sh", "etc/keep"].map(file).into(),
        };
        mend(&mut plan);
        assert_eq!(plan.dirs, ["x86", "etc", "lib"].map(PathBuf::from));
        assert_eq!(plan.links, [link("lib/a")]);
        assert_eq!(plan.files, [file("etc/keep")]);
    }
}
