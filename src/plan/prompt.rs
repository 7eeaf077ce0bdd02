//! What the prompt shows of an activation: `(myEnv) `.

use std::ffi::OsStr;
use std::fmt;
use std::os::unix::ffi::OsStrExt;

/// The text `(NAME) `, made so that no shell expands anything in it: what starts an expansion in some prompt
/// (`$`, a backtick, a backslash, control and invisible characters, stray bytes) appears as `?`.
///
/// `%`, `!` and `^` stay: they can at worst show something else, and each dialect writes them so that they do not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Label(String);

impl Label {
    /// The label for a name.
    pub(crate) fn new(name: &OsStr) -> Self {
        let mut text = String::from("(");
        for chunk in name.as_bytes().utf8_chunks() {
            text.extend(
                chunk
                    .valid()
                    .chars()
                    .map(|character| if is_safe(character) { character } else { '?' }),
            );
            text.extend(chunk.invalid().iter().map(|_| '?'));
        }
        text.push_str(") ");
        Self(text)
    }

    /// The whole text, with brackets and the space behind them.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// The name alone.
    pub(crate) fn name(&self) -> &str {
        &self.0[1..self.0.len() - 2]
    }
}

impl fmt::Display for Label {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn is_safe(character: char) -> bool {
    let invisible = matches!(character, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    !character.is_control() && !invisible && !"$`\\".contains(character)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_prompt_could_run_is_not_shown() {
        let label = Label::new(OsStr::from_bytes(b"a$(id)`id`\\w\n\x1b%n!\xff"));
        assert_eq!(label.as_str(), "(a?(id)?id??w??%n!?) ");
        assert_eq!(Label::new(OsStr::new("my Env")).name(), "my Env");
    }
}
