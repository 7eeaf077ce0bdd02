//! The lock beside a project's file: written where it has to be, and read where it is to be obeyed.

use super::{Lock, make, obey};
use crate::base::Base;
use crate::context::Context;
use crate::error::{Error, Result};
use crate::hint::command;
use crate::packages::follow::Aim;
use crate::text::Shown;

/// The lock that is to be obeyed, if one is: read, or made anew first.
pub(crate) fn wanted(
    context: &Context,
    (locked, relock): (bool, bool),
    aim: &Aim,
    base: &Base,
) -> Result<Option<Lock>> {
    if !locked && !relock {
        return Ok(None);
    }
    if relock {
        write(context, aim, base, true)?;
    }
    obey::read(&aim.file, base, &make::asked(context, &aim.demand, aim.dir())?).map(Some)
}

/// Writes the lock beside the file, unless it says the same already.
pub(crate) fn write(context: &Context, aim: &Aim, base: &Base, anew: bool) -> Result<()> {
    let path = Lock::beside(&aim.file);
    let before = match Lock::read(&path) {
        // Ours, and damaged: it is written anew. Another tool's is never replaced.
        Err(error) if anew && !obey::is_others(&path) => {
            context.ui.say(error.to_string());
            None
        }
        other => other?,
    };
    if let Some(before) = before.as_ref().filter(|_| !anew) {
        if !before.is_for(base) {
            return Err(Error::no(format!(
                "{} was made for another base than {}",
                Shown(&path),
                Shown(&base.prefix)
            ))
            .hint(format!(
                "{} makes it anew for this base",
                command("mlenv lock -f {} --relock", &[&aim.file])
            )));
        }
        if before.answers(&make::asked(context, &aim.demand, aim.dir())?) {
            context.ui.say(format!("{} is up to date", Shown(&path)));
            return Ok(());
        }
    }
    let keep = before.as_ref().filter(|_| !anew);
    let lock = make::make(context, base, (&aim.demand, aim.dir()), keep)?;
    if before.as_ref() == Some(&lock) {
        context.ui.say(format!("{} is up to date", Shown(&path)));
        return Ok(());
    }
    lock.write(&path)?;
    let (count, of_base) = (lock.len(), Shown(&base.prefix));
    let packages = if count == 1 { "package" } else { "packages" };
    context.ui.say(format!("wrote {}: {count} {packages} besides {of_base}", Shown(&path)));
    Ok(())
}
