//! `mlenv base match`: which base has most of what a file asks for.

use super::{install, print_json, print_words};
use crate::cli::BaseMatch;
use crate::context::Context;
use crate::error::Result;
use crate::hint::command;
use crate::packages::fulfil;
use crate::packages::matching::{self, Asks, Row};
use crate::text::table::table;
use crate::text::{shown, size};

pub(super) fn run(context: &Context, arguments: &BaseMatch) -> Result<()> {
    let mut held = Vec::new();
    let file = std::slice::from_ref(&arguments.file);
    let wanted = fulfil::read(context, file, &install::parts(&arguments.parts), &mut held)?;
    let asks = Asks { registries: arguments.images, channels: !arguments.offline };
    let rows = matching::rank(context, &wanted, asks)?;
    if arguments.json {
        return print_json(&rows);
    }
    fulfil::tell(context, &wanted);
    let cells = rows.iter().map(|row| (false, cells(row))).collect::<Vec<_>>();
    print_words(table(
        &["BASE", "PYTHON", "HAS", "DIFFERS", "LACKS", "FETCH", "WHAT"],
        &cells,
        context.host.columns,
    ))?;
    if let Some(best) = rows.first().filter(|row| row.python_fits && row.path.is_some()) {
        let make = command("mlenv create --base {} -f {}", &[&best.name, &arguments.file]);
        context.ui.hint(format!("{make} makes an env on the first"));
    }
    Ok(())
}

fn cells(row: &Row) -> Vec<String> {
    let python = row.python.as_deref().map_or("?".to_owned(), shown);
    let fetch = match row.fetch {
        _ if row.conflicts => "does not fit".to_owned(),
        Some(0) => "nothing".to_owned(),
        Some(bytes) => size(bytes),
        None => "?".to_owned(),
    };
    vec![
        shown(&row.name),
        if row.python_fits { python } else { format!("{python} does not fit") },
        row.has.len().to_string(),
        row.differs.len().to_string(),
        row.lacks.len().to_string(),
        fetch,
        what(row),
    ]
}

/// So many packages are named.
const FEW: usize = 4;

fn what(row: &Row) -> String {
    let differs =
        row.differs.iter().map(|other| shown(&format!("{} (has {})", other.asked, other.version)));
    let mut names: Vec<String> = differs.chain(row.lacks.iter().map(|name| shown(name))).collect();
    let more = names.len().saturating_sub(FEW);
    names.truncate(FEW);
    if more > 0 {
        names.push(format!("{more} more"));
    }
    names.join(", ")
}
