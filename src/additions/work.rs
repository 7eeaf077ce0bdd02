//! Runs the tools on an env: in the surroundings that its activation gives, first to tell, then to act.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::ExitStatus;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};

use super::conda::{self, Errand, Mode};
use super::forecast::Forecast;
use super::pip::{self, Ask, Report};
use crate::activation::Place;
use crate::config::Dirs;
use crate::error::{Attempt, Error, Result};
use crate::exec::{Call, ending};
use crate::host::Host;
use crate::launch;
use crate::plan::Vars;
use crate::plan::session::{Owner, Session};
use crate::text::Shown;
use crate::ui::Ui;

/// What a tool is to do.
pub(crate) enum Task {
    /// An errand for a conda client.
    Conda(PathBuf, Errand),
    /// Packages for pip to find, and, where it is there, for uv to put in place.
    Pip(Ask, Option<PathBuf>),
    /// Packages for pip to take away.
    PipRemove(Vec<String>),
}

/// What a tool said it would do.
#[derive(Default)]
pub(crate) struct Told {
    /// What would come and go.
    pub(crate) forecast: Forecast,
    /// pip's report.
    pub(crate) report: Option<Report>,
}

/// An env at which work is done.
pub(crate) struct Site<'a> {
    /// The env, at the place that its programs know.
    pub(crate) env: &'a Path,
    /// What every tool has in its environment.
    pub(crate) vars: &'a Vars,
    /// For what is said meanwhile.
    pub(crate) ui: Ui,
}

/// The variables of this process with the env active. An env that cannot be activated cannot be worked at either.
pub(crate) fn surroundings(env: &Path, host: &Host, dirs: &Dirs) -> Result<Vars> {
    let place = (Place::Env(env.to_owned()), Owner::Hand);
    let session = Session::of(host.vars()).ok().flatten();
    Ok(launch::inside(place, &host.vars_with_path(), session.as_ref(), (host, dirs))?.vars)
}

impl Task {
    /// The tool's name.
    pub(crate) fn tool(&self) -> String {
        match self {
            Self::Conda(client, _) => client
                .file_name()
                .map_or_else(String::new, |name| Shown(Path::new(name)).to_string()),
            Self::Pip(..) | Self::PipRemove(_) => "pip".to_owned(),
        }
    }

    /// Asks the tool what it would do; nothing is changed.
    pub(crate) fn tell(&self, site: &Site) -> Result<Told> {
        match self {
            Self::Conda(client, errand) => {
                let words = conda::arguments(site.env, errand, Mode::Tell);
                let (status, answer) = site.call(client, &words).answer()?;
                let forecast = conda::forecast(&answer).map_err(|error| {
                    let what = format!("{} {}", Shown(client), ending(status));
                    if status.success() { error } else { error.during(what) }
                })?;
                Ok(Told { forecast, report: None })
            }
            Self::Pip(ask, _) => {
                let python = site.python();
                let words = ask.arguments(&["--dry-run", "--quiet", "--report", "-"]);
                let (status, answer) = site.call(&python, &words).answer()?;
                if !status.success() {
                    return Err(Error::new(format!(
                        "pip {} while it looked what is needed; nothing was changed",
                        ending(status)
                    )));
                }
                let report = Report::parse(&answer)?;
                Ok(Told { forecast: report.forecast(), report: Some(report) })
            }
            Self::PipRemove(_) => Ok(Told::default()),
        }
    }

    /// Lets the tool do it.
    pub(crate) fn act(&self, site: &Site, told: &Told, signals: &Signals) -> Result<()> {
        let python = site.python();
        match self {
            Self::Conda(client, errand) => {
                site.run(client, &conda::arguments(site.env, errand, Mode::Act), signals)
            }
            Self::Pip(ask, uv) => {
                let exact = told.report.as_ref().and_then(Report::exact);
                if let (Some(uv), Some(exact)) = (uv, exact.filter(|exact| !exact.is_empty()))
                    && ask.rest.is_empty()
                {
                    match site.run(uv, &pip::uv(&python, &exact), signals) {
                        Ok(()) => return Ok(()),
                        Err(error) if signals.any() => return Err(error),
                        Err(error) => site.ui.say(format!("{error}; pip does it instead")),
                    }
                }
                site.run(&python, &ask.arguments(&[]), signals)
            }
            Self::PipRemove(names) => site.run(&python, &pip::uninstall(names), signals),
        }
    }
}

impl Site<'_> {
    fn python(&self) -> PathBuf {
        self.env.join("bin/python")
    }

    fn call<'a>(&'a self, program: &'a Path, arguments: &'a [OsString]) -> Call<'a> {
        Call { program, arguments, vars: self.vars }
    }

    fn run(&self, program: &Path, arguments: &[OsString], signals: &Signals) -> Result<()> {
        let status = self.call(program, arguments).attended(&signals.end)?;
        if status.success() { Ok(()) } else { Err(failure(program, arguments, status, signals)) }
    }
}

fn failure(program: &Path, words: &[OsString], status: ExitStatus, signals: &Signals) -> Error {
    let module = words.first().is_some_and(|word| word == "-m").then(|| words.get(1)).flatten();
    let name = module.map_or(program, Path::new);
    let what = format!("{} {}", Shown(name), ending(status));
    if signals.any() { Error::stopped(what) } else { Error::new(what) }
}

/// What was asked of this process while a tool works. The tool is waited for in any case.
pub(crate) struct Signals {
    /// Ctrl-C, which reaches the tool as well.
    interrupt: Arc<AtomicBool>,
    /// An end, asked of us alone.
    end: Arc<AtomicBool>,
}

impl Signals {
    /// Listens from now on.
    pub(crate) fn listen() -> Result<Self> {
        let signals = Self { interrupt: Arc::default(), end: Arc::default() };
        for (signal, flag) in
            [(SIGINT, &signals.interrupt), (SIGTERM, &signals.end), (SIGHUP, &signals.end)]
        {
            signal_hook::flag::register(signal, Arc::clone(flag))
                .map_err(|cause| Error::new(format!("could not prepare for Ctrl-C: {cause}")))?;
        }
        Ok(signals)
    }

    fn any(&self) -> bool {
        [&self.interrupt, &self.end].iter().any(|flag| flag.load(Ordering::Relaxed))
    }
}

/// The text of a file with requirements.
pub(crate) fn read(path: &Path) -> Result<String> {
    std::fs::read_to_string(path).attempt("read", path)
}

/// The reason that stands in `conda-meta/frozen` (CEP 22): who keeps the env wants no client to change it.
pub(crate) fn frozen(env: &Path) -> Option<String> {
    let text = std::fs::read_to_string(env.join("conda-meta/frozen")).ok()?;
    let told: Option<serde_json::Value> = serde_json::from_str(&text).ok();
    let message = told.as_ref().and_then(|told| told.get("message")?.as_str());
    Some(message.map_or_else(|| "it does not say why".to_owned(), crate::text::shown))
}
