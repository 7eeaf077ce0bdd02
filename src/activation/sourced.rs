//! Packages' `.sh` scripts, run by a bash of their own: from variables to variables.
//!
//! What a script prints on stdout is dropped, since stdout is for results. One that exits ends the rest, and what was
//! reached counts. Functions, aliases and limits end with that bash; exported functions are variables, and stay.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

use crate::error::{Error, Result};
use crate::plan::name::PATH;
use crate::plan::{Script, Vars};
use crate::process::{Command, Words};

/// Takes pairs of script and prefix; an empty prefix leaves `CONDA_PREFIX` as it is. Scripts run at the top level,
/// where `declare` makes variables of the shell, without arguments, and without the descriptor for the result: a
/// server that one leaves behind would keep us waiting. Where one exits, bash may still have that put away, at 10.
/// `command -p` finds the system's `env`, not one of the env.
const PROGRAM: &str = include_str!("../../shell/sourced.bash");

/// Where bash lies nearly everywhere; the `PATH` of an env may lead to another one, or to none.
const BASH: [&str; 3] = ["/bin/bash", "/usr/bin/bash", "/usr/local/bin/bash"];

/// What steers a bash that is not interactive, and what bash counts for itself.
const BASHS_OWN: [&str; 8] =
    ["BASH_ENV", "ENV", "SHELLOPTS", "BASHOPTS", "_", "SHLVL", "PWD", "OLDPWD"];

/// Runs `scripts` in exactly `before` and gives bash's dump of its variables afterwards, for [`parsed`].
pub(super) fn dump(scripts: &[Script], before: &Vars, words: Words) -> Result<Vec<u8>> {
    let mut arguments: Vec<&OsStr> =
        ["--noprofile", "--norc", "-c", PROGRAM, "mlenv"].map(OsStr::new).into();
    for Script { path, prefix } in scripts {
        arguments.push(path.as_os_str());
        arguments.push(prefix.as_deref().map_or(OsStr::new(""), Path::as_os_str));
    }
    let command = Command::new(bash(before)?).words(arguments).with(before.clone());
    let dump = command.output(words)?;
    if dump.is_empty() { Err(Error::new("bash could not run them")) } else { Ok(dump) }
}

/// `vars` after `scripts`. What bash itself changes, and what no shell can hold, is as it was.
pub(crate) fn after(scripts: &[Script], vars: &Vars) -> Result<Vars> {
    let mut before = vars.clone();
    before.retain(|name, _| !BASHS_OWN.iter().any(|own| name == own));
    let mut after = parsed(&dump(scripts, &before, Words::Shown)?);
    after.retain(|name, _| is_scripts_own(name));
    let kept = vars.iter().filter(|(name, _)| !is_scripts_own(name));
    after.extend(kept.map(|(name, value)| (name.clone(), value.clone())));
    Ok(after)
}

/// Variables out of a dump.
pub(super) fn parsed(dump: &[u8]) -> Vars {
    let pairs = dump.split(|byte| *byte == 0).filter_map(|pair| {
        let equals = pair.iter().position(|byte| *byte == b'=')?;
        Some((
            OsString::from_vec(pair[..equals].into()),
            OsString::from_vec(pair[equals + 1..].into()),
        ))
    });
    pairs.collect()
}

/// True for names that bash takes in and hands on: identifiers, and exported functions. Old ones lose all others.
fn is_scripts_own(name: &OsStr) -> bool {
    let bytes = name.as_bytes();
    let is_identifier = !bytes.first().is_some_and(u8::is_ascii_digit)
        && bytes.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'_');
    (is_identifier || bytes.starts_with(b"BASH_FUNC_")) && !BASHS_OWN.iter().any(|own| name == *own)
}

fn bash(vars: &Vars) -> Result<PathBuf> {
    let usual = BASH.iter().map(PathBuf::from);
    let dirs = vars.get(OsStr::new(PATH)).into_iter().flat_map(std::env::split_paths);
    let found = usual.chain(dirs.filter(|dir| dir.is_absolute()).map(|dir| dir.join("bash")));
    found
        .into_iter()
        .find(|path| path.is_file())
        .ok_or_else(|| Error::new("bash is not installed here"))
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "tests build worlds of their own")]
mod tests {
    use super::*;

    #[test]
    fn variables_go_in_and_come_out_whole() {
        let root = tempfile::tempdir().unwrap();
        let script = |name: &str, text: &str| {
            let path = root.path().join(name);
            std::fs::write(&path, text).unwrap();
            Script { path, prefix: None }
        };
        let scripts = [
            script(
                "a.sh",
                "echo noise; declare -x A=1; unset GONE; cd /; [ $# = 0 ] && export B=2",
            ),
            script("b.sh", "f() { :; }; export -f f; (sleep 30) & kill $! ; exit 3"),
            script("c.sh", "export NEVER=1"),
        ];
        let odd = OsString::from_vec(b"\xff\n'\"$x".to_vec());
        let vars: Vars = [
            ("GONE".into(), "1".into()),
            ("a.b-c".into(), "kept".into()),
            ("ODD".into(), odd.clone()),
            ("BASH_ENV".into(), "/nowhere".into()),
            ("SHLVL".into(), "7".into()),
        ]
        .into();
        let after = after(&scripts, &vars).unwrap();
        let get = |name: &str| after.get(OsStr::new(name)).cloned();
        assert_eq!((get("A"), get("B")), (Some("1".into()), Some("2".into())));
        assert_eq!((get("GONE"), get("NEVER")), (None, None));
        assert_eq!((get("a.b-c"), get("ODD")), (Some("kept".into()), Some(odd)));
        assert_eq!((get("BASH_ENV"), get("SHLVL")), (Some("/nowhere".into()), Some("7".into())));
        assert!(get("BASH_FUNC_f%%").is_some() && get("PWD").is_none(), "{after:?}");
    }
}
