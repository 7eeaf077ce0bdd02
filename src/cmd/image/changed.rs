//! `mlenv image freeze --container`: what was changed in a directory's container, as an image on the one that it was made of.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use super::delivery::{deliver, place_of, tell};
use super::ground::Ground;
use super::layered::{self, Order};
use super::locked::Guide;
use super::sif;
use crate::base::installed::Manager;
use crate::cli::{BaseKept, ImageFreeze, ImageTo as To};
use crate::container::Residence;
use crate::container::additions::{Additions, Listing};
use crate::container::state::ContainerState;
use crate::context::Context;
use crate::engine::commit;
use crate::engine::entrance::Entrance;
use crate::engine::own_env;
use crate::engine::remote;
use crate::engine::runner::Runner;
use crate::engine::wake::wake;
use crate::error::{Error, Result};
use crate::image::Reference;
use crate::image::digest::Digest;
use crate::image::packages::Listed;
use crate::layers::freeze::as_is;
use crate::layers::output::Output;
use crate::packages::project::{Parts, Wanted};
use crate::text::{Shown, shown};

pub(super) fn run(context: &Context, arguments: &ImageFreeze, dir: &Path) -> Result<()> {
    let (dir, state) = super::super::container::of(&context.host.absolute(dir)?)?;
    let runner = Runner::known(context.host, context.ui, state.engine, state.powers)?;
    let entrance = Entrance::new(context, &runner, &dir, &state);
    own_env::refuse_sif(&entrance, "mlenv image freeze {}")?;
    wake(&runner, &dir, &state)?;
    if arguments.as_is {
        return match state.sandbox(&dir) {
            Some(sandbox) => of_sandbox(context, &sandbox, &arguments.to),
            None => of_container(context, &entrance, &arguments.to),
        };
    }
    entrance.prepare()?;
    let listing = entrance.listing()?;
    let added = listing.since(&state.start);
    check(&dir, &added)?;
    let (named, meant) = image(&dir, &state)?;
    let order = Order {
        to: &arguments.to,
        base: (&named, &meant),
        name: dir.file_name().unwrap_or(OsStr::new("env")),
        optional: &Parts::default(),
        kept: BaseKept::default(),
        labels: BTreeMap::new(),
        guide: Guide::none(),
    };
    layered::make(context, &order, &[wanted(&dir, &listing, added)]).map(drop)
}

/// The image as it was named, and the very one that the container was made of.
fn image(dir: &Path, state: &ContainerState) -> Result<(Reference, Reference)> {
    let named = remote::reference(state).ok_or_else(|| {
        Error::no(format!(
            "the container of {} was made of {}, which is in no registry",
            Shown(dir),
            Shown(&state.image.0)
        ))
        .hint("`mlenv container record` writes down what was added, for `mlenv image build`")
    })?;
    let digest = state.digest.as_deref().and_then(|text| Digest::parse(text).ok());
    let meant = digest.map_or_else(|| named.clone(), |digest| named.pinned(digest));
    Ok((named, meant))
}

/// Refuses what a layer of packages cannot say.
fn check(dir: &Path, added: &Additions) -> Result<()> {
    let refused = |names: &[String], why: &str| {
        Err(Error::no(format!(
            "the container of {} cannot be made again from packages: {} {why}",
            Shown(dir),
            shown(&names.join(", "))
        ))
        .hint("--as-is takes the container file by file"))
    };
    if added.conda.is_empty() && added.pip.is_empty() && added.is_empty() {
        return Err(Error::no(format!("no package was added to the container of {}", Shown(dir)))
            .hint("--as-is takes the container file by file"));
    }
    match added {
        Additions { removed, .. } if !removed.is_empty() => {
            refused(removed, "of the image was taken out")
        }
        Additions { editable, .. } if !editable.is_empty() => {
            refused(editable, "is installed in place")
        }
        Additions { unknown, .. } if !unknown.is_empty() => {
            refused(unknown, "is from a place that it does not name")
        }
        _ => Ok(()),
    }
}

/// Every package in the version that is there.
fn wanted(dir: &Path, listing: &Listing, added: Additions) -> Wanted {
    Wanted {
        from: dir.to_owned(),
        channels: added.channels,
        conda: added.conda.iter().map(|spec| listing.pinned(spec)).collect(),
        pip: [added.pip, added.pip_depends].concat(),
        ..Wanted::default()
    }
}

/// A container of a store: the layer that its engine makes of the changes, on the layers of the image in the registry.
fn of_container(context: &Context, entrance: &Entrance, to: &To) -> Result<()> {
    let (dir, state) = (entrance.dir, entrance.state);
    let (named, meant) = image(dir, state)?;
    let listing = entrance.listing()?;
    let mut ground = Ground::ask(context, (&named, &meant), to.sending.patience())?;
    let work = context.dirs.cache.join("frozen");
    let saved = commit::commit(context, entrance, &work)?;
    let own = ["usr/local/bin/mlenv", "usr/bin/mlenv"].map(PathBuf::from).into_iter();
    let mounts = entrance.mounts.iter().map(|mount| mount.target.0.clone());
    let left_out: Vec<PathBuf> =
        own.chain(mounts).chain([Residence::fresh_mark(&state.instance)]).collect();
    let frozen =
        as_is::freeze(&saved.archive, (&ground.parts, &named), &left_out, &listed(&listing))?;
    tell(context, &frozen);
    let name = dir.file_name().and_then(OsStr::to_str).unwrap_or("container");
    deliver(context, to, &mut ground, (&frozen, name))
}

fn listed(listing: &Listing) -> Vec<Listed> {
    let one = |(name, version, build): (&str, &str, Option<&str>)| Listed {
        name: name.to_owned(),
        version: version.to_owned(),
        build: build.map(str::to_owned),
        by: Some(if build.is_some() { Manager::Conda } else { Manager::Pip }),
    };
    listing.packages().map(one).collect()
}

/// A sandbox is an image already: apptainer makes a SIF, or another sandbox, of it.
fn of_sandbox(context: &Context, sandbox: &Path, to: &To) -> Result<()> {
    let output = to.output.as_deref().map(|output| place_of(context, output)).transpose()?;
    let (Some(output @ (Output::Sif(_) | Output::Sandbox(_))), None) = (output, &to.push) else {
        return Err(Error::new(format!(
            "{} is a sandbox: as it is, it can become a SIF or another sandbox",
            Shown(sandbox)
        ))
        .hint("`-o FILE.sif`; without --as-is what was added becomes an image of any form"));
    };
    let maker = sif::maker(context, output.path())?;
    sif::of_source(context, &maker, sandbox.as_os_str(), &output)?;
    context.ui.say(format!("wrote {}", Shown(output.path())));
    Ok(())
}
