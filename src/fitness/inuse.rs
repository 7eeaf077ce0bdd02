//! Who stands on a base: envs of this user, and programs that run from it.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::config::Dirs;
use crate::error::{Error, Result};
use crate::overlay::plan::BASE_LINK;
use crate::overlay::registry;
use crate::text::Shown;

/// Fails where the base at `prefix` is in use.
pub(crate) fn refuse(prefix: &Path, dirs: &Dirs) -> Result<()> {
    let envs = envs(prefix, dirs);
    let reason = match (envs.first(), running(prefix)) {
        (Some(env), _) if envs.len() == 1 => format!("the env {} stands on it", Shown(env)),
        (Some(env), _) => format!("{} of your envs stand on it, as {}", envs.len(), Shown(env)),
        (None, Some((process, program))) => {
            format!("process {process} runs {} from it", Shown(&program))
        }
        (None, None) => return Ok(()),
    };
    Err(Error::new(format!("{} is in use: {reason}", Shown(prefix))).hint(
        "prepare a base before it is published; `--force` does it all the same, file by file in one step each",
    ))
}

/// Envs that mlenv knows and that lead to the base.
fn envs(prefix: &Path, dirs: &Dirs) -> Vec<PathBuf> {
    let named = std::fs::read_dir(&dirs.envs).into_iter().flatten().flatten();
    let envs: BTreeSet<PathBuf> = registry::entries(dirs)
        .into_iter()
        .map(|(_, env)| env)
        .chain(named.map(|entry| entry.path()))
        .collect();
    let leads_here =
        |env: &PathBuf| env.join(BASE_LINK).canonicalize().is_ok_and(|base| base == prefix);
    envs.into_iter().filter(leads_here).collect()
}

/// A process whose program lies in the base, as far as this user may see.
fn running(prefix: &Path) -> Option<(String, PathBuf)> {
    let processes = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    processes
        .filter(|entry| entry.file_name().to_str().is_some_and(|name| name.parse::<u32>().is_ok()))
        .find_map(|entry| {
            let program = std::fs::read_link(entry.path().join("exe")).ok()?;
            let name = entry.file_name().to_string_lossy().into_owned();
            program.starts_with(prefix).then_some((name, program))
        })
}
