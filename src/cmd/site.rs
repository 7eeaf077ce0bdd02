//! What `install` and `uninstall` share: an env opened for work, the question to the user, what is seen to afterwards.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::{Context, print, print_json};
use crate::additions::forecast::Outlook;
use crate::additions::work::{Signals, Site, Task, Told, surroundings};
use crate::additions::{client, requests::Requests};
use crate::base::{Base, Kind};
use crate::care::aftercare::aftercare;
use crate::care::change::Change;
use crate::care::facts::Order;
use crate::care::finding::Finding;
use crate::care::installed::{self, Installed};
use crate::care::{mend, relocate};
use crate::cli::{Manner, OfEnv};
use crate::error::{Error, Result};
use crate::fs::{self, Lock};
use crate::overlay::layout::Layout;
use crate::overlay::plan::BASE_LINK;
use crate::overlay::record::{self, Record};
use crate::plan::Vars;
use crate::resolve::{self, Env};
use crate::text::Shown;
use crate::ui::Ui;

/// An env opened for work. No other mlenv works at it meanwhile.
pub(super) struct Opened {
    /// The env, at the place that its programs know.
    pub(super) env: PathBuf,
    /// Its record.
    pub(super) record: Record,
    /// Its base.
    pub(super) base: Base,
    /// What tools have in their environment.
    pub(super) vars: Vars,
    /// What was added to it.
    pub(super) own: Vec<Installed>,
    /// What lies below.
    pub(super) below: Vec<Installed>,
    _lock: Lock,
}

/// Opens the env that is named, or the active one.
pub(super) fn open(context: &Context, word: Option<&OsStr>) -> Result<Opened> {
    let Env { path, record } = super::env_here(context, word)?;
    relocate::check_settled(&path, &record)?;
    let env = record.prefix.0.clone();
    let vars = surroundings(&env, context.host, &context.dirs)?;
    let lock = lock(&env)?;
    let base = Base::open(&env.join(BASE_LINK), &context.dirs.cache)?;
    let own = installed::of_env(&env, &record.base.python_lib)?;
    let below = installed::of_base(&base)?;
    Ok(Opened { env, record, base, vars, own, below, _lock: lock })
}

/// What names the env, if anything does.
pub(super) fn word(context: &Context, of: &OfEnv) -> Result<Option<OsString>> {
    match &of.name {
        Some(name) => Ok(Some(resolve::new_by_name(&context.dirs, name)?.into_os_string())),
        None => Ok(of.env.clone()),
    }
}

/// Keeps every other mlenv from working at the env while it is held.
pub(super) fn lock(env: &Path) -> Result<Lock> {
    match fs::try_lock_dir(env) {
        Ok(Lock::Held) => Err(Error::new(format!("another mlenv is at work on {}", Shown(env)))
            .hint("try again when it is done")),
        Ok(lock) => Ok(lock),
        Err(cause) => Err(Error::io("open", env, &cause)),
    }
}

/// Of many packages only so many are named.
const FEW: usize = 12;

fn few(names: &[String]) -> String {
    match names.len().checked_sub(FEW) {
        Some(more @ 1..) => format!("{} and {more} more", names[..FEW].join(", ")),
        _ => names.join(", "),
    }
}

/// What `--dry-run --json` prints.
#[derive(Serialize)]
struct Report<'a> {
    tool: &'a str,
    #[serde(flatten)]
    outlook: &'a Outlook,
}

impl Opened {
    /// A conda client for this env; why there is none is an error.
    pub(super) fn conda(&self, context: &Context) -> Result<PathBuf> {
        let env = Shown(&self.env);
        if self.base.kind != Kind::Conda {
            return Err(Error::new(format!("{env} does not stand on a conda base"))
                .hint("leave --conda out: pip installs there"));
        }
        if self.record.layout == Layout::Sparse {
            let error = Error::new(format!(
                "{env} is sparse: a conda client would see nothing of the base in it"
            ));
            return Err(error.hint(format!(
                "`mlenv doctor --layout standard --fix {env}` fills it; or install with --pip"
            )));
        }
        client::conda(context.host, &self.vars, &self.env).ok_or_else(|| {
            Error::new("there is no conda client: no micromamba, mamba or conda")
                .hint("set MAMBA_EXE to one, or install with --pip")
        })
    }

