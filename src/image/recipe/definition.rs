//! The Apptainer definition.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::dockerfile::literal;
use super::{CopiedFile, Recipe, Start, steps};
use crate::error::{Error, Result};
use crate::process::Command;
use crate::text::shown;

/// The sections in the order in which apptainer carries them out.
pub(super) fn render(
    recipe: &Recipe,
    base: &Start,
    files: &[CopiedFile],
    source: &str,
) -> Result<String> {
    check(recipe)?;
    let mut text = format!(
        "# Made by `{source} --apptainer`.\n# Build it with: apptainer build IMAGE.sif DEFINITION (here, beside the files)\n"
    );
    let _ = writeln!(text, "{}\n\n%files", base.head()?);
    for CopiedFile { from, to } in files {
        let _ = writeln!(text, "    {from} {to}");
    }
    let exports = exports(&recipe.env);
    let for_build = self::exports(&recipe.build_env);
    let steps = steps::all(recipe).join("\n    ");
    let _ = writeln!(text, "\n%post\n    set -eu\n{exports}{for_build}    {steps}");
    if !exports.is_empty() {
        let _ = write!(text, "\n%environment\n{exports}");
    }
    if !recipe.labels.is_empty() {
        let labels = recipe.labels.iter().map(|(name, value)| format!("    {name} {value}\n"));
        let _ = write!(text, "\n%labels\n{}", labels.collect::<String>());
    }
    if let Some(command) = &recipe.runscript {
        let dir = recipe.workdir.as_ref().map(|dir| format!("    cd {dir}\n")).unwrap_or_default();
        let call = Command::new("/bin/sh").words(["-c", command]).line();
        let _ = write!(text, "\n%runscript\n{dir}    exec {call} /bin/sh \"$@\"\n");
    }
    Ok(text)
}

/// Variables are not seen by commands unless they are set there too, otherwise than in a Dockerfile.
///
/// In double quotes. Single ones, as elsewhere, will not do: the shell that apptainer has built in, which reads the
/// variables when a container starts, keeps the backslash of `'it'\''s'` (apptainer 1.4.5).
fn exports(variables: &BTreeMap<String, String>) -> String {
    let mut text = String::new();
    for (name, value) in variables {
        let _ = writeln!(text, "    export {name}={}", literal(value));
    }
    text
}

/// `{{ x }}` is replaced in a definition, wherever it stands, and labels have no quotes.
fn check(recipe: &Recipe) -> Result<()> {
    let commands = recipe.run.iter().chain(&recipe.runscript);
    if let Some(command) = commands.into_iter().find(|command| command.contains("{{")) {
        return Err(Error::new(format!(
            "the command \"{}\" has `{{{{`, which apptainer would replace",
            shown(command)
        )));
    }
    if recipe.user.as_deref().is_some_and(|user| user != "root") {
        return Err(Error::new(
            "an Apptainer definition has no user: who starts a container is who runs in it",
        )
        .hint("leave `user` to a variant of its own"));
    }
    let values = || recipe.env.iter().chain(&recipe.labels).chain(&recipe.build_env);
    if let Some((name, _)) = values().find(|(_, value)| value.contains("{{")) {
        return Err(Error::new(format!(
            "the value of {name} has `{{{{`, which apptainer would replace"
        )));
    }
    let loose = |value: &str| value.trim() != value || value.is_empty();
    match recipe.labels.iter().find(|(_, value)| loose(value)) {
        Some((name, _)) => Err(Error::new(format!(
            "the label {name} is empty or has spaces around it, which an Apptainer definition cannot hold"
        ))),
        None => Ok(()),
    }
}
