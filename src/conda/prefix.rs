//! Files of packages that name the prefix they were built for: the env's path is put in its place. Pure.

use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use memchr::memmem;
use serde::{Deserialize, Serialize};

use crate::env::script;
use crate::error::{Error, Result};
use crate::text::Shown;

/// The longest interpreter line that every kernel reads is 127 bytes, with `#!` and the line's end.
const MAX_LINE: usize = 125;

/// How the prefix stands in a file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Mode {
    /// As text, which may change its length.
    #[default]
    Text,
    /// In strings that end with a zero byte, whose length must stay.
    Binary,
}

/// The bytes with the env's path in place of `placeholder`.
pub(crate) fn put(bytes: &[u8], placeholder: &str, mode: Mode, env: &Path) -> Result<Vec<u8>> {
    let (from, to) = (placeholder.as_bytes(), env.as_os_str().as_bytes());
    match mode {
        Mode::Text => Ok(runnable(replaced(bytes, from, to), env)),
        Mode::Binary if to.len() > from.len() => Err(Error::new(format!(
            "{} is longer than the {} bytes that the package has room for",
            Shown(env),
            from.len()
        ))
        .hint("install it into an env with a shorter path")),
        Mode::Binary => Ok(in_strings(bytes, from, to)),
    }
}

fn replaced(bytes: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    while let Some(at) = memmem::find(rest, from) {
        out.extend_from_slice(&rest[..at]);
        out.extend_from_slice(to);
        rest = &rest[at + from.len()..];
    }
    out.extend_from_slice(rest);
    out
}

/// Each string keeps its length: what it lost stands as zero bytes at its end, however often the prefix is in it.
fn in_strings(bytes: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    while let Some(at) = memmem::find(rest, from) {
        let end = memchr::memchr(0, &rest[at..]).map_or(rest.len(), |end| at + end);
        let string = replaced(&rest[at..end], from, to);
        out.extend_from_slice(&rest[..at]);
        out.extend_from_slice(&string);
        out.resize(out.len() + (end - at) - string.len(), 0);
        rest = &rest[end..];
    }
    out.extend_from_slice(rest);
    out
}

/// A script whose interpreter line no kernel would read gets another head.
fn runnable(text: Vec<u8>, env: &Path) -> Vec<u8> {
    let Some(line) = text.strip_prefix(b"#!") else { return text };
    let end = memchr::memchr(b'\n', line).unwrap_or(line.len());
    let line = line[..end].trim_ascii();
    let path = env.as_os_str().as_bytes();
    let Some(program) = line.strip_prefix(path).filter(|rest| rest.starts_with(b"/")) else {
        return text;
    };
    if line.len() <= MAX_LINE && !path.contains(&b' ') && !path.contains(&b'\t') {
        return text;
    }
    let (program, options) = split_word(program);
    let name = program.rsplit(|&byte| byte == b'/').next().unwrap_or(program);
    let body = text.get(end + 3..).unwrap_or_default();
    if script::is_python(name) {
        return script::settle(&script::portable(options, body), env).into_owned();
    }
    // As conda does: found on PATH, where an active env comes first.
    [b"#!/usr/bin/env ", name, options, b"\n", body].concat()
}

/// A word, and what is behind it with its leading blank.
fn split_word(text: &[u8]) -> (&[u8], &[u8]) {
    let end = text.iter().position(u8::is_ascii_whitespace).unwrap_or(text.len());
    text.split_at(end)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(bytes: &str, env: &str) -> String {
        String::from_utf8(put(bytes.as_bytes(), "/PLACE", Mode::Text, Path::new(env)).unwrap())
            .unwrap()
    }

    #[test]
    fn text_takes_a_path_of_any_length() {
        assert_eq!(text("a=/PLACE/x:/PLACE/y\n", "/long/env"), "a=/long/env/x:/long/env/y\n");
        assert_eq!(text("#!/PLACE/bin/perl -w\nx\n", "/e"), "#!/e/bin/perl -w\nx\n");
    }

    #[test]
    fn strings_of_programs_keep_their_length_however_often_the_prefix_is_in_them() {
        let put = |bytes: &[u8], env: &str| put(bytes, "/PLACE", Mode::Binary, Path::new(env));
        let found = put(b"\x01/PLACE/a:/PLACE/b\0next\0/PLACE\0", "/e").unwrap();
        assert_eq!(found, b"\x01/e/a:/e/b\0\0\0\0\0\0\0\0\0next\0/e\0\0\0\0\0");
        assert_eq!(put(b"end /PLACE/a", "/e").unwrap(), b"end /e/a\0\0\0\0");
        let refused = put(b"", "/longer").unwrap_err();
        assert!(refused.to_string().contains("longer than the 6 bytes"), "{refused}");
    }

    #[test]
    fn scripts_whose_interpreter_line_is_too_long_or_has_a_blank_run_all_the_same() {
        let long = format!("/{}", "x".repeat(130));
        for env in [long.as_str(), "/a b"] {
            let python = text("#!/PLACE/bin/python3.11 -s\nimport x\n", env);
            assert!(python.starts_with("#!/bin/sh\n'''exec' "), "{python}");
            assert!(python.contains(" -s \"$0\"") && python.ends_with("\nimport x\n"), "{python}");
            assert_eq!(text("#!/PLACE/bin/perl -w\nx\n", env), "#!/usr/bin/env perl -w\nx\n");
            assert_eq!(text("#!/PLACE/bin/perl", env), "#!/usr/bin/env perl\n");
        }
        assert_eq!(text("#!/PLACEHOLDER/bin/x\n", "/a b"), "#!/a bHOLDER/bin/x\n");
    }
}
