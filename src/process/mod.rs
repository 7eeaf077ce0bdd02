//! Programs: what one is as data (`command`), which file its name means (`find`), a minimal environment to start from
//! (`clean`), a shell of the user's with an env active (`interactive`), and `run`, the one place where processes start.

mod clean;
mod command;
mod find;
mod interactive;
mod run;
mod stop;

pub(crate) use self::clean::minimal;
pub(crate) use self::command::Command;
pub(crate) use self::interactive::{Interactive, interactive};
pub(crate) use self::run::{Ran, Words, end_after, ending};
pub(crate) use self::stop::stop_flag;
