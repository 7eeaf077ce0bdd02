//! `mlenv why` and `mlenv autoremove`: who needs a package, and which nobody does.

use std::fmt::Write as _;

use serde::Serialize;

use super::{print_json, print_words, site};
use crate::base::installed::Installed;
use crate::cli::{Autoremove, Why};
use crate::context::Context;
use crate::error::{Error, Result};
use crate::hint::command;
use crate::packages::dependents::{Dependent, Dependents};
use crate::packages::opened::Opened;
use crate::packages::uninstall::{self, Wanted};
use crate::specs::key;
use crate::text::{Shown, shown};

/// What `why` tells.
#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct WhyReport<'a> {
    package: &'a Installed,
    from: &'static str,
    /// What was asked for, in the user's words.
    asked: Vec<String>,
    needed_by: Vec<NeedRow<'a>>,
}

/// One that needs it.
#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct NeedRow<'a> {
    name: &'a str,
    version: &'a str,
    from: &'static str,
    needs: &'a str,
}

pub(super) fn run(context: &Context, arguments: &Why) -> Result<()> {
    let site = site::open(context, site::word(context, &arguments.of)?.as_deref())?;
    let wanted = key(&arguments.package);
    let find = |packages: &'_ [Installed]| packages.iter().position(|it| it.key() == wanted);
    let (package, from) = match (find(&site.own), find(&site.below)) {
        (Some(at), _) => (&site.own[at], "env"),
        (None, Some(at)) => (&site.below[at], "base"),
        (None, None) => {
            return Err(Error::no(format!(
                "{} is neither in {} nor in its base",
                shown(&arguments.package),
                Shown(&site.env)
            ))
            .hint(format!(
                "{} lists what is there",
                command("mlenv packages -p {}", &[&site.env])
            )));
        }
    };
    let dependents = Dependents::read(&site);
    let report = WhyReport {
        package,
        from,
        asked: asked(&site, &wanted),
        needed_by: dependents.of(&wanted).iter().map(need).collect(),
    };
    if arguments.json { print_json(&report) } else { print_words(text(&report)) }
}

fn asked(site: &Opened, wanted: &str) -> Vec<String> {
    let requests = &site.record.requests;
    let all = requests.conda.iter().chain(&requests.pip);
    all.filter(|(name, _)| key(name) == wanted).map(|(_, spec)| spec.clone()).collect()
}

fn need(one: &Dependent) -> NeedRow<'_> {
    let from = if one.of_base { "base" } else { "env" };
    NeedRow { name: &one.package.name, version: &one.package.version, from, needs: &one.needs }
}

fn text(report: &WhyReport) -> String {
    let WhyReport { package, from, asked, needed_by } = report;
    let mut text = format!("{} {} ({from})\n", shown(&package.name), shown(&package.version));
    for spec in asked {
        let _ = writeln!(text, "  you asked for {}", shown(spec));
    }
    for NeedRow { name, version, from, needs } in needed_by {
        text += &shown(&format!("  {name} {version} ({from}) needs {needs}"));
        text.push('\n');
    }
    if asked.is_empty() && needed_by.is_empty() {
        text += "  nobody asked for it through mlenv, and nothing here needs it\n";
    }
    text
}

/// Removes what nobody needs.
pub(super) fn autoremove(context: &Context, arguments: &Autoremove) -> Result<()> {
    let site = site::open(context, site::word(context, &arguments.of)?.as_deref())?;
    let unneeded = Dependents::read(&site).unneeded(&site);
    if unneeded.is_empty() {
        context.ui.say("everything in the env was asked for, or is needed");
        return Ok(());
    }
    let names: Vec<String> = unneeded.into_iter().map(|package| package.name).collect();
    let wanted = Wanted { packages: &names, pip: false, conda: false, client: None };
    site::with(context, &arguments.manner, |manner| uninstall::all(context, &site, &wanted, manner))
}
