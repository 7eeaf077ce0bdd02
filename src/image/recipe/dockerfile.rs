//! The Dockerfile. Every value of the user's is a quoted literal.

use std::fmt::Write as _;

use super::{CopiedFile, Recipe, steps};
use crate::image::reference::Reference;

/// One stage, one layer of commands: what a later command removes is in no layer.
pub(super) fn render(
    recipe: &Recipe,
    base: &Reference,
    files: &[CopiedFile],
    source: &str,
) -> String {
    let mut text = format!(
        "# Made by `{source} --dockerfile`.\n# Build it with: podman build -f - . (or docker)\n"
    );
    let _ = writeln!(text, "FROM {}", base.to_pull());
    for (name, value) in &recipe.labels {
        let _ = writeln!(text, "LABEL {}={}", quoted(name), quoted(value));
    }
    for (name, value) in &recipe.env {
        let _ = writeln!(text, "ENV {name}={}", quoted(value));
    }
    for CopiedFile { from, to } in files {
        let _ = writeln!(text, "COPY [\"{from}\", \"{to}\"]");
    }
    let _ = writeln!(text, "USER root");
    let for_build = recipe.build_env.iter();
    let mut steps: Vec<String> =
        for_build.map(|(name, value)| format!("export {name}={}", literal(value))).collect();
    steps.extend(steps::all(recipe));
    let _ = writeln!(text, "RUN {}", steps.join(" \\\n && "));
    if let Some(dir) = &recipe.workdir {
        let _ = writeln!(text, "WORKDIR {dir}");
    }
    if let Some(command) = &recipe.runscript {
        let words =
            ["/bin/sh", "-c", command].map(|word| serde_json::Value::from(word).to_string());
        let _ = writeln!(text, "CMD [{}]", words.join(", "));
    }
    if let Some(user) = recipe.user.as_deref().filter(|user| *user != "root") {
        let _ = writeln!(text, "USER {user}");
    }
    text
}

/// For a shell: in double quotes, which hold everything once four characters are taken for themselves.
pub(super) fn literal(value: &str) -> String {
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

/// In double quotes, where a Dockerfile replaces variables and knows `\` for what stands for itself.
fn quoted(value: &str) -> String {
    let mut out = String::from("\"");
    for character in value.chars() {
        if matches!(character, '"' | '\\' | '$') {
            out.push('\\');
        }
        out.push(character);
    }
    out.push('"');
    out
}
