//! The hooks: real shell files with two inert tokens outside of any quotes, built into the program.
//!
//! tcsh cannot be given loops in what it evals, so its hook lives in files of the user's cache; all that is evaled
//! there is one line that sources the first of them.

use std::ffi::{OsStr, OsString};
use std::path::Path;

use crate::error::Result;
use crate::shell::{Dialect, quote};

const BASH: [&str; 4] = [
    include_str!("../../shell/bash/hook.bash"),
    include_str!("../../shell/bash/undo.bash"),
    include_str!("../../shell/bash/guests.bash"),
    include_str!("../../shell/bash/verb.bash"),
];
const ZSH: [&str; 4] = [
    include_str!("../../shell/zsh/hook.zsh"),
    include_str!("../../shell/zsh/undo.zsh"),
    include_str!("../../shell/zsh/guests.zsh"),
    include_str!("../../shell/zsh/verb.zsh"),
];
const FISH: [&str; 4] = [
    include_str!("../../shell/fish/hook.fish"),
    include_str!("../../shell/fish/undo.fish"),
    include_str!("../../shell/fish/guests.fish"),
    include_str!("../../shell/fish/verb.fish"),
];
const TCSH: [(&str, &str); 15] = [
    ("hook.tcsh", include_str!("../../shell/tcsh/hook.tcsh")),
    ("look.tcsh", include_str!("../../shell/tcsh/look.tcsh")),
    ("change.tcsh", include_str!("../../shell/tcsh/change.tcsh")),
    ("state.tcsh", include_str!("../../shell/tcsh/state.tcsh")),
    ("other.tcsh", include_str!("../../shell/tcsh/other.tcsh")),
    ("switches.tcsh", include_str!("../../shell/tcsh/switches.tcsh")),
    ("traced.tcsh", include_str!("../../shell/tcsh/traced.tcsh")),
    ("stamp.tcsh", include_str!("../../shell/tcsh/stamp.tcsh")),
    ("ask.tcsh", include_str!("../../shell/tcsh/ask.tcsh")),
    ("leave.tcsh", include_str!("../../shell/tcsh/leave.tcsh")),
    ("left.tcsh", include_str!("../../shell/tcsh/left.tcsh")),
    ("relabel.tcsh", include_str!("../../shell/tcsh/relabel.tcsh")),
    ("offer.tcsh", include_str!("../../shell/tcsh/offer.tcsh")),
    ("plain.tcsh", include_str!("../../shell/tcsh/plain.tcsh")),
    ("verb.tcsh", include_str!("../../shell/tcsh/verb.tcsh")),
];

/// Stands for the program's own path.
const PROGRAM: &str = "::MLENV::";
/// Stands for the directory of tcsh's files.
const DIRECTORY: &str = "::DIR::";

/// What `mlenv hook` prints for a shell that takes all of it at once.
pub(crate) fn text(dialect: Dialect, program: &Path) -> Result<Vec<u8>> {
    let source = match dialect {
        Dialect::Bash => BASH.concat(),
        Dialect::Zsh => ZSH.concat(),
        Dialect::Fish => FISH.concat(),
        Dialect::Tcsh(_) => TCSH[0].1.to_owned(),
    };
    Ok(fill(&bare(&source), &quote(dialect, program.as_os_str())?, b""))
}

/// The name and text of each of tcsh's files, meant for the directory `dir`.
pub(crate) fn tcsh_files(
    dialect: Dialect,
    program: &Path,
    dir: &Path,
) -> Result<Vec<(&'static str, Vec<u8>)>> {
    let (program, dir) = (quote(dialect, program.as_os_str())?, quote(dialect, dir.as_os_str())?);
    Ok(TCSH.iter().map(|(name, text)| (*name, fill(&bare(text), &program, &dir))).collect())
}

