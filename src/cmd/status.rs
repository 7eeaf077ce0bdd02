//! `mlenv status`: what is active here and why, what the marker would do, and whether the hook is at work.

use std::fmt::Write as _;
use std::path::Path;

use serde::Serialize;

use crate::cli::Status;
use crate::config::Dirs;
use crate::error::{Error, Result};
use crate::host::Host;
use crate::marker;
use crate::overlay::record::{BaseState, Record};
use crate::plan::session::{Owner, Session};
use crate::resolve;
use crate::text::{PathText, Shown, shown};
use crate::trust::{self, Considered, Store};

/// All that `status` knows.
#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct Report {
    active: Option<Active>,
    /// A conda env or venv that was activated without mlenv: markers wait until it is left.
    other: Option<PathText>,
    marker: Option<MarkerReport>,
    hook: HookReport,
    /// How the base of what is active, or of what the marker names, is today.
    base: Option<BaseReport>,
    /// Why the session variable could not be read.
    problem: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct BaseReport {
    path: PathText,
    base_state: BaseState,
    /// Where its name or path leads now, if elsewhere.
    update: Option<PathText>,
}

#[derive(Serialize)]
struct Active {
    env: PathText,
    /// The marker that activated it; none: the user.
    marker: Option<PathText>,
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct MarkerReport {
    path: PathText,
    env: Option<PathText>,
    trusted: bool,
    /// Why it does not take effect.
    why: Option<String>,
    cure: Option<String>,
    unknown_keys: Vec<String>,
}

#[derive(Serialize)]
struct HookReport {
    installed: bool,
    shell: Option<String>,
    prompt: bool,
    cd: bool,
}

/// Prints the report.
pub(super) fn run(arguments: &Status, host: &Host) -> Result<()> {
    let dirs = Dirs::new(host)?;
    let (session, problem) = match Session::of(host.vars()) {
        Ok(session) => (session, None),
        Err(cause) => (None, Some(cause.to_string())),
    };
    let marker = marker_report(host, &dirs);
    let by_marker = marker.as_ref().and_then(|marker| Some(&marker.env.as_ref()?.0));
    let env = session.as_ref().map(|session| &session.prefix).or(by_marker);
    let report = Report {
        other: other(host, session.as_ref()),
        base: env.and_then(|env| base_report(env, &dirs)),
        active: session.map(active),
        marker,
        hook: hook_report(arguments.hook.as_deref()),
        problem,
    };
    if arguments.json {
        let text = serde_json::to_string_pretty(&report)
            .map_err(|cause| Error::new(format!("could not write JSON: {cause}")))?;
        return super::print(&(text + "\n"));
    }
    super::print(words(&report))
}

fn active(session: Session) -> Active {
    let marker = match session.owner {
        Owner::Marker(path) => Some(PathText(path)),
        Owner::Hand => None,
    };
    Active { env: PathText(session.prefix), marker }
}

fn base_report(env: &Path, dirs: &Dirs) -> Option<BaseReport> {
    let record = Record::read(env).ok()??;
    Some(BaseReport {
        path: record.base.path.clone(),
        base_state: record.base_state(env),
        update: resolve::update(&record, dirs).map(PathText),
    })
}

/// By the same rule as in the hooks.
fn other(host: &Host, session: Option<&Session>) -> Option<PathText> {
    let ours = session.map(|session| session.prefix.as_path());
    let foreign = |name| host.var(name).map(Path::new).filter(|prefix| Some(*prefix) != ours);
    let venv = foreign("VIRTUAL_ENV");
    let conda = foreign("CONDA_PREFIX").filter(|prefix| {
        let counted = host.var("CONDA_SHLVL").is_some_and(|level| level != "0");
        let base = host.var("CONDA_DEFAULT_ENV").is_some_and(|name| name == "base");
        let root = host.var("CONDA_EXE").map(Path::new).and_then(|exe| exe.parent()?.parent());
        counted && !base && root != Some(*prefix)
    });
    venv.or(conda).map(|prefix| PathText(prefix.to_owned()))
}

fn marker_report(host: &Host, dirs: &Dirs) -> Option<MarkerReport> {
    let here = host.cwd().ok()?;
    let dir = marker::nearest(&here, marker::ceiling(host).as_deref())?;
    let store = Store::new(dirs);
    let mut report = MarkerReport {
        path: PathText(dir.join(marker::NAME)),
        env: None,
        trusted: false,
        why: None,
        cure: None,
        unknown_keys: Vec::new(),
    };
    match judge(&dir, dirs, &store, &mut report) {
        Ok(()) => report.trusted = true,
        Err(why) => {
            report.why = Some(why.to_string());
            report.cure = why.cure().map(str::to_owned);
        }
    }
    Some(report)
}

fn judge(dir: &Path, dirs: &Dirs, store: &Store, report: &mut MarkerReport) -> Result<()> {
    let considered = trust::consider(dir, &dirs.envs, store)?;
    let Considered { marker, verdict } =
        considered.ok_or_else(|| Error::no("the marker is gone"))?;
    report.env = Some(PathText(marker.env(&dirs.envs)));
    report.unknown_keys = marker.unknown;
    verdict.map(drop)
}

/// Reads what the hook tells about itself: `SHELL[,prompt][,cd]`. Without a hook nobody tells anything.
fn hook_report(told: Option<&str>) -> HookReport {
    let mut words = told.unwrap_or_default().split(',');
    let shell = words.next().filter(|shell| !shell.is_empty()).map(str::to_owned);
    let parts: Vec<&str> = words.collect();
    HookReport {
        installed: shell.is_some(),
        shell,
        prompt: parts.contains(&"prompt"),
        cd: parts.contains(&"cd"),
    }
}

fn words(report: &Report) -> String {
    let mut out = String::new();
    let mut line = |name: &str, text: &str| {
        let _ = writeln!(out, "{name:<8} {text}");
    };
    match &report.active {
        None => line("active", "nothing"),
        Some(Active { env, marker: None }) => {
            line("active", &format!("{}, by hand", Shown(&env.0)));
        }
        Some(Active { env, marker: Some(marker) }) => {
            line("active", &format!("{}, by {}", Shown(&env.0), Shown(&marker.0)));
        }
    }
    if let Some(problem) = &report.problem {
        line("problem", problem);
    }
    if let Some(other) = &report.other {
        line(
            "other",
            &format!("{} is active without mlenv: no marker replaces it", Shown(&other.0)),
        );
    }
    match &report.marker {
        None => line("marker", "none here or above"),
        Some(marker) => describe(marker, &mut line),
    }
    if let Some(base) = &report.base {
        line("base", &base_words(base));
    }
    line("hook", &hook_words(&report.hook));
    out
}

fn base_words(base: &BaseReport) -> String {
    let path = Shown(&base.path.0);
    match (&base.update, base.base_state) {
        (Some(now), state) => {
            let gone = if state == BaseState::Gone { ", and the old one is gone" } else { "" };
            let now = Shown(&now.0);
            format!("{path} leads to {now} now{gone}: `mlenv rebase --update` follows")
        }
        (None, BaseState::Same) => format!("{path}, as it was"),
        (None, BaseState::Changed) => format!("{path}, changed: `mlenv doctor` tells more"),
        (None, BaseState::Gone) => format!("{path}, gone: is its file system mounted?"),
    }
}

fn describe(marker: &MarkerReport, line: &mut impl FnMut(&str, &str)) {
    let path = Shown(&marker.path.0);
    match &marker.env {
        Some(env) => line("marker", &format!("{path} names {}", Shown(&env.0))),
        None => line("marker", &path.to_string()),
    }
    match &marker.why {
        None => line("trust", "you allowed it"),
        Some(why) => line("trust", why),
    }
    if let Some(cure) = &marker.cure {
        line("", cure);
    }
    for key in &marker.unknown_keys {
        line("", &format!("unknown key `{}`: it means nothing", shown(key)));
    }
}

fn hook_words(hook: &HookReport) -> String {
    let Some(shell) = &hook.shell else {
        return "not installed in this shell, or called past it: see `mlenv hook --help`"
            .to_owned();
    };
    let shell = shown(shell);
    match (hook.prompt, hook.cd) {
        (true, true) => format!("{shell}: at each prompt and after cd"),
        (true, false) => format!("{shell}: at each prompt; cd belongs to somebody else"),
        (false, true) => {
            format!(
                "{shell}: after cd only; something took it out of the prompt: run the hook line again"
            )
        }
        (false, false) => {
            format!("{shell}: lost; something took it out of the prompt: run the hook line again")
        }
    }
}
