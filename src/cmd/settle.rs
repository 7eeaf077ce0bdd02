//! `mlenv settle`: what packages' scripts did in a tcsh. Hidden; the text of an activation calls it.

use crate::activation;
use crate::cli;
use crate::context::Context;
use crate::env::record;
use crate::error::Result;
use crate::plan::name::{Name, SESSION};
use crate::plan::scripted::scripted;
use crate::plan::session::{Scripted, Session};
use crate::plan::{Change, Step};
use crate::shell::settle::{BEFORE, read};
use crate::shell::watch::{self, Watch};
use crate::shell::{self, Dialect};

/// Prints what becomes of what scripts did.
pub(super) fn run(context: &Context, arguments: &cli::Settle) -> Result<()> {
    let host = context.host;
    let dialect = Dialect::new(&arguments.shell)?;
    let Some(before) = host.var(BEFORE) else { return Ok(()) };
    let found = scripted(&read(before)?, host.vars());
    if arguments.what == "leave" {
        // What was there is as it was.
        let back = found.vars.into_iter().filter_map(|var| Some(Step::Set(var.name, var.old?)));
        return super::print(shell::render(dialect, &Change { steps: back.collect() })?);
    }
    let Some(mut session) = Session::of(host.vars())? else { return Ok(()) };
    if found == Scripted::default() {
        return Ok(());
    }
    session.scripted = found;
    let step = Step::Set(Name::known(SESSION), session.to_string().into());
    let change = Change { steps: vec![step] };
    if arguments.hooked == 0 {
        return super::print(shell::render(dialect, &change)?);
    }
    let record = session.prefix.join(record::FILE);
    let watch = Watch {
        session: Some(&session),
        record: Some(&record),
        guard: activation::guard(Some(&session)),
        consent: None,
        missing: None,
        told: None,
        young: false,
        program: &host.program()?,
    };
    super::print(watch::renewed(dialect, &change, &watch, host.vars())?)
}
