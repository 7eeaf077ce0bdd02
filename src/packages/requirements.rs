//! Files of requirements, as pip reads them: what they ask for, and which other files they bring in. Pure.

use std::path::Path;

/// What a line says, as far as it matters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Line {
    /// A package, without options such as `--hash`, which are for the installation alone.
    Need(String),
    /// A directory or address to be installed editable.
    Editable(String),
    /// Another file of requirements. Constraints (`-c`) ask for nothing.
    File(String),
}

/// The lines of a file that ask for something.
pub(crate) fn lines(text: &str) -> Vec<Line> {
    let text = text.replace("\r\n", "\n").replace("\\\n", " ");
    text.lines().filter_map(line).collect()
}

/// Options by which a file says where its packages are, and of which sort they may be.
const OPTIONS: [(&str, &str); 8] = [
    ("-i", "--index-url"),
    ("-i", "--extra-index-url"),
    ("-f", "--find-links"),
    ("--no-index", "--no-index"),
    ("--pre", "--pre"),
    ("--trusted-host", "--trusted-host"),
    ("--only-binary", "--only-binary"),
    ("--no-binary", "--no-binary"),
];

/// Such options of a file, with a place on this machine made absolute from the file's directory.
pub(crate) fn options(text: &str, dir: &Path) -> Vec<String> {
    let text = text.replace("\r\n", "\n").replace("\\\n", " ");
    let lines = text.lines().map(|line| without_comment(line).trim());
    lines
        .filter(|line| is_option(line))
        .map(|line| match value(line, "-f", "--find-links") {
            Some(place) if !place.contains("://") && dir.join(place).exists() => {
                format!("--find-links {}", dir.join(place).display())
            }
            _ => line.to_owned(),
        })
        .collect()
}

fn is_option(line: &str) -> bool {
    let word = line.split(['=', ' ', '\t']).next().unwrap_or_default();
    OPTIONS.iter().any(|(short, long)| word == *short || word == *long)
        || ["-i", "-f"].iter().any(|short| line.starts_with(short))
}

fn line(line: &str) -> Option<Line> {
    let line = without_comment(line).trim();
    if let Some(file) = value(line, "-r", "--requirement") {
        return Some(Line::File(file.to_owned()));
    }
    if let Some(place) = value(line, "-e", "--editable") {
        return Some(Line::Editable(place.to_owned()));
    }
    let need = line.split(" --").next().unwrap_or_default().trim();
    (!need.is_empty() && !need.starts_with('-')).then(|| Line::Need(need.to_owned()))
}

/// A comment begins at the line's begin or behind a blank.
fn without_comment(line: &str) -> &str {
    let is_comment = |at: &usize| line[..*at].chars().next_back().is_none_or(char::is_whitespace);
    let end = line.match_indices('#').map(|(at, _)| at).find(is_comment);
    &line[..end.unwrap_or(line.len())]
}

/// The value of an option: `-r FILE`, `-rFILE`, `--requirement FILE` or `--requirement=FILE`.
fn value<'a>(line: &'a str, short: &str, long: &str) -> Option<&'a str> {
    let value = match line.strip_prefix(long) {
        Some(rest) => rest.strip_prefix(['=', ' ', '\t'])?,
        None => line.strip_prefix(short)?,
    };
    let value = value.trim().trim_matches(['"', '\'']);
    (!value.is_empty()).then_some(value)
}

/// A file's text, in whichever encoding its byte order mark tells; else it is UTF-8.
pub(crate) fn decoded(bytes: &[u8]) -> String {
    let wide = |pair: fn([u8; 2]) -> u16| -> String {
        let units = bytes[2..].chunks_exact(2).map(|pair_of| pair([pair_of[0], pair_of[1]]));
        char::decode_utf16(units).map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER)).collect()
    };
    match bytes {
        [0xff, 0xfe, ..] => wide(u16::from_le_bytes),
        [0xfe, 0xff, ..] => wide(u16::from_be_bytes),
        [0xef, 0xbb, 0xbf, text @ ..] | text => String::from_utf8_lossy(text).into_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requirements_are_the_lines_that_name_packages_and_files() {
        let text = "# all\r\nnumpy>=1.26  # for x\n\n-r other.txt\n--requirement=more.txt\n-c lock.txt\n\
                    --index-url https://x\n-e ./here\n--editable git+https://x/y#egg=z\nsix==1 \\\n  --hash=sha256:1\n\
                    demo @ https://x/y#sha256=1\t# z\n-rclose\n";
        let need = |text: &str| Line::Need(text.into());
        let file = |text: &str| Line::File(text.into());
        let editable = |text: &str| Line::Editable(text.into());
        assert_eq!(
            lines(text),
            [
                need("numpy>=1.26"),
                file("other.txt"),
                file("more.txt"),
                editable("./here"),
                editable("git+https://x/y#egg=z"),
                need("six==1"),
                need("demo @ https://x/y#sha256=1"),
                file("close"),
            ]
        );
    }

    #[test]
    fn a_byte_order_mark_is_no_part_of_a_name() {
        for bytes in [&b"\xef\xbb\xbfsix"[..], b"six", b"\xff\xfes\0i\0x\0", b"\xfe\xff\0s\0i\0x"] {
            assert_eq!(decoded(bytes), "six");
        }
    }
}
