//! Python scripts in `bin`: which files are such scripts, and the first line that makes them run an env's Python.
//!
//! A link to such a script would run the base's interpreter (a `#!/base/bin/python`), or whatever is first on
//! PATH (`#!/usr/bin/env python`), so an env holds real files with its own interpreter in the first line.

use std::borrow::Cow;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

/// The head that needs no path: a shell that starts the `python3` beside the script, and a string to Python.
/// Archives hold it, so that an env unpacked by a plain `tar` works; envs whose path fits in no interpreter line
/// keep it.
pub(crate) const PORTABLE_HEAD: &[u8] =
    b"#!/bin/sh\n'''exec' \"$(dirname -- \"$(realpath -- \"$0\")\")\"/python3 \"$0\" \"$@\"\n' '''\n";

/// A larger file is not a console script; it stays a link.
pub(crate) const MAX_SIZE: u64 = 256 * 1024;

/// The longest interpreter line that every kernel reads (127 bytes before Linux 5.1).
const MAX_LINE: usize = 127;

/// What a file in `bin` is.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Program {
    /// Not a Python script: an executable, a shell script.
    Other,
    /// A Python script: the options of its interpreter line (such as `-s`), and the text behind that line.
    Python {
        /// With a leading space, or empty.
        options: Vec<u8>,
        /// Everything behind the interpreter line.
        body: Vec<u8>,
    },
    /// A shell script that is Python at the same time and looks for the interpreter beside itself, as images
    /// write them for Jupyter. Copied unchanged, it finds the env's.
    Beside,
}

/// Tells what the text of a file in `bin` is.
pub(crate) fn classify(text: &[u8]) -> Program {
    let Some(line) = text.strip_prefix(b"#!") else { return Program::Other };
    if let Some((options, body)) = split_portable(text) {
        return Program::Python { options: options.to_vec(), body: body.to_vec() };
    }
    let (line, rest) = split_line(line);
    let mut words = line.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
    let Some(interpreter) = words.next() else { return Program::Other };
    let name = base_name(interpreter);
    if name == b"sh" || name == b"bash" {
        return classify_shell(rest);
    }
    let (name, directory) = if name == b"env" {
        (words.find(|word| *word != b"-S").map_or(&b""[..], base_name), &b""[..])
    } else {
        (name, &interpreter[..interpreter.len() - name.len()])
    };
    // The machine's own interpreter is meant where its directory is named.
    if !is_python(name) || matches!(directory, b"/usr/bin/" | b"/bin/" | b"/usr/local/bin/") {
        return Program::Other;
    }
    let options = words.flat_map(|word| [b" ", word].concat()).collect();
    Program::Python { options, body: rest.to_vec() }
}

/// Shell text that Python reads as a string: `'''exec' /long/path/python "$0" "$@"`, as pip, uv and conda write
/// where the interpreter line would be too long, or a wrapper between `'''` that looks beside itself.
fn classify_shell(rest: &[u8]) -> Program {
    let (first, behind) = split_line(rest);
    if first.starts_with(b"'''exec'") {
        let (second, body) = split_line(behind);
        if second.trim_ascii() == b"' '''" && contains(first, b"python") {
            return Program::Python { options: Vec::new(), body: body.to_vec() };
        }
        return Program::Other;
    }
    let head = &rest[..rest.len().min(256)];
    if contains(head, b"'''") && contains(rest, b"python") {
        Program::Beside
    } else {
        Program::Other
    }
}

/// The absolute path of the interpreter that the head of a script names: in its first line, or where pip, uv and
/// conda put it when that would be too long.
pub(crate) fn interpreter(head: &[u8]) -> Option<&Path> {
    let (line, rest) = split_line(head.strip_prefix(b"#!")?);
    let path = match split_line(rest).0.strip_prefix(b"'''exec' ") {
        Some([b'"', quoted @ ..]) => quoted.split(|&byte| byte == b'"').next()?,
        Some(plain) => plain.split(|&byte| byte == b' ').next()?,
        None => line.split(u8::is_ascii_whitespace).find(|word| !word.is_empty())?,
    };
    let path = Path::new(OsStr::from_bytes(path));
    path.is_absolute().then_some(path)
}

