//! The verbs in groups, as the help shows them, and what was meant by a verb that is another tool's.

use std::ffi::OsString;
use std::fmt::Write as _;

use clap::builder::Command as ClapCommand;
use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{CommandFactory, FromArgMatches};

use super::Arguments;

/// The groups, those first that a newcomer needs.
const GROUPS: [(&str, &[&str]); 8] = [
    ("Projects", &["create", "sync", "lock", "requirements", "run", "shell"]),
    (
        "Packages",
        &[
            "install",
            "uninstall",
            "search",
            "update",
            "outdated",
            "packages",
            "why",
            "autoremove",
            "pin",
            "unpin",
            "export",
            "user-site",
        ],
    ),
    (
        "Envs",
        &[
            "list", "info", "remove", "rename", "clone", "doctor", "rebase", "pack", "unpack",
            "prune",
        ],
    ),
    (
        "Shell",
        &[
            "init",
            "hook",
            "activate",
            "deactivate",
            "status",
            "save",
            "unsave",
            "allow",
            "deny",
            "vars",
        ],
    ),
    ("Bases", &["base"]),
    ("Images and containers", &["image", "container", "import"]),
    ("Jupyter", &["jupyter"]),
    ("More", &["config", "self-check", "completions", "man", "help"]),
];

/// Verbs of other tools, and what does the same here.
const MEANT: [(&str, &str); 19] = [
    ("env", "`mlenv list` shows your envs, `mlenv create` makes one"),
    ("envs", "`mlenv list` shows your envs"),
    ("use", "`mlenv activate ENV`"),
    ("workon", "`mlenv activate ENV`"),
    ("source", "`mlenv activate ENV`, with the hook in your shell: `mlenv hook --help`"),
    ("activate.sh", "`mlenv activate ENV`; without the hook an env's own bin/activate is sourced"),
    ("venv", "`mlenv create myEnv`"),
    ("new", "`mlenv create myEnv`"),
    ("delete", "`mlenv remove ENV`"),
    ("upgrade", "`mlenv update`, or `mlenv sync` in a project"),
    ("version", "`mlenv --version`"),
    ("freeze", "`mlenv export`, or `mlenv lock` in a project"),
    ("pip", "`mlenv install --pip PACKAGE`"),
    ("conda", "`mlenv install --conda PACKAGE`"),
    ("exec", "`mlenv run -- CMD`"),
    ("check", "`mlenv doctor`"),
    ("repair", "`mlenv doctor --fix`"),
    ("trust", "`mlenv allow`"),
    ("python", "`mlenv create --python 3.12` finds a base with that Python"),
];

/// The command line, with its verbs in groups.
pub(super) fn command() -> ClapCommand {
    let plain = Arguments::command();
    let mut text = String::new();
    for (group, verbs) in groups(&plain) {
        let _ = writeln!(text, "{group}:");
        for (verb, about) in verbs {
            let _ = writeln!(text, "  {verb:<14}{about}");
        }
        text.push('\n');
    }
    let template = format!(
        "{{about-with-newline}}\n{{usage-heading}} {{usage}}\n\n{text}Options:\n{{options}}{{after-help}}"
    );
    plain.help_template(template)
}

/// Verbs and what they do, by group. A verb in no group stands in the last one.
fn groups(command: &ClapCommand) -> Vec<(&'static str, Vec<(String, String)>)> {
    let about = |verb: &str| {
        if verb == "help" {
            return Some("Print this, or the help of a verb".to_owned());
        }
        let found = command.find_subcommand(verb).filter(|verb| !verb.is_hide_set())?;
        Some(found.get_about().map(ToString::to_string).unwrap_or_default())
    };
    let mut groups: Vec<(&str, Vec<(String, String)>)> = GROUPS
        .iter()
        .map(|(group, verbs)| {
            let rows = verbs.iter().filter_map(|verb| Some(((*verb).to_owned(), about(verb)?)));
            (*group, rows.collect())
        })
        .collect();
    let named = |verb: &str| GROUPS.iter().any(|(_, verbs)| verbs.contains(&verb));
    let others = command.get_subcommands().filter(|verb| !verb.is_hide_set());
    let others = others.filter(|verb| !named(verb.get_name()));
    if let Some((_, last)) = groups.last_mut() {
        let row = |verb: &ClapCommand| (verb.get_name().to_owned(), about(verb.get_name()));
        last.extend(others.map(row).map(|(verb, about)| (verb, about.unwrap_or_default())));
    }
    groups
}

/// Parses the words of a command line.
pub(super) fn parse(words: &[OsString]) -> Result<Arguments, clap::Error> {
    // To put the groups together takes as long as to parse most verbs.
    let helps = |word: &OsString| ["-h", "--help", "help"].iter().any(|help| word == help);
    let is_asked = words.len() < 2 || words.iter().any(helps);
    let command = if is_asked { command() } else { Arguments::command() };
    let matches = command.try_get_matches_from(words)?;
    Arguments::from_arg_matches(&matches)
}

/// A line for who typed another tool's verb; else nothing.
pub(super) fn meant(error: &clap::Error) -> String {
    if error.kind() != ErrorKind::InvalidSubcommand {
        return String::new();
    }
    let Some(ContextValue::String(verb)) = error.get(ContextKind::InvalidSubcommand) else {
        return String::new();
    };
    let found = MEANT.iter().find(|(word, _)| word == verb);
    found.map_or(String::new(), |(_, here)| format!("\nhint: that is {here}\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_verb_stands_in_one_group_and_every_group_has_verbs() {
        let command = Arguments::command();
        for verb in command.get_subcommands().filter(|verb| !verb.is_hide_set()) {
            let count = GROUPS.iter().filter(|(_, verbs)| verbs.contains(&verb.get_name())).count();
            assert_eq!(count, 1, "{}", verb.get_name());
        }
        assert!(groups(&command).iter().all(|(_, verbs)| !verbs.is_empty()));
    }

    #[test]
    fn verbs_of_other_tools_are_no_verbs_here() {
        let command = Arguments::command();
        for (verb, _) in MEANT {
            assert!(command.find_subcommand(verb).is_none(), "{verb}");
        }
    }
}
