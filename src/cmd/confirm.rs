//! The question before something is destroyed. On a terminal only: scripts and jobs are not stopped by it.

use std::collections::BTreeSet;
use std::path::Path;

use walkdir::WalkDir;

use crate::base::installed;
use crate::cli::Create;
use crate::consent::marker;
use crate::consent::{Shared, Store, without_links};
use crate::context::Context;
use crate::env::create::nearest_dir;
use crate::env::record::Record;
use crate::error::{Error, Result};
use crate::host::Host;
use crate::kernel;
use crate::ownership::{Exposure, sentences};
use crate::text::count;
use crate::text::{Shown, shown};
use crate::ui::{Ui, Unsaid};

/// Shows what would be lost and asks; goes on where the user said yes beforehand, or where nobody could answer.
pub(super) fn destroying(
    context: &Context,
    yes: bool,
    losses: impl FnOnce() -> Vec<String>,
    question: &str,
) -> Result<()> {
    if yes || !context.host.answers {
        return Ok(());
    }
    for loss in losses() {
        context.ui.say(loss);
    }
    if Ui::ask(question, Unsaid::No) { Ok(()) } else { Err(Error::no("nothing was removed")) }
}

/// Asks whether an env may stand, and be activated, where others can change it. Without a terminal nobody is asked, and
/// it is not trusted.
pub(super) fn sharing(host: &Host, ui: Ui, shared: bool, exposures: &[Exposure]) -> Shared {
    if shared {
        return Shared::Accepted;
    }
    if !host.answers {
        return Shared::No;
    }
    for sentence in sentences(exposures) {
        ui.warn(sentence);
    }
    let question = "whoever can change it can run programs in your name. Trust them all?";
    if Ui::ask(question, Unsaid::No) { Shared::Accepted } else { Shared::No }
}

/// Whether the user lives with others who can change the directories above a new env and its marker. Asked before
/// anything is made; without a terminal the env is made, and saving tells the rest.
pub(super) fn neighbours(
    context: &Context,
    arguments: &Create,
    (env, dir): (&Path, Option<&Path>),
) -> Result<bool> {
    let store = Store::new(&context.dirs);
    let mut exposures = BTreeSet::new();
    store.judge.above(&without_links(nearest_dir(env)).join("env"), &mut exposures)?;
    let marker = dir.map(|dir| without_links(dir).join(marker::NAME));
    if let Some(marker) = marker.as_ref().filter(|_| !arguments.no_save) {
        store.judge.above(marker, &mut exposures)?;
    }
    let uncovered = store.uncovered(marker.as_deref().unwrap_or(Path::new("")), &exposures);
    if uncovered.is_empty() || arguments.shared {
        return Ok(arguments.shared);
    }
    match sharing(context.host, context.ui, false, &uncovered) {
        Shared::Accepted => Ok(true),
        Shared::No if context.host.answers => Err(Error::no("nothing was made")),
        Shared::No => Ok(false),
    }
}

/// Of many packages only so many are named.
const FEW: usize = 8;

/// What goes with an env, in a few lines.
pub(super) fn losses(context: &Context, env: &Path, record: &Record) -> Vec<String> {
    let mut lines = vec![format!("{}: {}, {}", Shown(env), packages(env, record), size(env))];
    let named = marker::naming(env, &context.dirs);
    let (ours, others) = (named.ours.iter(), named.others.iter());
    lines.extend(ours.map(|path| format!("{} names it, and goes too", Shown(path))));
    lines.extend(others.map(|path| format!("{} names it, and will activate nothing", Shown(path))));
    let kernels = kernel::names_of(&context.dirs, env);
    if !kernels.is_empty() {
        lines.push(format!("its Jupyter kernels go too: {}", shown(&kernels.join(", "))));
    }
    lines
}

fn packages(env: &Path, record: &Record) -> String {
    let own = installed::of_env(env, &record.base.python_lib).unwrap_or_default();
    if own.is_empty() {
        return "nothing was installed in it".to_owned();
    }
    let names = own.iter().take(FEW);
    let names = names.map(|package| shown(&format!("{} {}", package.name, package.version)));
    let names = names.collect::<Vec<_>>().join(", ");
    let more = own
        .len()
        .checked_sub(FEW + 1)
        .map_or(String::new(), |more| format!(" and {} more", more + 1));
    format!("{} ({names}{more})", count(own.len(), "package of its own", "packages of its own"))
}

/// How much is in files of its own; links are the base's.
fn size(env: &Path) -> String {
    let entries = WalkDir::new(env).into_iter().flatten();
    let files = entries.filter(|entry| entry.file_type().is_file());
    let sizes: Vec<u64> = files.filter_map(|entry| Some(entry.metadata().ok()?.len())).collect();
    let megabytes = sizes.iter().sum::<u64>().div_ceil(1_000_000);
    format!("{megabytes} MB in {}", count(sizes.len(), "file", "files"))
}
