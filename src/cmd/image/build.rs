//! `mlenv image build`: an image of what a project's file asks for, without an engine.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use super::super::install::parts as asked_parts;
use super::super::project;
use super::freeze::{deliver, place, tell};
use crate::base::{Base, BaseKind, installed};
use crate::cli::ImageBuild;
use crate::context::Context;
use crate::env::layout::Layout;
use crate::env::probe::Probe;
use crate::env::record::Record;
use crate::error::{Error, Result};
use crate::image::registry::{Platform, Registry};
use crate::layers::deploy;
use crate::layers::freeze::{self, Wish};
use crate::packages::demand::{Demand, Means};
use crate::packages::{Manner, fulfil, opened, pins};
use crate::resolve::Env;
use crate::text::{Shown, shown};

/// Where in the user's cache base images are unpacked.
const BASES: &str = "images";

pub(super) fn run(context: &Context, arguments: &ImageBuild) -> Result<()> {
    let file = file(context, &arguments.spec)?;
    let name = file.parent().and_then(Path::file_name).unwrap_or(OsStr::new("env")).to_owned();
    let prefix = place(&arguments.to, &name)?;
    // Whatever is wrong with the file is said before anything is fetched.
    let optional = asked_parts(&arguments.parts);
    let mut held = Vec::new();
    let wanted = fulfil::read(context, std::slice::from_ref(&file), &optional, &mut held)?;
    let reference = super::find(context, &arguments.base_image)?.reference.ok_or_else(|| {
        Error::no(format!("{} is not in a registry", shown(&arguments.base_image)))
            .hint("name it as in ghcr.io/lab/ml:v1")
    })?;
    let mut registry = Registry::new(context.host, &reference, arguments.to.patience())?;
    let image = registry.content(&Platform::here())?;
    let root = context.dirs.cache.join(BASES);
    let (dirs, ui) = (&context.dirs, context.ui);
    let there = deploy::deploy(&mut registry, &image, (&reference, &root), (dirs, ui))?;
    let base = Base::open(&there.place, &dirs.cache)?;
    fulfil::tell(context, &wanted);
    let below = installed::of_base(&base)?;
    let demand = fulfil::fit(context, &wanted, (&base, &below), (&optional, arguments.kept.exact))?;
    let layout = if base.kind == BaseKind::Conda { Layout::Standard } else { Layout::Sparse };
    let probe = Probe::new(&base, layout, &dirs.cache, ui)?;
    let record = fill(context, &probe, &demand, arguments)?;
    let vars: Vec<String> = demand.variables.iter().map(|(name, _)| name.clone()).collect();
    let wish = Wish {
        env: probe.env(),
        record: &record,
        prefix: &prefix,
        base_prefix: &freeze::base_prefix(&base, None)?,
        include: &[],
        vars: &vars,
        image: &reference,
    };
    let frozen = freeze::freeze(&wish, &image, (dirs, ui))?;
    tell(context, &frozen);
    let name = name.to_str().unwrap_or("env");
    deliver(context, &arguments.to, (&reference, &mut registry, &image), (&frozen, name))
}

/// The file itself, or the one of a directory.
fn file(context: &Context, spec: &Path) -> Result<PathBuf> {
    let path = context.host.absolute(spec)?;
    if !path.is_dir() {
        return Ok(path);
    }
    project::file(context, &path)?.ok_or_else(|| {
        Error::no(format!("nothing in {} says what is wanted", Shown(&path)))
            .hint("name a file: environment.yml, requirements.txt, pyproject.toml or a lock")
    })
}

/// Installs into the bare env, and gives its record as it is then.
fn fill(
    context: &Context,
    probe: &Probe,
    demand: &Demand,
    arguments: &ImageBuild,
) -> Result<Record> {
    let path = probe.env().to_owned();
    let read =
        || Record::read(&path)?.ok_or_else(|| Error::new("the env that was made has no record"));
    let site = opened::open(context, Env { path: path.clone(), record: read()? })?;
    let means = Means {
        frozen_base: arguments.kept.frozen_base,
        no_repair: arguments.kept.no_repair,
        ..Means::default()
    };
    if !means.frozen_base {
        pins::lift(&site.env, &demand.shadowing(&site))?;
    }
    Manner::unasked(context, |manner| fulfil::install(context, site, demand, (means, manner)))?;
    read()
}
