//! `ENV/pip.conf`: `pip install` lands in the env, whatever the user's own settings of pip say. Pure text.
//!
//! pip reads this file behind the system's and the user's, section by section: only `[install]` there outdoes an
//! `[install]` of the user's, and `[global]` a `[global]`. A key without a value counts, and stands for none. Lines of
//! anybody else stay.

use std::os::unix::ffi::OsStrExt;

/// The file's name.
pub(crate) const FILE: &str = "pip.conf";

/// By which pip puts packages elsewhere, and what keeps it from that.
const KEYS: [(&[u8], &[u8]); 4] = [
    (b"user", b"user = false"),
    (b"target", b"target ="),
    (b"prefix", b"prefix ="),
    (b"root", b"root ="),
];

/// The sections that lead `pip install`.
const SECTIONS: [&[u8]; 2] = [b"global", b"install"];

/// `text` with these settings in it.
pub(crate) fn settled(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut done: Vec<&[u8]> = Vec::new();
    let (mut inside, mut dropped) = (false, false);
    for line in text.split_inclusive(|&byte| byte == b'\n') {
        if let Some(name) = section(line) {
            let ours = SECTIONS.iter().find(|ours| **ours == name);
            (inside, dropped) = (ours.is_some(), false);
            push(&mut out, line);
            if let Some(name) = ours.filter(|name| !done.contains(*name)) {
                lines_of(name, &mut out);
                done.push(name);
            }
            continue;
        }
        // A line that begins with a blank goes on with the one before.
        let goes_on =
            line.first().is_some_and(u8::is_ascii_whitespace) && !line.trim_ascii().is_empty();
        dropped = inside && if goes_on { dropped } else { is_ours(line) };
        if !dropped {
            push(&mut out, line);
        }
    }
    for name in SECTIONS.iter().filter(|name| !done.contains(*name)) {
        out.extend(if out.is_empty() { &b"["[..] } else { b"\n[" });
        out.extend([name, &b"]\n"[..]].concat());
        lines_of(name, &mut out);
    }
    out
}

/// `user` has no empty value; in `[global]` it is the user's to set, since `[install]` comes behind.
fn lines_of(section: &[u8], out: &mut Vec<u8>) {
    let lines = KEYS.iter().filter(|(name, _)| section == b"install" || *name != b"user");
    lines.for_each(|(_, line)| push(out, line));
}

/// The settings of `text` by which pip puts packages elsewhere.
pub(crate) fn leads_elsewhere(text: &[u8]) -> Vec<String> {
    let mut found = Vec::new();
    let mut inside = false;
    for line in text.split(|&byte| byte == b'\n') {
        match section(line) {
            Some(name) => inside = name == b"install" || name == b"global",
            None if inside => found.extend(sends(line)),
            None => {}
        }
    }
    found
}

fn sends(line: &[u8]) -> Option<String> {
    let value =
        line.splitn(2, |byte| b"=:".contains(byte)).nth(1)?.trim_ascii().to_ascii_lowercase();
    let (name, _) = KEYS.iter().find(|(name, _)| key(line) == *name)?;
    let off: [&[u8]; 5] = [b"", b"0", b"no", b"false", b"off"];
    (!off.contains(&value.as_slice())).then(|| String::from_utf8_lossy(name).into_owned())
}

fn push(out: &mut Vec<u8>, line: &[u8]) {
    out.extend_from_slice(line.strip_suffix(b"\n").unwrap_or(line));
    out.push(b'\n');
}

fn section(line: &[u8]) -> Option<&[u8]> {
    let line = line.strip_prefix(b"[")?;
    Some(&line[..line.iter().position(|&byte| byte == b']')?])
}

fn is_ours(line: &[u8]) -> bool {
    KEYS.iter().any(|(name, _)| key(line) == *name)
}

/// As pip compares: without case and leading dashes.
fn key(line: &[u8]) -> Vec<u8> {
    let end = line.iter().position(|byte| b"=:".contains(byte)).unwrap_or(line.len());
    let name = line[..end].trim_ascii().to_ascii_lowercase();
    name.strip_prefix(b"--").map_or_else(|| name.clone(), <[u8]>::to_vec)
}

/// What an environment has that outdoes every file: the names of pip's variables that are set and mean something.
pub(crate) fn of_environment<'a>(
    vars: impl Iterator<Item = (&'a std::ffi::OsString, &'a std::ffi::OsString)>,
) -> Vec<String> {
    let sends_away = |name: &str, value: &[u8]| {
        let line = [name.trim_start_matches("PIP_").as_bytes(), b"=", value].concat();
        sends(&line).is_some()
    };
    let mut names: Vec<String> = vars
        .filter_map(|(name, value)| Some((name.to_str()?, value)))
        .filter(|(name, value)| {
            crate::plan::name::PIP_ELSEWHERE.contains(name) && sends_away(name, value.as_bytes())
        })
        .map(|(name, _)| name.to_owned())
        .collect();
    names.sort();
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    const NONE: &str = "target =\nprefix =\nroot =\n";

    #[track_caller]
    fn check(text: &str, expected: &str) {
        let new = settled(text.as_bytes());
        assert_eq!(String::from_utf8(new.clone()).unwrap(), expected);
        assert_eq!(settled(&new), new, "once is enough");
        assert_eq!(leads_elsewhere(&new), [""; 0]);
    }

    #[test]
    fn what_sends_packages_away_goes_and_all_else_stays() {
        let (global, install) =
            (format!("[global]\n{NONE}"), format!("[install]\nuser = false\n{NONE}"));
        check("", &format!("{global}\n{install}"));
        check(
            "[global]\nindex-url = https://x",
            &format!("{global}index-url = https://x\n\n{install}"),
        );
        check(
            "# mine\n[install]\nUser: yes\ntarget = /a\n  /b\nno-cache-dir = 1\n  x\n[list]\nuser = true\n",
            &format!("# mine\n{install}no-cache-dir = 1\n  x\n[list]\nuser = true\n\n{global}"),
        );
        check(
            "[install]\n--prefix = /x\n\n; end\n[global]\n",
            &format!("{install}\n; end\n{global}"),
        );
    }

    #[test]
    fn what_leads_elsewhere_is_named() {
        let found = leads_elsewhere(
            b"[global]\ntarget = /x\nuser=0\n[install]\nuser: TRUE\nroot =\n[list]\nprefix=/y\n",
        );
        assert_eq!(found, ["target", "user"]);
        let vars: Vec<(std::ffi::OsString, std::ffi::OsString)> =
            [("PIP_USER", "1"), ("PIP_ROOT", ""), ("PIP_TARGET", "/x"), ("PIP_INDEX_URL", "x")]
                .map(|(name, value)| (name.into(), value.into()))
                .into();
        let vars = vars.iter().map(|(name, value)| (name, value));
        assert_eq!(of_environment(vars), ["PIP_TARGET", "PIP_USER"]);
    }
}
