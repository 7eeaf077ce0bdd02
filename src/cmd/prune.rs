//! `mlenv prune`: takes away what mlenv left outside of envs and needs no more.

use std::fmt::Write as _;

use serde::Serialize;

use super::{Context, print, print_json};
use crate::care::finding::count;
use crate::care::prune::{self, Kind, Litter};
use crate::cli::Prune;
use crate::error::Result;
use crate::overlay::registry;
use crate::text::{PathText, Shown};

/// What `--json` prints.
#[derive(Serialize)]
struct Row {
    kind: Kind,
    path: PathText,
    removed: bool,
}

pub(super) fn run(context: &Context, arguments: &Prune) -> Result<()> {
    let mut found = prune::find(&context.dirs);
    let orphans = prune::orphans(&context.dirs);
    if arguments.envs {
        found.extend(orphans);
    } else if !orphans.is_empty() {
        context.ui.hint(format!(
            "{} on a base that is gone: `mlenv rebase` moves it, `mlenv prune --envs` removes it",
            count(orphans.len(), "env stands", "envs stand")
        ));
    }
    found.extend(prune::packages(&context.dirs).filter(|_| arguments.packages));
    let mut rows = Vec::new();
    for litter in &found {
        let removed = !arguments.dry_run && take(context, litter);
        rows.push(Row { kind: litter.kind, path: PathText(litter.shown.clone()), removed });
    }
    if arguments.json {
        return print_json(&rows);
    }
    let number = |number| count(number, "thing", "things");
    let removed = rows.iter().filter(|row| row.removed).count();
    context.ui.say(match (rows.len(), arguments.dry_run) {
        (0, _) => "there is nothing to prune".to_owned(),
        (there, true) => format!("{} can go; nothing was removed", number(there)),
        (_, false) => format!("removed {}", number(removed)),
    });
    print(rows.iter().fold(String::new(), |mut text, row| {
        let _ = writeln!(text, "{}: {}", row.kind.name(), Shown(&row.path.0));
        text
    }))
}

/// What cannot be removed does not keep the rest.
fn take(context: &Context, litter: &Litter) -> bool {
    let done = prune::remove(litter);
    if let Err(error) = &done {
        context.ui.warn(error.to_string());
    }
    if litter.kind == Kind::Env && done.is_ok() {
        let _ = registry::forget(&context.dirs, &litter.path); // `list` would do so by itself
    }
    done.is_ok()
}
