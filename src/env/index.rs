//! Where a plan comes from: the index in the base, the one in the user's cache, an image's old archive, or a walk
//! through the base, whose result is kept for the next time.

use std::path::{Path, PathBuf};

use super::archive::{self, About, FORMAT};
use super::content::Content;
use super::layout::Layout;
use super::survey::{self, Survey};
use super::{check, conda_records, in_base, owned, tgz};
use crate::base::{Base, BaseKind};
use crate::error::{Attempt, Error, Result};
use crate::foreign;
use crate::fs;
use crate::parallel;
use crate::text::Shown;
use crate::ui::Ui;

/// Which indexes may be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Trust {
    /// Any that fits the base.
    Any,
    /// None: look through the base.
    Fresh,
}

/// The plan for envs of `base`, checked and ready to be put on disk.
pub(crate) fn plan(
    base: &Base,
    layout: Layout,
    cache: &Path,
    trust: Trust,
    ui: Ui,
) -> Result<Content> {
    if layout == Layout::Sparse || base.kind == BaseKind::System {
        return Ok(Content::default());
    }
    let mut plan = found(base, layout, cache, trust, ui)?;
    if base.kind == BaseKind::Conda {
        owned::keep_owned(&mut plan);
    }
    // Indexes of earlier versions have links to helpers outside of `bin`, which start the base's Python.
    survey::helpers(base, &mut plan, parallel::for_cpu())?;
    plan.sort();
    Ok(plan)
}

fn found(base: &Base, layout: Layout, cache: &Path, trust: Trust, ui: Ui) -> Result<Content> {
    let cached = in_cache(cache, base, layout);
    if trust == Trust::Any {
        if let Some(plan) = from_base(base, layout, ui)? {
            return Ok(plan);
        }
        // Not what it was made from any more, or somebody else's: it is made anew.
        if let Ok(Some(plan)) = read(&cached, base, layout).and_then(|plan| within(plan, base)) {
            return Ok(plan);
        }
    }
    let plan = make(base, layout, trust, ui)?;
    keep(&cached, &plan, base, layout, ui);
    Ok(plan)
}

/// The name of a layout's index in a base.
pub(crate) fn in_base(base: &Base, layout: Layout) -> PathBuf {
    base.prefix.join(format!("mlenv-{}.tar.zst", layout.name()))
}

/// The place of a layout's index in the cache. Bases with the same packages share it.
pub(crate) fn in_cache(cache: &Path, base: &Base, layout: Layout) -> PathBuf {
    cache.join("indexes").join(format!("{}-{}.tar.zst", base.fingerprint.packages, layout.name()))
}

/// The plan of a base that may be gone, as the cache still has it; `None` where it has not.
pub(crate) fn remembered(cache: &Path, packages: &str, layout: Layout) -> Option<Content> {
    let path = cache.join("indexes").join(format!("{packages}-{}.tar.zst", layout.name()));
    let bytes = foreign::read(path, foreign::FileKind::Index).ok()?;
    let about = archive::about(&bytes)?;
    let plan = archive::unpack(&bytes, parallel::for_cpu()).ok()?;
    (about.layout == layout && about.packages == packages && check::check(&plan).is_ok())
        .then_some(plan)
}

/// True where the base holds an index of its present state.
pub(crate) fn is_fresh(base: &Base, layout: Layout) -> bool {
    read(&in_base(base, layout), base, layout).is_ok_and(|plan| plan.is_some())
}

/// Looks through the base and says what was left out.
pub(crate) fn look_through(base: &Base, layout: Layout, ui: Ui) -> Result<Survey> {
    let waiting = ui.waiting("looking through the base");
    let survey = survey::survey(base, layout, parallel::for_cpu(), &|| waiting.step())?;
    drop(waiting);
    if survey.dangling > 0 {
        ui.say(format!("left out {} links of the base that lead nowhere", survey.dangling));
    }
    if survey.unreadable > 0 {
        ui.warn(format!(
            "{} directories of {} could not be read; an env will lack what is in them",
            survey.unreadable,
            Shown(&base.prefix)
        ));
    }
    check::check(&survey.plan)?;
    Ok(survey)
}

/// Packs a plan together with what it is of.
pub(crate) fn pack(plan: &Content, base: &Base, layout: Layout) -> Result<Vec<u8>> {
    archive::pack(
        plan,
        &About { format: FORMAT, layout, packages: base.fingerprint.packages.clone() },
    )
}

/// The base's own index. A broken one is an error, not passed over: it is everybody's.
fn from_base(base: &Base, layout: Layout, ui: Ui) -> Result<Option<Content>> {
    let path = in_base(base, layout);
    let plan = read(&path, base, layout).and_then(|plan| within(plan, base));
    let plan = plan.map_err(|error| {
        error
            .during(format_args!("could not use the base's index {}", Shown(&path)))
            .hint("`--reindex` makes the env without it; whoever keeps the base renews it with `mlenv base index`")
    })?;
    if plan.is_none() && path.exists() {
        ui.say(format!(
            "the index in {} is older than the base and was not used",
            Shown(&base.prefix)
        ));
    }
    Ok(plan)
}

/// Refuses a plan that leads to a directory of the base.
fn within(plan: Option<Content>, base: &Base) -> Result<Option<Content>> {
    let Some(plan) = plan else { return Ok(None) };
    in_base::check_dirs(&plan, &base.prefix, parallel::for_cpu())?;
    Ok(Some(plan))
}

/// Reads an index; `None` where there is none, or where it is of another state of the base.
fn read(path: &Path, base: &Base, layout: Layout) -> Result<Option<Content>> {
    let Some(bytes) = foreign::read_if_there(path, foreign::FileKind::Index)? else {
        return Ok(None);
    };
    let Some(about) = archive::about(&bytes) else {
        return Err(Error::new("it is damaged, or of a format that this mlenv does not know"));
    };
    if about.layout != layout || about.packages != base.fingerprint.packages {
        return Ok(None);
    }
    let plan = archive::unpack(&bytes, parallel::for_cpu())?;
    check::check(&plan)?;
    Ok(Some(plan))
}

fn make(base: &Base, layout: Layout, trust: Trust, ui: Ui) -> Result<Content> {
    let old = tgz::find(base).filter(|_| trust == Trust::Any && layout == Layout::Standard);
    let Some(old) = old else { return Ok(look_through(base, layout, ui)?.plan) };
    ui.say(format!("using the image's own archive {}", Shown(&old)));
    let mut plan = tgz::read(&old, base)?;
    check::check(&plan)?;
    in_base::check_dirs(&plan, &base.prefix, parallel::for_cpu())?;
    survey::programs(base, &mut plan, parallel::for_cpu())?;
    conda_records::settle(&mut plan, &base.prefix, parallel::for_cpu())?;
    plan.sort();
    check::check(&plan)?;
    Ok(plan)
}

/// Keeps an index in the cache. A full or read-only home must not stop the work.
fn keep(path: &Path, plan: &Content, base: &Base, layout: Layout, ui: Ui) {
    let kept = pack(plan, base, layout).and_then(|bytes| {
        let dir = path.parent().unwrap_or(Path::new("/"));
        fs::make_dirs(dir, 0o700).attempt("make", dir)?;
        fs::write_cache(path, &bytes).attempt("write", path)
    });
    if let Err(error) = kept {
        ui.warn(format!("the index could not be kept for next time: {error}"));
    }
}
