//! Who stands on a base: envs of this user, and programs that run from it.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::config::Dirs;
use crate::env::content::BASE_LINK;
use crate::env::registry;
use crate::error::{Error, Result};
use crate::foreign;
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

/// A process whose program lies in the base, as far as this user may see. mlenv itself may lie there, and so may the
/// shell that builds the image.
fn running(prefix: &Path) -> Option<(u32, PathBuf)> {
    let ours: BTreeSet<u32> =
        std::iter::successors(Some(std::process::id()), |process| parent(*process)).collect();
    let entries = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    let processes = entries.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    processes.filter(|process| !ours.contains(process)).find_map(|process| {
        let program = std::fs::read_link(format!("/proc/{process}/exe")).ok()?;
        program.starts_with(prefix).then_some((process, program))
    })
}

fn parent(process: u32) -> Option<u32> {
    let status =
        foreign::read_text(format!("/proc/{process}/status"), foreign::FileKind::Note).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("PPid:"))?;
    line.trim().parse().ok().filter(|parent| *parent > 0)
}
