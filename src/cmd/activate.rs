//! `activate` and `deactivate`: the text that a shell evaluates to change itself.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use crate::activation::{self, Place, Prompt, Wish};
use crate::cli;
use crate::config::Dirs;
use crate::consent::marker;
use crate::consent::{self, Store};
use crate::context::Context;
use crate::env::record;
use crate::error::{Attempt, Error, Result};
use crate::host::{Host, same_place};
use crate::plan::session::{Owner, Session};
use crate::plan::{self, Change};
use crate::shell::plain;
use crate::shell::settle;
use crate::shell::watch::{self, Watch};
use crate::shell::{Dialect, hook};
use crate::text::Shown;
use crate::ui::Ui;

/// Prints what makes the named env active.
pub(super) fn activate(context: &Context, arguments: &cli::Activate) -> Result<()> {
    let Context { host, dirs, .. } = context;
    let dialect = dialect_of(arguments.shell.as_deref(), "activate", host)?;
    let (place, owner) = match &arguments.env {
        Some(named) => (activation::locate(named, host, dirs)?, Owner::Hand),
        None => by_marker(host, dirs, "`mlenv activate ./myEnv` takes one by its path")?,
    };
    enter(context, place, owner, ShellReader { dialect, hooked: arguments.hooked })
}

/// Who evaluates what is printed.
#[derive(Clone, Copy)]
pub(super) struct ShellReader {
    /// In which language.
    pub(super) dialect: Dialect,
    /// Whether it is the hook's own function, which is told what to watch.
    pub(super) hooked: bool,
}

impl ShellReader {
    /// Prints `change`, after which `session` is active.
    fn print(
        self,
        change: &Change,
        session: Option<&Session>,
        host: &Host,
        dirs: &Dirs,
    ) -> Result<()> {
        let Self { dialect, hooked } = self;
        if !hooked {
            let program = host.program()?;
            let parts = settle::parts(dialect, change, &host.vars_with_path(), &program)?;
            let text = if parts.last.is_empty() {
                parts.first
            } else {
                settle::joined(&[parts.first, parts.last])
            };
            let offered = session.map(|_| program.as_path());
            return super::print(plain::around(dialect, &text, offered)?);
        }
        let marker = session.and_then(|session| session.owner.marker());
        let consent = match marker {
            Some(path) => Some(consent_file(path, dirs)?),
            None => None,
        };
        let young = marker.is_some_and(marker::is_young);
        let consent = consent.as_deref();
        let record = session.map(|session| session.prefix.join(record::FILE));
        let (record, guard) = (record.as_deref(), activation::guard(session));
        let program = &host.program()?;
        let watch =
            Watch { session, record, guard, consent, missing: None, told: None, young, program };
        super::print(watch::text(dialect, change, &watch, &host.vars_with_path())?)
    }
}

fn consent_file(marker: &Path, dirs: &Dirs) -> Result<PathBuf> {
    let dir = marker.parent().unwrap_or(Path::new("/"));
    let dir = dir.canonicalize().attempt("find", dir)?;
    Ok(Store::new(dirs).answer_path(&dir.join(marker::NAME)))
}

/// Prints what leaves whatever is active and enters `place`.
pub(super) fn enter(
    context: &Context,
    place: Place,
    owner: Owner,
    reader: ShellReader,
) -> Result<()> {
    let Context { host, dirs, ui, .. } = context;
    let session = session(host, *ui)?;
    let wish = Wish { place, owner, dialect: reader.dialect, prompt: Prompt::Perhaps };
    let found = activation::read(&wish, host, dirs)?;
    // A shell that was given no PATH looks through one of its own, which it does not export.
    let vars = host.vars_with_path();
    let (change, entered) = plan::switch(&vars, session.as_ref(), &found.target);
    reader.print(&change, Some(&entered), host, dirs)?;
    found.warnings.iter().for_each(|warning| ui.warn(warning));
    Ok(())
}

/// Prints what undoes the activation of this shell.
pub(super) fn deactivate(context: &Context, arguments: &cli::Deactivate) -> Result<()> {
    let Context { host, dirs, ui, .. } = context;
    let dialect = dialect_of(arguments.shell.as_deref(), "deactivate", host)?;
    let session = session(host, *ui)?.ok_or_else(|| nothing_active(host))?;
    let reader = ShellReader { dialect, hooked: arguments.hooked };
    if reader.hooked {
        super::print(same(dialect, is_markers_own(&session, host, dirs))?)?;
    }
    reader.print(&plan::leave(host.vars(), &session), None, host, dirs)
}

