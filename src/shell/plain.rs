//! A plain `deactivate`, as venv's users type it, for a shell without the hook: while an env is active, and where nothing
//! else has that name. The hooks have their own (`guests` in `shell/`).
//!
//! A venv's own activation calls what has the name with a word, and means itself: then it does nothing.

use std::path::Path;

use crate::error::Result;
use crate::shell::{Dialect, quote};

/// Stands for the program.
const PROGRAM: &str = "@MLENV@";

/// What nothing else would have in it, by which ours is known.
const BASH: &str = r#"if ! \builtin type deactivate >/dev/null 2>&1; then
\builtin eval 'function deactivate { [[ ${1-} == nondestructive ]] || __mlenv_plain; }
function __mlenv_plain { \builtin eval "$(\command @MLENV@ deactivate --shell bash)"; }'; fi;
"#;

/// bash tells what a function is by printing it alone: into the pipe, or the nameless file, of a here-string, since a
/// substitution would be a process.
const BASH_BACK: &str = r"if \builtin declare -F deactivate >/dev/null; then
{ \builtin declare -f deactivate >|/proc/self/fd/7 && \builtin read -r -d '' -u 7 __mlenv_is; } 2>/dev/null 7<<<'' || \builtin :;
if [[ ${__mlenv_is-} == *__mlenv_plain* ]]; then \builtin unset -f deactivate; fi;
\builtin unset -v __mlenv_is; fi;
";

const ZSH: &str = r#"if ! \builtin whence deactivate >/dev/null; then
\builtin eval 'function deactivate { [[ ${1-} == nondestructive ]] || __mlenv_plain; }
function __mlenv_plain { \builtin eval "$(\command @MLENV@ deactivate --shell zsh)"; }'; fi;
"#;

const ZSH_BACK: &str = r"if [[ ${functions[deactivate]-} == *__mlenv_plain* ]]; then \builtin unset -f deactivate; fi;
";

const FISH: &str = "\
if not functions -q deactivate; and not command -q deactivate
  function deactivate
    test \"$argv[1]\" = nondestructive; or __mlenv_plain
  end
  function __mlenv_plain
    command @MLENV@ deactivate --shell fish | source
  end
end
";

const FISH_BACK: &str = "\
if functions -q deactivate; and string match -q '*__mlenv_plain*' -- (functions deactivate)
  functions -e deactivate
end
";

/// The text of a change, with what gives the name a meaning, by this program, or takes it back. tcsh evaluates one line, and
/// what comes behind a script that fails is not reached.
pub(crate) fn around(dialect: Dialect, change: &[u8], program: Option<&Path>) -> Result<Vec<u8>> {
    let own = match program {
        Some(program) => offer(dialect, program)?,
        None => withdraw(dialect).to_owned(),
    };
    match dialect {
        _ if change.is_empty() => Ok(Vec::new()),
        Dialect::Tcsh(_) => Ok([own.trim_ascii_end(), b"; ", change].concat()),
        _ => Ok([change, &own].concat()),
    }
}

fn offer(dialect: Dialect, program: &Path) -> Result<Vec<u8>> {
    let literal = quote(dialect, program.as_os_str())?;
    match dialect {
        Dialect::Bash => Ok(fill(BASH, &again(&literal))),
        Dialect::Zsh => Ok(fill(ZSH, &again(&literal))),
        Dialect::Fish => Ok(fill(FISH, &literal)),
        Dialect::Tcsh(_) => tcsh(dialect, &literal),
    }
}

fn withdraw(dialect: Dialect) -> &'static [u8] {
    match dialect {
        Dialect::Bash => BASH_BACK.as_bytes(),
        Dialect::Zsh => ZSH_BACK.as_bytes(),
        Dialect::Fish => FISH_BACK.as_bytes(),
        Dialect::Tcsh(_) => {
            b"if ( \"`alias deactivate`\" =~ *nondestructive?*deactivate?--shell* ) unalias deactivate\n"
        }
    }
}

/// tcsh has aliases alone, and `which` knows all that has a name. What is evaluated stands in quotes: in a one-line `if`
/// it would be expanded also where the condition does not hold.
fn tcsh(dialect: Dialect, program: &[u8]) -> Result<Vec<u8>> {
    let command = [program, br#" deactivate --shell "tcsh:$tcsh""#].concat();
    let leave = [br#"eval "`""#.as_slice(), &quote(dialect, as_text(&command))?, br#""`""#];
    let leave = quote(dialect, as_text(&leave.concat()))?;
    let body = [br#"if ( "!*" != nondestructive ) eval "#.as_slice(), &leave].concat();
    let free = b"if ( \"`which deactivate`\" =~ *not?found* ) alias deactivate ".as_slice();
    Ok([free, &quote(dialect, as_text(&body))?, b"\n"].concat())
}

fn as_text(bytes: &[u8]) -> &std::ffi::OsStr {
    std::os::unix::ffi::OsStrExt::from_bytes(bytes)
}

/// A literal inside a literal of bash or zsh, for what stands between `'` and `'` already.
fn again(literal: &[u8]) -> Vec<u8> {
    literal
        .iter()
        .flat_map(|byte| match byte {
            b'\'' => b"'\\''".to_vec(),
            other => vec![*other],
        })
        .collect()
}

fn fill(text: &str, program: &[u8]) -> Vec<u8> {
    let parts: Vec<&[u8]> = text.split(PROGRAM).map(str::as_bytes).collect();
    parts.join(program)
}
