//! The Apptainer definition.

use std::fmt::Write as _;

use super::{CopiedFile, Recipe, steps};
use crate::error::{Error, Result};
use crate::image::reference::Reference;

/// The sections in the order in which apptainer carries them out.
pub(super) fn render(
    recipe: &Recipe,
    base: &Reference,
    files: &[CopiedFile],
    source: &str,
) -> Result<String> {
    check(recipe)?;
    let mut text = format!(
        "# Made by `{source} --apptainer`.\n# Build it with: apptainer build IMAGE.sif DEFINITION (here, beside the files)\n"
    );
    let _ = writeln!(text, "Bootstrap: docker\nFrom: {}\n\n%files", base.to_pull());
    for CopiedFile { from, to } in files {
        let _ = writeln!(text, "    {from} {to}");
    }
    let exports = exports(recipe);
    let _ =
        writeln!(text, "\n%post\n    set -eu\n{exports}    {}", steps::all(recipe).join("\n    "));
    if !exports.is_empty() {
        let _ = write!(text, "\n%environment\n{exports}");
    }
    if !recipe.labels.is_empty() {
        let labels = recipe.labels.iter().map(|(name, value)| format!("    {name} {value}\n"));
        let _ = write!(text, "\n%labels\n{}", labels.collect::<String>());
    }
    Ok(text)
}

/// Variables are not seen by commands unless they are set there too, otherwise than in a Dockerfile.
fn exports(recipe: &Recipe) -> String {
    let mut text = String::new();
    for (name, value) in &recipe.env {
        let _ = writeln!(text, "    export {name}={}", quoted(value));
    }
    text
}

/// In double quotes. Single ones, as elsewhere, will not do: the shell that apptainer has built in, which reads the
/// variables when a container starts, keeps the backslash of `'it'\''s'` (apptainer 1.4.5).
fn quoted(value: &str) -> String {
    let mut out = String::from("\"");
    for character in value.chars() {
        if matches!(character, '"' | '\\' | '$' | '`') {
            out.push('\\');
        }
        out.push(character);
    }
    out.push('"');
    out
}

/// `{{ x }}` is replaced in a definition, wherever it stands, and labels have no quotes.
fn check(recipe: &Recipe) -> Result<()> {
    let values = || recipe.env.iter().chain(&recipe.labels);
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
