//! `mlenv complete`: what could stand at the end of a command line, for the scripts in `completions/`.
//!
//! The candidates are those of the command line's own types, and the names of envs, bases and images as they are now. One
//! line each, `VALUE` or `VALUE<tab>WHAT IT IS`. A name with a newline or a tab in it cannot be told and is left out.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::CommandFactory;
use clap_complete::engine::{
    ArgValueCompleter, CompletionCandidate, PathCompleter, ValueCompleter, complete,
};

use crate::base::{Base, installed, known};
use crate::cli::{self, Arguments, CompletionShell};
use crate::config::Dirs;
use crate::context::Context;
use crate::env::content::BASE_LINK;
use crate::env::registry;
use crate::error::{Error, Result};
use crate::host::Host;
use crate::image::Catalogue;

/// Prints the candidates; none for a line that makes no sense.
pub(super) fn run(context: &Context, arguments: &cli::Complete) -> Result<()> {
    let words = words(arguments, context.host);
    let Some(current) = words.last().cloned() else { return Ok(()) };
    let cwd = context.host.cwd().ok();
    let names = Names { dirs: Arc::new(context.dirs.clone()), cwd: cwd.clone() };
    let mut command = with_names(Arguments::command(), &names);
    if let Some((verb, is_own)) = verb_of_packages(&words) {
        let found = Arc::new(packages(context, &words, is_own));
        command = command.mut_subcommand(verb, |verb| with_packages(verb, &found));
    }
    let index = words.len() - 1;
    let found = complete(&mut command, words, index, cwd.as_deref());
    let found =
        found.map_err(|cause| Error::no(format!("could not complete the line: {cause}")))?;
    let kept = kept(&current, arguments);
    let mut out = Vec::new();
    for candidate in asked_for(&current, found) {
        out.extend(line(&candidate, kept, arguments.shell).unwrap_or_default());
    }
    super::print(out)
}

/// The line as words, the one at the cursor last. tcsh tells the line in a variable, with its quotes taken out.
fn words(arguments: &cli::Complete, host: &Host) -> Vec<OsString> {
    let line = match arguments.shell {
        CompletionShell::Tcsh => host.var("COMMAND_LINE"),
        _ => arguments.line.as_deref(),
    };
    line.map_or_else(|| arguments.words.clone(), split)
}

/// Splits as a shell does. A quote that is still open ends at the cursor.
fn split(line: &OsStr) -> Vec<OsString> {
    let line = line.to_string_lossy();
    let last = line.rsplit([';', '|', '&']).next().unwrap_or_default();
    let closed = ["", "'", "\""].iter().map(|quote| format!("{last}{quote}"));
    let words = closed.into_iter().find_map(|line| shell_words::split(&line).ok());
    let mut words: Vec<OsString> =
        words.unwrap_or_default().into_iter().map(OsString::from).collect();
    if last.ends_with(char::is_whitespace) {
        words.push(OsString::new());
    }
    words
}

/// How many bytes of the current word the shell keeps: bash takes `:` and `=` for the ends of words.
fn kept(current: &OsStr, arguments: &cli::Complete) -> usize {
    let replaced = arguments.word.as_ref().map_or(current.len(), |word| word.len());
    current.len().saturating_sub(replaced)
}

/// Flags are offered once a `-` was typed, or where nothing else can come.
fn asked_for(current: &OsStr, found: Vec<CompletionCandidate>) -> Vec<CompletionCandidate> {
    let is_flag =
        |candidate: &CompletionCandidate| candidate.get_value().as_bytes().starts_with(b"-");
    if !current.is_empty() || found.iter().all(is_flag) {
        return found;
    }
    found.into_iter().filter(|candidate| !is_flag(candidate)).collect()
}

fn line(candidate: &CompletionCandidate, kept: usize, shell: CompletionShell) -> Option<Vec<u8>> {
    let value = candidate.get_value().as_bytes().get(kept..)?;
    // tcsh splits what it reads at blanks.
    let splits = |byte: &u8| *byte == b' ' && shell == CompletionShell::Tcsh;
    if value.iter().any(|byte| matches!(byte, b'\t' | b'\n' | b'\r') || splits(byte)) {
        return None;
    }
    let mut out = value.to_vec();
    if matches!(shell, CompletionShell::Zsh | CompletionShell::Fish)
        && let Some(help) = candidate.get_help()
    {
        let help = help.to_string();
        out.extend([b"\t", help.lines().next().unwrap_or_default().as_bytes()].concat());
    }
    out.push(b'\n');
    Some(out)
}

/// Verbs that take packages which are there, and whether only the env's own are meant.
const OF_PACKAGES: [(&str, bool); 7] = [
    ("uninstall", true),
    ("update", true),
    ("upgrade", true),
    ("outdated", true),
    ("why", false),
    ("unpin", false),
    ("packages", false),
];

fn verb_of_packages(words: &[OsString]) -> Option<(&'static str, bool)> {
    let verb = words.get(1..words.len().saturating_sub(1))?.first()?;
    OF_PACKAGES.into_iter().find(|(name, _)| verb == name)
}

