//! From a name that the user gave to what is to be active: reads the env or base and builds a plan's target.
//!
//! A reading room: nothing is printed, and only two things are ever written, both in the user's own directories:
//! a link that stands for a base whose path holds a colon, and what packages' `.sh` scripts do, for the shells
//! that cannot run them; where the second cannot be kept, nothing is. A base that is gone, or an env that was moved, is one sentence, before anything changed.

pub(crate) mod applied;
mod capture;
pub(crate) mod elsewhere;
mod labels;
mod place;
mod prefix;
mod project;
mod scripts;
pub(crate) mod sourced;
pub(crate) mod unchanged;
pub(crate) mod variables;
mod view;

use std::ffi::{OsStr, OsString};
use std::path::Path;

pub(crate) use self::place::{Place, active, locate};
pub(crate) use self::scripts::disown_foreign;

use crate::activation::prefix::{ActivePrefix, PrefixKind};
use crate::config::Dirs;
use crate::env::record::Record;
use crate::error::Result;
use crate::host::Host;
use crate::ownership::Judge;
use crate::plan::name::{Name, PATH, PIP_ELSEWHERE};
use crate::plan::session::Session;
use crate::plan::session::{ListEntry, Owner};
use crate::plan::{Identity, Target};
use crate::shell::Dialect;

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
pub(crate) struct FoundTarget {
    /// What is to be active.
    pub(crate) target: Target,
    /// What was passed over, one sentence each.
    pub(crate) warnings: Vec<String>,
}

/// Reads what `wish` names. Scripts of packages run here for tcsh and fish: call it only for what is trusted.
pub(crate) fn read(wish: &Wish, host: &Host, dirs: &Dirs) -> Result<FoundTarget> {
    Ok(read_on(prefix::of(&wish.place, dirs, host)?, wish, host, dirs))
}

/// As `read`, but for an env whose record was read, and judged, already.
pub(crate) fn read_env(
    wish: &Wish,
    record: &Record,
    host: &Host,
    dirs: &Dirs,
) -> Result<FoundTarget> {
    let ground = match &wish.place {
        Place::Env(env) => prefix::of_env(env, record, host)?,
        other => prefix::of(other, dirs, host)?,
    };
    Ok(read_on(ground, wish, host, dirs))
}

fn read_on(ground: ActivePrefix, wish: &Wish, host: &Host, dirs: &Dirs) -> FoundTarget {
    let mut warnings: Vec<String> = ground.remark.clone().into_iter().collect();
    let mut sets = settings(&ground);
    sets.extend(variables::of_layers(&ground.layers(), &mut warnings));
    let scripts = scripts::of_layers(&ground, wish.dialect);
    let mut defaults = defaults(&ground, dirs);
    defaults.extend(project::for_uv(&wish.owner, &ground.prefix, host));
    let mut target = Target {
        owner: wish.owner.clone(),
        identity: identity(&ground),
        defaults,
        entries: ground.bins.iter().map(|bin| entry(bin)).collect(),
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
    FoundTarget { target, warnings }
}

/// What every activation sets, whatever packages and users add.
fn settings(ground: &ActivePrefix) -> Vec<(Name, Option<OsString>)> {
    let set = |name: &str, value: &OsStr| (Name::known(name), Some(value.to_owned()));
    let mut sets = vec![(Name::known("PYTHONHOME"), None)];
    if ground.is_env {
        // What is installed in an env is meant for it. Into a base, which is not written to, the user may well lead it.
        sets.extend(PIP_ELSEWHERE.map(|name| (Name::known(name), None)));
    }
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
fn defaults(ground: &ActivePrefix, dirs: &Dirs) -> Vec<(Name, OsString)> {
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

fn identity(ground: &ActivePrefix) -> Identity {
    match ground.kind {
        PrefixKind::Conda => {
            Identity::Conda { env: ground.conda_name.clone(), modifier: ground.label.clone() }
        }
        PrefixKind::Venv => Identity::Venv { name: ground.label.name().to_owned() },
        PrefixKind::Plain => Identity::Plain,
    }
}

fn entry(bin: &Path) -> ListEntry {
    ListEntry { list: Name::known(PATH), dir: bin.as_os_str().to_owned() }
}

/// The directory of what is active, where it is the user's own: then somebody else's in its place is an attack.
pub(crate) fn guard(session: Option<&Session>) -> Option<&Path> {
    session.map(|session| session.prefix.as_path()).filter(|prefix| Judge::new().owns(prefix))
}
