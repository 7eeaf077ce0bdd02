//! Stories told to real shells: each step is written in the shell's own words, and its variables are read back
//! as bytes after the steps that ask for it.

pub(crate) mod sandbox;

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use self::sandbox::Sandbox;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shell {
    Bash,
    Zsh,
    Tcsh,
    Fish,
}

/// The variables that a shell exports, but for those that it changes by itself.
pub(crate) type Env = BTreeMap<Vec<u8>, Vec<u8>>;

/// One line of a story.
pub(crate) enum Step<'a> {
    /// `mlenv activate` with this argument.
    Activate(&'a str),
    /// `mlenv deactivate`.
    Deactivate,
    /// The user exports a variable.
    Set(&'a str, &'a str),
    /// The user removes a variable.
    Unset(&'a str),
    /// The user puts a directory in front of `PATH` and one behind it.
    Around(&'a str, &'a str),
    /// Read the variables now.
    Look,
    /// Words that every one of the four shells understands.
    Say(&'a str),
}

impl Shell {
    pub(crate) const ALL: [Self; 4] = [Self::Bash, Self::Zsh, Self::Tcsh, Self::Fish];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Bash => "bash",
            Self::Zsh => "zsh",
            Self::Tcsh => "tcsh",
            Self::Fish => "fish",
        }
    }

    /// The shell without anybody's rc files. `MLENV_TEST_TCSH=/path/to/tcsh` and so on name other versions of it.
    pub(crate) fn command(self, sandbox: &Sandbox) -> Command {
        let other = std::env::var_os(format!("MLENV_TEST_{}", self.name().to_uppercase()));
        let mut command = sandbox.command(other.unwrap_or_else(|| self.name().into()));
        match self {
            Self::Bash => command.args(["--noprofile", "--norc"]),
            Self::Zsh | Self::Tcsh => command.arg("-f"),
            Self::Fish => command.arg("-N"),
        };
        command
    }

    /// A literal in this shell; written again here, so that a mistake in the program is not repeated.
    pub(crate) fn quote(self, text: &str) -> String {
        let escaped = match self {
            Self::Bash | Self::Zsh => text.replace('\'', r"'\''"),
            Self::Tcsh => text.replace('\'', r"'\''").replace('!', r"'\!'"),
            Self::Fish => text.replace('\\', r"\\").replace('\'', r"\'"),
        };
        format!("'{escaped}'")
    }

    /// What a user without the hook types to evaluate `command`.
    pub(crate) fn evaluate(self, verb: &str, argument: &str) -> String {
        match self {
            Self::Bash | Self::Zsh => {
                format!("eval \"$(\"$MLENV\" {verb} --shell {} {argument})\"", self.name())
            }
            Self::Tcsh => format!("eval \"`'$MLENV' {verb} --shell tcsh:$tcsh {argument}`\""),
            Self::Fish => format!("\"$MLENV\" {verb} --shell fish {argument} | source"),
        }
    }

    fn write(self, step: &Step, look: &str) -> String {
        match (step, self) {
            // The other way to evaluate in tcsh: a file keeps any byte, quoted backquotes do not.
            (Step::Activate(named), Self::Tcsh) => {
                format!(
                    "$MLENV:q activate --shell tcsh:$tcsh {} >! eval.csh; source eval.csh",
                    self.quote(named)
                )
            }
            (Step::Activate(named), _) => self.evaluate("activate", &self.quote(named)),
            (Step::Deactivate, Self::Tcsh) => {
                "eval \"`'$MLENV' deactivate --shell tcsh:$tcsh`\"".into()
            }
            (Step::Deactivate, _) => self.evaluate("deactivate", ""),
            (Step::Set(name, value), Self::Bash | Self::Zsh) => {
                format!("\\export {name}={}", self.quote(value))
            }
            (Step::Set(name, value), Self::Tcsh) => format!("setenv {name} {}", self.quote(value)),
            (Step::Set(name, value), Self::Fish) => format!("set -gx {name} {}", self.quote(value)),
            (Step::Unset(name), Self::Bash | Self::Zsh) => format!("\\unset {name}"),
            (Step::Unset(name), Self::Tcsh) => format!("unsetenv {name}"),
            (Step::Unset(name), Self::Fish) => format!("set -e {name}"),
            (Step::Around(front, back), Self::Bash | Self::Zsh) => {
                format!("PATH={front}:$PATH:{back}")
            }
            (Step::Around(front, back), Self::Tcsh) => {
                format!("setenv PATH {front}:\"$PATH\":{back}")
            }
            (Step::Around(front, back), Self::Fish) => format!("set -gx PATH {front} $PATH {back}"),
            (Step::Look, _) => format!("/usr/bin/env -0 > {}", self.quote(look)),
            (Step::Say(words), _) => (*words).to_owned(),
        }
    }

    /// Tells the story and returns what every [`Step::Look`] saw. The shell must reach the end in peace.
    #[track_caller]
    pub(crate) fn tell(self, sandbox: &Sandbox, story: &[Step]) -> Vec<Env> {
        let look = |count: usize| sandbox.path(&format!("{}-look-{count}", self.name()));
        let mut looks = 0;
        let mut lines = Vec::new();
        for step in story {
            lines.push(self.write(step, look(looks).to_str().unwrap()));
            looks += usize::from(matches!(step, Step::Look));
        }
        (0..looks).for_each(|count| drop(std::fs::remove_file(look(count))));
        let script = sandbox.write(&format!("story.{}", self.name()), &(lines.join("\n") + "\n"));
        let output = self.command(sandbox).arg(script).output().unwrap();
        let words = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(
            output.status.success() && words.is_empty(),
            "{self:?}: {:?}\n{words}",
            output.status
        );
        (0..looks).map(|count| parsed(&std::fs::read(look(count)).unwrap())).collect()
    }
}

fn parsed(dump: &[u8]) -> Env {
    let pairs = dump.split(|byte| *byte == 0).filter_map(|pair| {
        let equals = pair.iter().position(|byte| *byte == b'=')?;
        Some((pair[..equals].to_vec(), pair[equals + 1..].to_vec()))
    });
    let own: [&[u8]; 5] = [b"_", b"SHLVL", b"PWD", b"OLDPWD", b"MLENV"];
    pairs.filter(|(name, _)| !own.contains(&name.as_slice())).collect()
}

/// A variable as text.
pub(crate) fn get<'a>(env: &'a Env, name: &str) -> Option<&'a str> {
    env.get(name.as_bytes()).map(|value| std::str::from_utf8(value).unwrap())
}

/// The parts of `PATH`.
pub(crate) fn path(env: &Env) -> Vec<&str> {
    get(env, "PATH").unwrap().split(':').collect()
}

/// A path as text; those of a sandbox are UTF-8.
pub(crate) fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}
