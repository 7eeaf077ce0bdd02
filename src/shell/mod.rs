//! Shell text: a change as bytes that one of the four shells evaluates.
//!
//! One file per dialect, each with its own quoting. Values are literals, always quoted; what a shell cannot
//! hold is refused with a sentence. Works on its arguments and the shell files built into the program.

pub(crate) mod activators;
pub(crate) mod apptainer;
mod csh;
mod fish;
pub(crate) mod hook;
pub(crate) mod plain;
mod posix;
pub(crate) mod rc;
pub(crate) mod scripts;
pub(crate) mod settle;
pub(crate) mod start;
pub(crate) mod watch;
pub(crate) mod wrapper;

use std::ffi::OsStr;

use crate::error::{Error, Result};
use crate::plan::{Change, Step};

/// A shell that mlenv speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dialect {
    /// bash, 3.2 and newer.
    Bash,
    /// zsh.
    Zsh,
    /// tcsh, and csh where that is tcsh.
    Tcsh(Newlines),
    /// fish.
    Fish,
}

/// What a tcsh does with a newline in a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Newlines {
    /// Too old for `$'..'`: such a value cannot be written, so it is refused.
    Refused,
    /// 6.23.01 and newer write it as `$'\n'`.
    Quoted,
}

impl Dialect {
    /// The dialect that `name` asks for: `bash`, `zsh`, `tcsh`, `fish`, or `tcsh:VERSION`. A tcsh that does not
    /// tell its version is taken for an old one.
    pub(crate) fn new(name: &OsStr) -> Result<Self> {
        let text = name.to_str().unwrap_or_default();
        let (shell, version) = text.split_once(':').unwrap_or((text, ""));
        match shell {
            "bash" => Ok(Self::Bash),
            "zsh" => Ok(Self::Zsh),
            "tcsh" | "csh" => Ok(Self::Tcsh(Newlines::of_tcsh(version))),
            "fish" => Ok(Self::Fish),
            _ => Err(Error::new(format!("unknown shell `{}`", crate::text::Shown(name.as_ref())))
                .hint("mlenv knows bash, zsh, tcsh and fish")),
        }
    }

    /// The shell's name.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Bash => "bash",
            Self::Zsh => "zsh",
            Self::Tcsh(_) => "tcsh",
            Self::Fish => "fish",
        }
    }

    /// How the scripts that packages ship for this shell end.
    pub(crate) fn script_suffix(self) -> &'static str {
        match self {
            Self::Bash | Self::Zsh => "sh",
            Self::Tcsh(_) => "csh",
            Self::Fish => "fish",
        }
    }
}

impl Newlines {
    /// By tcsh's `$tcsh`, such as `6.24.07`.
    pub(crate) fn of_tcsh(version: &str) -> Self {
        let mut numbers = version.split('.').map_while(|part| part.parse::<u32>().ok());
        let mut next = || numbers.next().unwrap_or(0);
        if (next(), next(), next()) >= (6, 23, 1) { Self::Quoted } else { Self::Refused }
    }
}

/// The text that makes `change` in a shell; empty where nothing changes.
pub(crate) fn render(dialect: Dialect, change: &Change) -> Result<Vec<u8>> {
    let steps: Vec<Step> =
        change.steps.iter().filter(|step| speaks(dialect, step)).cloned().collect();
    match dialect {
        Dialect::Bash | Dialect::Zsh => Ok(posix::render(dialect, &steps)),
        Dialect::Tcsh(newlines) => csh::render(newlines, &steps),
        Dialect::Fish => Ok(fish::render(&steps)),
    }
}

/// A session can be inherited by a shell of another language, which cannot source the scripts it names.
fn speaks(dialect: Dialect, step: &Step) -> bool {
    match step {
        Step::Enter(script) | Step::Leave(script) => {
            script.path.extension() == Some(OsStr::new(dialect.script_suffix()))
        }
        _ => true,
    }
}

/// A literal of `dialect` with exactly these bytes.
pub(crate) fn quote(dialect: Dialect, value: &OsStr) -> Result<Vec<u8>> {
    match dialect {
        Dialect::Bash | Dialect::Zsh => Ok(posix::quote(value)),
        Dialect::Tcsh(newlines) => csh::quote(newlines, value),
        Dialect::Fish => Ok(fish::quote(value)),
    }
}

/// Steps of one kind that follow each other.
fn runs(steps: &[Step]) -> impl Iterator<Item = &[Step]> {
    steps.chunk_by(|left, right| std::mem::discriminant(left) == std::mem::discriminant(right))
}

#[cfg(test)]
mod tests;