/// True for a head in which the shell would not find the interpreter's path as it is: pip, uv and conda write it between
/// double quotes whatever is in it.
pub(crate) fn is_misquoted(head: &[u8]) -> bool {
    let line = head.strip_prefix(b"#!").map(|head| split_line(split_line(head).1).0);
    let quoted = line.and_then(|line| line.strip_prefix(b"'''exec' \""));
    let path = quoted.and_then(|quoted| quoted.split(|&byte| byte == b'"').next());
    // mlenv's own head asks the shell for the path, and begins with a `$`.
    path.is_some_and(|path| {
        path.starts_with(b"/") && path.iter().any(|byte| b"$`\\".contains(byte))
    })
}

/// The script for the env at `env`, if it is a Python script at all.
pub(crate) fn for_env(text: &[u8], env: &Path) -> Option<Vec<u8>> {
    match classify(text) {
        Program::Python { options, body } => {
            Some(settle(&portable(&options, &body), env).into_owned())
        }
        Program::Other | Program::Beside => None,
    }
}

/// The script's text for an archive: the portable head in place of its interpreter line, the options where
/// the kernel would have put them, between interpreter and script.
pub(crate) fn portable(options: &[u8], body: &[u8]) -> Vec<u8> {
    let (front, back) = PORTABLE_HEAD.split_at(options_place());
    [front, options, back, body].concat()
}

/// As `portable`, but for a script that lies in another directory than `bin`: it climbs to the env's top, and is right wherever
/// the env is, so that no interpreter line ever takes its place.
pub(crate) fn portable_in(dir: &Path, options: &[u8], body: &[u8]) -> Vec<u8> {
    let text = portable(options, body);
    let beside = b"/python3";
    let at = text.windows(beside.len()).position(|part| part == beside).unwrap_or_default();
    let climb = "/..".repeat(dir.components().count()) + "/bin";
    [&text[..at], climb.as_bytes(), &text[at..]].concat()
}

/// Where options stand in the portable head: in front of the last ` "$0"`.
fn options_place() -> usize {
    PORTABLE_HEAD.windows(5).rposition(|window| window == b" \"$0\"").unwrap_or(PORTABLE_HEAD.len())
}

/// The same text for an env: an interpreter line with the env's Python where that is possible. Anything that is
/// no portable script comes back unchanged.
pub(crate) fn settle<'a>(text: &'a [u8], env: &Path) -> Cow<'a, [u8]> {
    let settled = split_portable(text).and_then(|(options, body)| {
        interpreter_line(env, options).map(|line| [line.as_slice(), body].concat())
    });
    settled.map_or(Cow::Borrowed(text), Cow::Owned)
}

/// `#!ENV/bin/python3 OPTION`, unless a kernel or Python would misread it: spaces split, long lines are cut, all
/// options arrive as one word, and a Python file must be UTF-8 even in its first line.
fn interpreter_line(env: &Path, options: &[u8]) -> Option<Vec<u8>> {
    let path = env.join("bin/python3");
    let bytes = path.as_os_str().as_bytes();
    let plain = path
        .to_str()?
        .chars()
        .all(|character| !character.is_whitespace() && !character.is_control());
    let line = [b"#!", bytes, options, b"\n"].concat();
    let one_option = options.split(|byte| *byte == b' ').count() <= 2;
    (plain && one_option && line.len() <= MAX_LINE).then_some(line)
}

/// True for a script with the portable head.
pub(crate) fn is_portable(text: &[u8]) -> bool {
    split_portable(text).is_some()
}

/// Takes a portable script apart into options and body.
fn split_portable(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let (front, back) = PORTABLE_HEAD.split_at(options_place());
    let behind = text.strip_prefix(front)?;
    let end = behind.windows(back.len()).position(|window| window == back)?;
    let (options, body) = (&behind[..end], &behind[end + back.len()..]);
    (!options.contains(&b'\n')).then_some((options, body))
}

fn split_line(text: &[u8]) -> (&[u8], &[u8]) {
    match text.iter().position(|&byte| byte == b'\n') {
        Some(at) => (&text[..at], &text[at + 1..]),
        None => (text, b""),
    }
}

