//! `mlenv packages`: what an env holds, where it is from, and what it shadows; and the same list of a base.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fmt::Write as _;

use serde::Serialize;

use super::{Context, print, print_json};
use crate::base::Base;
use crate::care::installed::{self, Installed};
use crate::care::system;
use crate::cli::Packages;
use crate::error::Result;
use crate::overlay::plan::BASE_LINK;
use crate::resolve;
use crate::text::{Shown, shown};

/// Where a package is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
enum Place {
    Base,
    Env,
}

/// One package that can be imported or run in an env.
#[derive(Serialize)]
struct Row {
    #[serde(flatten)]
    package: Installed,
    from: Place,
    /// The base's, where the env has its own.
    shadows: Option<Installed>,
}

pub(super) fn run(context: &Context, arguments: &Packages) -> Result<()> {
    let env = resolve::env(context.host, &context.dirs, arguments.env.as_deref())?;
    let base = match Base::open(&env.path.join(BASE_LINK), &context.dirs.cache) {
        Ok(base) => installed::of_base(&base)?,
        Err(error) => {
            context.ui.warn(format!("packages of the base cannot be told: {error}"));
            Vec::new()
        }
    };
    let own = installed::of_env(&env.path, &env.record.base.python_lib)?;
    let mut rows = rows(own, base);
    if arguments.added {
        rows.retain(|row| row.from == Place::Env);
    }
    if arguments.json {
        return print_json(&rows);
    }
    if rows.is_empty() {
        context.ui.say(format!("nothing was added to {}", Shown(&env.path)));
    }
    print(table(&rows))
}

/// Base and env, sorted by name; what the env has of its own takes the place of the base's.
fn rows(own: Vec<Installed>, base: Vec<Installed>) -> Vec<Row> {
    let mut below: BTreeMap<String, Installed> =
        base.into_iter().map(|package| (package.key(), package)).collect();
    let mut rows: Vec<(String, Row)> = Vec::new();
    for package in own {
        let key = package.key();
        let shadows = below.remove(&key);
        rows.push((key, Row { package, from: Place::Env, shadows }));
    }
    rows.extend(
        below
            .into_iter()
            .map(|(key, package)| (key, Row { package, from: Place::Base, shadows: None })),
    );
    rows.sort_by(|(left, _), (right, _)| left.cmp(right));
    rows.into_iter().map(|(_, row)| row).collect()
}

fn table(rows: &[Row]) -> String {
    let cells = rows.iter().map(|row| {
        let from = match row.from {
            Place::Base => "base".to_owned(),
            Place::Env => format!("env ({})", row.package.by.name()),
        };
        let note = row
            .shadows
            .as_ref()
            .map_or(String::new(), |base| format!("shadows {} of the base", shown(&base.version)));
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
        context.ui.warn(format!("packages of the system are not told: {path} is no text; `rpm -qa` in the image lists them"));
    }
    if json {
        return print_json(&packages);
    }
    let cells = packages.iter().map(|package| {
        let build = package.build.as_deref().map_or(String::new(), shown);
        [shown(&package.name), shown(&package.version), package.by.name().to_owned(), build]
    });
    print(aligned(&cells.collect::<Vec<_>>()))
}

/// Lines whose columns begin below each other.
pub(super) fn aligned(lines: &[[String; 4]]) -> String {
    let width = |at: usize| lines.iter().map(|line| line[at].chars().count()).max().unwrap_or(0);
    let (first, second, third) = (width(0), width(1), width(2));
    lines.iter().fold(String::new(), |mut text, [name, version, from, note]| {
        let line = format!("{name:first$}  {version:second$}  {from:third$}  {note}");
        let _ = writeln!(text, "{}", line.trim_end());
        text
    })
}
