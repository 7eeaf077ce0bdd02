//! tcsh. csh is not POSIX with other keywords; its rules, each learned from the shell itself:
//!
//! - The text is evaluated by ``eval "`...`"``, which loses newlines: one line, `;` between commands.
//! - `!` starts a history word even inside single quotes, so it stands outside of them, behind a backslash. So
//!   does every backslash, because `set backslash_quote` changes what one means inside quotes.
//! - A newline in a value needs `$'\n'`, which exists since 6.23.01. Older ones cannot take such a value.
//! - Variables in an `if (..) command` are expanded before the condition is looked at, also where that is false;
//!   `eval` with a quoted text puts that off.
//! - Reading backquotes, tcsh loses bytes that are not UTF-8 once the text is longer than its buffer of 4096.
//! - Quoting any part of a builtin's name hides it ("Command not found"): an alias of `setenv` cannot be kept out.
//! - An error, such as a script's undefined variable, ends the whole line: scripts come last, also those of leaving.
//! - `setenv PATH` makes tcsh read every directory in it: it is set once.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

use crate::error::{Error, Result};
use crate::plan::{Prompt, Script, Step};
use crate::shell::Newlines;

/// Up to this size any bytes arrive.
const BUFFER: usize = 4000;

/// Puts the prompt back if it is still the one that we made.
const HIDE: &str = r#"if ( "$prompt:q" == "$__mlenv_shown:q" ) set prompt = "$__mlenv_prompt:q"; unset __mlenv_shown __mlenv_prompt"#;

pub(super) fn render(newlines: Newlines, steps: &[Step]) -> Result<Vec<u8>> {
    let mut commands: Vec<Vec<u8>> = Vec::new();
    let (scripts, variables): (Vec<_>, Vec<_>) =
        steps.iter().partition(|step| matches!(step, Step::Enter(_) | Step::Leave(_)));
    for step in variables.into_iter().chain(scripts) {
        match step {
            Step::Set(name, value) => {
                let value = quote(newlines, value)
                    .map_err(|error| error.during(format!("setting {name}")))?;
                commands.push([b"setenv ", name.as_str().as_bytes(), b" ", &value].concat());
            }
            Step::Unset(name) => commands.push([b"unsetenv ", name.as_str().as_bytes()].concat()),
            Step::Enter(script) | Step::Leave(script) => commands.extend(source(newlines, script)?),
            Step::Prompt(prompt) => commands.extend(prompt_commands(newlines, prompt)?),
        }
    }
    let mut line = commands.join(b"; ".as_slice());
    if line.len() > BUFFER && std::str::from_utf8(&line).is_err() {
        return Err(Error::new("tcsh cannot take a text this long with bytes that are not UTF-8 in it")
            .hint("look for odd bytes in your variables with `env | grep -av '^.*$'`, or use another shell"));
    }
    if !line.is_empty() {
        line.push(b'\n');
    }
    Ok(line)
}

/// Single quotes around what is plain; `'`, `!` and `\` outside of them, each behind a backslash.
pub(super) fn quote(newlines: Newlines, value: &OsStr) -> Result<Vec<u8>> {
    let mut out = vec![b'\''];
    for &byte in value.as_bytes() {
        match (byte, newlines) {
            (b'\'' | b'!' | b'\\', _) => out.extend([b'\'', b'\\', byte, b'\'']),
            (b'\n', Newlines::Quoted) => out.extend(b"'$'\\n''"),
            (b'\n', Newlines::Refused) => {
                return Err(Error::new("this tcsh cannot hold a value with a newline in it")
                    .hint("use tcsh 6.23.01 or newer, or another shell"));
            }
            (other, _) => out.push(other),
        }
    }
    out.push(b'\'');
    Ok(out)
}

fn source(newlines: Newlines, Script { path, prefix }: &Script) -> Result<Vec<Vec<u8>>> {
    let path = quote(newlines, path.as_os_str())?;
    let source = [b"if ( -r ".as_slice(), &path, b" ) source ", &path].concat();
    let Some(prefix) = prefix else { return Ok(vec![source]) };
    let enter =
        [b"setenv CONDA_PREFIX ".as_slice(), &quote(newlines, prefix.as_os_str())?].concat();
    Ok(vec![
        b"set __mlenv_prefix = \"$CONDA_PREFIX:q\"".to_vec(),
        enter,
        source,
        b"setenv CONDA_PREFIX \"$__mlenv_prefix:q\"".to_vec(),
        b"unset __mlenv_prefix".to_vec(),
    ])
}

fn prompt_commands(newlines: Newlines, prompt: &Prompt) -> Result<Vec<Vec<u8>>> {
    let mut commands = vec![when(newlines, "$?prompt && $?__mlenv_shown", HIDE.as_bytes())?];
    if let Prompt::Show { label, .. } = prompt {
        let label = quote(newlines, escaped(label.as_str()).as_ref())?;
        let show = [
            b"set __mlenv_label = ".as_slice(),
            &label,
            br#" __mlenv_prompt = "$prompt:q"; set prompt = "$__mlenv_label:q$prompt:q"; set __mlenv_shown = "$prompt:q""#,
        ];
        let wanted = "$?prompt && ! $?MLENV_DISABLE_PROMPT && ! $?VIRTUAL_ENV_DISABLE_PROMPT";
        commands.push(when(newlines, wanted, &show.concat())?);
    }
    Ok(commands)
}

/// `commands`, looked at only where `condition` holds.
fn when(newlines: Newlines, condition: &str, commands: &[u8]) -> Result<Vec<u8>> {
    let commands = quote(newlines, OsStr::from_bytes(commands))?;
    Ok([b"if ( ", condition.as_bytes(), b" ) eval ", &commands].concat())
}

/// In a prompt `%` starts a sequence, `!` is the history number, `^x` a control character.
fn escaped(label: &str) -> String {
    label.replace('%', "%%").replace('^', r"\^").replace('!', r"\!")
}
