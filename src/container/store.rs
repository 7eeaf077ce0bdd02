//! Argument vectors for podman, docker and nerdctl.

use std::ffi::{OsStr, OsString};
use std::path::Path;

use super::engine::{Engine, Family};
use super::program::KEEP_ALIVE;
use super::published::Published;
use super::spec::{Inner, Spec, Terminal, reference};
use crate::process::Command;

/// Labels tell people whose a container is. They prove nothing: whoever makes an image of a container takes them along,
/// so containers are known by their ids, which the directory has.
pub(crate) const LABEL_ID: &str = "mlenv.id";
/// The label of one container of that directory.
pub(crate) const LABEL_INSTANCE: &str = "mlenv.instance";
/// The label of a directory: its path's hash, since engines take filters apart at quotes and commas.
pub(crate) const LABEL_PLACE: &str = "mlenv.place";
/// The directory, for people.
pub(crate) const LABEL_DIR: &str = "mlenv.dir";
/// All that the container was made with, as JSON.
pub(crate) const LABEL_ARGS: &str = "mlenv.args";

/// By what a new container is found again.
pub(crate) struct ContainerIdentity<'a> {
    /// Its name.
    pub(crate) name: &'a str,
    /// Labels and their values.
    pub(crate) labels: Vec<(&'static str, String)>,
    /// The port that Jupyter will have, the same on both sides, on loopback alone.
    pub(crate) port: Option<u16>,
    /// Other ports, on loopback alone.
    pub(crate) publish: &'a [Published],
}

/// Makes a container that stays: it waits, and commands are run in it. Prints its id.
pub(crate) fn create(order: &Spec, identity: &ContainerIdentity) -> Command {
    let mut call = Command::new(order.engine.name()).word("create");
    call = call.option("--name", identity.name);
    for (label, value) in &identity.labels {
        call = call.option("--label", format!("{label}={value}"));
    }
    if let Some(port) = identity.port {
        call = call.option("--publish", format!("127.0.0.1:{port}:{port}"));
    }
    for port in identity.publish {
        call = call.option("--publish", format!("127.0.0.1:{port}"));
    }
    call = common(call, order);
    call = variables(call, &order.inner);
    call = call.option("--workdir", &order.inner.dir);
    // An image that is made of this container keeps the words. Behind no entrypoint, other words can take their place;
    // nerdctl cannot be told so.
    let (entrypoint, shell) =
        if order.engine == Engine::Nerdctl { ("/bin/sh", None) } else { ("", Some("/bin/sh")) };
    let call = call.option("--entrypoint", entrypoint).word(reference(&order.image));
    let mark = order.mark.iter();
    call.words(shell).words(["-c", KEEP_ALIVE, "mlenv"]).words(mark)
}

/// Runs a command in a new container that goes away with it.
pub(crate) fn run(order: &Spec, command: &[OsString]) -> Command {
    let mut call = Command::new(order.engine.name()).words(["run", "--rm"]);
    call = terminal(call, order.inner.terminal);
    call = common(call, order);
    call = inner(call, &order.inner);
    let (first, rest) = command
        .split_first()
        .map_or((OsStr::new(""), command), |(first, rest)| (first.as_os_str(), rest));
    call.option("--entrypoint", first).word(reference(&order.image)).words(rest)
}

/// Runs a command in a container that runs.
pub(crate) fn exec(engine: Engine, container: &str, how: &Inner, command: &[OsString]) -> Command {
    let mut call = terminal(Command::new(engine.name()).word("exec"), how.terminal);
    call = inner(call, how);
    call.word(container).words(command)
}

/// Starts a container; one that runs is fine.
pub(crate) fn start(engine: Engine, container: &str) -> Command {
    Command::new(engine.name()).words(["start", container])
}

