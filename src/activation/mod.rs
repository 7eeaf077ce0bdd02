//! From a name that the user gave to what is to be active: reads the env or base and builds a plan's target.
//!
//! A reading room: nothing is printed, and only two things are ever written, both in the user's own directories:
//! a link that stands for a base whose path holds a colon, and what packages' `.sh` scripts do, for the shells
//! that cannot run them; where the second cannot be kept, nothing is. A base that is gone, or an env that was moved, is one sentence, before anything changed.

mod capture;
pub(crate) mod elsewhere;
mod ground;
mod labels;
mod place;
mod scripts;
pub(crate) mod sourced;
pub(crate) mod standing;
pub(crate) mod variables;
mod view;

use std::ffi::{OsStr, OsString};
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use nix::unistd::geteuid;

pub(crate) use self::place::{Place, active, locate};
pub(crate) use self::scripts::disown_foreign;

use crate::activation::ground::{Ground, Kind};
use crate::config::Dirs;
use crate::error::{Attempt, Error, Result};
use crate::host::Host;
use crate::overlay::record::Record;
use crate::plan::name::{Name, PATH};
use crate::plan::session::{Entry, Owner};
use crate::plan::{Identity, Target};
use crate::shell::Dialect;
use crate::text::Shown;

/// Names the image directory that is active; scripts for such images look at it.
const IMAGE_TOP: &str = "EnvTopDir";

/// Who wants what, where.
pub(crate) struct Wish {
    /// What is to be active.
    pub(crate) place: Place,
    /// Who asks.
    pub(crate) owner: Owner,
    /// The shell that is to change.
    pub(crate) dialect: Dialect,
    /// Whether it has a prompt.
    pub(crate) prompt: Prompt,
}

/// Whether there is a prompt to show what is active. Only then the user's settings for it are read: a job's home may
/// answer late, or never.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Prompt {
    /// There may be.
    Perhaps,
    /// There is none.
    None,
}

/// What was read.
pub(crate) struct Found {
    /// What is to be active.
    pub(crate) target: Target,
    /// What was passed over, one sentence each.
    pub(crate) warnings: Vec<String>,
}

/// Reads what `wish` names. Scripts of packages run here for tcsh and fish: call it only for what is trusted.
pub(crate) fn read(wish: &Wish, host: &Host, dirs: &Dirs) -> Result<Found> {
    Ok(read_on(ground::of(&wish.place, dirs, host)?, wish, host, dirs))
}

/// The same for an env whose record was read, and judged, already.
pub(crate) fn read_env(wish: &Wish, record: &Record, host: &Host, dirs: &Dirs) -> Result<Found> {
    let ground = match &wish.place {
        Place::Env(env) => ground::of_env(env, record, host)?,
        other => ground::of(other, dirs, host)?,
    };
    Ok(read_on(ground, wish, host, dirs))
}

fn read_on(ground: Ground, wish: &Wish, host: &Host, dirs: &Dirs) -> Found {
    let mut warnings: Vec<String> = ground.remark.clone().into_iter().collect();
    let mut sets = settings(&ground);
    sets.extend(variables::of_layers(&ground.layers(), &mut warnings));
    let scripts = scripts::of_layers(&ground, wish.dialect);
    let mut target = Target {
        owner: wish.owner.clone(),
        identity: identity(&ground),
        defaults: defaults(&ground, dirs),
        entries: ground.bins().iter().map(|bin| entry(bin)).collect(),
        sets,
        enter: scripts.enter,
        leave: scripts.leave,
        prompt: (wish.prompt == Prompt::Perhaps && labels::is_wanted(host, wish.dialect))
            .then(|| ground.label.clone()),
        prefix: ground.prefix,
    };
    if !scripts.foreign.is_empty() {
        match capture::run(&scripts.foreign, &target, host, dirs) {
            Ok(captured) => captured.add_to(&mut target),
            Err(error) => warnings.push(format!("scripts of packages had no effect: {error}")),
        }
    }
    Found { target, warnings }
}

/// What every activation sets, whatever packages and users add.
fn settings(ground: &Ground) -> Vec<(Name, Option<OsString>)> {
    let set = |name: &str, value: &OsStr| (Name::known(name), Some(value.to_owned()));
    let mut sets = vec![(Name::known("PYTHONHOME"), None)];
    if !ground.user_site {
        sets.push(set("PYTHONNOUSERSITE", OsStr::new("1")));
    }
    if let Some((base, program)) = ground.micromamba() {
        sets.push(set("MAMBA_ROOT_PREFIX", base.as_os_str()));
        sets.push(set("MAMBA_EXE", program.as_os_str()));
    }
    if let Some(top) = &ground.top {
        sets.push(set(IMAGE_TOP, top.as_os_str()));
    }
    sets
}

/// What is set only where the user has not, and only where the file is there.
fn defaults(ground: &Ground, dirs: &Dirs) -> Vec<(Name, OsString)> {
    let mut layers = ground.layers();
    layers.reverse(); // what lies on top comes first
    let kernels: Vec<_> =
        layers.iter().map(|layer| layer.join("share/jupyter")).filter(|dir| dir.is_dir()).collect();
    let certificates =
        layers.iter().map(|layer| layer.join("ssl/cacert.pem")).find(|file| file.is_file());
    let mut defaults = Vec::new();
    if let Some(list) = std::env::join_paths(kernels).ok().filter(|list| !list.is_empty()) {
        defaults.push((Name::known("JUPYTER_PATH"), list));
    }
    defaults.extend(certificates.map(|file| (Name::known("SSL_CERT_FILE"), file.into_os_string())));
    if ground.lends_cache() {
        let cache = dirs.cache.join("pkgs").into_os_string();
        defaults.push((Name::known("CONDA_PKGS_DIRS"), cache));
    }
    defaults
}

fn identity(ground: &Ground) -> Identity {
    match ground.kind {
        Kind::Conda => {
            Identity::Conda { env: ground.conda_name.clone(), modifier: ground.label.clone() }
        }
        Kind::Venv => Identity::Venv { name: ground.label.name().to_owned() },
        Kind::Plain => Identity::Plain,
    }
}

fn entry(bin: &Path) -> Entry {
    Entry { list: Name::known(PATH), dir: bin.as_os_str().to_owned() }
}

/// Makes a directory for this user's memory; one that others can change would let them choose what is activated.
fn make_own_dir(dir: &Path) -> Result<()> {
    crate::fs::make_dirs(dir, 0o700).attempt("make", dir)?;
    if is_own(dir) {
        return Ok(());
    }
    Err(Error::new(format!("{} can be changed by other users", Shown(dir)))
        .hint("set XDG_STATE_HOME and XDG_CACHE_HOME to directories of your own"))
}

/// True where only this user, or root, can change what is there. The path itself counts, not what it links to.
fn is_own(path: &Path) -> bool {
    path.symlink_metadata().is_ok_and(|meta| {
        let is_open = meta.mode() & 0o022 != 0 && !meta.is_symlink();
        (meta.uid() == 0 || meta.uid() == geteuid().as_raw()) && !is_open
    })
}
