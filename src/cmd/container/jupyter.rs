//! `mlenv container jupyter`: Jupyter in the container, on the port that is published, for this machine alone.

use std::ffi::OsString;

use super::{here, print_calls};
use crate::cli::ContainerJupyter;
use crate::container::id;
use crate::container::state::ContainerState;
use crate::container::{Powers, store};
use crate::context::Context;
use crate::engine::entrance::Entrance;
use crate::engine::home;
use crate::engine::own_env;
use crate::engine::port::free_port;
use crate::engine::runner::Runner;
use crate::engine::wake::{refuse_inside, wake};
use crate::error::Result;
use crate::host::Host;

pub(super) fn run(context: &Context, arguments: &ContainerJupyter) -> Result<()> {
    let (dir, state) = here(context)?;
    refuse_inside(context, &state)?;
    let runner = Runner::known(context.host, context.ui, state.engine, state.powers)?;
    let entrance = Entrance::new(context, &runner, &dir, &state);
    own_env::refuse_sif(&entrance, "mlenv jupyter lab {}")?;
    if !arguments.dry_run {
        wake(&runner, &dir, &state)?;
        entrance.prepare()?;
    }
    let port = state.port.unwrap_or_else(free_port);
    let server = Server { port, shares_network: shares_network(&runner, &state) };
    let mut how = home::inner(context, &dir, &entrance.mounts);
    home::Asked::of(context.host, &arguments.env)?.add_to(&mut how);
    how.user = home::as_me(state.powers);
    let token = format!("{}{}", id::fresh(&dir), id::fresh(&dir));
    // Not among the words, which everybody on the machine can read: docker and podman take it from our environment.
    how.inherit.push(TOKEN.to_owned());
    let mut call =
        entrance.call(how, &server.command(is_root_inside(&state), &arguments.arguments));
    let name = if runner.has_store() { vec![TOKEN.to_owned()] } else { prefixed(&state) };
    call.set.extend(name.into_iter().map(|name| (name.into(), token.clone().into())));
    if arguments.dry_run {
        return print_calls(&[call]);
    }
    context.ui.say(format!("JupyterLab will be at http://127.0.0.1:{port}/lab?token={token}"));
    Err(runner.become_call(&call))
}

/// Where Jupyter reads its token.
const TOKEN: &str = "JUPYTER_TOKEN";

fn prefixed(state: &ContainerState) -> Vec<String> {
    state.engine.description().prefixes.iter().map(|prefix| format!("{prefix}{TOKEN}")).collect()
}

struct Server {
    port: u16,
    /// Whether loopback inside is loopback outside.
    shares_network: bool,
}

impl Server {
    /// A published port leads to all addresses inside; without a network of its own that would be the world's.
    fn command(&self, is_root: bool, more: &[OsString]) -> Vec<OsString> {
        let address = if self.shares_network { "127.0.0.1" } else { "0.0.0.0" };
        let mut command = words(["jupyter", "lab", "--no-browser", "--ip", address]);
        command.extend(["--port".into(), self.port.to_string().into()]);
        // Another port than the published one could not be reached.
        command.push("--ServerApp.port_retries=0".into());
        if is_root {
            command.push("--allow-root".into());
        }
        command.extend(more.iter().cloned());
        command
    }
}

/// Root in a rootless container is the user; Jupyter cannot know.
fn is_root_inside(state: &ContainerState) -> bool {
    use crate::container::Family;
    let root = Host::is_root();
    root || state.engine.family() == Family::Store && state.powers == Powers::User
}

/// True where a container has no network of its own: then nothing is published, and it must not listen everywhere.
fn shares_network(runner: &Runner, state: &ContainerState) -> bool {
    if !runner.has_store() {
        return true;
    }
    let container = state.container.as_deref().unwrap_or_default();
    let facts = runner.ask(&store::inspect(runner.engine, container)).unwrap_or_default();
    let facts: serde_json::Value = serde_json::from_str(&facts).unwrap_or_default();
    let mode = facts.pointer("/0/HostConfig/NetworkMode").and_then(serde_json::Value::as_str);
    mode == Some("host")
}

/// Words of a command for the shell of an image.
fn words<const N: usize>(words: [&str; N]) -> Vec<OsString> {
    words.map(OsString::from).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_port_that_is_published_is_the_port_that_is_served() {
        let line = |shares_network, is_root| {
            let server = Server { port: 8890, shares_network };
            let words = server.command(is_root, &words(["--LabApp.x=1"]));
            words.into_iter().map(|word| word.into_string().unwrap()).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(
            line(false, false),
            "jupyter lab --no-browser --ip 0.0.0.0 --port 8890 --ServerApp.port_retries=0 --LabApp.x=1"
        );
        assert!(line(true, true).contains("--ip 127.0.0.1 --port 8890"));
        assert!(line(true, true).contains("--allow-root"));
    }
}
