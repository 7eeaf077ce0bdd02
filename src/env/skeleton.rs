//! What every env has, whatever its layout: the interpreter, a place for packages, pip.

use std::collections::HashSet;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use super::content::{Content, FileMode};
use super::layout;
use super::layout::Layout;
use super::record::{Record, UserSite};
use super::{interpreter, kernels, script};
use crate::base::{Base, BaseKind};
use crate::error::Result;
use crate::shell::activators::{Carrier, Family, InContainer, activators};

/// What `bin/pip` does; the interpreter line comes in front.
const PIP: &[u8] = b"import sys\nfrom pip._internal.cli.main import main\nsys.exit(main())\n";

/// Keeps `~/.local` out of an env's Python however it is started: `site` reads the env's `.pth` files before it
/// would add the user's directory (CPython 3.8 to 3.14), and then finds that it shall not. `MLENV_USER_SITE` leaves it to
/// Python's own options.
const NO_USER_SITE: &[u8] =
    b"import os, site; site.ENABLE_USER_SITE = None if os.environ.get('MLENV_USER_SITE') else False\n";

/// The file with that line; taking it away lets the user site in.
const NO_USER_SITE_FILE: &str = "mlenv-no-user-site.pth";

/// Adds to `plan` what it lacks.
pub(crate) fn add(plan: &mut Content, base: &Base, user_site: UserSite) {
    interpreter::add(plan, base);
    let taken = programs(plan);
    let free = |name: &&str| !taken.contains(OsStr::new(name));
    let bin = Path::new("bin");
    // Without it a user's `pip install` would find another pip further down PATH, and write elsewhere.
    if base.python.has_pip(&base.prefix) {
        for name in ["pip", "pip3"].iter().filter(|name| free(name)) {
            plan.file(&bin.join(name), script::portable(b"", PIP), FileMode::Program);
        }
    }
    kernels::add(plan, base);
    plan.dir(&site(&base.python.lib));
    if user_site == UserSite::Off {
        let (path, line) = no_user_site(&base.python.lib);
        plan.file(&path, line, FileMode::Data);
    }
    if base.python.lib64 && base.kind != BaseKind::Conda {
        plan.link(Path::new("lib64"), "lib".into());
    }
}

/// The file that keeps the user site out, and what is in it.
pub(crate) fn no_user_site(python_lib: &str) -> (PathBuf, Vec<u8>) {
    (site(python_lib).join(NO_USER_SITE_FILE), NO_USER_SITE.to_vec())
}

fn site(python_lib: &str) -> PathBuf {
    Path::new("lib").join(python_lib).join("site-packages")
}

/// Adds what activates the env at `env` without the hook: `bin/activate` and its kin.
pub(crate) fn carry(plan: &mut Content, env: &Path, record: &Record) -> Result<()> {
    for (path, bytes) in activation(env, record)? {
        plan.file_instead(&path, bytes, FileMode::Data);
    }
    Ok(())
}

/// The same files by themselves.
pub(crate) fn activation(env: &Path, record: &Record) -> Result<Vec<(PathBuf, Vec<u8>)>> {
    activators(&carrier(env, record))
}

/// The same as they were while the base's `bin` was linked whole, and followed on PATH in sparse envs only.
pub(crate) fn old_activation(env: &Path, record: &Record) -> Result<Vec<(PathBuf, Vec<u8>)>> {
    let now = carrier(env, record);
    let bins = if record.layout == Layout::Sparse { now.bins } else { &now.bins[..1] };
    activators(&Carrier { bins, former: true, ..now })
}

fn carrier<'a>(env: &'a Path, record: &'a Record) -> Carrier<'a> {
    let family = if record.base.kind == BaseKind::Conda { Family::Conda } else { Family::Venv };
    let container = record.container.as_ref().map(|place| InContainer {
        image: place.image.as_ref().map_or_else(OsString::new, |image| image.0.clone().into()),
        binds: place.old_binds(),
        engine: place.engine.name(),
    });
    Carrier {
        env,
        family,
        bins: layout::search_path(record.base.kind),
        user_site: record.user_site,
        container,
        former: false,
    }
}

/// The names in `bin`.
fn programs(plan: &mut Content) -> HashSet<OsString> {
    let bin = plan.dir(Path::new("bin"));
    let links = bin.links.iter().map(|link| link.name.clone());
    links.chain(bin.files.iter().map(|file| file.name.clone())).collect()
}
