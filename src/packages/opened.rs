//! An env opened for work on its packages: what is in it and below it, what tools tell and do, what is seen to afterwards.

mod tool;

use std::collections::HashSet;
use std::path::{Path, PathBuf};

#[cfg(feature = "conda")]
use super::run::Trace;
use super::run::{Signals, Site, Task, Told, surroundings};
use super::transaction::Outlook;
use crate::base::installed::Manager;
use crate::base::installed::{self, Installed};
use crate::base::{Base, conda};
use crate::context::Context;
use crate::doctor::aftercare::aftercare;
use crate::doctor::change::Change;
use crate::doctor::facts::Examination;
use crate::doctor::finding::{EnvFault, Finding};
use crate::doctor::{relocate, repair};
use crate::env::content::BASE_LINK;
use crate::env::record::{self, Record};
use crate::env::requests::Requests;
use crate::error::Result;
use crate::fs::{self, Lock};
use crate::hint::command;
use crate::plan::Vars;
use crate::resolve::Env;
use crate::specs::cutoff::Cutoff;
use crate::specs::key;
use crate::text::{Shown, shown};

/// An env opened for work. No other mlenv works at it meanwhile.
pub(crate) struct Opened {
    /// The env, at the place that its programs know.
    pub(crate) env: PathBuf,
    /// Its record.
    pub(crate) record: Record,
    /// Its base.
    pub(crate) base: Base,
    /// What tools have in their environment.
    pub(crate) vars: Vars,
    /// What was added to it.
    pub(crate) own: Vec<Installed>,
    /// What lies below.
    pub(crate) below: Vec<Installed>,
    /// Nothing is fetched.
    pub(crate) is_offline: bool,
    /// Packages that were published later do not count.
    pub(crate) until: Option<Cutoff>,
    /// Scripts that conda packages bring are run.
    pub(crate) runs_scripts: bool,
    _lock: Lock,
}

/// Opens an env that can be used here.
pub(crate) fn open(context: &Context, Env { path, record }: Env) -> Result<Opened> {
    relocate::check_settled(&path, &record)?;
    let env = record.prefix.0.clone();
    let vars = surroundings(&env, context.host, &context.dirs)?;
    let lock = fs::lock_for_work(&env, &Shown(&env).to_string())?;
    settle(context, &env)?;
    let base = Base::of_prefix(&env.join(BASE_LINK), &context.dirs.cache)?;
    let own = installed::of_env(&env, &record.base.python_lib)?;
    let below = installed::of_base(&base)?;
    Ok(Opened {
        env,
        record,
        base,
        vars,
        own,
        below,
        is_offline: false,
        until: context.cutoff()?,
        runs_scripts: false,
        _lock: lock,
    })
}

/// Ends a change of packages that was stopped. The caller holds the env's lock.
#[cfg(feature = "conda")]
pub(crate) fn settle(context: &Context, env: &Path) -> Result<()> {
    use crate::conda::transaction::{Settled, settle_at};
    match settle_at(env)? {
        None => {}
        Some(Settled::Undone) => {
            context.ui.say("took back what a stopped run had only prepared");
        }
        Some(Settled::Finished) => {
            context.ui.say("finished what a stopped run had begun to put in place");
        }
    }
    Ok(())
}

/// Without an installer of its own mlenv begins no such change.
#[cfg(not(feature = "conda"))]
pub(crate) fn settle(_: &Context, _: &Path) -> Result<()> {
    Ok(())
}

/// Of many packages only so many are named.
const FEW: usize = 12;

fn few(names: &[String]) -> String {
    match names.len().checked_sub(FEW) {
        Some(more @ 1..) => format!("{} and {more} more", names[..FEW].join(", ")),
        _ => names.join(", "),
    }
}

impl Opened {
    fn site<'a>(&'a self, context: &'a Context) -> Site<'a> {
        Site {
            env: &self.env,
            vars: &self.vars,
            #[cfg(feature = "conda")]
            host: context.host,
            #[cfg(feature = "conda")]
            inside: None,
            #[cfg(feature = "conda")]
            cache: &context.dirs.cache,
            #[cfg(feature = "conda")]
            channels: &self.record.requests.channels,
            #[cfg(feature = "conda")]
            is_offline: self.is_offline,
            until: self.until.as_ref(),
            #[cfg(feature = "conda")]
            runs_scripts: self.runs_scripts,
            ui: context.ui,
        }
    }

    /// Asks the tool what it would do.
    pub(crate) fn tell(&self, context: &Context, task: &Task) -> Result<Told> {
        task.tell(&self.site(context))
    }

    /// A transaction as it concerns the user.
    pub(crate) fn outlook(&self, told: &Told) -> Outlook {
        Outlook::new(&told.transaction, &self.own, &self.below)
    }

