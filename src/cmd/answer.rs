//! `mlenv answer`: what a hook evals when something that decides has changed. Hidden; the hooks call it.
//!
//! The marker and its env are looked at once, judged, and what was judged is what is entered. The answer ends with
//! the assignments that the hook watches by. Nothing of a marker that is not trusted is in the answer.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use super::watch::{self, Watch};
use crate::activation::{self, Place, Prompt, Wish, elsewhere};
use crate::cli;
use crate::config::{self, Dirs};
use crate::error::{Attempt, Error, Result};
use crate::exec;
use crate::host::Host;
use crate::marker::NAME;
use crate::overlay::record::{self, Record};
use crate::plan::name::SESSION;
use crate::plan::session::{Owner, Session};
use crate::plan::{self, Change};
use crate::shell::{Dialect, hook};
use crate::trust::{self, Considered, Store, token};
use crate::ui::Ui;

/// What the shell is to do, and what the hook is to remember.
struct Answer {
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
pub(super) fn run(arguments: &cli::Answer, host: &Host, ui: Ui) -> Result<()> {
    exec::end_after(PATIENCE);
    let dialect = Dialect::new(&arguments.shell)?;
    let call = Call { dialect, told: &arguments.told, host, ui, dirs: Dirs::new(host)? };
    let answer = match (call.session(), &arguments.marker) {
        (Ok(session), Some(path)) => call.at_marker(path, session)?,
        (Ok(session), None) => call.without_marker(session)?,
        // Somebody else's, or damaged: this shell is left alone.
        (Err(cause), _) => nothing(call.refuse(Path::new(SESSION), &[], &cause)),
    };
    let watch = Watch {
        session: answer.session.as_ref(),
        consent: answer.consent.as_deref(),
        missing: answer.missing.as_deref(),
        told: Some(&answer.told),
        young: answer.young,
    };
    let mut out = watch::text(dialect, &answer.change, &watch, host.vars())?;
    if let Some(env) = &answer.enter {
        out.extend(hook::nested(dialect, &host.program()?, env)?);
    }
    super::print(out)
}

/// Seconds after which a process that waits for a dead file system ends, so that the prompt comes back.
const PATIENCE: u32 = 20;

struct Call<'a> {
    dialect: Dialect,
    told: &'a str,
    host: &'a Host,
    ui: Ui,
    dirs: Dirs,
}

impl Call<'_> {
    /// The shell's session. Its scripts count only where nobody else can have written them: the variable may have
    /// been inherited from anywhere.
    fn session(&self) -> Result<Option<Session>> {
        let mut session = Session::of(self.host.vars())?;
        if let Some(session) = session.as_mut() {
            let own = trust::is_own(&session.prefix);
            session.scripts.retain(|script| own && script.parent().is_some_and(trust::is_own));
        }
        Ok(session)
    }

    fn at_marker(&self, path: &Path, session: Option<Session>) -> Result<Answer> {
        let dir = path.parent().unwrap_or(Path::new("/"));
        let dir = match dir.canonicalize() {
            // Removed since the shell saw the marker.
            Err(cause) if cause.kind() == ErrorKind::NotFound => {
                return self.without_marker(session);
            }
            other => other.attempt("find", dir)?,
        };
        let store = Store::new(&self.dirs);
        let consent = Some(store.answer_path(&dir.join(NAME)));
        let mut missing = None;
        let (bytes, refusal) = match trust::consider(&dir, &self.dirs.envs, &store) {
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
                return Ok(Answer {
                    change,
                    session: Some(session),
                    consent,
                    missing: None,
                    told,
                    young: watch::is_young(path),
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
        let young = watch::is_young(path);
        Ok(Answer { change, session, consent, missing, told, young, enter: None })
    }

    /// An env that lives in a container is offered, once; any other failure is one.
    fn elsewhere(
        &self,
        marker: &Path,
        consent: Option<PathBuf>,
        env: &Path,
        session: Option<Session>,
        cause: Error,
    ) -> Result<Answer> {
        let Some(offer) = elsewhere::offer(env, self.host) else { return Err(cause) };
        let young = watch::is_young(marker);
        // tcsh asks again while a marker is young, and would enter again.
        let is_final = !(young && matches!(self.dialect, Dialect::Tcsh(_)));
        let wanted = self.host.var(config::CONTAINER).is_some_and(|value| value == "enter");
        let enter = (wanted && self.host.terminal && is_final).then(|| env.to_owned());
        let told = if wanted {
            self.told.to_owned()
        } else {
            self.refuse(marker, env.as_os_str().as_encoded_bytes(), &offer)
        };
        let (change, session) = self.left(session);
        Ok(Answer { change, session, consent, missing: None, told, young, enter })
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
            Some(record) => activation::read_env(&wish, &record, self.host, &self.dirs)?,
            None => activation::read(&wish, self.host, &self.dirs)?,
        };
        found.warnings.iter().for_each(|warning| self.ui.warn(warning));
        Ok(plan::switch(self.host.vars(), session, &found.target))
    }

    /// No marker decides here: what one activated is left, what the user activated is put back where it got lost.
    fn without_marker(&self, session: Option<Session>) -> Result<Answer> {
        let (change, session) = match session {
            Some(session) if session.owner == Owner::Hand => self.renewed(&session)?,
            other => self.left(other),
        };
        Ok(Answer { change, session, ..nothing(self.told.to_owned()) })
    }

    /// An env activated by hand, as it should be. One that others can change is left as it is.
    fn renewed(&self, session: &Session) -> Result<(Change, Option<Session>)> {
        if !trust::is_own(&session.prefix) || !record::is_env(&session.prefix) {
            return Ok((Change::default(), None));
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

    /// Says why, once for each text of a marker in each shell. Returns what this shell has heard by then: nothing
    /// more where the user wants quiet or no terminal shows it.
    fn refuse(&self, marker: &Path, bytes: &[u8], why: &Error) -> String {
        if !self.host.terminal || self.host.var(config::QUIET).is_some() {
            return self.told.to_owned();
        }
        let token = token(marker, &[bytes, why.to_string().as_bytes()].concat());
        let mut told: Vec<&str> = self.told.split(' ').filter(|word| !word.is_empty()).collect();
        if told.contains(&token.as_str()) {
            return self.told.to_owned();
        }
        self.ui.refuse(why);
        let surplus = (told.len() + 1).saturating_sub(MEMORY);
        told.drain(..surplus);
        told.push(&token);
        told.join(" ")
    }
}

/// How many refusals a shell remembers.
const MEMORY: usize = 64;

fn nothing(told: String) -> Answer {
    let change = Change::default();
    Answer { change, session: None, consent: None, missing: None, told, young: false, enter: None }
}

fn owns(session: Option<&Session>, marker: &Path) -> bool {
    session.is_some_and(|session| session.owner == Owner::Marker(marker.to_owned()))
}
