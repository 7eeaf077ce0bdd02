//! `mlenv info`: what an env is and what it stands on.

use std::fmt::Write as _;

use serde::Serialize;

use super::{print_json, print_words};
use crate::cli::Info;
use crate::context::Context;
use crate::env::record::{BaseChange, Record};
use crate::error::Result;
use crate::hint::command;
use crate::resolve::{self, Env};
use crate::text::{PathText, Shown, shown};

/// What `--json` prints: the record, and how things are now.
#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct EnvReport<'a> {
    path: PathText,
    base_state: BaseChange,
    update: Option<PathText>,
    moved_from: Option<PathText>,
    record: &'a Record,
}

pub(super) fn run(context: &Context, arguments: &Info) -> Result<()> {
    let env = super::env_of(context, super::site::of(context, &arguments.of)?.as_deref())?;
    let report = EnvReport {
        base_state: env.record.base_concern(&env.path),
        update: resolve::update(&env.record, &context.dirs).map(PathText),
        moved_from: env.record.moved_from(&env.path).map(PathText),
        path: PathText(env.path.clone()),
        record: &env.record,
    };
    if arguments.json { print_json(&report) } else { print_words(text(&env, &report)) }
}

fn text(env: &Env, report: &EnvReport) -> String {
    let Record { base, .. } = &env.record;
    let mut text = String::new();
    let mut line = |label: &str, value: String| {
        let _ = writeln!(text, "{label:<12} {value}");
    };
    line("env", Shown(&env.path).to_string());
    if let Some(from) = &report.moved_from {
        line(
            "",
            format!("moved here from {}: scripts in bin still name that place", Shown(&from.0)),
        );
    }
    line("python", format!("{} ({})", base.python, Shown(&env.path.join("bin/python"))));
    line(
        "base",
        match &base.name {
            Some(name) => format!("{}: {}", shown(name), Shown(&base.path.0)),
            None => Shown(&base.path.0).to_string(),
        },
    );
    if base.prefix != base.path {
        line("", format!("resolved to {}", Shown(&base.prefix.0)));
    }
    line("base kind", base.kind.name().to_owned());
    line(
        "base state",
        match (&env.record.container, report.base_state) {
            (_, BaseChange::Same) => "as it was".to_owned(),
            (Some(_), _) => "to be seen in the container".to_owned(),
            (None, BaseChange::Changed) => {
                "changed: other packages or another Python than when the env was made".to_owned()
            }
            (None, BaseChange::Gone) => "gone: is its file system mounted?".to_owned(),
        },
    );
    if let Some(place) = &env.record.container {
        line("container", format!("{} of {}", place.label(), place.engine.name()));
    }
    if let Some(now) = &report.update {
        line(
            "",
            format!(
                "its name leads to {} now: {} follows",
                Shown(&now.0),
                command("mlenv rebase {} --update", &[&env.path])
            ),
        );
    }
    if let Some(image) = &base.fingerprint.image {
        line("image", shown(image));
    }
    line("layout", env.record.layout.name().to_owned());
    line("user site", if env.record.user_site { "on" } else { "off" }.to_owned());
    line(
        "created",
        format!("{} by mlenv {}", shown(&env.record.created), shown(&env.record.mlenv)),
    );
    text
}