    fn site(&self, context: &Context) -> Site<'_> {
        Site { env: &self.env, vars: &self.vars, ui: context.ui }
    }

    /// Asks the tool what it would do.
    pub(super) fn tell(&self, context: &Context, task: &Task) -> Result<Told> {
        task.tell(&self.site(context))
    }

    /// A forecast as it concerns the user.
    pub(super) fn outlook(&self, told: &Told) -> Outlook {
        Outlook::new(&told.forecast, &self.own, &self.below)
    }

    /// Shows what would be done; true where it is to be done.
    pub(super) fn agree(
        context: &Context,
        (task, outlook): (&Task, &Outlook),
        manner: &Manner,
    ) -> Result<bool> {
        if manner.json {
            print_json(&Report { tool: &task.tool(), outlook })?;
        } else if manner.dry_run {
            print(outlook.text())?;
        } else {
            outlook.lines().iter().for_each(|line| context.ui.say(line));
        }
        if manner.dry_run {
            return Ok(false);
        }
        let asks = context.host.answers && context.ui.is_heard() && !outlook.is_empty();
        if asks && !manner.yes && !Ui::ask("go on?") {
            return Err(Error::no("nothing was changed"));
        }
        Ok(true)
    }

    /// Lets the tool work, then sees to the env, however the tool ended.
    pub(super) fn act(&self, context: &Context, task: &Task, told: &Told) -> Result<()> {
        let signals = Signals::listen()?;
        let done = task.act(&self.site(context), told, &signals);
        let looked = self.look(context);
        for finding in looked.iter().flatten() {
            context.ui.warn(format!("{}; it breaks: {}", finding.what, finding.breaks));
            context.ui.hint(finding.cure_text());
        }
        match (done, looked) {
            (Ok(()), looked) => looked.map(drop),
            (Err(error), Ok(_)) => Err(error.hint(format!(
                "what it says is above; `mlenv packages --added {}` tells what is there",
                Shown(&self.env)
            ))),
            (Err(error), Err(_)) => {
                Err(error.hint(format!("`mlenv doctor {}` tells what it left", Shown(&self.env))))
            }
        }
    }

    /// Brings back what of the base's clients took out of the env before: `conda list` alone deletes the records of
    /// Python packages that do not lie in the env itself, and the next client would install them anew.
    pub(super) fn put_right(&self, context: &Context) -> Result<()> {
        self.look(context).map(drop)
    }

    fn look(&self, context: &Context) -> Result<Vec<Finding>> {
        let order = Order {
            env: &self.env,
            record: &self.record,
            layout: None,
            dirs: &context.dirs,
            ui: context.ui,
        };
        let found = aftercare(&order)?;
        if !found.returned.is_empty() {
            context.ui.say(format!("of the base again: {}", few(&found.returned)));
        }
        Ok(found.left)
    }

    /// Changes what is recorded as asked for.
    pub(super) fn request(&self, change: impl FnOnce(&mut Requests)) -> Result<()> {
        let mut record = Record::read(&self.env)?.unwrap_or_else(|| self.record.clone());
        let before = record.requests.clone();
        change(&mut record.requests);
        if record.requests == before {
            return Ok(());
        }
        let text = record.text()?.into_bytes();
        mend::apply(&self.env, vec![Change::rewrite(record::FILE, text)])
    }

    /// The base's package of this name.
    pub(super) fn of_base(&self, name: &str) -> Option<&Installed> {
        let key = installed::key(name);
        self.below.iter().find(|package| package.key() == key)
    }
}
