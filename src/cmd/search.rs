//! `mlenv search`: what conda channels have of a package, and what of it fits.

use super::packages::aligned;
use super::{print_json, print_words, site};
use crate::cli::Search;
use crate::context::Context;
use crate::error::Result;
use crate::hint::command;
use crate::packages::search::{self, Answer, Builds, Fit, Found, Ground, Named, Query};
use crate::text::{count, shown, size};

pub(super) fn run(context: &Context, arguments: &Search) -> Result<()> {
    let word = site::word(context, &arguments.of)?;
    let ground = match &arguments.base {
        Some(base) => Ground::base(context, Some(base))?,
        None => Ground::find(context, word.as_deref())?,
    };
    let query = Query {
        channels: &site::channels(context, &arguments.channel)?,
        words: &arguments.package,
        all: arguments.all,
    };
    match search::search(context, &ground, arguments.offline, query)? {
        Answer::Builds(builds) if arguments.json => print_json(&builds),
        Answer::Names(names) if arguments.json => print_json(&names),
        Answer::Builds(builds) => {
            print_words(table(&builds))?;
            if builds.more > 0 {
                let more = count(builds.more, "more build", "more builds");
                context.ui.say(format!("{more}: --all lists them"));
            }
            if let Some(version) = builds.pinned.as_ref().filter(|_| builds.has_fitting()) {
                let unpin = command("mlenv unpin {}", &[&builds.name]);
                context.ui.say(format!(
                    "{} {} of the base is pinned: {unpin} lets another version into an env",
                    shown(&builds.name),
                    shown(version)
                ));
            }
            Ok(())
        }
        Answer::Names(names) => print_words(of_names(&names)),
    }
}

fn table(builds: &Builds) -> String {
    let row = |found: &Found| {
        let place = found.channel.rsplit('/').next().unwrap_or_default();
        let fit = match &found.fit {
            Fit::Yes => "fits".to_owned(),
            Fit::There => "is there".to_owned(),
            Fit::No(why) => format!("does not fit: {why}"),
            Fit::Unknown => String::new(),
        };
        let bytes = found.size.map_or(String::new(), size);
        [
            shown(&builds.name),
            shown(&found.version),
            shown(&found.build),
            bytes,
            shown(&format!("{place}/{}", found.subdir)),
            fit,
        ]
    };
    aligned(&builds.found.iter().map(row).collect::<Vec<_>>())
}

fn of_names(names: &[Named]) -> String {
    let row = |found: &Named| {
        [shown(&found.name), shown(&found.version), count(found.builds, "build", "builds")]
    };
    aligned(&names.iter().map(row).collect::<Vec<_>>())
}
