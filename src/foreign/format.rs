//! What a text is that was taken for TOML of ours, in one sentence with its cure. Pure.

use crate::text::shown;

/// Why a text is not the TOML that it should be: where, and what helps.
pub(crate) fn misread(text: &str, cause: &toml::de::Error) -> (String, Option<String>) {
    let Some(span) = cause.span().filter(|_| !text.is_empty()) else {
        return (shown(cause.message()), None);
    };
    let before = text.get(..span.start).unwrap_or(text);
    let number = before.matches('\n').count() + 1;
    let line = text.lines().nth(number - 1).unwrap_or_default();
    match unquoted(line) {
        Some((key, value)) => (
            format!("line {number}: the text after `{}` has no quotes", shown(key)),
            Some(format!("write `{} = \"{}\"`", shown(key), shown(value))),
        ),
        None => (format!("line {number}: {}", shown(cause.message())), None),
    }
}

/// A line `key = some text`, where TOML wants quotes.
fn unquoted(line: &str) -> Option<(&str, &str)> {
    let (key, value) = line.split_once('=')?;
    let (key, value) = (key.trim(), value.trim());
    let is_key =
        !key.is_empty() && key.chars().all(|c| c.is_ascii_alphanumeric() || "-_".contains(c));
    let is_text = value.starts_with(|c: char| c.is_alphabetic() || "./~$".contains(c))
        && !matches!(value, "true" | "false" | "inf" | "nan")
        && !value.contains(['"', '\'', '\\']);
    (is_key && is_text).then_some((key, value))
}

/// What another program's file is, and how it is used, where it was given to `create -f`.
pub(crate) fn instead_of_export(bytes: &[u8]) -> (&'static str, &'static str) {
    let text = String::from_utf8_lossy(&bytes[..bytes.len().min(1 << 16)]);
    let has_key = |key: &str| text.lines().any(|line| line.starts_with(key));
    let is_archive = [&b"PK\x03\x04"[..], b"\x1f\x8b", b"\x28\xb5\x2f\xfd", b"BZh"];
    if is_archive.iter().any(|magic| bytes.starts_with(magic)) {
        return (
            "it is an archive",
            "a packed env is unpacked by `mlenv unpack FILE --to DIR`; a project in an archive is installed by `mlenv install FILE`",
        );
    }
    if has_key("dependencies:") || has_key("channels:") {
        return (
            "it is a conda environment file",
            "make an env with `mlenv create -p DIR`, then let a client read the file: `micromamba install -p DIR -f FILE`",
        );
    }
    if serde_json::from_slice::<serde::de::IgnoredAny>(bytes).is_ok() {
        return ("it is JSON", FALLBACK);
    }
    if has_key("[project]") || has_key("[build-system]") || has_key("[tool.") {
        return (
            "it is a project's pyproject.toml",
            "make an env with `mlenv create -p DIR`, then `mlenv install -p DIR -e PROJECT`",
        );
    }
    if has_key("layout =") && has_key("prefix =") {
        return ("it is the record of an env", FALLBACK);
    }
    if has_key("env =") {
        return ("it is a marker, which names an env", FALLBACK);
    }
    if looks_like_requirements(&text) {
        return (
            "it is a list of requirements",
            "make an env with `mlenv create -p DIR`, then `mlenv install -p DIR -r FILE`",
        );
    }
    ("it is not a file that `mlenv export` writes", FALLBACK)
}

const FALLBACK: &str = "`mlenv export ENV -o FILE` writes such files";

/// Every line begins with a name, or is an option or a comment, and none is of TOML.
fn looks_like_requirements(text: &str) -> bool {
    let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty()).peekable();
    let is_one = |line: &str| {
        let rest =
            line.trim_start_matches(|c: char| c.is_ascii_alphanumeric() || "-_.".contains(c));
        line.starts_with(['#', '-'])
            || line.starts_with(|c: char| c.is_ascii_alphanumeric())
                && (rest.is_empty()
                    || rest.trim_start().starts_with(['=', '<', '>', '~', '!', '[', ';', '@', '#']))
                && !rest.trim_start().starts_with("= ")
    };
    lines.peek().is_some() && lines.all(is_one)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_without_quotes_is_told_with_its_line_and_how_it_is_written() {
        for (text, line, key, value) in [
            ("env = ./myEnv\n", 1, "env", "./myEnv"),
            ("# x\nbase = foo bar", 2, "base", "foo bar"),
            ("a = 1\nenv = /x/y", 2, "env", "/x/y"),
        ] {
            let cause = toml::from_str::<toml::Table>(text).unwrap_err();
            let (what, cure) = misread(text, &cause);
            assert_eq!(what, format!("line {line}: the text after `{key}` has no quotes"));
            assert_eq!(cure, Some(format!("write `{key} = \"{value}\"`")));
        }
        let cause = toml::from_str::<toml::Table>("[x\n").unwrap_err();
        let (what, cure) = misread("[x\n", &cause);
        assert!(what.starts_with("line 1: ") && !what.contains('\n') && cure.is_none(), "{what}");
    }

    #[test]
    fn files_of_others_are_known_by_what_they_are() {
        for (bytes, what) in [
            (&b"name: x\nchannels:\n - y\ndependencies:\n - numpy\n"[..], "conda environment file"),
            (b"PK\x03\x04", "an archive"),
            (b"\x1f\x8b\x08", "an archive"),
            (b"{\"a\": 1}", "JSON"),
            (b"[project]\nname = 'x'\n", "pyproject.toml"),
            (b"schema = 1\nlayout = 'full'\nprefix = '/e'\n", "record of an env"),
            (b"env = './x'\n", "a marker"),
            (b"# all\nnumpy>=2\n-r more.txt\nsix\n", "requirements"),
            (b"what is this?", "not a file that"),
        ] {
            assert!(instead_of_export(bytes).0.contains(what), "{what}");
        }
    }
}
