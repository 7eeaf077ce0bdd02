//! `mlenv answer`: what a hook evals when something that decides has changed. Hidden; the hooks call it.
//!
//! The marker and its env are looked at once, judged, and what was judged is what is entered. The answer ends with
//! the assignments that the hook watches by. Nothing of a marker that is not trusted is in the answer.

mod refusal;

use std::borrow::Cow;
use std::cell::Cell;
use std::ffi::OsStr;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use crate::activation::{self, Place, Prompt, Wish};
use crate::cli;
use crate::config::{self, Dirs};
use crate::consent::marker::{self, NAME};
use crate::consent::{self, Considered, Store};
use crate::context::Context;
use crate::env::record::{self, Record};
use crate::error::{Attempt, Error, FailureKind, Result};
use crate::host::Host;
use crate::ownership::Judge;
use crate::plan::name::SESSION;
use crate::plan::session::{Owner, Session};
use crate::plan::{self, Change, Vars};
use crate::process;
use crate::shell::watch::{self, Watch};
use crate::shell::{Dialect, hook};
use crate::text::Shown;
use crate::ui::Ui;

/// What the shell is to do, and what the hook is to remember.
struct HookAnswer {
    change: Change,
    /// What is active afterwards, if we looked at all of it.
    session: Option<Session>,
    /// The file of the user's answer about the marker.
    consent: Option<PathBuf>,
    /// The record of an env that was allowed and is not there.
    missing: Option<PathBuf>,
    /// Refusals that this shell has heard, as short hashes.
    told: String,
    /// The marker is so young that a shell which sees whole seconds may miss its next change.
    young: bool,
    /// An env in a container that is to be entered from this shell.
    enter: Option<PathBuf>,
}

/// Prints the answer for one shell.
pub(super) fn run(context: &Context, arguments: &cli::Answer) -> Result<()> {
    process::end_after(PATIENCE);
    let dialect = Dialect::new(&arguments.shell)?;
    let lost = arguments.lost.as_deref().and_then(OsStr::to_str).unwrap_or_default();
    let untold = Cell::new(false);
    let host = context.host;
    let call = Call {
        dialect,
        told: &arguments.told,
        untold,
        lost,
        host,
        ui: context.ui,
        dirs: &context.dirs,
    };
    let answer = match (call.session(), &arguments.marker) {
        // What was activated on top stays on top.
        (Ok(Some(session)), _)
            if lost == FIRST && super::status::other(host, Some(&session)).is_some() =>
        {
            nothing(arguments.told.clone())
        }
        (Ok(session), Some(path)) => call.at_marker(path, session)?,
        (Ok(session), None) => call.without_marker(session)?,
        // Somebody else's, or damaged: this shell is left alone.
        (Err(cause), _) => nothing(call.refuse(Path::new(SESSION), &[], &cause)),
    };
    let session = answer.session.as_ref();
    let record = session.map(|session| session.prefix.join(record::FILE));
    let watch = Watch {
        session,
        record: record.as_deref(),
        guard: activation::guard(session),
        consent: answer.consent.as_deref(),
        missing: answer.missing.as_deref(),
        told: Some((&answer.told, call.untold.get())),
        young: answer.young,
        program: &host.program()?,
    };
    let mut out = watch::text(dialect, &answer.change, &watch, host.vars())?;
    if let Some(env) = &answer.enter {
        out.extend(hook::nested(dialect, &host.program()?, env)?);
    }
    super::print(out)
}

/// Seconds after which a process that waits for a dead file system ends, so that the prompt comes back.
const PATIENCE: u32 = 20;
/// What is wrong at the shell's first question since its rc file was read: perhaps something, with `PATH`.
const FIRST: &str = "first";

struct Call<'a> {
    dialect: Dialect,
    told: &'a str,
    /// A refusal that no terminal would have shown.
    untold: Cell<bool>,
    /// What the shell knows to be wrong.
    lost: &'a str,
    host: &'a Host,
    ui: Ui,
    dirs: &'a Dirs,
}

