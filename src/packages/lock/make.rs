//! What belongs into a lock: found on a bare env on the base, so that what an env happens to have does not matter.

use std::ffi::OsString;
use std::os::fd::AsRawFd;
use std::path::Path;

use sha2::{Digest, Sha256};

use super::Lock;
use super::entry::{Archive, Entry};
use crate::base::{Base, BaseKind};
use crate::context::Context;
use crate::env::layout::Layout;
use crate::env::probe::Probe;
use crate::env::record::Record;
use crate::error::{Attempt, Error, Result};
use crate::fs;
use crate::packages::conda::Errand;
use crate::packages::demand::{Demand, Means, all_served};
use crate::packages::opened::{self, Opened};
use crate::packages::pip::{FoundPackage, PipReport};
use crate::packages::{pins, resolution};
use crate::resolve::Env;
use crate::specs::direct::without_secrets;
use crate::text::hex;

/// What is asked for, as a hash. Paths below the project's directory `dir` count as seen from there, so that a clone
/// elsewhere asks for the same.
pub(crate) fn asked(context: &Context, demand: &Demand, dir: &Path) -> Result<String> {
    let mut lines = demand.lines(context)?;
    lines.sort();
    let mut hash = Sha256::new();
    let here = dir.to_str().unwrap_or_default();
    for (sort, words) in [("channel", &demand.channels), ("conda", &demand.conda), ("pip", &lines)]
    {
        for word in words {
            hash.update(format!("{sort} {}\n", word.replace(here, ".")));
        }
    }
    Ok(hex(&hash.finalize()))
}

/// Finds out what an env on `base` has to have besides it for `demand`. The lock will lie in `dir`. Versions of the lock
/// `before` are kept where they fit.
pub(crate) fn make(
    context: &Context,
    base: &Base,
    (demand, dir): (&Demand, &Path),
    before: Option<&Lock>,
) -> Result<Lock> {
    let has_conda = base.kind == BaseKind::Conda && !demand.conda.is_empty();
    let layout = if has_conda { Layout::Standard } else { Layout::Sparse };
    let probe = Probe::new(base, layout, &context.dirs.cache, context.ui)?;
    let (site, conda) = condas_part(context, open(context, &probe)?, &probe, demand)?;
    let pip = pips_part(context, &site, demand, before)?;
    let pip = pip.iter().flat_map(PipReport::found).map(|found| entry(found, dir)).collect();
    Ok(Lock::new(base, asked(context, demand, dir)?, pip, conda))
}

fn open(context: &Context, probe: &Probe) -> Result<Opened> {
    let path = probe.env().to_owned();
    let record = Record::read(&path)?.ok_or_else(|| Error::new("the bare env has no record"))?;
    opened::open(context, Env { path, record })
}

/// conda's archives. Where pip has a part too, they are put into the bare env: pip sees what they bring.
fn condas_part(
    context: &Context,
    site: Opened,
    probe: &Probe,
    demand: &Demand,
) -> Result<(Opened, Vec<String>)> {
    let specs = demand.lacking_conda(&site);
    if specs.is_empty() {
        return Ok((site, Vec::new()));
    }
    pins::lift(&site.env, &demand.shadowing(&site))?;
    let task =
        site.conda(context, None, Errand::Install { channels: demand.channels.clone(), specs })?;
    let told = site.tell(context, &task)?;
    let archives = told.archives().ok_or_else(|| {
        Error::new(format!("{} does not tell which archives it takes", task.tool()))
            .hint("leave `client` out of the settings: mlenv itself finds them")
    })?;
    if demand.lines(context)?.is_empty() {
        return Ok((site, archives));
    }
    site.act(context, &task, &told)?;
    drop(site); // its lock goes
    Ok((open(context, probe)?, archives))
}

/// pip's report on what it would install.
fn pips_part(
    context: &Context,
    site: &Opened,
    demand: &Demand,
    before: Option<&Lock>,
) -> Result<Option<PipReport>> {
    if all_served(site, &demand.lines(context)?) {
        return Ok(None);
    }
    let tell = |rest: &[OsString]| {
        let means = Means { rest, ..Means::default() };
        // A lock has the archives that pip chose, which uv's answer does not name.
        resolution::of_pip(context, site, (demand, None), means).map(|(_, told)| told)
    };
    let mut told = None;
    if let Some(text) = before.and_then(Lock::constraints) {
        let held = fs::held(text.as_bytes()).attempt("hold the lock's versions for", &site.env)?;
        let file = format!("/proc/self/fd/{}", held.as_raw_fd());
        told = tell(&["-c".into(), file.into()]).ok();
        if told.is_none() {
            context.ui.say("not all versions of the lock fit any more: looking for others");
        }
    }
    let told = told.map_or_else(|| tell(&[]), Ok)?;
    told.report.map(Some).ok_or_else(|| {
        Error::new("pip cannot tell what it would install")
            .hint("a lock takes pip 23.0 or later in the base")
    })
}

fn entry(found: FoundPackage, dir: &Path) -> Entry {
    if let Some(direct) = &found.direct {
        return Entry::placed(direct, found.hashes, dir);
    }
    let file = found.url.rsplit('/').next().map(crate::text::percent_decode);
    let name = file.and_then(|file| file.into_string().ok());
    // What lay on a disk has no address that others could use.
    let url = Some(without_secrets(found.url)).filter(|url| url.starts_with("http"));
    let archive = Archive { name, url, path: None, hashes: found.hashes };
    Entry::exact(&found.item.name, &found.item.version, Some(archive))
}
