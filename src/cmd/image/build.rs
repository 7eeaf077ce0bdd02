//! `mlenv image build`: an image of what a description or a project's file asks for, where that is packages alone without an
//! engine.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

use clap::Parser as _;

use super::super::install::parts as asked_parts;
use super::by_engine;
use super::delivery::{check, place};
use super::layered::{self, Order};
use super::locked::Guide;
use super::spec::{self, Kind};
use crate::base::installed;
use crate::cli::{Arguments, Command, ImageBuild};
use crate::context::Context;
use crate::error::{Attempt, Error, Result};
use crate::foreign::{self, FileKind};
use crate::image::SPEC_LABEL;
use crate::image::digest::Digest;
use crate::image::recipe::Start;
use crate::packages::fulfil;
use crate::packages::project::{Parts, Wanted};
use crate::text::shown;

pub(super) fn run(context: &Context, arguments: &ImageBuild) -> Result<()> {
    match spec::kind(context, &arguments.spec)? {
        Kind::File(file)
            if arguments.tag.is_none()
                && arguments.engine.is_none()
                && !arguments.spec.base_image.as_deref().is_some_and(Start::is_place) =>
        {
            let base = arguments.spec.base_image.as_deref();
            let base = base.ok_or_else(|| spec::without_base(&file))?;
            let wanted = |optional: &Parts, held: &mut Vec<OwnedFd>| {
                fulfil::read(context, std::slice::from_ref(&file), optional, held)
            };
            let name = file.parent().and_then(Path::file_name).unwrap_or(OsStr::new("env"));
            by_layers(context, arguments, (base, name), (Some(&file), &wanted))
        }
        _ => of_description(context, arguments),
    }
}

/// A description: by layers where nothing but packages is wanted, else by an engine.
fn of_description(context: &Context, arguments: &ImageBuild) -> Result<()> {
    let described = spec::read(context, &arguments.spec)?;
    let recipe = &described.recipe;
    let is_named = matches!(described.base, Start::Named(_));
    let is_free = arguments.tag.is_none() && arguments.engine.is_none();
    if recipe.is_of_packages() && is_named && is_free {
        let wanted = |optional: &Parts, held: &mut Vec<OwnedFd>| {
            let files =
                recipe.conda.iter().chain(&recipe.pip).map(|file| described.dir.join(&file.0));
            let mut all = fulfil::read(context, &files.collect::<Vec<_>>(), optional, held)?;
            all.push(Wanted {
                from: described.file.clone().unwrap_or_else(|| described.dir.clone()),
                channels: recipe.channels.clone(),
                conda: recipe.packages.clone(),
                pip: recipe.pip_packages.clone(),
                variables: recipe.env.clone().into_iter().collect(),
                ..Wanted::default()
            });
            Ok(all)
        };
        let name = described.file.as_deref().and_then(Path::file_stem).unwrap_or(OsStr::new("env"));
        let file = described.file.as_deref();
        return by_layers(context, arguments, (&recipe.base, name), (file, &wanted));
    }
    if arguments.locked {
        return Err(Error::new(
            "what an engine builds cannot be locked: its commands may fetch anything",
        )
        .hint("`mlenv image pin` pins the base; a description of packages alone needs no engine"));
    }
    by_engine::run(context, arguments, described)
}

/// Reads what is wanted. What is read once is held.
type Reading<'a> = dyn Fn(&Parts, &mut Vec<OwnedFd>) -> Result<Vec<Wanted>> + 'a;

fn by_layers(
    context: &Context,
    arguments: &ImageBuild,
    (base_image, name): (&str, &OsStr),
    (file, read): (Option<&Path>, &Reading),
) -> Result<()> {
    check(&arguments.to)?;
    check_wrap(arguments)?;
    place(&arguments.to, name)?;
    // Whatever is wrong with the file is said before anything is fetched.
    let optional = asked_parts(&arguments.spec.parts);
    let mut held = Vec::new();
    let wanted = read(&optional, &mut held)?;
    let named = super::find(context, base_image)?.reference.ok_or_else(|| {
        Error::no(format!("{} is not in a registry", shown(base_image)))
            .hint("name it as in ghcr.io/lab/ml:v1")
    })?;
    let guide = Guide::of(arguments, file)?;
    let reference = guide.image(&named)?;
    if arguments.dry_run {
        fulfil::tell(context, &wanted);
        return super::print_words(format!("one layer on {reference}, without an engine\n"));
    }
    let order = Order {
        to: &arguments.to,
        base: (&named, &reference),
        name,
        optional: &optional,
        kept: arguments.kept,
        labels: labels(file)?,
        guide,
    };
    let made = layered::make(context, &order, &wanted)?;
    match (&arguments.wrap, &arguments.to.output) {
        (Some(dir), Some(sif)) => {
            let env = (made.probe.env(), made.base.python.lib.as_str());
            wrap_programs(context, (dir, sif), env, &made.prefix)
        }
        _ => Ok(()),
    }
}

fn check_wrap(arguments: &ImageBuild) -> Result<()> {
    let is_sif = |path: &PathBuf| path.extension().is_some_and(|end| end == "sif");
    if arguments.wrap.is_none() || arguments.to.output.as_ref().is_some_and(is_sif) {
        return Ok(());
    }
    Err(Error::new("programs are wrapped where the image is a SIF")
        .hint("`-o FILE.sif`; `mlenv container wrap --image IMAGE CMD` wraps those of any image"))
}

/// Lets the programs that the env has of its own, and its Python, be called from the host.
fn wrap_programs(
    context: &Context,
    (dir, sif): (&Path, &Path),
    (env, python_lib): (&Path, &str),
    prefix: &Path,
) -> Result<()> {
    let mut own = installed::programs(env, python_lib)?;
    own.insert("bin/python".into());
    let words = ["mlenv", "container", "wrap", "--image"].map(OsString::from).into_iter();
    let words = words.chain([sif.into(), "--output".into(), dir.into(), "--".into()]);
    let places = own.iter().map(|path| prefix.join(path).into_os_string());
    match Arguments::try_parse_from(words.chain(places)).map(|arguments| arguments.command) {
        Ok(Command::Container(verb)) => super::super::container::run(context, &verb),
        _ => Err(Error::new("the programs cannot be wrapped; this is a bug in mlenv")),
    }
}

fn labels(file: Option<&Path>) -> Result<BTreeMap<String, String>> {
    let digest = spec_digest(file)?;
    Ok(digest.map(|digest| (SPEC_LABEL.to_owned(), digest)).into_iter().collect())
}

/// The digest of what describes an image.
pub(super) fn spec_digest(file: Option<&Path>) -> Result<Option<String>> {
    let Some(file) = file else { return Ok(None) };
    let bytes = foreign::read(file, FileKind::Settings).attempt("read", file)?;
    Ok(Some(Digest::of(&bytes).to_string()))
}
