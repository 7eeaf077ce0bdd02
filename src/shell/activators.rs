//! The files that every env carries: `bin/activate` and its kin, so that habits, and editors that look for a
//! venv, work without the hook.
//!
//! They are real shell files with inert tokens such as `@ENV@`, all outside quotes; what stands for a token is
//! always quoted. They find the env by their own place where the shell tells it, and need no mlenv on `PATH`.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};

use crate::error::Result;
use crate::plan::name::{PIP_ELSEWHERE, SHELLS_OWN};
use crate::plan::prompt::Label;
use crate::shell::{Dialect, Newlines, quote};

const SH: &str = include_str!("../../shell/activators/activate.sh");
const CSH: &str = include_str!("../../shell/activators/activate.csh");
const FISH: &str = include_str!("../../shell/activators/activate.fish");
const SETUP: &str = include_str!("../../shell/activators/setupMe-on-host.sh");
const IN_CONTAINER: &str = include_str!("../../shell/activators/setup-UserEnv-in-container.sh");

/// The file with that, which interactive shells in a container read, too.
pub(crate) const IN_CONTAINER_FILE: &str = "setup-UserEnv-in-container.sh";

/// What the files have to know of their env.
pub(crate) struct Carrier<'a> {
    /// Where it is.
    pub(crate) env: &'a Path,
    /// What it stands on: by other variables tools recognise a conda prefix.
    pub(crate) family: Family,
    /// What of it goes on `PATH`, first one first.
    pub(crate) bins: &'a [&'a str],
    /// Whether packages in `~/.local` are seen.
    pub(crate) user_site: bool,
    /// The container that it lives in, if it does.
    pub(crate) container: Option<InContainer>,
    /// Whether they are to be as envs carried them before pip's variables were taken away, and what scripts change was given
    /// back, to be known again.
    pub(crate) former: bool,
}

/// What the files of an env in a container say of that container.
pub(crate) struct InContainer {
    /// Its image; empty where that is not known.
    pub(crate) image: OsString,
    /// What it sees of the host, as `-B` takes it.
    pub(crate) binds: OsString,
    /// The engine's name.
    pub(crate) engine: &'static str,
}

/// What an env stands on, as far as its files differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Family {
    /// A conda prefix.
    Conda,
    /// Any other Python.
    Venv,
}

/// One variable of the files: its value is the env's path, a text, or none.
enum Value {
    Env,
    Text(String),
    Unset,
}

/// The files, by their paths in the env. Fails only for a path that no env may have.
pub(crate) fn activators(carrier: &Carrier<'_>) -> Result<Vec<(PathBuf, Vec<u8>)>> {
    let tcsh = Dialect::Tcsh(Newlines::Refused);
    let filled = |dialect, text: &str, own: &str| {
        filled(carrier, dialect, text, own).map(|bytes| (own.into(), bytes))
    };
    let mut files = vec![
        filled(Dialect::Bash, SH, "bin/activate")?,
        filled(tcsh, CSH, "bin/activate.csh")?,
        filled(Dialect::Fish, FISH, "bin/activate.fish")?,
        filled(Dialect::Bash, SETUP, "setupMe-on-host.sh")?,
    ];
    if let Some(container) = &carrier.container {
        files.push((IN_CONTAINER_FILE.into(), in_container(carrier.env, container)?));
    }
    Ok(files)
}

/// The script that users of older tools source, with the words that those look for.
fn in_container(env: &Path, container: &InContainer) -> Result<Vec<u8>> {
    let literal = |text: &OsStr| quote(Dialect::Bash, text);
    let tokens = [
        ("@ENV@", literal(env.as_os_str())?),
        ("@IMAGE@", literal(&container.image)?),
        ("@BINDS@", literal(&container.binds)?),
        ("@ENGINE@", literal(container.engine.as_ref())?),
    ];
    Ok(replaced(IN_CONTAINER, &tokens))
}

fn filled(carrier: &Carrier<'_>, dialect: Dialect, text: &str, own: &str) -> Result<Vec<u8>> {
    // A plain name: the label of these files is shown by shells that expand `%` and `!` each in its own way.
    let name = carrier.env.file_name().unwrap_or_default();
    let label = Label::new(name).as_str().replace(['%', '!', '^'], "?");
    let back: Vec<&str> = carrier.bins.iter().rev().copied().collect();
    let variables = variables(carrier, &label);
    let restored: Vec<String> = variables.iter().map(|(name, _)| restore(name)).collect();
    let mut set = Vec::new();
    for (name, value) in &variables {
        set.push(assign(dialect, name, value)?);
    }
    let source = quote(dialect, carrier.env.join(own).as_os_str())?;
    let leave = OsString::from_vec([b"source ".as_slice(), &source].concat());
    let tokens = [
        ("@ENV@", quote(dialect, carrier.env.as_os_str())?),
        ("@LEAVE@", quote(dialect, &leave)?),
        ("@LABEL@", quote(dialect, OsStr::new(&label))?),
        ("@BINS@", carrier.bins.join(" ").into()),
        ("@BINS_BACK@", back.join(" ").into()),
        ("@OWN@", SHELLS_OWN.join(" | ").into()),
        ("@RESTORE@", restored.concat().into()),
        ("@VARIABLES@", set.join(b"\n".as_slice())),
    ];
    Ok(replaced(&dated(text, carrier.former), &tokens))
}