/// Whether the marker here names what was activated by hand: then one leaving is enough.
fn is_markers_own(session: &Session, host: &Host, dirs: &Dirs) -> bool {
    let named = by_marker(host, dirs, "").map(|(place, _)| place);
    session.owner == Owner::Hand
        && named.is_ok_and(|place| same_place(place.path(), &session.prefix))
}

/// What tells the hook so; in front of the line that tcsh evaluates.
fn same(dialect: Dialect, is_same: bool) -> Result<Vec<u8>> {
    let (name, value) = ("__mlenv_same", if is_same { "1" } else { "" });
    if let Dialect::Tcsh(_) = dialect {
        let word = hook::Word::One(value.into());
        return Ok([hook::assign_all(dialect, &[(name, word)])?.as_slice(), b"; "].concat());
    }
    hook::assign(dialect, name, OsStr::new(value))
}

/// What this shell has active, with no script in it that another user could have planted.
pub(super) fn session(host: &Host, ui: Ui) -> Result<Option<Session>> {
    let mut session = Session::of(host.vars())?;
    if session.as_mut().map_or(0, activation::disown_foreign) > 0 {
        ui.warn("scripts that belong to another user are not run on leaving");
    }
    Ok(session)
}

/// What is taken when nothing is named: the env of the nearest marker, as the hook would. `hint` tells how to name one.
pub(super) fn by_marker(host: &Host, dirs: &Dirs, hint: &str) -> Result<(Place, Owner)> {
    let dir = marker::nearest(&host.cwd()?, marker::ceiling(host).as_deref()).ok_or_else(|| {
        Error::new("which env? none was named, and there is no marker here or above")
            .hint(format!("`mlenv list` shows your envs; {hint}"))
    })?;
    let considered = consent::consider(&dir, &dirs.envs, &Store::new(dirs))?;
    let env = considered.ok_or_else(|| Error::no("the marker is gone"))?.verdict?.env;
    Ok((Place::Env(env), Owner::Marker(dir.join(marker::NAME))))
}

fn nothing_active(host: &Host) -> Error {
    match host.var("CONDA_PREFIX").or(host.var("VIRTUAL_ENV")) {
        Some(prefix) => {
            let prefix = Shown(Path::new(prefix));
            Error::no(format!(
                "mlenv has nothing active here; {prefix} was activated by something else"
            ))
            .hint("leave it the way it was entered: `conda deactivate`, or `deactivate`")
        }
        None => Error::no("nothing is active in this shell"),
    }
}

/// Only the shell itself can change its variables: without the hook the user has to let it.
fn dialect_of(shell: Option<&OsStr>, verb: &str, host: &Host) -> Result<Dialect> {
    if let Some(shell) = shell {
        return Dialect::new(shell);
    }
    let login = host.var("SHELL").and_then(|path| Path::new(path).file_name());
    let dialect = login.and_then(|name| Dialect::new(name).ok()).unwrap_or(Dialect::Bash);
    let env = if verb == "activate" { " ENV" } else { "" };
    let (rc, hook, now) = recipes(dialect, &format!("{verb} --shell {}{env}", dialect.name()));
    Err(Error::new(format!(
        "`mlenv {verb}` has to change your shell, which only the shell can do, with the hook"
    ))
    .hint(format!("put {hook} into {rc} once, or run {now} now")))
}

/// Where the hook goes, how, and how one command is evaluated without it.
fn recipes(dialect: Dialect, command: &str) -> (&'static str, String, String) {
    let evaluated = |command: &str| match dialect {
        Dialect::Bash | Dialect::Zsh => format!("eval \"$(mlenv {command})\""),
        Dialect::Tcsh(_) => format!("eval \"`mlenv {command}`\""),
        Dialect::Fish => format!("mlenv {command} | source"),
    };
    let rc = match dialect {
        Dialect::Bash => "~/.bashrc",
        Dialect::Zsh => "~/.zshrc",
        Dialect::Tcsh(_) => "~/.tcshrc",
        Dialect::Fish => "~/.config/fish/config.fish",
    };
    (rc, evaluated(&format!("hook {}", dialect.name())), evaluated(command))
}