    /// Lets the tool work, then sees to the env, however the tool ended.
    pub(crate) fn act(&self, context: &Context, task: &Task, told: &Told) -> Result<()> {
        task.fetch(&self.site(context), told)?;
        let signals = Signals::listen()?;
        let done = task.act(&self.site(context), told, &signals);
        #[cfg(feature = "conda")]
        if matches!(done, Ok(Trace::Known)) {
            return Ok(());
        }
        // What mlenv itself put there works with the base's in one process at once; a client's user decides.
        let too = if task.is_own() { &[EnvFault::MixedLibraries][..] } else { &[] };
        let looked = self.look(context, too);
        for finding in looked.iter().flatten() {
            context.ui.warn(format!("{}; it breaks: {}", finding.what, finding.breaks));
            context.ui.hint(finding.cure_text(&self.env));
        }
        match (done, looked) {
            (Ok(_), looked) => looked.map(drop),
            (Err(error), _) if task.is_own() => Err(error),
            (Err(error), Ok(_)) => {
                let shows = command("mlenv packages --added {}", &[&self.env]);
                // Whoever stopped it was not told what the tool said.
                let above = if signals.any() { "" } else { "what it says is above; " };
                Err(error.hint(format!("{above}{shows} shows what is there")))
            }
            (Err(error), Err(_)) => Err(error
                .hint(format!("{} shows what it left", command("mlenv doctor {}", &[&self.env])))),
        }
    }

    /// Brings back what of the base's clients took out of the env before: `conda list` alone deletes the records of
    /// Python packages that do not lie in the env itself, and the next client would install them anew.
    pub(crate) fn put_right(&self, context: &Context, task: &Task) -> Result<()> {
        // A client may have done more than that; mlenv needs the records alone.
        if task.is_own() && self.has_all_records()? {
            return Ok(());
        }
        self.look(context, &[]).map(drop)
    }

    /// True where every conda package of the base is recorded in the env, or one of the env's own in its place.
    fn has_all_records(&self) -> Result<bool> {
        let there = conda::packages(&self.env)?;
        let names: HashSet<&str> = there.iter().map(|package| package.name.as_str()).collect();
        let mut of_base = self.below.iter().filter(|package| package.by == Manager::Conda);
        Ok(of_base.all(|package| names.contains(package.name.as_str())))
    }

    fn look(&self, context: &Context, too: &[EnvFault]) -> Result<Vec<Finding>> {
        let order = Examination {
            env: &self.env,
            record: &self.record,
            layout: None,
            dirs: &context.dirs,
            ui: context.ui,
        };
        let found = aftercare(&order, too)?;
        if !found.returned.is_empty() {
            context.ui.say(format!("of the base again: {}", few(&found.returned)));
        }
        Ok(found.left)
    }

    /// Changes what is recorded as asked for.
    pub(crate) fn request(&self, change: impl FnOnce(&mut Requests)) -> Result<()> {
        self.rewrite(|record| change(&mut record.requests))
    }

    /// Changes the record.
    pub(crate) fn rewrite(&self, change: impl FnOnce(&mut Record)) -> Result<()> {
        let before = Record::read(&self.env)?.unwrap_or_else(|| self.record.clone());
        let mut record = before.clone();
        change(&mut record);
        if record == before {
            return Ok(());
        }
        let text = record.text()?.into_bytes();
        repair::apply(&self.env, vec![Change::rewrite(record::FILE, text)])
    }

    /// Which versions of these are there, and where: `click 8.1.7 (base), fresh 1.0 (env)`; of many the numbers alone.
    pub(crate) fn told_there<'n>(&self, names: impl Iterator<Item = &'n str>) -> String {
        let find = |name: &str| {
            let key = key(name);
            let own = self.own.iter().find(|package| package.key() == key);
            own.map(|package| (package, "env")).or(self.of_base(name).map(|found| (found, "base")))
        };
        let mut found: Vec<(&Installed, &str)> = names.filter_map(find).collect();
        found.sort();
        found.dedup();
        if found.len() > FEW {
            let of_base = found.iter().filter(|(_, of)| *of == "base").count();
            return format!(": {} packages, {of_base} of them the base's", found.len());
        }
        let words = found
            .iter()
            .map(|(package, of)| format!("{} {} ({of})", package.name, package.version));
        let words = words.collect::<Vec<_>>().join(", ");
        if words.is_empty() { words } else { shown(&format!(": {words}")) }
    }

    /// The base's package of this name.
    pub(crate) fn of_base(&self, name: &str) -> Option<&Installed> {
        let key = key(name);
        self.below.iter().find(|package| package.key() == key)
    }
}
