//! Packages on top of the base: which tool puts them there, what it would do, what was asked for.
//!
//! `requests` is what the user asked for, `transaction` what a tool would do about it, `pip` and `conda` know the words
//! of their tools, `direct` the places that packages came from: pure. `client` finds the tools, `work` runs them through `exec`, in the surroundings that an
//! activation of the env gives. No tool is ever pointed at a base.

pub(crate) mod again;
pub(crate) mod asked;
pub(crate) mod client;
pub(crate) mod conda;
pub(crate) mod demand;
pub(crate) mod dependents;
mod dynamic;
pub(crate) mod explicit;
pub(crate) mod export;
pub(crate) mod follow;
pub(crate) mod fulfil;
pub(crate) mod guard;
pub(crate) mod imports;
pub(crate) mod job;
pub(crate) mod lock;
pub(crate) mod matching;
pub(crate) mod opened;
pub(crate) mod pins;
pub(crate) mod pip;
pub(crate) mod prefix;
pub(crate) mod project;
pub(crate) mod reinstall;
pub(crate) mod requirements;
mod resolution;
pub(crate) mod run;
#[cfg(feature = "conda")]
pub(crate) mod search;
pub(crate) mod served;
pub(crate) mod transaction;
pub(crate) mod uninstall;
pub(crate) mod update;
mod uv;

use self::run::Task;
use self::transaction::Outlook;
use crate::context::Context;
use crate::error::Result;

/// How work on packages is done.
pub(crate) struct Manner<'a> {
    /// Nothing is changed, only told.
    pub(crate) dry_run: bool,
    /// Is shown what would be done, and says whether it is to be done.
    pub(crate) agree: &'a dyn Fn(&Task, &Outlook) -> Result<bool>,
}

impl Manner<'_> {
    /// Lets `job` be done without a question; what it does is said.
    pub(crate) fn unasked<T>(
        context: &Context,
        job: impl FnOnce(&Manner) -> Result<T>,
    ) -> Result<T> {
        let agree = |_: &Task, outlook: &Outlook| {
            outlook.lines().iter().for_each(|line| context.ui.say(line));
            Ok(true)
        };
        job(&Manner { dry_run: false, agree: &agree })
    }
}
