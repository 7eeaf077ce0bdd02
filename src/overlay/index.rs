//! Where a plan comes from: the index in the base, the one in the user's cache, an image's old archive, or a walk
//! through the base, whose result is kept for the next time.

use std::path::{Path, PathBuf};

use super::archive::{self, About, FORMAT};
use super::layout::Layout;
use super::plan::Plan;
use super::survey::{self, Survey};
use super::{check, conda_records, tgz, threads};
use crate::base::{Base, Kind};
use crate::error::{Attempt, Error, Result};
use crate::fs;
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
) -> Result<Plan> {
    if layout == Layout::Sparse || base.kind == Kind::System {
        return Ok(Plan::default());
    }
    let cached = in_cache(cache, base, layout);
    if trust == Trust::Any {
        if let Some(plan) = from_base(base, layout, ui)? {
            return Ok(plan);
        }
        if let Ok(Some(plan)) = read(&cached, base, layout) {
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
pub(crate) fn remembered(cache: &Path, packages: &str, layout: Layout) -> Option<Plan> {
    let path = cache.join("indexes").join(format!("{packages}-{}.tar.zst", layout.name()));
    let bytes = std::fs::read(path).ok()?;
    let about = archive::about(&bytes)?;
    let plan = archive::unpack(&bytes, threads::for_cpu()).ok()?;
    (about.layout == layout && about.packages == packages && check::check(&plan).is_ok())
        .then_some(plan)
}

/// True where the base holds an index of its present state.
pub(crate) fn is_fresh(base: &Base, layout: Layout) -> bool {
    read(&in_base(base, layout), base, layout).is_ok_and(|plan| plan.is_some())
}

/// Looks through the base and says what was left out.
pub(crate) fn look_through(base: &Base, layout: Layout, ui: Ui) -> Result<Survey> {
    let spinner = ui.spinner("looking through the base");
    let survey = survey::survey(base, layout, threads::for_cpu(), &|| spinner.inc(1))?;
    spinner.finish_and_clear();
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
pub(crate) fn pack(plan: &Plan, base: &Base, layout: Layout) -> Result<Vec<u8>> {
    archive::pack(
        plan,
        &About { format: FORMAT, layout, packages: base.fingerprint.packages.clone() },
    )
}

/// The base's own index. A broken one is an error, not passed over: it is everybody's.
fn from_base(base: &Base, layout: Layout, ui: Ui) -> Result<Option<Plan>> {
    let path = in_base(base, layout);
    let plan = read(&path, base, layout).map_err(|error| {
        error
            .during(format_args!("could not use the base's index {}", Shown(&path)))
            .hint("`--reindex` makes the env without it; who keeps the base renews it with `mlenv base index`")
    })?;
    if plan.is_none() && path.exists() {
        ui.say(format!(
            "the index in {} is older than the base and was not used",
            Shown(&base.prefix)
        ));
    }
    Ok(plan)
}

/// Reads an index; `None` where there is none, or where it is of another state of the base.
fn read(path: &Path, base: &Base, layout: Layout) -> Result<Option<Plan>> {
    let bytes = match std::fs::read(path) {
        Err(cause) if cause.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        other => other.attempt("read", path)?,
    };
    let Some(about) = archive::about(&bytes) else {
        return Err(Error::new("it is damaged, or of a format that this mlenv does not know"));
    };
    if about.layout != layout || about.packages != base.fingerprint.packages {
        return Ok(None);
    }
    let plan = archive::unpack(&bytes, threads::for_cpu())?;
    check::check(&plan)?;
    Ok(Some(plan))
}

fn make(base: &Base, layout: Layout, trust: Trust, ui: Ui) -> Result<Plan> {
    let old = tgz::find(base).filter(|_| trust == Trust::Any && layout == Layout::Standard);
    let Some(old) = old else { return Ok(look_through(base, layout, ui)?.plan) };
    ui.say(format!("using the image's own archive {}", Shown(&old)));
    let mut plan = tgz::read(&old, base)?;
    check::check(&plan)?;
    survey::programs(base, &mut plan, threads::for_cpu())?;
    conda_records::settle(&mut plan, &base.prefix, threads::for_cpu())?;
    plan.sort();
    check::check(&plan)?;
    Ok(plan)
}

/// Keeps an index in the cache. A full or read-only home must not stop the work.
fn keep(path: &Path, plan: &Plan, base: &Base, layout: Layout, ui: Ui) {
    let kept = pack(plan, base, layout).and_then(|bytes| {
        let dir = path.parent().unwrap_or(Path::new("/"));
        fs::make_dirs(dir, 0o700).attempt("make", dir)?;
        fs::write_atomic(path, &bytes).attempt("write", path)
    });
    if let Err(error) = kept {
        ui.warn(format!("the index could not be kept for next time: {error}"));
    }
}