/// The commands alone: tcsh reads a file of these at each cd, and takes its time over comments; in what bash evaluates
/// without `interactive_comments` there must be none. So no comment stands behind a command in these files.
pub(super) fn bare(text: &str) -> String {
    let lines = text.lines().map(str::trim_start);
    lines
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .fold(String::new(), |out, line| out + line + "\n")
}

/// What tcsh evals: one line that cannot fail where the shell is not interactive.
pub(crate) fn tcsh_line(dialect: Dialect, dir: &Path) -> Result<Vec<u8>> {
    let file = quote(dialect, dir.join(TCSH[0].0).as_os_str())?;
    Ok([b"if ( $?prompt ) source ".as_slice(), &file, b"\n"].concat())
}

/// A command that sets a variable of the shell itself, which is not exported; not in tcsh.
pub(crate) fn assign(dialect: Dialect, name: &str, value: &OsStr) -> Result<Vec<u8>> {
    let value = quote(dialect, value)?;
    let verb: &[u8] = if dialect == Dialect::Fish { b"set -g " } else { b"" };
    let sign: &[u8] = if dialect == Dialect::Fish { b" " } else { b"=" };
    Ok([verb, name.as_bytes(), sign, &value, b"\n"].concat())
}

/// What a variable of tcsh holds.
pub(crate) enum Word {
    /// One word.
    One(OsString),
    /// Any number of them.
    List(Vec<OsString>),
}

/// One command of tcsh that sets all of these.
pub(crate) fn assign_all(dialect: Dialect, values: &[(&str, Word)]) -> Result<Vec<u8>> {
    let mut out = b"set".to_vec();
    for (name, word) in values {
        out.extend([b" ".as_slice(), name.as_bytes(), b" = "].concat());
        match word {
            Word::One(value) => out.extend(quote(dialect, value)?),
            Word::List(values) => {
                out.push(b'(');
                for value in values {
                    out.extend([b" ".as_slice(), &quote(dialect, value)?].concat());
                }
                out.extend(b" )");
            }
        }
    }
    Ok(out)
}

/// The text with both tokens filled in; what is filled in is not looked at again.
fn fill(text: &str, program: &[u8], dir: &[u8]) -> Vec<u8> {
    let part =
        |part: &str| part.split(PROGRAM).map(str::as_bytes).collect::<Vec<_>>().join(program);
    text.split(DIRECTORY).map(part).collect::<Vec<_>>().join(dir)
}

/// The command with which a shell starts `mlenv shell ENV` in itself, behind an answer. From the terminal: what
/// evaluates an answer may have its stdin in a pipe.
pub(crate) fn nested(dialect: Dialect, program: &Path, env: &Path) -> Result<Vec<u8>> {
    let (program, env) = (quote(dialect, program.as_os_str())?, quote(dialect, env.as_os_str())?);
    let before = if matches!(dialect, Dialect::Tcsh(_)) { b"; ".as_slice() } else { b"command " };
    Ok([before, &program, b" shell ", &env, b" < /dev/tty\n"].concat())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shell::Newlines;

    #[test]
    fn the_programs_path_is_a_literal() {
        let program = Path::new("/a b/it's/$(id)/mlenv");
        let text = String::from_utf8(text(Dialect::Bash, program).unwrap()).unwrap();
        assert!(text.contains(r"__mlenv_exe='/a b/it'\''s/$(id)/mlenv'"));
        let tcsh = Dialect::Tcsh(Newlines::Quoted);
        for (name, text) in tcsh_files(tcsh, program, Path::new("/c!d")).unwrap() {
            let text = String::from_utf8(text).unwrap();
            assert!(!text.contains(PROGRAM) && !text.contains(DIRECTORY), "{name}");
        }
    }

    #[test]
    fn tcsh_evals_one_line() {
        let line = tcsh_line(Dialect::Tcsh(Newlines::Quoted), Path::new("/c!d e")).unwrap();
        assert_eq!(line, b"if ( $?prompt ) source '/c'\\!'d e/hook.tcsh'\n");
    }
}
