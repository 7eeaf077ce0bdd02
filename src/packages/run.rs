//! Runs the tools on an env: in the surroundings that its activation gives, first to tell, then to act.

mod own;
mod tool;

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

pub(crate) use self::tool::Signals;
use super::conda::{self, Errand, Mode};
use super::pip::{self, Ask, PipReport};
use super::transaction::Transaction;
use crate::activation::Place;
use crate::activation::applied;
use crate::config::Dirs;
use crate::error::{Attempt, Error, Result};
use crate::foreign;
use crate::host::Host;
use crate::plan::Vars;
use crate::plan::session::{Owner, Session};
use crate::process::{Ran, ending};
use crate::specs::checked;
use crate::specs::cutoff::Cutoff;
use crate::text::{Shown, shown};
use crate::ui::Ui;

/// What a tool is to do.
pub(crate) enum Task {
    /// An errand for a conda client.
    Conda(PathBuf, Errand),
    /// The same, done by mlenv itself.
    #[cfg(feature = "conda")]
    Own(Errand),
    /// Packages for pip to find, and, where it is there, for uv to put in place.
    Pip(Ask, Option<PathBuf>),
    /// Packages for pip to take away.
    PipRemove(Vec<String>),
}

/// What a tool said it would do.
#[derive(Default)]
pub(crate) struct Told {
    /// What would come and go.
    pub(crate) transaction: Transaction,
    /// pip's report.
    pub(crate) report: Option<PipReport>,
    /// What mlenv itself will do.
    #[cfg(feature = "conda")]
    pub(crate) change: Option<crate::conda::Change>,
}

/// What a tool may have left behind in an env.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Trace {
    /// Nobody knows: it has to be looked at.
    Anything,
    /// Just what it should have done, and nothing of the base is concerned.
    #[cfg(feature = "conda")]
    Known,
}

/// An env at which work is done.
pub(crate) struct Site<'a> {
    /// The env, at the place that its programs know.
    pub(crate) env: &'a Path,
    /// What every tool has in its environment.
    pub(crate) vars: &'a Vars,
    /// The world.
    #[cfg(feature = "conda")]
    pub(crate) host: &'a Host,
    /// The image that the env is made for, if it is.
    #[cfg(feature = "conda")]
    pub(crate) inside: Option<crate::conda::Inside<'a>>,
    /// The user's cache.
    #[cfg(feature = "conda")]
    pub(crate) cache: &'a Path,
    /// Channels that packages of the env were asked for from.
    #[cfg(feature = "conda")]
    pub(crate) channels: &'a [String],
    /// Nothing is fetched.
    #[cfg(feature = "conda")]
    pub(crate) is_offline: bool,
    /// Packages that were published later do not count.
    pub(crate) until: Option<&'a Cutoff>,
    /// Scripts of packages are run.
    #[cfg(feature = "conda")]
    pub(crate) runs_scripts: bool,
    /// For what is said meanwhile.
    pub(crate) ui: Ui,
}

/// The variables of this process with the env active. An env that cannot be activated cannot be worked at either.
pub(crate) fn surroundings(env: &Path, host: &Host, dirs: &Dirs) -> Result<Vars> {
    let place = (Place::Env(env.to_owned()), Owner::Hand);
    let session = Session::of(host.vars()).ok().flatten();
    let mut vars =
        applied::inside(place, &host.vars_with_path(), session.as_ref(), (host, dirs))?.vars;
    // uv follows them even where it is told which Python is meant.
    for name in ["UV_SYSTEM_PYTHON", "UV_TARGET", "UV_PREFIX", "UV_CONFIG_FILE"] {
        vars.remove(OsStr::new(name));
    }
    Ok(vars)
}

impl Task {
    /// The tool's name.
    pub(crate) fn tool(&self) -> String {
        match self {
            Self::Conda(client, _) => client
                .file_name()
                .map_or_else(String::new, |name| Shown(Path::new(name)).to_string()),
            #[cfg(feature = "conda")]
            Self::Own(_) => "mlenv".to_owned(),
            Self::Pip(..) | Self::PipRemove(_) => "pip".to_owned(),
        }
    }

    /// The errand, where conda's packages are meant, whoever does it.
    pub(crate) fn errand(&self) -> Option<&Errand> {
        match self {
            Self::Conda(_, errand) => Some(errand),
            #[cfg(feature = "conda")]
            Self::Own(errand) => Some(errand),
            Self::Pip(..) | Self::PipRemove(_) => None,
        }
    }

