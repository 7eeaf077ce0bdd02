//! What every env has, whatever its layout: the interpreter, a place for packages, pip.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use super::plan::{File, FileMode, Link, Plan, into_base};
use super::script;
use crate::base::{Base, Kind};

/// What `bin/pip` does; the interpreter line comes in front.
const PIP: &[u8] = b"import sys\nfrom pip._internal.cli.main import main\nsys.exit(main())\n";

/// Adds to `plan` what it lacks.
pub(crate) fn add(plan: &mut Plan, base: &Base) {
    let taken: HashSet<PathBuf> = in_bin(plan).map(Path::to_owned).collect();
    let free = |name: &str| Some(Path::new("bin").join(name)).filter(|path| !taken.contains(path));
    for name in ["python", "python3", base.python.executable.as_str()] {
        let interpreter = Path::new("bin").join(&base.python.executable);
        plan.links.extend(free(name).map(|path| Link { path, target: into_base(&interpreter) }));
    }
    // Without it a user's `pip install` would find another pip further down PATH, and write elsewhere.
    if base.python.has_pip(&base.prefix) {
        let pip = |path| File { path, bytes: script::portable(b"", PIP), mode: FileMode::Program };
        plan.files.extend(["pip", "pip3"].iter().filter_map(|name| free(name)).map(pip));
    }
    plan.dirs.push(Path::new("lib").join(&base.python.lib).join("site-packages"));
    if base.python.lib64 && base.kind != Kind::Conda {
        plan.links.push(Link { path: "lib64".into(), target: "lib".into() });
    }
    plan.settle();
}

fn in_bin(plan: &Plan) -> impl Iterator<Item = &Path> {
    let links = plan.links.iter().map(|link| link.path.as_path());
    links
        .chain(plan.files.iter().map(|file| file.path.as_path()))
        .filter(|path| path.starts_with("bin"))
}
