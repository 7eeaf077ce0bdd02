//! `mlenv pin` and `mlenv unpin`: which packages of the base conda clients may replace in an env.

use std::path::Path;

use super::site;
use crate::base::conda::{self, Package};
use crate::cli::{Pin, Unpin};
use crate::context::Context;
use crate::doctor::change::Change;
use crate::doctor::repair;
use crate::env::content::BASE_LINK;
use crate::env::pinned;
use crate::error::{Error, Result};
use crate::hint::command;
use crate::packages::pins::PINNED;
use crate::packages::run;
use crate::resolve::Env;
use crate::text::{Shown, shown};

/// Lifts pins.
pub(super) fn unpin(context: &Context, Unpin { what: arguments }: &Unpin) -> Result<()> {
    edit(context, arguments, |text, packages| {
        let names: Vec<String> = packages.iter().map(|package| package.name.clone()).collect();
        pinned::without(text, &names).0
    })?;
    context
        .ui
        .hint("`mlenv install` may replace them in the env now; `mlenv pin` puts the pins back");
    Ok(())
}

/// Puts pins back.
pub(super) fn pin(context: &Context, arguments: &Pin) -> Result<()> {
    edit(context, arguments, pinned::with)
}

fn edit(
    context: &Context,
    arguments: &Pin,
    change: impl FnOnce(&str, &[&Package]) -> String,
) -> Result<()> {
    let word = site::word(context, &arguments.of)?;
    let Env { path, .. } = super::env_here(context, word.as_deref())?;
    let _lock = crate::fs::lock_for_work(&path, &Shown(&path).to_string())?;
    let file = path.join(PINNED);
    if !file.is_file() {
        return Err(Error::no(format!(
            "{} has no pins: no conda client works there",
            Shown(&path)
        ))
        .hint("pins are for envs on conda bases that are not sparse"));
    }
    let packages = conda::packages(&path.join(BASE_LINK))?;
    let chosen = named(&path, &packages, &arguments.packages)?;
    let before = run::read(&file)?;
    let after = change(&before, &chosen);
    let names: Vec<String> = chosen.iter().map(|package| package.shown()).collect();
    if before == after {
        context.ui.say(format!("nothing to change for {}", names.join(", ")));
        return Ok(());
    }
    repair::apply(&path, vec![Change::rewrite(PINNED, after.into_bytes())])?;
    context.ui.say(format!("changed the pins on {}", names.join(", ")));
    Ok(())
}

/// The base's packages of these names.
fn named<'a>(env: &Path, packages: &'a [Package], words: &[String]) -> Result<Vec<&'a Package>> {
    let find = |word: &String| {
        packages.iter().find(|package| package.name == *word).ok_or_else(|| {
            Error::no(format!("the base has no conda package {}", shown(word)))
                .hint(format!("{} lists what it has", command("mlenv packages {}", &[&env])))
        })
    };
    words.iter().map(find).collect()
}
