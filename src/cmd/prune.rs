//! `mlenv prune`: removes what mlenv left outside of envs and no longer needs.

use std::fmt::Write as _;

use serde::Serialize;

use super::{confirm, print_json, print_words};
use crate::cli::Prune;
use crate::context::Context;
use crate::doctor::prune::{self, Litter, LitterKind};
use crate::env::record::Record;
use crate::env::registry;
use crate::error::Result;
use crate::text::count;
use crate::text::{PathText, Shown};

/// What `--json` prints.
#[derive(Serialize)]
struct LitterRow {
    kind: LitterKind,
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
            "{} on a base that is gone: `mlenv rebase ENV --base BASE` moves it, `mlenv prune --envs` removes it",
            count(orphans.len(), "env stands", "envs stand")
        ));
    }
    if arguments.packages {
        found.extend(prune::packages(&context.dirs));
    }
    if !arguments.dry_run {
        ask(context, arguments, &found)?;
    }
    let mut rows = Vec::new();
    for litter in &found {
        let removed = !arguments.dry_run && take(context, litter);
        rows.push(LitterRow { kind: litter.kind, path: PathText(litter.shown.clone()), removed });
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
    print_words(rows.iter().fold(String::new(), |mut text, row| {
        let _ = writeln!(text, "{}: {}", row.kind.name(), Shown(&row.path.0));
        text
    }))
}

/// All but envs can be had again.
fn ask(context: &Context, arguments: &Prune, found: &[Litter]) -> Result<()> {
    let envs: Vec<&Litter> = found.iter().filter(|litter| litter.kind == LitterKind::Env).collect();
    let losses = || {
        let record = |env: &Litter| Some((env.path.clone(), Record::read(&env.path).ok()??));
        let envs = envs.iter().filter_map(|env| record(env));
        envs.flat_map(|(env, record)| confirm::losses(context, &env, &record)).collect()
    };
    let question = format!("remove {}?", count(envs.len(), "env", "envs"));
    confirm::destroying(context, arguments.yes || envs.is_empty(), losses, &question)
}

/// What cannot be removed does not keep the rest.
fn take(context: &Context, litter: &Litter) -> bool {
    let done = prune::remove(litter);
    if let Err(error) = &done {
        context.ui.warn(error.to_string());
    }
    if litter.kind == LitterKind::Env && done.is_ok() {
        let _ = registry::forget(&context.dirs, &litter.path); // `list` would do so by itself
    }
    done.is_ok()
}
