//! The wish list by which CVMFS servers unpack images: a line for each, kept in order.

use std::path::Path;

use crate::error::{Attempt, Result};
use crate::foreign::{self, FileKind};
use crate::fs;
use crate::image::Reference;

/// An image's line.
pub(crate) fn line(reference: &Reference) -> String {
    format!("- 'https://{reference}'")
}

/// Puts the line into the list, before the first that comes behind it; all others stay. False where it was there.
pub(crate) fn add(file: &Path, reference: &Reference) -> Result<bool> {
    let text = match foreign::read_text(file, FileKind::Settings) {
        Err(cause) if foreign::is_missing(&cause) => "version: 1\ninput:\n".to_owned(),
        other => other.attempt("read", file)?,
    };
    match with(&text, &line(reference)) {
        None => Ok(false),
        Some(text) => {
            fs::write_atomic(file, text.as_bytes()).attempt("write", file)?;
            Ok(true)
        }
    }
}

/// The text with the line; none where it has it.
fn with(text: &str, wanted: &str) -> Option<String> {
    let bare = |line: &str| line.trim().replace(['\'', '"'], "");
    if text.lines().any(|line| bare(line) == bare(wanted)) {
        return None;
    }
    let entries: Vec<(usize, &str)> =
        text.lines().enumerate().filter(|(_, line)| line.trim().starts_with("- ")).collect();
    let indent =
        entries.first().map_or("  ", |(_, line)| &line[..line.len() - line.trim_start().len()]);
    let behind = entries.iter().find(|(_, line)| bare(line) > bare(wanted)).map(|(at, _)| *at);
    let at = behind.or(entries.last().map(|(at, _)| at + 1));
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    let at = at.unwrap_or(lines.len());
    lines.insert(at, format!("{indent}{wanted}"));
    Some(lines.iter().fold(String::new(), |text, line| text + line + "\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_put_in_once_and_in_order() {
        let text = "version: 1\ninput:\n    - 'https://a/b:1'\n    - 'https://d/e:1'\nmore: x\n";
        let new = with(text, "- 'https://c/x:1'").unwrap();
        assert_eq!(
            new,
            text.replace("    - 'https://d", "    - 'https://c/x:1'\n    - 'https://d")
        );
        assert_eq!(with(&new, "- \"https://c/x:1\""), None);
        assert!(
            with(text, "- 'https://z/x:1'")
                .unwrap()
                .contains("d/e:1'\n    - 'https://z/x:1'\nmore")
        );
        assert_eq!(with("input:\n", "- 'https://z/x:1'").unwrap(), "input:\n  - 'https://z/x:1'\n");
    }
}
