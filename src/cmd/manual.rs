//! `mlenv man`: manual pages from the command line's own types, so that they cannot differ from it.

use std::ffi::OsString;
use std::os::fd::AsRawFd;
use std::path::Path;

use clap::{Arg, ArgAction, Command as Verb, CommandFactory};
use clap_mangen::Man;
use clap_mangen::roff::{Roff, bold, italic, roman};

use super::print;
use crate::cli::{self, Arguments};
use crate::context::Context;
use crate::error::{Attempt, Error, Result};
use crate::fs;
use crate::process::Command;
use crate::text::shown;

/// What the page about the program as a whole has besides: variables and files, as the README has them.
const MORE: [(&str, &[(&str, &str)]); 3] = [
    (
        "EXIT STATUS",
        &[
            ("0", "done"),
            ("1", "no: not found, nothing active"),
            ("2", "a usage or environment error"),
            (
                "126, 127",
                "of run: the command cannot be run, is not there; else its own code is run's",
            ),
            ("130", "interrupted"),
        ],
    ),
    (
        "ENVIRONMENT",
        &[
            ("MLENV_BASE", "the base that create takes when none is named"),
            ("MLENV_ENVS", "where create -n NAME puts envs, else ~/.local/share/mlenv/envs"),
            ("MLENV_THREADS", "how many threads make links"),
            ("MLENV_SITE", "the site's configuration directory, in place of /etc/mlenv"),
            ("MLENV_HOOK", "off: the hook looks nowhere; cd: only when the directory changes"),
            (
                "MLENV_CEILING",
                "the hook looks for markers no higher than this directory, else your home",
            ),
            ("MLENV_QUIET", "the hook does not say why a marker takes no effect"),
            ("MLENV_DISABLE_PROMPT", "do not show the env in the prompt"),
            ("MLENV_CONTAINER", "enter: the hook enters an env that lives in a container"),
            ("NO_COLOR, CLICOLOR, CLICOLOR_FORCE", "whether words for people have colours"),
        ],
    ),
    (
        "FILES",
        &[
            (".mlenv.toml", "a directory's marker: the env that is active in it"),
            ("ENV/mlenv.toml", "what an env is"),
            ("~/.config/mlenv/config.toml", "settings: see mlenv-config(1)"),
            ("/etc/mlenv", "the site's settings, bases and images"),
        ],
    ),
];

/// Shows or prints the page about the program or one verb, or writes all pages where a directory is named.
pub(super) fn run(context: &Context, arguments: &cli::Man) -> Result<()> {
    let mut command = Arguments::command();
    command.build(); // gives every verb its full name, such as `mlenv-base-add`
    if let Some(dir) = &arguments.to {
        let dir = context.host.absolute(dir)?;
        fs::make_dirs(&dir, 0o777).attempt("make", &dir)?;
        return write_pages(&command, &dir);
    }
    let mut verb = &command;
    for word in &arguments.verb {
        let found = verb.find_subcommand(word).filter(|found| !found.is_hide_set());
        verb = found.ok_or_else(|| {
            Error::no(format!("there is no verb {}", shown(word)))
                .hint("`mlenv --help` lists all of them")
        })?;
    }
    let page = page(verb)?;
    match context.host.find_program("man").filter(|_| context.host.screen) {
        Some(viewer) => {
            let held = fs::held(&page).attempt("hold a page for", &viewer)?;
            let file = format!("/proc/self/fd/{}", held.as_raw_fd());
            Err(Command::new(viewer).word("-l").word(OsString::from(file)).replace(vec![held]))
        }
        None => print(page),
    }
}

/// Writes a page for a command and for every verb of it into `dir`: `mlenv.1`, `mlenv-create.1`, `mlenv-base-add.1`.
fn write_pages(command: &Verb, dir: &Path) -> Result<()> {
    let file = dir.join(format!("{}.1", name(command)));
    fs::write_atomic(&file, &page(command)?).attempt("write", &file)?;
    verbs(command).try_for_each(|verb| write_pages(verb, dir))
}

fn name(command: &Verb) -> &str {
    command.get_display_name().unwrap_or(command.get_name())
}

