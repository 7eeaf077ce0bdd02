//! What pip would do for a demand, worked out until it leaves nothing of the base broken: packages of the base whose
//! requirements what comes does not fulfil are asked for too, so that a version is found that fits.

use std::path::Path;

use super::demand::{Demand, Means};
use super::job;
use super::opened::Opened;
use super::pip::Ask;
use super::run::{Task, Told};
use super::transaction::Outlook;
use crate::context::Context;
use crate::doctor::needs::{self, Broken};
use crate::error::{Error, Result};
use crate::specs::{key, name_of};

/// As often it is asked again. Each round brings at least one package along.
const ROUNDS: usize = 5;

/// What is asked of pip in the end, or of `uv` in its place, and what it says to that.
pub(super) fn of_pip(
    context: &Context,
    site: &Opened,
    (demand, uv): (&Demand, Option<&Path>),
    means: Means,
) -> Result<(Ask, Told)> {
    let mut ask = demand.ask(means);
    let mut because: Vec<String> = Vec::new();
    for _ in 0..ROUNDS {
        let told = job::foretell(context, site, &Task::Pip(ask.clone(), uv.map(Path::to_owned)))
            .map_err(|error| with_reason(error, &because))?;
        let mut more = of_the_lock(demand, &told, &ask);
        let broken = broken(site, &told);
        if !broken.is_empty() && means.no_repair {
            return Err(refused(&broken));
        }
        because.extend(broken.iter().map(|one| one.sentence.clone()));
        more.extend(broken.into_iter().map(|one| one.name));
        more.retain(|spec| !ask.specs.contains(spec));
        if more.is_empty() {
            check_frozen(&site.outlook(&told), means)?;
            return Ok((ask, told));
        }
        ask.specs.append(&mut more);
    }
    Err(with_reason(Error::no("no versions were found with which the base stays whole"), &because))
}

/// Refuses a demand that would shadow the base where that was ruled out.
pub(super) fn check_frozen(outlook: &Outlook, means: Means) -> Result<()> {
    let shadowed = outlook.shadow_text();
    if !means.frozen_base || outlook.shadowed().next().is_none() {
        return Ok(());
    }
    Err(Error::no(format!("packages of the base would be shadowed: {shadowed}"))
        .hint("without --frozen-base they come, into the env alone"))
}

/// Versions of a lock for packages that pip would replace: where the base's does not do, the lock's is meant.
fn of_the_lock(demand: &Demand, told: &Told, ask: &Ask) -> Vec<String> {
    let comes = |spec: &&String| {
        let name = name_of(spec).map(key).unwrap_or_default();
        told.transaction.come.iter().any(|item| key(&item.name) == name)
    };
    demand.kept.iter().filter(comes).filter(|spec| !ask.specs.contains(spec)).cloned().collect()
}

fn broken(site: &Opened, told: &Told) -> Vec<Broken> {
    let come = &told.transaction.come;
    let pairs: Vec<(&str, &str)> =
        come.iter().map(|item| (item.name.as_str(), item.version.as_str())).collect();
    if pairs.is_empty() {
        return Vec::new();
    }
    needs::broken_by(&site.env, &site.base, &pairs)
}

fn refused(broken: &[Broken]) -> Error {
    let sentences: Vec<&str> = broken.iter().map(|one| one.sentence.as_str()).collect();
    Error::no(format!("packages of the base would not fit any more: {}", sentences.join("; ")))
        .hint("without --no-repair versions of them that fit come too")
}

fn with_reason(error: Error, because: &[String]) -> Error {
    if because.is_empty() {
        return error;
    }
    error.during(format!("looking for versions that fit, as {}", because.join("; ")))
}