/// The text of today, or of the former files: without what stands between `#{` and `#}`.
fn dated(text: &str, former: bool) -> String {
    let mut is_new = false;
    let mut out = String::new();
    for line in text.lines() {
        match line.trim_start() {
            "#{" => is_new = true,
            "#}" => is_new = false,
            _ if is_new && former => {}
            _ => out.extend([line, "\n"]),
        }
    }
    out
}

/// The text with every token replaced; what was put in is not looked at again.
pub(super) fn replaced(text: &str, tokens: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('@') {
        out.extend(before.as_bytes());
        let token = tokens
            .iter()
            .find_map(|(token, value)| Some((value, after.strip_prefix(&token[1..])?)));
        if let Some((value, behind)) = token {
            out.extend(value);
            rest = behind;
        } else {
            out.push(b'@');
            rest = after;
        }
    }
    out.extend(rest.as_bytes());
    out
}

fn variables(carrier: &Carrier<'_>, label: &str) -> Vec<(&'static str, Value)> {
    let name = label.trim_end().trim_start_matches('(').trim_end_matches(')');
    let mut variables = vec![("PYTHONHOME", Value::Unset)];
    if !carrier.former {
        variables.extend(PIP_ELSEWHERE.map(|name| (name, Value::Unset)));
    }
    if !carrier.user_site {
        variables.push(("PYTHONNOUSERSITE", Value::Text("1".into())));
    }
    if carrier.family == Family::Venv {
        variables.extend([
            ("VIRTUAL_ENV", Value::Env),
            ("VIRTUAL_ENV_PROMPT", Value::Text(name.into())),
        ]);
    } else {
        variables.extend([
            ("VIRTUAL_ENV", Value::Unset),
            ("CONDA_PREFIX", Value::Env),
            ("CONDA_DEFAULT_ENV", Value::Env),
            ("CONDA_SHLVL", Value::Text("1".into())),
            ("CONDA_PROMPT_MODIFIER", Value::Text(label.into())),
        ]);
    }
    variables
}

/// One line that sets or unsets a variable and remembers what it was.
fn assign(dialect: Dialect, name: &str, value: &Value) -> Result<Vec<u8>> {
    if let Dialect::Tcsh(_) = dialect {
        return assign_in_tcsh(dialect, name, value);
    }
    let value = match value {
        Value::Env => b" \"$__mlenv_act_env\"".to_vec(),
        Value::Text(text) => [b" ".as_slice(), &quote(dialect, text.as_ref())?].concat(),
        Value::Unset => Vec::new(),
    };
    Ok([b"__mlenv_act_set ", name.as_bytes(), &value].concat())
}

fn assign_in_tcsh(dialect: Dialect, name: &str, value: &Value) -> Result<Vec<u8>> {
    let save = format!("if ( $?{name} ) eval 'set __mlenv_act_old_{name} = \"${name}:q\"'\n");
    let set = match value {
        Value::Env => {
            format!("set __mlenv_act_new_{name} = \"$__mlenv_act_env:q\"\nsetenv {name} \"$__mlenv_act_env:q\"")
                .into_bytes()
        }
        Value::Text(text) => {
            let text = quote(dialect, text.as_ref())?;
            let (new, set) = (format!("set __mlenv_act_new_{name} = "), format!("\nsetenv {name} "));
            [new.as_bytes(), &text, set.as_bytes(), &text].concat()
        }
        Value::Unset => format!("unsetenv {name}").into_bytes(),
    };
    Ok([save.as_bytes(), &set].concat())
}

/// tcsh has no functions: leaving is written out for each variable.
fn restore(name: &str) -> String {
    format!(
        r#"set __mlenv_act_ours = 0
  if ( $?{name} && $?__mlenv_act_new_{name} ) eval 'if ( "${name}:q" == "$__mlenv_act_new_{name}:q" ) set __mlenv_act_ours = 1'
  if ( ! $?{name} && ! $?__mlenv_act_new_{name} ) set __mlenv_act_ours = 1
  if ( $__mlenv_act_ours ) unsetenv {name}
  if ( $__mlenv_act_ours && $?__mlenv_act_old_{name} ) eval 'setenv {name} "$__mlenv_act_old_{name}:q"'
  unset __mlenv_act_ours __mlenv_act_new_{name} __mlenv_act_old_{name}
  "#
    )
}

#[cfg(test)]
mod tests;
