//! Argument vectors for apptainer and singularity.

use std::collections::HashMap;
use std::ffi::{OsStr, OsString};
use std::path::Path;

use super::engine::{Engine, Family};
use super::program::AT_HOME;
use super::spec::{Inner, Spec, is_misleading};
use super::store::is_path;
use crate::process::Command;

/// Whether what lies in the image can be changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ImageForm {
    /// It cannot: a SIF file, an image on CVMFS.
    ReadOnly,
    /// It is a sandbox, and changes stay in it.
    Sandbox,
}

/// Runs a command in an image. Of our own variables, the `surroundings`, those that are to be inherited are told one by
/// one: the engine would carry in all.
pub(crate) fn exec(
    order: &Spec,
    image: ImageForm,
    surroundings: &HashMap<OsString, OsString>,
    command: &[OsString],
) -> Command {
    // The home is a mount like the others: the engine's own way to it hides directories beside the home.
    let mut call = Command::new(order.engine.name()).words(["exec", "--cleanenv", "--no-home"]);
    if image == ImageForm::Sandbox {
        call = call.word("--writable");
    }
    for mount in &order.mounts {
        call = call.option("--mount", mount.csv(Family::Files));
    }
    call = call.words(&order.gpu);
    call = call.option("--pwd", order.inner.dir.as_path());
    call = variables(call, order.engine, &order.inner, surroundings);
    call.unset = misleading(surroundings.keys().map(OsString::as_os_str));
    let call = call.word(&order.image);
    // The engine takes the home from the user database, and lets nobody set it.
    match &order.home {
        Some(home) => call.words(["/bin/sh", "-c", AT_HOME, "mlenv"]).word(home).words(command),
        None => call.words(command),
    }
}

/// Builds a sandbox, or a SIF file, from a reference, a SIF file or a directory. Directories of a sandbox that nobody
/// could remove later are opened up.
pub(crate) fn build(engine: Engine, place: &Path, image: &OsStr, form: ImageForm) -> Command {
    let sandbox = ["--sandbox", "--fix-perms"].into_iter().filter(|_| form == ImageForm::Sandbox);
    Command::new(engine.name()).word("build").words(sandbox).word(place).word(source(image))
}

/// How an image is named to these engines: a reference needs its transport in front.
pub(crate) fn source(image: &OsStr) -> OsString {
    let has_transport = image.to_str().is_some_and(|text| text.contains("://"));
    if has_transport || is_path(image) {
        return image.to_owned();
    }
    let mut out = OsString::from("docker://");
    out.push(image);
    out
}

/// By prefixed variables and not by `--env`, which old releases do not have, and which splits values at commas. A shell
/// would expand the values unless that is forbidden.
fn variables(
    mut call: Command,
    engine: Engine,
    how: &Inner,
    surroundings: &HashMap<OsString, OsString>,
) -> Command {
    let inherited = how
        .inherit
        .iter()
        .filter_map(|name| Some((name.clone(), surroundings.get(OsStr::new(name))?.clone())));
    for (name, value) in inherited.chain(how.set.iter().cloned()) {
        let prefixes = engine.description().prefixes.iter();
        call.set.extend(prefixes.map(|prefix| (format!("{prefix}{name}").into(), value.clone())));
    }
    call.set.extend(LITERAL.map(|name| (name.into(), "1".into())));
    call
}

/// Variables by which apptainer (since 1.0) and singularity take values as they are.
const LITERAL: [&str; 2] = ["APPTAINER_NO_EVAL", "SINGULARITY_NO_EVAL"];

fn misleading<'a>(surroundings: impl Iterator<Item = &'a OsStr>) -> Vec<OsString> {
    let mut names: Vec<OsString> = surroundings
        .filter(|name| name.to_str().is_some_and(|name| is_misleading(name) || is_stale(name)))
        .map(OsStr::to_owned)
        .collect();
    names.sort();
    names
}

/// What an outer container told about itself, as `srun` carries it out of one.
fn is_stale(name: &str) -> bool {
    const LAST: [&str; 7] =
        ["CONTAINER", "NAME", "BIND", "COMMAND", "ENVIRONMENT", "INSTANCE", "APPNAME"];
    let own = ["APPTAINER_", "SINGULARITY_"];
    own.iter().any(|own| name.strip_prefix(own).is_some_and(|rest| LAST.contains(&rest)))
}

#[cfg(test)]
mod tests;
