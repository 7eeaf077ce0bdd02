//! What neither text can hold is refused: they are lines, and words of shells.

use super::Recipe;
use crate::error::{Error, Result};
use crate::specs::checked;
use crate::text::shown;

/// Letters, digits and what means nothing to anybody.
fn is_plain(text: &str) -> bool {
    text.chars().all(|one| one.is_ascii_alphanumeric() || "/._-+".contains(one))
}

/// Looks at everything but files.
pub(super) fn all(recipe: &Recipe) -> Result<()> {
    path("the prefix", &recipe.prefix)?;
    let paths = recipe.mounts.iter().map(|one| ("a mount", one));
    let paths = paths.chain(recipe.workdir.iter().map(|one| ("the working directory", one)));
    for (what, place) in paths.chain(recipe.files.values().map(|one| ("a file", one))) {
        path(what, place)?;
    }
    recipe.channels.iter().try_for_each(|channel| checked::channel(channel))?;
    recipe.packages.iter().try_for_each(|spec| checked::match_spec(spec))?;
    recipe.pip_packages.iter().try_for_each(|spec| checked::requirement(spec))?;
    for name in recipe.system.names() {
        let begins = name.starts_with(|first: char| first.is_ascii_alphanumeric());
        if !begins || !name.chars().all(|one| one.is_ascii_alphanumeric() || "._-+:".contains(one))
        {
            return Err(Error::new(format!("\"{}\" is not a package of a system", shown(name))));
        }
    }
    if let Some(user) = &recipe.user
        && (user.is_empty()
            || !user.chars().all(|one| one.is_ascii_alphanumeric() || "._-:".contains(one)))
    {
        return Err(Error::new(format!("\"{}\" is not a user", shown(user)))
            .hint("a name or a number, perhaps `:` and a group"));
    }
    for command in recipe.run.iter().chain(&recipe.runscript) {
        if command.contains(char::is_control) || command.trim().is_empty() {
            return Err(Error::new(format!(
                "the command \"{}\" has a line break or nothing in it",
                shown(command)
            ))
            .hint(
                "a command is one line; put a longer one into a script, and name that in `files`",
            ));
        }
    }
    names(recipe)
}

/// A path in an image.
fn path(what: &str, path: &str) -> Result<()> {
    if path.starts_with('/') && is_plain(path) && !path.contains("..") {
        return Ok(());
    }
    Err(Error::new(format!("\"{}\" cannot be {what} in an image", shown(path)))
        .hint("use an absolute path of letters, digits and . _ - +"))
}

fn names(recipe: &Recipe) -> Result<()> {
    let is_name = |name: &str| {
        let mut characters = name.chars();
        characters.next().is_some_and(|first| first.is_ascii_alphabetic() || first == '_')
            && characters.all(|other| other.is_ascii_alphanumeric() || other == '_')
    };
    let variables = recipe.env.keys().chain(recipe.build_env.keys());
    if let Some(name) = variables.into_iter().find(|name| !is_name(name)) {
        return Err(Error::new(format!("\"{}\" is not a name of a variable", shown(name))));
    }
    let is_label = |name: &str| {
        name.starts_with(|first: char| first.is_ascii_alphanumeric()) && is_plain(name)
    };
    if let Some(name) = recipe.labels.keys().find(|name| !is_label(name)) {
        return Err(Error::new(format!("\"{}\" cannot be a label's name", shown(name)))
            .hint("use letters, digits and . _ - / +"));
    }
    let values = recipe.env.iter().chain(&recipe.labels).chain(&recipe.build_env);
    match values.into_iter().find(|(_, value)| value.contains(char::is_control)) {
        Some((name, _)) => Err(Error::new(format!(
            "the value of {name} has a line break or another control character, which no recipe can hold"
        ))),
        None => Ok(()),
    }
}
