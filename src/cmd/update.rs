//! `mlenv update` and `mlenv outdated`: what was added, moved to the newest that fits.

use super::packages::aligned;
use super::{print_json, print_words, site};
use crate::cli::{Outdated, UpdatePackages};
use crate::context::Context;
use crate::error::Result;
use crate::packages::update::{self, Wanted};
use crate::text::{Shown, shown};

pub(super) fn run(context: &Context, arguments: &UpdatePackages) -> Result<()> {
    let mut opened = site::open(context, site::word(context, &arguments.of)?.as_deref())?;
    opened.is_offline = arguments.offline;
    let wanted = Wanted {
        packages: &arguments.packages,
        channels: &site::channels(context, &arguments.channel)?,
        client: arguments.client.as_deref(),
        json: arguments.manner.json,
    };
    site::with(context, &arguments.manner, |manner| update::all(context, opened, &wanted, manner))
}

pub(super) fn outdated(context: &Context, arguments: &Outdated) -> Result<()> {
    let mut opened = site::open(context, site::word(context, &arguments.of)?.as_deref())?;
    opened.is_offline = arguments.offline;
    let wanted = Wanted {
        packages: &arguments.packages,
        channels: &site::channels(context, &arguments.channel)?,
        client: None,
        json: arguments.json,
    };
    let rows = update::outdated(context, &opened, &wanted)?;
    if arguments.json {
        return print_json(&rows);
    }
    if rows.is_empty() {
        context.ui.say(format!("everything in {} is up to date", Shown(&opened.env)));
    }
    print_words(table(&rows))
}

fn table(rows: &[update::Outdated]) -> String {
    let row = |row: &update::Outdated| {
        let update = match &row.update {
            Some(version) => format!("-> {}", shown(version)),
            None => "stays".to_owned(),
        };
        let beyond = row.newest.as_ref().filter(|newest| row.update.as_ref() != Some(newest));
        let beyond = beyond.map(|newest| format!("{} does not fit", shown(newest)));
        [
            shown(&row.name),
            shown(&row.version),
            update,
            row.by.name().to_owned(),
            beyond.unwrap_or_default(),
        ]
    };
    aligned(&rows.iter().map(row).collect::<Vec<_>>())
}
