//! `mlenv init`: the hook and completions in the user's rc file, and out of it again.

use std::io::Write;
use std::path::{Path, PathBuf};

use crate::cli::{CompletionShell, Init};
use crate::context::Context;
use crate::error::{Attempt, Error, Result};
use crate::foreign::{self, FileKind};
use crate::fs;
use crate::shell::{self, Dialect, rc};
use crate::text::Shown;
use crate::ui::{Ui, Unsaid};

/// Where a shell's files are.
struct Places {
    /// The rc file.
    rc: PathBuf,
    /// Where completions go.
    completions: PathBuf,
    /// Whether the shell looks there by itself.
    is_found: bool,
}

pub(super) fn run(context: &Context, arguments: &Init) -> Result<()> {
    let dialect = dialect(arguments.shell);
    let places = places(context, dialect)?;
    let text = read(&places.rc)?;
    let wanted = if arguments.undo {
        rc::without(&text)
    } else {
        let lines = lines(context, dialect, &places)?;
        if rc::without(&text).is_none() && has_hook(&text) {
            context.ui.say(format!("{} has a line with the hook already", Shown(&places.rc)));
            return Ok(());
        }
        Some(rc::with(&text, &lines)).filter(|new| *new != text)
    };
    let Some(wanted) = wanted else {
        let what = if arguments.undo { "has no lines of mlenv" } else { "is as it should be" };
        context.ui.say(format!("{} {what}", Shown(&places.rc)));
        return Ok(());
    };
    show(context, &places.rc, &text, &wanted);
    let asks = context.host.answers && context.ui.is_heard() && !arguments.yes;
    if asks && !Ui::ask("go on?", Unsaid::Yes) {
        return Err(Error::no("nothing was changed"));
    }
    write(&places.rc, &wanted)?;
    complete(arguments.undo, arguments.shell, &places)?;
    context.ui.say(format!("wrote {}", Shown(&places.rc)));
    if !arguments.undo {
        context.ui.hint("new shells have it; --undo takes it out again");
    }
    Ok(())
}

fn dialect(shell: CompletionShell) -> Dialect {
    match shell {
        CompletionShell::Bash => Dialect::Bash,
        CompletionShell::Zsh => Dialect::Zsh,
        CompletionShell::Tcsh => Dialect::new("tcsh".as_ref()).unwrap_or(Dialect::Bash),
        CompletionShell::Fish => Dialect::Fish,
    }
}

fn places(context: &Context, dialect: Dialect) -> Result<Places> {
    let home = context.host.home()?;
    let under = |name: &str, fallback: &str| {
        context.host.path_var(name).unwrap_or_else(|| home.join(fallback))
    };
    let data = under("XDG_DATA_HOME", ".local/share");
    let own = |name: &str| data.join("mlenv/completions").join(name);
    Ok(match dialect {
        Dialect::Bash => Places {
            rc: home.join(".bashrc"),
            completions: data.join("bash-completion/completions/mlenv"),
            is_found: true,
        },
        Dialect::Zsh => Places {
            rc: context.host.path_var("ZDOTDIR").unwrap_or(home).join(".zshrc"),
            completions: own("_mlenv"),
            is_found: false,
        },
        Dialect::Tcsh(_) => Places {
            // tcsh reads one of the two.
            rc: Some(home.join(".tcshrc"))
                .filter(|tcshrc| tcshrc.exists() || !home.join(".cshrc").exists())
                .unwrap_or_else(|| home.join(".cshrc")),
            completions: own("mlenv.tcsh"),
            is_found: false,
        },
        Dialect::Fish => {
            let config = under("XDG_CONFIG_HOME", ".config").join("fish");
            Places {
                rc: config.join("config.fish"),
                completions: config.join("completions/mlenv.fish"),
                is_found: true,
            }
        }
    })
}

/// The program by its name where that leads to it, else by its path.
fn lines(context: &Context, dialect: Dialect, places: &Places) -> Result<String> {
    let program = context.host.program()?;
    let by_name = context.host.find_program("mlenv").and_then(|path| path.canonicalize().ok());
    let word = if by_name == program.canonicalize().ok() {
        "mlenv".to_owned()
    } else {
        quoted(dialect, &program)?
    };
    let file = (!places.is_found).then_some(&places.completions);
    let completions = file.map(|file| quoted(dialect, file)).transpose()?;
    Ok(rc::lines(dialect, &word, completions.as_deref()))
}

/// A path as one word of the shell.
fn quoted(dialect: Dialect, path: &Path) -> Result<String> {
    let word = String::from_utf8(shell::quote(dialect, path.as_os_str())?);
    let word = word.ok().filter(|word| !word.contains('\n'));
    word.ok_or_else(|| {
        Error::new(format!("the path {} cannot stand in an rc file", Shown(path)))
            .hint("put a link to mlenv into a directory of PATH")
    })
}

fn has_hook(text: &str) -> bool {
    let lines = text.lines().map(str::trim).filter(|line| !line.starts_with('#'));
    lines.into_iter().any(|line| line.contains("mlenv") && line.contains(" hook "))
}

fn read(path: &Path) -> Result<String> {
    match foreign::read_text(path, FileKind::Settings) {
        Err(cause) if foreign::is_missing(&cause) => Ok(String::new()),
        other => other.attempt("read", path),
    }
}

/// Shows which lines come and go.
fn show(context: &Context, path: &Path, before: &str, after: &str) {
    context.ui.say(format!("{}:", Shown(path)));
    let differ = |one: &str, other: &str, mark: char| {
        let others: Vec<&str> = other.lines().collect();
        for line in one.lines().filter(|line| !others.contains(line)) {
            context.ui.say(format!("  {mark} {line}"));
        }
    };
    differ(before, after, '-');
    differ(after, before, '+');
}

/// Through a link, as dotfiles often are, and with the permissions that the file has.
fn write(path: &Path, text: &str) -> Result<()> {
    if !path.exists() {
        let dir = path.parent().unwrap_or(Path::new("/"));
        fs::make_dirs(dir, 0o777).attempt("make", dir)?;
        return fs::write_atomic(path, text.as_bytes()).attempt("write", path);
    }
    let real = path.canonicalize().attempt("find", path)?;
    fs::rewrite(&real, |_, new| new.write_all(text.as_bytes())).attempt("write", &real)
}

fn complete(undo: bool, shell: CompletionShell, places: &Places) -> Result<()> {
    let (path, text) = (&places.completions, super::generate::completion(shell));
    if undo {
        let is_ours = read(path).is_ok_and(|found| found == text);
        return if is_ours { fs::remove_file(path).attempt("remove", path) } else { Ok(()) };
    }
    let dir = path.parent().unwrap_or(Path::new("/"));
    fs::make_dirs(dir, 0o777).attempt("make", dir)?;
    fs::write_atomic(path, text.as_bytes()).attempt("write", path)
}