/// The packages of the env that the line names, or that such a verb would take; none where that cannot be told.
fn packages(context: &Context, words: &[OsString], is_own: bool) -> Vec<OsString> {
    let value = |names: [&str; 2]| {
        let at = words.iter().position(|word| names.iter().any(|name| word == name))?;
        words.get(at + 1).filter(|_| at + 2 < words.len()).map(OsString::as_os_str)
    };
    let word = value(["-p", "--prefix"]).or_else(|| value(["-n", "--name"]));
    let Ok(env) = super::env_of(context, word) else { return Vec::new() };
    let mut found = installed::of_env(&env.path, &env.record.base.python_lib).unwrap_or_default();
    if !is_own {
        let base = Base::of_prefix(&env.path.join(BASE_LINK), &context.dirs.cache);
        found.extend(base.and_then(|base| installed::of_base(&base)).unwrap_or_default());
    }
    let mut names: Vec<OsString> = found.into_iter().map(|package| package.name.into()).collect();
    names.sort();
    names.dedup();
    names
}

/// The verb with these packages for every argument that takes some.
fn with_packages(verb: clap::Command, names: &Arc<Vec<OsString>>) -> clap::Command {
    verb.mut_args(|argument| match argument.get_id().as_str() {
        "package" | "packages" | "names" => {
            argument.add(ArgValueCompleter::new(Packages(Arc::clone(names))))
        }
        _ => argument,
    })
}

/// Names of packages.
struct Packages(Arc<Vec<OsString>>);

impl ValueCompleter for Packages {
    fn complete(&self, current: &OsStr) -> Vec<CompletionCandidate> {
        let fits = |name: &&OsString| name.as_bytes().starts_with(current.as_bytes());
        self.0.iter().filter(fits).map(CompletionCandidate::new).collect()
    }
}

/// Where names come from.
#[derive(Clone)]
struct Names {
    dirs: Arc<Dirs>,
    cwd: Option<PathBuf>,
}

/// The command line, with names for every argument that takes the name of an env, a base or an image.
fn with_names(command: clap::Command, names: &Names) -> clap::Command {
    let command = command.mut_args(|argument| {
        let is_env =
            argument.get_value_names().is_some_and(|names| names.iter().any(|it| it == "ENV"));
        let (what, paths) = match argument.get_id().as_str() {
            "env" => (names_of_envs as fn(&Dirs) -> Vec<OsString>, true),
            "prefix" if is_env => (names_of_envs as _, true),
            "name" if argument.get_short() == Some('n') => (named_envs as _, false),
            "base" => (names_of_bases as _, true),
            "image" => (names_of_images as _, true),
            _ => return argument,
        };
        let completer = Named { names: names.clone(), what, paths };
        argument.add(ArgValueCompleter::new(completer))
    });
    command.mut_subcommands(|verb| with_names(verb, names))
}

/// Names of one kind, and perhaps directories.
struct Named {
    names: Names,
    what: fn(&Dirs) -> Vec<OsString>,
    paths: bool,
}

impl ValueCompleter for Named {
    fn complete(&self, current: &OsStr) -> Vec<CompletionCandidate> {
        let names = (self.what)(&self.names.dirs);
        let fits = |name: &OsString| name.as_bytes().starts_with(current.as_bytes());
        let mut found: Vec<_> =
            names.into_iter().filter(fits).map(CompletionCandidate::new).collect();
        if !self.paths {
            return found;
        }
        let mut paths = PathCompleter::dir();
        if let Some(cwd) = &self.names.cwd {
            paths = paths.current_dir(cwd);
        }
        found.extend(paths.complete(current));
        found
    }
}

/// Envs made by name, by that; all others by their paths.
fn names_of_envs(dirs: &Dirs) -> Vec<OsString> {
    let name = |env: PathBuf| match env.strip_prefix(&dirs.envs) {
        Ok(name) => name.as_os_str().to_owned(),
        Err(_) => slashed(&env),
    };
    registry::all(dirs).into_iter().map(name).collect()
}

/// Those that were made by name.
fn named_envs(dirs: &Dirs) -> Vec<OsString> {
    let all = registry::all(dirs).into_iter();
    all.filter_map(|env| Some(env.strip_prefix(&dirs.envs).ok()?.as_os_str().to_owned())).collect()
}

fn names_of_bases(dirs: &Dirs) -> Vec<OsString> {
    known::all(dirs).unwrap_or_default().into_keys().map(OsString::from).collect()
}

fn names_of_images(dirs: &Dirs) -> Vec<OsString> {
    let Ok(catalogue) = Catalogue::load(dirs) else { return Vec::new() };
    let images = catalogue.matching(None).unwrap_or_default();
    images.into_iter().map(|image| image.title().into()).collect()
}

/// With the `/` at its end by which shells know directories.
fn slashed(path: &Path) -> OsString {
    OsString::from_vec([path.as_os_str().as_bytes(), b"/"].concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_split_as_a_shell_does_even_where_a_quote_is_open() {
        let told = |line: &str| {
            split(line.as_ref())
                .iter()
                .map(|word| word.to_str().unwrap().to_owned())
                .collect::<Vec<_>>()
        };
        assert_eq!(told("mlenv cre"), ["mlenv", "cre"]);
        assert_eq!(told("mlenv info "), ["mlenv", "info", ""]);
        assert_eq!(told("cd x; mlenv info 'my e"), ["mlenv", "info", "my e"]);
        assert_eq!(told(r"mlenv info my\ e"), ["mlenv", "info", "my e"]);
    }
}