/// Removes a container, running or not.
pub(crate) fn remove(engine: Engine, container: &str) -> Command {
    let call = Command::new(engine.name()).words(["rm", "--force"]);
    // podman waits ten seconds for programs that do not hear.
    let call = if engine == Engine::Podman { call.option("--time", "1") } else { call };
    call.word(container)
}

/// Gives a container another name.
pub(crate) fn rename(engine: Engine, container: &str, name: &str) -> Command {
    Command::new(engine.name()).words(["rename", container, name])
}

/// Prints what the engine knows of a container, as a JSON list.
pub(crate) fn inspect(engine: Engine, container: &str) -> Command {
    Command::new(engine.name()).words(["container", "inspect", container])
}

/// Prints what the engine knows of an image in its store, as a JSON list.
pub(crate) fn inspect_image(engine: Engine, image: &OsStr) -> Command {
    Command::new(engine.name()).words(["image", "inspect"]).word(reference(image))
}

/// Runs a few lines of shell in a new container of an image that is in the store: it sees nothing but the image, and
/// goes away with it.
pub(crate) fn peek(engine: Engine, image: &OsStr, script: &str) -> Command {
    let call = Command::new(engine.name()).words(["run", "--rm", "--pull=never"]);
    let call = call.words(engine.description().always).option("--network", "none");
    let call = call.option("--entrypoint", "/bin/sh").word(reference(image));
    call.words(["-c", script])
}

/// Makes an image of a container.
pub(crate) fn commit(engine: Engine, container: &str, tag: &str) -> Command {
    Command::new(engine.name()).words(["commit", container, tag])
}

/// Writes an image to a file: in the OCI layout where the engine can, else as docker writes it.
pub(crate) fn save(engine: Engine, tag: &str, file: &Path) -> Command {
    let call = Command::new(engine.name()).word("save");
    let call =
        if engine == Engine::Podman { call.words(["--format", "oci-archive"]) } else { call };
    call.option("--output", file).word(tag)
}

/// Takes a name, and what nothing else names, out of the store.
pub(crate) fn forget(engine: Engine, tag: &str) -> Command {
    Command::new(engine.name()).words(["rmi", "--force", tag])
}

/// Brings an image into the store.
pub(crate) fn pull(engine: Engine, image: &OsStr) -> Command {
    Command::new(engine.name()).word("pull").word(reference(image))
}

fn common(mut call: Command, order: &Spec) -> Command {
    call = call.words(order.engine.description().always);
    for mount in &order.mounts {
        call = call.option("--mount", mount.csv(Family::Store));
    }
    if let Some(mark) = &order.mark {
        let mut mount = OsString::from("type=tmpfs,target=");
        mount.push(mark);
        call = call.option("--mount", mount);
    }
    call.words(&order.gpu)
}

fn inner(call: Command, how: &Inner) -> Command {
    let call = variables(call, how).option("--workdir", how.dir.as_path());
    match &how.user {
        Some(user) => call.option("--user", user),
        None => call,
    }
}

/// Values of inherited variables are not in the words, which everybody on the machine can read.
fn variables(mut call: Command, how: &Inner) -> Command {
    for name in &how.inherit {
        call = call.option("--env", name);
    }
    for (name, value) in &how.set {
        let mut word = OsString::from(format!("{name}="));
        word.push(value);
        call = call.option("--env", word);
    }
    call
}

fn terminal(call: Command, terminal: Terminal) -> Command {
    match terminal {
        Terminal::Full => call.words(["--interactive", "--tty"]),
        Terminal::Pipes => call.word("--interactive"),
        Terminal::Output => call,
    }
}

/// True for what names an image on disk rather than in a registry.
pub(crate) fn is_path(image: &OsStr) -> bool {
    use std::os::unix::ffi::OsStrExt;
    let bytes = image.as_bytes();
    bytes.starts_with(b"/")
        || bytes.starts_with(b"./")
        || bytes.starts_with(b"../")
        || Path::new(image).extension().is_some_and(|end| end == "sif")
}

#[cfg(test)]
mod tests;