    /// True where newer versions are wanted of what is there.
    pub(crate) fn is_update(&self) -> bool {
        matches!(self.errand(), Some(Errand::Update { .. }))
            || matches!(self, Self::Pip(ask, _) if ask.upgrade)
    }

    /// Refuses words that the tool would take for something else than packages, wherever they come from.
    fn check(&self) -> Result<()> {
        if let Some(errand) = self.errand() {
            return errand.check();
        }
        match self {
            Self::Pip(ask, _) => ask.specs.iter().try_for_each(|spec| checked::requirement(spec)),
            Self::PipRemove(names) => names.iter().try_for_each(|name| checked::requirement(name)),
            _ => Ok(()),
        }
    }

    /// Asks the tool what it would do; nothing is changed.
    pub(crate) fn tell(&self, site: &Site) -> Result<Told> {
        self.check()?;
        match self {
            Self::Conda(client, _) if site.until.is_some() => Err(Error::new(format!(
                "{} cannot leave out what was published later",
                Shown(client)
            ))
            .hint("leave --client out: mlenv itself can, and uv and pip 26 for Python's packages")),
            Self::Conda(client, errand) => {
                let words = conda::arguments(site.env, errand, Mode::Tell);
                let Ran { status, out: answer, .. } = site.asked(client, &words)?;
                let transaction = conda::transaction(&answer).map_err(|error| {
                    let what = format!("{} {}", Shown(client), ending(status));
                    if status.success() { error } else { error.during(what) }
                })?;
                Ok(Told { transaction, ..Told::default() })
            }
            Self::Pip(ask, _) => {
                let python = site.python();
                let words = ask.arguments(site.until, &["--dry-run", "--quiet", "--report", "-"]);
                let Ran { status, out: answer, .. } = site.asked(&python, &words)?;
                if !status.success() {
                    return Err(Error::new(format!(
                        "pip {} while working out what is needed; nothing was changed",
                        ending(status)
                    )));
                }
                let report = PipReport::parse(&answer)?;
                Ok(Told {
                    transaction: report.transaction(),
                    report: Some(report),
                    ..Told::default()
                })
            }
            #[cfg(feature = "conda")]
            Self::Own(errand) => {
                let change = site.decide(errand)?;
                let transaction = own::told(&site.place(), &change);
                Ok(Told { transaction, change: Some(change), ..Told::default() })
            }
            Self::PipRemove(_) => Ok(Told::default()),
        }
    }

    /// Lets the tool do it.
    pub(crate) fn act(&self, site: &Site, told: &Told, signals: &Signals) -> Result<Trace> {
        self.check()?;
        #[cfg(feature = "conda")]
        if let Self::Own(errand) = self {
            return site.carry(errand, told, signals);
        }
        self.work(site, told, signals).map(|()| Trace::Anything)
    }

    fn work(&self, site: &Site, told: &Told, signals: &Signals) -> Result<()> {
        let python = site.python();
        match self {
            Self::Conda(client, errand) => {
                site.run(client, &conda::arguments(site.env, errand, Mode::Act), signals)
            }
            #[cfg(feature = "conda")]
            Self::Own(_) => Ok(()),
            Self::Pip(ask, uv) => {
                let exact = told.report.as_ref().and_then(PipReport::exact);
                if let (Some(uv), Some(exact)) = (uv, exact.filter(|exact| !exact.is_empty()))
                    && ask.rest.is_empty()
                {
                    match site.run(uv, &pip::uv(&python, &exact), signals) {
                        Ok(()) => return Ok(()),
                        Err(error) if signals.any() => return Err(error),
                        Err(error) => site.ui.say(format!("{error}; pip does it instead")),
                    }
                }
                site.run(&python, &ask.arguments(site.until, &[]), signals)
            }
            Self::PipRemove(names) => site.run(&python, &pip::uninstall(names), signals),
        }
    }
}

/// The text of a file with requirements.
pub(crate) fn read(path: &Path) -> Result<String> {
    foreign::read_text(path, foreign::FileKind::PackageData).attempt("read", path)
}

/// The reason that stands in `conda-meta/frozen` (CEP 22): who keeps the env wants no client to change it.
pub(crate) fn frozen(env: &Path) -> Option<String> {
    let text =
        foreign::read_text(env.join("conda-meta/frozen"), foreign::FileKind::PackageData).ok()?;
    let told: Option<serde_json::Value> = serde_json::from_str(&text).ok();
    let message = told.as_ref().and_then(|told| told.get("message")?.as_str());
    Some(message.map_or_else(|| "it does not say why".to_owned(), shown))
}
