//! Packages that a base image lacks, as one layer on it: installed into a bare env on the base, without an engine.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::path::PathBuf;

use super::delivery::{deliver, place, tell};
use super::ground::Ground;
use super::locked::{self, Guide};
use super::own_conda::OwnConda;
use crate::base::{Base, BaseKind, installed};
use crate::cli::{BaseKept, ImageTo as To};
use crate::context::Context;
use crate::env::layout::Layout;
use crate::env::probe::Probe;
use crate::env::record::Record;
use crate::error::Result;
use crate::image::Reference;
use crate::layers::deploy;
use crate::layers::freeze::{self, Wish};
use crate::packages::demand::{Demand, Means};
use crate::packages::project::{Parts, Wanted};
use crate::packages::{Manner, fulfil, opened, pins};
use crate::resolve::Env;

/// Where in the user's cache base images are unpacked.
const BASES: &str = "images";

/// What the layer goes on, and where the image goes.
pub(super) struct Order<'a> {
    pub(super) to: &'a To,
    /// The base image as it was named, and the one that is meant by that.
    pub(super) base: (&'a Reference, &'a Reference),
    /// The env's name.
    pub(super) name: &'a OsStr,
    /// The optional parts of files that count.
    pub(super) optional: &'a Parts,
    pub(super) kept: BaseKept,
    /// What the image says of itself.
    pub(super) labels: BTreeMap<String, String>,
    /// The lock that is obeyed, or written.
    pub(super) guide: Guide<'a>,
}

/// What was made, for who goes on with it.
pub(super) struct Made {
    /// The env that was filled.
    pub(super) probe: Probe,
    pub(super) base: Base,
    /// Where the env is in the image.
    pub(super) prefix: PathBuf,
}

/// Makes the image, takes it where it is wanted, and prints its digest.
pub(super) fn make(context: &Context, order: &Order, wanted: &[Wanted]) -> Result<Made> {
    let prefix = place(order.to, order.name)?;
    let patience = order.to.sending.patience();
    let ground = Ground::ask(context, order.base, patience)?;
    let made_on = freeze::made_on(&ground.parts);
    let mut ground = ground.lowest(context, made_on.as_ref(), patience);
    let image = unpacked(context, &mut ground)?;
    fulfil::tell(context, wanted);
    let own = OwnConda::of(context, &image, (wanted, order.guide.given()))?;
    let base = match &own {
        Some(own) => own.base(context)?,
        None => Base::open(&image, &context.dirs.cache)?,
    };
    let below = installed::of_base(&base)?;
    let demand = fulfil::fit(context, wanted, (&base, &below), (order.optional, order.kept.exact))?;
    let layout = if base.kind == BaseKind::Conda { Layout::Standard } else { Layout::Sparse };
    let probe = Probe::new(&base, layout, &context.dirs.cache, context.ui)?;
    let record = match order.guide.lock(context, &demand)? {
        Some(lock) => order.guide.obey(context, &probe, (&demand, lock))?,
        None => fill(context, &probe, &demand, order.kept)?,
    };
    let wish = Wish {
        env: probe.env(),
        record: &record,
        prefix: &prefix,
        base_prefix: &freeze::base_prefix(&base, None)?,
        below: own.as_ref().map(OwnConda::root),
        include: &[],
        vars: &demand.variables.iter().map(|(name, _)| name.clone()).collect::<Vec<_>>(),
        image: ground.name,
        labels: &order.labels,
    };
    let pinned = ground.reference.pinned(ground.parts.manifest.clone());
    let along = if own.is_some() { &below[..] } else { &[] };
    let taken = order.guide.taken(context, (&probe, &base, along), &demand, &pinned);
    let frozen = freeze::freeze(&wish, &ground.parts, (&context.dirs, context.ui))?;
    tell(context, &frozen);
    let name = order.name.to_str().unwrap_or("env");
    deliver(context, order.to, &mut ground, (&frozen, name))?;
    order.guide.keep(context, taken);
    Ok(Made { probe, base, prefix })
}

/// Where the image lies, which is unpacked in the user's cache unless it is there.
fn unpacked(context: &Context, ground: &mut Ground) -> Result<PathBuf> {
    let root = context.dirs.cache.join(BASES);
    let Ground { reference, registry, parts, .. } = ground;
    let there = deploy::deploy(registry, parts, (reference, &root), (&context.dirs, context.ui))?;
    Ok(there.place)
}

/// Installs into the bare env, and gives its record as it is then.
fn fill(context: &Context, probe: &Probe, demand: &Demand, kept: BaseKept) -> Result<Record> {
    let env = Env { path: probe.env().to_owned(), record: locked::record(probe)? };
    let site = opened::open(context, env)?;
    let means =
        // For the image Python's files are compiled in the end, as of every env that is frozen.
        Means { frozen_base: kept.frozen_base, no_repair: kept.no_repair, uncompiled: true, ..Means::default() };
    if !means.frozen_base {
        pins::lift(&site.env, &demand.shadowing(&site))?;
    }
    Manner::unasked(context, |manner| fulfil::install(context, site, demand, (means, manner)))?;
    locked::record(probe)
}
