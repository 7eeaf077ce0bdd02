//! What the first line of a script in `bin` should be, so that it works from every path. Pure.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use crate::env::script::{self, Program};

/// The judgement on one script.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum ScriptVerdict {
    /// It works from everywhere, or is not the base's business.
    Fine,
    /// A Python script that should begin otherwise; its whole new text.
    Python(Vec<u8>),
    /// A script of another interpreter of the base, likewise.
    Other(Vec<u8>),
    /// It names the build path, and cannot be mended; why.
    Odd(&'static str),
}

/// Judges the text of a file in `bin`. `homes` are the prefixes that mean this base; `exists` tells whether another
/// interpreter is there: one that is nowhere was the base's at an earlier step of its build.
pub(super) fn judge(text: &[u8], homes: &[&Path], exists: &dyn Fn(&Path) -> bool) -> ScriptVerdict {
    if script::is_portable(text) {
        return ScriptVerdict::Fine;
    }
    let interpreter = script::interpreter(text);
    let of_base = interpreter.is_some_and(|path| homes.iter().any(|home| path.starts_with(home)));
    // Envs leave scripts of `/usr/local/bin/python3` alone, as the machine's; here that may be the base.
    let moved = if of_base { elsewhere(text) } else { None };
    match script::classify(moved.as_deref().unwrap_or(text)) {
        Program::Python { options, body }
            if of_base
                || is_by_path(interpreter)
                || interpreter.is_some_and(|path| !exists(path)) =>
        {
            if std::str::from_utf8(&body).is_err() {
                // The head moves down a line that tells the encoding, and Python looks for it in the first two.
                return ScriptVerdict::Odd("is in another encoding than UTF-8");
            }
            ScriptVerdict::Python(script::portable(&options, &body))
        }
        Program::Other if of_base => by_path(text).map_or(
            ScriptVerdict::Odd("has an interpreter line that cannot be written for `env`"),
            ScriptVerdict::Other,
        ),
        _ => ScriptVerdict::Fine,
    }
}

/// `#!/usr/local/bin/python3 -s` with a directory that is nobody's.
fn elsewhere(text: &[u8]) -> Option<Vec<u8>> {
    let directory = script::interpreter(text)?.parent()?.as_os_str().as_bytes();
    let at = text.windows(directory.len()).position(|part| part == directory)?;
    Some([b"#!/base/bin", &text[at + directory.len()..]].concat())
        .filter(|_| text[2..at].trim_ascii().is_empty())
}

/// `#!/usr/bin/env python`: whatever is first on PATH. One too long for a line stands in the shell's words behind it.
fn is_by_path(interpreter: Option<&Path>) -> bool {
    interpreter.is_none_or(|path| path.file_name() == Some(OsStr::new("env")))
}

/// `#!/opt/conda/bin/perl -w` as `#!/usr/bin/env -S perl -w`: what is not Python is looked for on PATH, as conda
/// itself does where a path is too long.
fn by_path(text: &[u8]) -> Option<Vec<u8>> {
    let end = text.iter().position(|&byte| byte == b'\n').unwrap_or(text.len());
    let line = std::str::from_utf8(text.get(2..end)?).ok()?;
    let mut words = line.split_whitespace();
    let name = Path::new(words.next()?).file_name()?.to_str()?;
    let options: Vec<&str> = words.collect();
    let plain = |word: &str| !word.contains(['\\', '"', '\'', '$', '#']);
    if !plain(name) || !options.iter().all(|word| plain(word)) {
        return None;
    }
    let head = match options.as_slice() {
        [] => format!("#!/usr/bin/env {name}"),
        options => format!("#!/usr/bin/env -S {name} {}", options.join(" ")),
    };
    Some([head.as_bytes(), &text[end..]].concat())
}

/// Shows which interpreter a script names, for the search for a base's build path: `/opt/conda` of
/// `#!/opt/conda/bin/python3.11`.
pub(super) fn home(text: &[u8]) -> Option<&Path> {
    let path = script::interpreter(text)?;
    let dir = path.parent()?;
    let name = path.file_name()?.as_bytes();
    (name.starts_with(b"python") && dir.file_name() == Some(OsStr::new("bin")))
        .then(|| dir.parent())
        .flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(text: &str) -> ScriptVerdict {
        let homes = [Path::new("/opt/conda"), Path::new("/img/opt/conda")];
        judge(text.as_bytes(), &homes, &|path| path.starts_with("/elsewhere"))
    }

    #[test]
    fn python_scripts_take_the_python_beside_them_and_keep_their_options() {
        let long = format!(
            "#!/bin/sh\n'''exec' /opt/conda/{}/python \"$0\" \"$@\"\n' '''\nx\n",
            "y".repeat(200)
        );
        for text in ["#!/opt/conda/bin/python3.11\nx\n", "#!/usr/bin/env python\nx\n", &long] {
            let ScriptVerdict::Python(new) = judged(text) else { panic!("{text}") };
            assert!(new.starts_with(script::PORTABLE_HEAD) && new.ends_with(b"\nx\n"), "{text}");
            assert_eq!(judge(&new, &[Path::new("/opt/conda")], &|_| true), ScriptVerdict::Fine);
        }
        let local =
            judge(b"#!/usr/local/bin/python3 -s\nx\n", &[Path::new("/usr/local")], &|_| true);
        assert_eq!(local, ScriptVerdict::Python(script::portable(b" -s", b"x\n")));
        let ScriptVerdict::Python(new) = judged("#!/img/opt/conda/bin/python -s -E\nx\n") else {
            panic!()
        };
        assert!(String::from_utf8(new.clone()).unwrap().contains("/python3 -s -E \"$0\""));
        assert_eq!(judge(&new, &[], &|_| true), ScriptVerdict::Fine);
        assert!(matches!(judged("#!/gone/bin/python3\nx\n"), ScriptVerdict::Python(_)));
    }

    #[test]
    fn scripts_of_others_are_left_alone_and_other_interpreters_are_found_on_path() {
        for text in [
            "#!/bin/sh\n",
            "#!/usr/bin/perl\n",
            "#!/elsewhere/bin/python\nx",
            "\x7fELF",
            "#!/opt/condas/bin/perl\n",
        ] {
            assert_eq!(judged(text), ScriptVerdict::Fine, "{text}");
        }
        assert_eq!(
            judged("#!/opt/conda/bin/perl\nx"),
            ScriptVerdict::Other(b"#!/usr/bin/env perl\nx".into())
        );
        assert_eq!(
            judged("#! /opt/conda/bin/perl -w -T\nx"),
            ScriptVerdict::Other(b"#!/usr/bin/env -S perl -w -T\nx".into())
        );
        assert!(matches!(judged("#!/opt/conda/bin/perl $x\n"), ScriptVerdict::Odd(_)));
        assert!(matches!(
            judge(b"#!/opt/conda/bin/python\n\xe9\n", &[Path::new("/opt/conda")], &|_| true),
            ScriptVerdict::Odd(_)
        ));
    }

    #[test]
    fn the_build_path_is_read_from_an_interpreter_line() {
        assert_eq!(home(b"#!/opt/conda/bin/python3.11\n"), Some(Path::new("/opt/conda")));
        assert_eq!(home(b"#!/bin/sh\n'''exec' /o/bin/python \"$0\"\n"), Some(Path::new("/o")));
        assert_eq!(home(b"#!/opt/conda/bin/perl\n"), None);
    }
}
