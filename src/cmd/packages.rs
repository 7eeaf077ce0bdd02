//! `mlenv packages`: what an env holds, where it is from, and what it shadows; and the same list of a base.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fmt::Write as _;

use serde::Serialize;

use super::{env_here, print_json, print_words, site};
use crate::base::Base;
use crate::base::installed::{self, Installed};
use crate::base::system;
use crate::cli::Packages;
use crate::context::Context;
use crate::env::content::BASE_LINK;
use crate::error::{Error, Result};
use crate::hint::command;
use crate::resolve;
use crate::specs::key;
use crate::text::{Shown, shown};

/// Where a package is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
enum PackagePlace {
    Base,
    Env,
}

/// One package that can be imported or run in an env.
#[derive(Serialize)]
struct PackageRow {
    #[serde(flatten)]
    package: Installed,
    from: PackagePlace,
    /// The base's, where the env has its own.
    shadows: Option<Installed>,
    /// Where it came from, if from no index; empty where it does not tell.
    #[serde(skip_serializing_if = "Option::is_none")]
    place: Option<String>,
}

pub(super) fn run(context: &Context, arguments: &Packages) -> Result<()> {
    let (word, names) = asked(context, arguments)?;
    let env = env_here(context, word.as_deref())?;
    let base = match Base::of_prefix(&env.path.join(BASE_LINK), &context.dirs.cache) {
        Ok(base) => installed::of_base(&base)?,
        Err(error) => {
            context.ui.warn(format!("packages of the base cannot be listed: {error}"));
            Vec::new()
        }
    };
    let own = installed::of_env(&env.path, &env.record.base.python_lib)?;
    let mut rows = rows(own, base);
    let places = installed::direct(&env.path, &env.record.base.python_lib);
    for row in rows.iter_mut().filter(|row| row.from == PackagePlace::Env) {
        row.place = places.get(&row.package.key()).map(|place| place.words.clone());
    }
    if arguments.added {
        rows.retain(|row| row.from == PackagePlace::Env);
    }
    if !names.is_empty() {
        rows.retain(|row| names.contains(&row.package.key()));
        let missing =
            names.iter().filter(|name| !rows.iter().any(|row| row.package.key() == **name));
        let missing: Vec<String> = missing.map(|name| shown(name)).collect();
        if !missing.is_empty() {
            context.ui.warn(format!("{} has no {}", Shown(&env.path), missing.join(", ")));
        }
        if rows.is_empty() {
            return Err(Error::no(format!("none of these is in {}", Shown(&env.path))).hint(
                format!("{} brings one", command("mlenv install -p {} NAME", &[&env.path])),
            ));
        }
    }
    if arguments.json {
        return print_json(&rows);
    }
    if rows.is_empty() {
        context.ui.say(format!("nothing was added to {}", Shown(&env.path)));
    }
    print_words(table(&rows))
}

/// The env that is meant, if one is named, and the packages. One word alone that means an env is no package.
fn asked(context: &Context, arguments: &Packages) -> Result<(Option<OsString>, Vec<String>)> {
    let named = site::word(context, &arguments.of)?;
    if let ([word], None) = (arguments.names.as_slice(), &named) {
        let is_path = word.as_encoded_bytes().contains(&b'/') || word == ".";
        if is_path || resolve::find_env(context.host, &context.dirs, word)?.is_some() {
            return Ok((Some(word.clone()), Vec::new()));
        }
    }
    let keys = arguments.names.iter().map(|name| key(&name.to_string_lossy()));
    Ok((named, keys.collect()))
}

/// Base and env, sorted by name; what the env has of its own takes the place of the base's.
fn rows(own: Vec<Installed>, base: Vec<Installed>) -> Vec<PackageRow> {
    let mut below: BTreeMap<String, Installed> =
        base.into_iter().map(|package| (package.key(), package)).collect();
    let mut rows: Vec<(String, PackageRow)> = Vec::new();
    for package in own {
        let key = package.key();
        let shadows = below.remove(&key);
        rows.push((key, PackageRow { package, from: PackagePlace::Env, shadows, place: None }));
    }
    rows.extend(below.into_iter().map(|(key, package)| {
        (key, PackageRow { package, from: PackagePlace::Base, shadows: None, place: None })
    }));
    rows.sort_by(|(left, _), (right, _)| left.cmp(right));
    rows.into_iter().map(|(_, row)| row).collect()
}

fn table(rows: &[PackageRow]) -> String {
    let cells = rows.iter().map(|row| {
        let from = match row.from {
            PackagePlace::Base => "base".to_owned(),
            PackagePlace::Env => format!("env ({})", row.package.by.name()),
        };
        let note = row.shadows.as_ref();
        let note = note.map(|base| format!("shadows {} of the base", shown(&base.version)));
        let place = row.place.as_deref().filter(|place| !place.is_empty());
        let place = place.map(|place| format!("from {}", shown(place)));
        let note: Vec<String> = note.into_iter().chain(place).collect();
        let note = note.join(", ");
        [shown(&row.package.name), shown(&row.package.version), from, note]
    });
    aligned(&cells.collect::<Vec<_>>())
}

/// `mlenv base packages`.
pub(super) fn of_base(context: &Context, asked: Option<&OsStr>, json: bool) -> Result<()> {
    let base = resolve::base(context.host, &context.dirs, asked)?.base;
    let mut packages = installed::of_base(&base)?;
    let mut system = system::of_base(&base);
    system.packages.sort();
    packages.append(&mut system.packages);
    if let Some(database) = system.unread {
        let path = Shown(&database);
        context.ui.warn(format!("packages of the system are not listed: {path} is not text; `rpm -qa` in the image lists them"));
    }
    if json {
        return print_json(&packages);
    }
    let cells = packages.iter().map(|package| {
        let build = package.build.as_deref().map_or(String::new(), shown);
        [shown(&package.name), shown(&package.version), package.by.name().to_owned(), build]
    });
    print_words(aligned(&cells.collect::<Vec<_>>()))
}

/// Lines whose columns begin below each other.
pub(super) fn aligned<const N: usize>(lines: &[[String; N]]) -> String {
    let width = |at: usize| lines.iter().map(|line| line[at].chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..N).map(width).collect();
    lines.iter().fold(String::new(), |mut text, line| {
        let cells = line.iter().zip(&widths).map(|(cell, width)| format!("{cell:width$}"));
        let _ = writeln!(text, "{}", cells.collect::<Vec<_>>().join("  ").trim_end());
        text
    })
}
