//! `mlenv status`: what is active here and why, what the marker would do, and whether the hook is at work.

mod shadow;

use std::fmt::Write as _;
use std::path::Path;

use serde::Serialize;

use crate::cli::Status;
use crate::config::Dirs;
use crate::consent::marker;
use crate::consent::{self, Considered, Store};
use crate::context::Context;
use crate::env::record::{BaseChange, Record};
use crate::env::{absent, registry};
use crate::error::{Error, Result};
use crate::hint::command;
use crate::host::Host;
use crate::plan::session::{Owner, Session};
use crate::resolve;
use crate::text::{PathText, Shown, shown};

/// All that `status` knows.
#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct StatusReport {
    active: Option<Active>,
    /// A conda env or venv that was activated without mlenv: markers wait until it is left.
    other: Option<PathText>,
    /// Directories before the env's on `PATH` that hide programs of it.
    shadowed: Vec<shadow::Shadow>,
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
    base_state: BaseChange,
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
    /// Why it is not at the prompt, where it is not.
    cause: Option<String>,
}

/// Prints the report.
pub(super) fn run(context: &Context, arguments: &Status) -> Result<()> {
    let Context { host, dirs, .. } = context;
    let (session, problem) = match Session::of(host.vars()) {
        Ok(session) => (session, None),
        Err(cause) => (None, Some(cause.to_string())),
    };
    let marker = marker_report(host, dirs);
    let by_marker = marker.as_ref().and_then(|marker| Some(&marker.env.as_ref()?.0));
    let problem = problem.or_else(|| {
        let env = &session.as_ref()?.prefix;
        registry::remembers(dirs, env).then_some(())?;
        Some(absent::denied(env).or_else(|| absent::replaced(env))?.to_string())
    });
    let env = session.as_ref().map(|session| &session.prefix).or(by_marker);
    let other = other(host, session.as_ref());
    let on_top = other.as_ref().map(|other| other.0.as_path());
    let report = StatusReport {
        shadowed: session
            .as_ref()
            .map_or_else(Vec::new, |session| shadow::of(session, on_top, host)),
        other,
        base: env.and_then(|env| base_report(env, dirs)),
        active: session.map(active),
        marker,
        hook: hook_report(arguments.hook.as_deref()),
        problem,
    };
    if arguments.json {
        return super::print_json(&report);
    }
    super::print_words(words(&report))
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
        base_state: record.base_concern(env),
        update: resolve::update(&record, dirs).map(PathText),
    })
}

/// By the same rule as in the hooks.
pub(super) fn other(host: &Host, session: Option<&Session>) -> Option<PathText> {
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
    let considered = consent::consider(dir, &dirs.envs, store)?;
    let Considered { marker, verdict } =
        considered.ok_or_else(|| Error::no("the marker is gone"))?;
    report.env = Some(PathText(marker.env(&dirs.envs)));
    report.unknown_keys = marker.unknown;
    verdict.map(drop)
}

/// Reads what the hook tells about itself: `SHELL[,prompt][,cd]`, with `prompt-CAUSE` where it could not go there.
/// Without a hook nobody tells anything.
fn hook_report(told: Option<&str>) -> HookReport {
    let mut words = told.unwrap_or_default().split(',');
    let shell = words.next().filter(|shell| !shell.is_empty()).map(str::to_owned);
    let parts: Vec<&str> = words.collect();
    HookReport {
        installed: shell.is_some(),
        prompt: parts.contains(&"prompt"),
        cd: parts.contains(&"cd"),
        cause: shell
            .as_deref()
            .filter(|_| !parts.contains(&"prompt"))
            .map(|shell| cause(shell, &parts)),
        shell,
    }
}

/// What keeps the hook from the prompt.
fn cause(shell: &str, parts: &[&str]) -> String {
    let place = match shell {
        "bash" => "PROMPT_COMMAND",
        "zsh" => "precmd_functions",
        "tcsh" => "the alias precmd",
        _ => "the prompt's event",
    };
    if parts.contains(&"prompt-readonly") {
        format!("{place} is read-only: put the hook line before whatever makes it so")
    } else if parts.contains(&"prompt-replaced") {
        format!("something has replaced {place}: run the hook line again after it")
    } else {
        format!("something has taken it out of {place}: run the hook line again after it")
    }
}

fn words(report: &StatusReport) -> String {
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
    for shadow in &report.shadowed {
        line("shadowed", &shadow::words(shadow));
    }
    match &report.marker {
        None => line("marker", "none here or above"),
        Some(marker) => describe(marker, &mut line),
    }
    if let Some(base) = &report.base {
        line("base", &base_words(base, env_of(report)));
    }
    line("hook", &hook_words(&report.hook));
    out
}

/// The env that the report is on.
fn env_of(report: &StatusReport) -> &Path {
    let active = report.active.as_ref().map(|active| &active.env);
    let env = active.or_else(|| report.marker.as_ref()?.env.as_ref());
    env.map_or(Path::new("ENV"), |env| &env.0)
}

fn base_words(base: &BaseReport, env: &Path) -> String {
    let path = Shown(&base.path.0);
    match (&base.update, base.base_state) {
        (Some(now), state) => {
            let gone = if state == BaseChange::Gone { ", and the old one is gone" } else { "" };
            let rebase = command("mlenv rebase {} --update", &[&env]);
            format!("{path} leads to {} now{gone}: {rebase} follows", Shown(&now.0))
        }
        (None, BaseChange::Same) => format!("{path}, as it was"),
        (None, BaseChange::Changed) => format!("{path}, changed: `mlenv doctor` says more"),
        (None, BaseChange::Gone) => format!("{path}, gone: is its file system mounted?"),
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
        return "not installed in this shell, or bypassed: see `mlenv hook --help`".to_owned();
    };
    let shell = shown(shell);
    let cause = shown(hook.cause.as_deref().unwrap_or_default());
    match (hook.prompt, hook.cd) {
        (true, true) => format!("{shell}: at each prompt and after cd"),
        (true, false) => format!("{shell}: at each prompt; cd is taken by something else"),
        (false, true) => format!("{shell}: after cd only; {cause}"),
        (false, false) => format!("{shell}: lost; {cause}"),
    }
}
