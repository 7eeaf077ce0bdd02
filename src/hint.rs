//! Commands that hints and cures name: every value quoted as a shell needs it, so that each can be typed as it stands.
//!
//! Debug builds, and so every test that provokes a hint, have the command line parse what is said here.

use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use crate::text::{typed, typed_path};

/// What can stand in a command: quoted where a shell would take it apart.
pub(crate) trait Typed {
    /// One word, or several in a row.
    fn typed(&self) -> String;
}

impl Typed for Path {
    fn typed(&self) -> String {
        // A path that begins with a dash would be an option.
        let is_option = self.as_os_str().as_bytes().starts_with(b"-");
        if is_option { typed_path(&Self::new(".").join(self)) } else { typed_path(self) }
    }
}

impl Typed for PathBuf {
    fn typed(&self) -> String {
        self.as_path().typed()
    }
}

impl Typed for str {
    fn typed(&self) -> String {
        typed(self)
    }
}

impl Typed for String {
    fn typed(&self) -> String {
        typed(self)
    }
}

impl Typed for Vec<String> {
    fn typed(&self) -> String {
        self.iter().map(|word| typed(word)).collect::<Self>().join(" ")
    }
}

impl<T: Typed + ?Sized> Typed for &T {
    fn typed(&self) -> String {
        (*self).typed()
    }
}

/// The command that `template` makes of `values`, one for each `{}`, in backquotes.
pub(crate) fn command(template: &str, values: &[&dyn Typed]) -> String {
    let text = filled(template, values);
    debug_assert!(is_taken(&text), "the command line does not take `{text}`");
    format!("`{text}`")
}

fn filled(template: &str, values: &[&dyn Typed]) -> String {
    let mut parts = template.split("{}");
    let mut text = parts.next().unwrap_or_default().to_owned();
    for (value, part) in values.iter().zip(parts) {
        text.push_str(&value.typed());
        text.push_str(part);
    }
    text
}

/// Tells whether the command line takes words: known to debug builds only.
type Judge = fn(&[String]) -> bool;

static JUDGE: OnceLock<Judge> = OnceLock::new();

/// Lets `judge` look at every command from now on.
pub(crate) fn judged_by(judge: Judge) {
    let _ = JUDGE.set(judge);
}

fn is_taken(text: &str) -> bool {
    let (Some(judge), true) = (JUDGE.get(), text.starts_with("mlenv ")) else { return true };
    // Bytes that cannot be shown are quoted in a way that only shells take apart.
    if text.contains("$'") {
        return true;
    }
    shell_words::split(text).is_ok_and(|words| judge(&words))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_is_one_word_and_a_list_is_several() {
        let specs = vec!["x>=1".to_owned(), "six".to_owned()];
        assert_eq!(
            command("mlenv install -p {} --pip {}", &[&Path::new("/my env/it's"), &specs]),
            r"`mlenv install -p '/my env/it'\''s' --pip 'x>=1' six`"
        );
        assert_eq!(command("rm {}", &[&Path::new("-a")]), "`rm ./-a`");
    }
}