fn base_name(path: &[u8]) -> &[u8] {
    path.rsplit(|&byte| byte == b'/').next().unwrap_or(path)
}

/// `python`, `python3`, `python3.11`.
pub(crate) fn is_python(name: &[u8]) -> bool {
    name.strip_prefix(b"python")
        .is_some_and(|rest| rest.iter().all(|byte| byte.is_ascii_digit() || *byte == b'.'))
}

fn contains(text: &[u8], part: &[u8]) -> bool {
    text.windows(part.len()).any(|window| window == part)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn python(text: &str, options: &str, body: &str) {
        let expected = Program::Python { options: options.into(), body: body.into() };
        assert_eq!(classify(text.as_bytes()), expected, "{text}");
    }

    #[test]
    fn python_scripts_are_known_in_all_their_forms() {
        python("#!/opt/conda/bin/python3.11\nimport x\n", "", "import x\n");
        python("#!/usr/bin/env python\nx\n", "", "x\n");
        python("#!/usr/bin/env -S python3 -s\nx\n", " -s", "x\n");
        python("#! /opt/conda/bin/python -Es\nx", " -Es", "x");
        python("#!/bin/sh\n'''exec' /very/long/bin/python \"$0\" \"$@\"\n' '''\nx\n", "", "x\n");
    }

    #[test]
    fn what_is_no_python_script_of_the_base_stays_a_link() {
        for text in [
            "\x7fELF",
            "#!/bin/bash\necho",
            "#!/usr/bin/python3\nx",
            "#!/usr/bin/perl\n",
            "#!",
            "",
            "#!/usr/bin/env",
        ] {
            assert_eq!(classify(text.as_bytes()), Program::Other, "{text}");
        }
        let wrapper = "#!/bin/bash\n# coding: utf-8\n\"true\" '''\\'\n$d/python3 -I \"$0\"\nexit\n'''\nimport re\n";
        assert_eq!(classify(wrapper.as_bytes()), Program::Beside);
    }

    #[test]
    fn the_interpreter_is_read_from_every_form_of_head() {
        for (head, expected) in [
            ("#!/e/bin/python3 -s\nx", Some("/e/bin/python3")),
            ("#! /e/bin/python\nx", Some("/e/bin/python")),
            ("#!/bin/sh\n'''exec' \"/a b/bin/python3\" \"$0\" \"$@\"\n", Some("/a b/bin/python3")),
            ("#!/bin/sh\n'''exec' /long/bin/python \"$0\" \"$@\"\n", Some("/long/bin/python")),
            ("#!/bin/sh\necho\n", Some("/bin/sh")),
            ("import x\n", None),
        ] {
            assert_eq!(interpreter(head.as_bytes()), expected.map(Path::new), "{head}");
        }
        assert_eq!(interpreter(PORTABLE_HEAD), None);
        assert!(is_misquoted(b"#!/bin/sh\n'''exec' \"/a $b/bin/python\" \"$0\" \"$@\"\n"));
        assert!(!is_misquoted(b"#!/bin/sh\n'''exec' \"/a b/bin/python\" \"$0\" \"$@\"\n"));
        assert!(!is_misquoted(PORTABLE_HEAD));
    }

    #[test]
    fn an_env_gets_its_interpreter_line_where_that_fits() {
        let text = portable(b" -s", b"import x\n");
        assert_eq!(*settle(&text, Path::new("/e")), *b"#!/e/bin/python3 -s\nimport x\n");
        assert_eq!(settle(&text, Path::new("/with space")), text);
        assert_eq!(settle(&text, &Path::new("/").join("x".repeat(120))), text);
        assert_eq!(*settle(b"#!/bin/bash\n", Path::new("/e")), *b"#!/bin/bash\n");
        let below = portable_in(Path::new("libexec/x"), b" -s", b"import x\n");
        let text_below = String::from_utf8(below.clone()).unwrap();
        assert!(text_below.contains(")\"/../../bin/python3 -s \"$0\""), "{text_below}");
        assert_eq!(*settle(&below, Path::new("/e")), below);
        assert!(String::from_utf8(text).unwrap().contains("/python3 -s \"$0\" \"$@\""));
    }
}
