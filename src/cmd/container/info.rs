//! `mlenv container info`: the container, its image, and what the user added since.

use std::fmt::Write as _;
use std::path::Path;

use serde::Serialize;

use super::super::{print_json, print_words};
use super::{here, print_calls};
use crate::cli::ContainerInfo;
use crate::container::additions::Additions;
use crate::container::program::PACKAGES;
use crate::container::spec::Inner;
use crate::container::state::ContainerState;
use crate::context::Context;
use crate::engine::entrance::{Entrance, shell};
use crate::engine::runner::Runner;
use crate::engine::wake::wake;
use crate::error::Result;
use crate::hint::command;
use crate::text::{PathText, Shown, shown};

/// What `--json` prints.
#[derive(Serialize)]
struct ContainerReport<'a> {
    directory: PathText,
    state: &'a ContainerState,
    /// None where the container is gone, or is a SIF.
    added: Option<Additions>,
}

pub(super) fn run(context: &Context, arguments: &ContainerInfo) -> Result<()> {
    let (dir, state) = here(context)?;
    let runner = Runner::known(context.host, context.ui, state.engine, state.powers)?;
    let entrance = Entrance::new(context, &runner, &dir, &state);
    if arguments.dry_run {
        let list = shell(PACKAGES, &[]);
        return print_calls(&[entrance.call(Inner::quiet(&dir), &list)]);
    }
    let added = wake(&runner, &dir, &state).and_then(|()| {
        entrance.prepare()?;
        Ok(entrance.listing()?.since(&state.start))
    });
    let (added, failure) = match added {
        // It is in the env.
        Ok(_) if state.sif => (None, None),
        Ok(added) => (Some(added), None),
        Err(error) => (None, Some(error)),
    };
    let report = ContainerReport { directory: PathText(dir.clone()), state: &state, added };
    if arguments.json {
        print_json(&report)?;
    } else {
        print_words(text(&dir, &report))?;
    }
    failure.map_or(Ok(()), Err)
}

fn text(dir: &Path, report: &ContainerReport) -> String {
    let ContainerReport { state, added, .. } = report;
    let mut text = String::new();
    let mut line = |label: &str, value: &str| {
        let _ = writeln!(text, "{label:<12} {value}");
    };
    line("directory", &Shown(dir).to_string());
    match state.sandbox(dir) {
        Some(sandbox) => line(state.kind(), &Shown(&sandbox).to_string()),
        None => line("container", &shown(state.name.as_deref().unwrap_or_default())),
    }
    if let Some(env) = &state.env {
        line("env", &Shown(&env.0).to_string());
    }
    line("engine", state.engine.name());
    line("image", &Shown(&state.image.0).to_string());
    if let Some(digest) = &state.digest {
        line("digest", &shown(digest));
    }
    if let Some(size) = state.size {
        line("size", &format!("{} MB compressed", size.div_ceil(1_000_000)));
    }
    if let Some(built) = &state.built {
        line("built", &shown(built));
    }
    line("made", &format!("{} by mlenv {}", shown(&state.created), shown(&state.mlenv)));
    line("gpu", if state.gpu { "where there is one" } else { "no" });
    if let Some(port) = state.port {
        line("jupyter", &format!("port {port}"));
    }
    if !state.publish.is_empty() {
        let ports: Vec<String> = state.publish.iter().map(ToString::to_string).collect();
        line("ports", &ports.join(", "));
    }
    for bind in &state.bind {
        line("bind", &format!("{} at {}", Shown(&bind.source.0), Shown(&bind.target.0)));
    }
    match (added, &state.env) {
        (Some(added), _) => additions(added, &mut line),
        (None, Some(env)) => line("added", &command("mlenv packages --added -p {}", &[&env.0])),
        (None, None) => {}
    }
    text
}

fn additions(added: &Additions, line: &mut impl FnMut(&str, &str)) {
    let channels =
        added.channels.iter().fold(String::new(), |text, name| text + " -c " + &shown(name));
    let mut list = |label: &str, specs: &[String], end: &str| {
        for (at, spec) in specs.iter().enumerate() {
            line(if at == 0 { label } else { "" }, &format!("{}{end}", shown(spec)));
        }
    };
    list("conda", &added.conda, &channels);
    list("pip", &added.pip, "");
    list("", &added.editable, " (in place)");
    list("", &added.unknown, " (from a place that it does not name)");
    list("", &added.pip_depends, " (brought along)");
    list("removed", &added.removed, "");
    if added.is_empty() {
        line("added", "nothing");
    }
}
