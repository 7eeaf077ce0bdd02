//! `mlenv container enter`, and `mlenv container` alone.

use super::{here, print_calls};
use crate::activation::Place;
use crate::cli::Enter;
use crate::container::program::LOGIN_SHELL;

use crate::context::Context;
use crate::engine::entrance::{Entrance, shell};
use crate::engine::reenter::{self, Purpose, Way};
use crate::engine::runner::Runner;
use crate::engine::wake::{refuse_inside, start_call, wake};
use crate::engine::{home, known};
use crate::error::Result;

pub(super) fn run(context: &Context, arguments: &Enter) -> Result<()> {
    let (dir, state) = here(context)?;
    refuse_inside(context, &state)?;
    if let Some(env) = &state.env
        && let Some(way) = reenter::way(context, &Place::Env(env.0.clone()))?
    {
        return by_env(context, arguments, way);
    }
    let runner = Runner::known(context.host, context.ui, state.engine, state.powers)?;
    let entrance = Entrance::new(context, &runner, &dir, &state);
    let mut how = home::inner(context, &dir, &entrance.mounts);
    home::Asked::of(context.host, &arguments.env)?.add_to(&mut how);
    how.user = if arguments.as_me { home::as_me(state.powers) } else { None };
    let command = if arguments.command.is_empty() {
        shell(LOGIN_SHELL, &home::shells(context.host))
    } else {
        arguments.command.clone()
    };
    let call = entrance.call(how, &command);
    if arguments.dry_run {
        let start = runner.has_store().then(|| start_call(&state));
        return print_calls(&start.into_iter().chain([call]).collect::<Vec<_>>());
    }
    wake(&runner, &dir, &state)?;
    if state.sif {
        context.ui.warn("its env is not there: nothing can be added until `mlenv container setup --sif --force IMAGE` makes one");
    }
    entrance.prepare()?;
    let _ = known::remember(&context.dirs, &dir); // made by an older mlenv; a failure was told by `setup`
    Err(runner.become_call(&call))
}

/// With the env active that has what is added to a SIF.
fn by_env(context: &Context, arguments: &Enter, way: Way) -> Result<()> {
    let way = way.with(home::Asked::of(context.host, &arguments.env)?);
    let purpose = match &arguments.command[..] {
        [] => Purpose::Shell,
        words => Purpose::Words(words),
    };
    if arguments.dry_run {
        return print_calls(&[way.call(context, &purpose)?.1]);
    }
    way.go(context, &purpose)
}