impl Call<'_> {
    /// The shell's session. Its scripts count only where nobody else can have written them: the variable may have
    /// been inherited from anywhere.
    fn session(&self) -> Result<Option<Session>> {
        let mut session = Session::of(self.host.vars())?;
        if let Some(session) = session.as_mut() {
            let judge = Judge::new();
            let own = judge.is_own(&session.prefix);
            let is_own = |script: &PathBuf| script.parent().is_some_and(|dir| judge.is_own(dir));
            session.scripts.retain(|script| own && is_own(script));
        }
        Ok(session)
    }

    fn at_marker(&self, path: &Path, session: Option<Session>) -> Result<HookAnswer> {
        let dir = path.parent().unwrap_or(Path::new("/"));
        let dir = match dir.canonicalize() {
            // Removed since the shell saw the marker.
            Err(cause) if cause.kind() == ErrorKind::NotFound => {
                return self.without_marker(session);
            }
            other => other.attempt("find", dir)?,
        };
        let store = Store::new(self.dirs);
        let consent = Some(store.answer_path(&dir.join(NAME)));
        let mut missing = None;
        let (bytes, refusal) = match consent::consider(&dir, &self.dirs.envs, &store) {
            Ok(None) => return self.without_marker(session),
            Ok(Some(Considered { verdict: Ok(subject), .. })) => {
                let owner = Owner::Marker(path.to_owned());
                let env = subject.env.clone();
                let switched = self.switched(subject.env, owner, session.as_ref(), subject.record);
                let (change, session) = match switched {
                    Ok(switched) => switched,
                    Err(cause) => return self.elsewhere(path, consent, &env, session, cause),
                };
                let told = self.told.to_owned();
                return Ok(HookAnswer {
                    change,
                    session: Some(session),
                    consent,
                    missing: None,
                    told,
                    young: marker::is_young(path),
                    enter: None,
                });
            }
            Ok(Some(Considered { marker, verdict: Err(refusal) })) => {
                missing = store.allowed_env(&marker).map(|env| env.join(record::FILE));
                (marker.bytes, refusal)
            }
            // An env whose own marker cannot be read stays: it may be half written.
            Err(cause) if owns(session.as_ref(), path) => return Err(cause),
            Err(cause) => (Vec::new(), cause),
        };
        let told = self.refuse(&dir.join(NAME), &bytes, &refusal);
        let (change, session) = self.left(session);
        let young = marker::is_young(path);
        Ok(HookAnswer { change, session, consent, missing, told, young, enter: None })
    }

    /// An env that lives in a container is offered, once; any other failure is one.
    fn elsewhere(
        &self,
        marker: &Path,
        consent: Option<PathBuf>,
        env: &Path,
        session: Option<Session>,
        cause: Error,
    ) -> Result<HookAnswer> {
        if *cause.kind() != FailureKind::InContainer {
            return Err(cause);
        }
        let young = marker::is_young(marker);
        // tcsh asks again while a marker is young, and would enter again.
        let is_final = !(young && matches!(self.dialect, Dialect::Tcsh(_)));
        let wanted = self.host.var(config::CONTAINER).is_some_and(|value| value == "enter");
        let enter = (wanted && self.host.terminal && is_final).then(|| env.to_owned());
        let told = if wanted {
            self.told.to_owned()
        } else {
            self.refuse(marker, env.as_os_str().as_encoded_bytes(), &cause)
        };
        let (change, session) = self.left(session);
        Ok(HookAnswer { change, session, consent, missing: None, told, young, enter })
    }

    fn switched(
        &self,
        env: PathBuf,
        owner: Owner,
        session: Option<&Session>,
        record: Option<Record>,
    ) -> Result<(Change, Session)> {
        let wish =
            Wish { place: Place::Env(env), owner, dialect: self.dialect, prompt: Prompt::Perhaps };
        let found = match record {
            Some(record) => activation::read_env(&wish, &record, self.host, self.dirs)?,
            None => activation::read(&wish, self.host, self.dirs)?,
        };
        found.warnings.iter().for_each(|warning| self.ui.warn(warning));
        let vars = self.vars(session);
        Ok(plan::switch(&vars, session, &found.target))
    }

    /// The shell's variables. Where the rc file was just read, what it put in front of our directories goes behind them:
    /// they are taken for lost.
    fn vars(&self, session: Option<&Session>) -> Cow<'_, Vars> {
        let vars = self.host.vars();
        match session {
            Some(session) if self.lost == FIRST && !session.leads(vars) => {
                Cow::Owned(session.without_entries(vars))
            }
            _ => Cow::Borrowed(vars),
        }
    }

    /// No marker decides here: what one activated is left, what the user activated is put back where it got lost.
    fn without_marker(&self, session: Option<Session>) -> Result<HookAnswer> {
        let (change, session) = match session {
            Some(session) if session.owner == Owner::Hand => match self.parted(&session) {
                Some(why) => {
                    let told = self.refuse(&session.prefix, b"parted", &why);
                    let change = plan::leave(self.host.vars(), &session);
                    return Ok(HookAnswer { change, ..nothing(told) });
                }
                None => self.renewed(&session)?,
            },
            other => self.left(other),
        };
        Ok(HookAnswer { change, session, ..nothing(self.told.to_owned()) })
    }

    /// Why what the user activated by hand cannot stay: another user's lies in its place now, or nothing does.
    fn parted(&self, session: &Session) -> Option<Error> {
        let prefix = &session.prefix;
        let (why, cure) = match self.lost {
            "taken" if !Judge::new().is_from_own(prefix) => (
                "belongs to another user now",
                "see who can write to the directories above it: `ls -ld`",
            ),
            "gone" if !prefix.exists() => ("is gone", "`mlenv list` shows your envs"),
            _ => return None,
        };
        Some(Error::no(format!("{} {why}: left", Shown(prefix))).hint(cure))
    }

    /// An env activated by hand, as it should be. One that others can change is left as it is.
    fn renewed(&self, session: &Session) -> Result<(Change, Option<Session>)> {
        if !Judge::new().is_own(&session.prefix) {
            return Ok((Change::default(), None));
        }
        if !record::is_env(&session.prefix) {
            return Ok((plan::relist(&self.vars(Some(session)), session), None));
        }
        let (change, renewed) =
            self.switched(session.prefix.clone(), Owner::Hand, Some(session), None)?;
        Ok((change, Some(renewed)))
    }

    fn left(&self, session: Option<Session>) -> (Change, Option<Session>) {
        match session {
            Some(session) if session.owner != Owner::Hand => {
                (plan::leave(self.host.vars(), &session), None)
            }
            _ => (Change::default(), None),
        }
    }
}

fn nothing(told: String) -> HookAnswer {
    let change = Change::default();
    HookAnswer {
        change,
        session: None,
        consent: None,
        missing: None,
        told,
        young: false,
        enter: None,
    }
}

fn owns(session: Option<&Session>, marker: &Path) -> bool {
    session.is_some_and(|session| session.owner == Owner::Marker(marker.to_owned()))
}