fn verbs(command: &Verb) -> impl Iterator<Item = &Verb> {
    command.get_subcommands().filter(|verb| !verb.is_hide_set() && verb.get_name() != "help")
}

fn page(command: &Verb) -> Result<Vec<u8>> {
    let mut text = Vec::new();
    let source = concat!("mlenv ", env!("CARGO_PKG_VERSION"));
    let man = Man::new(command.clone()).source(source).manual("mlenv");
    let written = man.render_title(&mut text).and_then(|()| man.render_name_section(&mut text));
    let written = written.and_then(|()| synopsis(command).to_writer(&mut text));
    let written = written.and_then(|()| man.render_description_section(&mut text));
    let written = written.and_then(|()| man.render_options_section(&mut text));
    let written = written.and_then(|()| match verbs(command).next() {
        Some(_) => man.render_subcommands_section(&mut text),
        None => Ok(()),
    });
    let written = written.and_then(|()| rest(command).to_writer(&mut text));
    written.map_err(|cause| Error::new(format!("could not write the manual page: {cause}")))?;
    Ok(text)
}

/// All options with what they take, then what stands by its place.
fn synopsis(command: &Verb) -> Roff {
    let mut roff = Roff::new();
    let mut words = vec![bold(name(command).replace('-', " "))];
    let shown = |arg: &&Arg| !arg.is_hide_set();
    for arg in command.get_arguments().filter(shown).filter(|arg| !arg.is_positional()) {
        let short = arg.get_short().map(|short| format!("-{short}"));
        let long = arg.get_long().map(|long| format!("--{long}"));
        let names: Vec<String> = short.into_iter().chain(long).collect();
        words.extend([roman(" ["), bold(names.join("|"))]);
        words.extend(value(arg).into_iter().flat_map(|value| [roman(" "), italic(value)]));
        words.push(roman("]"));
    }
    for arg in command.get_positionals().filter(shown) {
        let value = value(arg).unwrap_or_else(|| arg.get_id().as_str().to_uppercase());
        let many = matches!(arg.get_action(), ArgAction::Append)
            || arg.get_num_args().is_some_and(|range| range.max_values() > 1);
        let (open, close) = if arg.is_required_set() { ("", "") } else { ("[", "]") };
        words.extend([roman(format!(" {open}")), italic(value)]);
        words.push(roman(format!("{}{close}", if many { "..." } else { "" })));
    }
    if verbs(command).next().is_some() {
        words.extend([roman(" "), italic("VERB"), roman(" ...")]);
    }
    roff.control("SH", ["SYNOPSIS"]).text(words);
    roff
}

/// The name of what an option takes; none where it takes nothing.
fn value(arg: &Arg) -> Option<String> {
    if !arg.get_action().takes_values() {
        return None;
    }
    let names = arg.get_value_names()?;
    Some(names.iter().map(clap::builder::Str::as_str).collect::<Vec<_>>().join(" "))
}

/// Examples as they stand in the help; of the whole program what else there is to know; where to read on.
fn rest(command: &Verb) -> Roff {
    let mut roff = Roff::new();
    let is_whole = name(command) == "mlenv";
    if let Some(help) = command.get_after_help().filter(|_| !is_whole) {
        let help = help.to_string();
        let (first, examples) = help.split_once('\n').unwrap_or_default();
        let has_title = first.starts_with("Example");
        roff.control("SH", [if has_title { "EXAMPLES" } else { "NOTES" }]).control("nf", []);
        for line in (if has_title { examples } else { &help }).lines() {
            roff.text([roman(line)]);
        }
        roff.control("fi", []);
    }
    for (title, entries) in MORE.iter().filter(|_| is_whole) {
        roff.control("SH", [*title]);
        for (name, what) in *entries {
            roff.control("TP", []).text([bold(*name)]).text([roman(*what)]);
        }
    }
    let above = if is_whole { "conda(1), pip(1), apptainer(1), podman(1)" } else { "mlenv(1)" };
    roff.control("SH", ["SEE ALSO"]).text([roman(above)]);
    roff
}
