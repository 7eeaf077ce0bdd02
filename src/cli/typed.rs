//! Every command that the program or a page tells people to type is one that the command line takes.

use std::collections::BTreeSet;
use std::path::Path;

use clap::CommandFactory;
use clap::error::ErrorKind;

use super::Arguments;

/// The texts in which commands stand in backquotes: what is printed, help, and pages.
fn texts() -> Vec<(String, String)> {
    let top = Path::new(env!("CARGO_MANIFEST_DIR"));
    let dirs = ["src", "docs", "README.md"].into_iter().flat_map(|dir| {
        walkdir::WalkDir::new(top.join(dir)).sort_by_file_name().into_iter().map(Result::unwrap)
    });
    let files = dirs.filter(|entry| {
        is_text(entry.path())
            && !entry.path().ends_with("tests.rs")
            && !entry.path().ends_with("typed.rs")
    });
    let named = files.map(|entry| {
        let name = entry.path().strip_prefix(top).unwrap().display().to_string();
        (name, crate::foreign::read_text(entry.path(), crate::foreign::FileKind::Script).unwrap())
    });
    named.map(|(name, text)| (name.clone(), printed(&name, &text))).collect()
}

fn is_text(path: &Path) -> bool {
    path.extension().is_some_and(|end| end == "rs" || end == "md")
}

/// Without tests, and without comments, but for those that become help.
fn printed(name: &str, text: &str) -> String {
    if Path::new(name).extension().is_none_or(|end| end != "rs") {
        return text.to_owned();
    }
    let is_help = name.starts_with("src/cli/");
    let lines = text.lines().take_while(|line| !line.starts_with("#[cfg(test)]"));
    let kept = lines.filter(|line| is_help || !line.trim_start().starts_with("//"));
    let joined = kept.fold(String::new(), |text, line| text + line.trim_start() + "\n");
    joined.replace("\\\n", "").replace("\\\"", "\"")
}

/// `mlenv ...` in backquotes, on one line, and what `hint::command` makes a command of.
fn commands(text: &str) -> Vec<&str> {
    let quoted = text.split("`mlenv ").skip(1).filter_map(|rest| rest.split('`').next());
    let built = templates(text).filter_map(|template| template.strip_prefix("mlenv "));
    quoted.chain(built).filter(|line| !line.contains('\n')).collect()
}

fn templates(text: &str) -> impl Iterator<Item = &str> {
    let calls =
        text.split("command(").skip(1).filter_map(|rest| rest.trim_start().strip_prefix('"'));
    calls.filter_map(|rest| rest.split('"').next())
}

/// The words of a command with something in the place of each blank: `{}`, `[ENV]`, `PACKAGE...`, `A \| B`.
fn filled(line: &str) -> Vec<String> {
    let mut text = String::new();
    let mut rest = line;
    while let Some((before, behind)) = rest.split_once('{') {
        text = text + before + "x";
        rest = behind.split_once('}').map_or("", |(_, rest)| rest);
    }
    let text = (text + rest).replace(['[', ']'], "").replace("...", "");
    let text = text.split(" \\| ").next().unwrap_or_default();
    let words = shell_words::split(text).unwrap_or_default();
    words
        .into_iter()
        .map(|word| match word.split('|').next().unwrap_or_default() {
            "SHELL" => "bash".to_owned(),
            "VERB" => "run".to_owned(),
            "NAME=VALUE" => "A=b".to_owned(),
            word => word.to_owned(),
        })
        .collect()
}

/// Why the command line does not take it. A verb alone is the verb's name, and no command to be typed.
fn refusal(words: &[String]) -> Option<String> {
    let mut verb = Arguments::command();
    let known = words.iter().take_while(|word| match verb.find_subcommand(word) {
        Some(found) => {
            verb = found.clone();
            true
        }
        None => false,
    });
    let depth = known.count();
    if depth == words.len() && depth > 0 {
        return None;
    }
    let words = std::iter::once("mlenv").chain(words.iter().map(String::as_str));
    let error = Arguments::command().try_get_matches_from(words).err()?;
    let is_help = matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion);
    (!is_help).then(|| error.to_string().lines().next().unwrap_or_default().to_owned())
}

#[test]
fn every_command_in_backquotes_is_taken_by_the_command_line() {
    let (mut seen, mut refused) = (BTreeSet::new(), Vec::new());
    for (name, text) in texts() {
        for line in commands(&text) {
            let words = filled(line);
            // Its whole is put together where it is printed.
            let is_part = line.contains("{side}")
                || line.starts_with('{')
                || words.is_empty()
                || line.starts_with('=');
            if !is_part && seen.insert(words.clone()) {
                refused.extend(refusal(&words).map(|why| format!("{name}: mlenv {line}: {why}")));
            }
        }
    }
    assert!(seen.len() > 80, "{}", seen.len());
    assert!(refused.is_empty(), "\n{}", refused.join("\n"));
}

/// What is put into a command unquoted, and is a word of the program's own.
const OWN_WORDS: [&str; 2] = ["{verb}", "{command}"];

#[test]
fn no_value_gets_into_a_command_but_through_the_function_that_quotes_it() {
    let mut found = Vec::new();
    let sources = texts().into_iter().filter(|(name, _)| name.starts_with("src/"));
    for (name, text) in sources {
        for line in commands(&text).into_iter().filter(|line| line.contains('{')) {
            let is_built = templates(&text).any(|template| template.ends_with(line));
            let is_own = OWN_WORDS.iter().any(|word| line.contains(word));
            found.extend((!is_built && !is_own).then(|| format!("{name}: mlenv {line}")));
        }
    }
    assert!(found.is_empty(), "\n{}", found.join("\n"));
}

#[test]
fn every_example_of_a_help_text_is_taken_by_the_command_line() {
    fn visit(command: &clap::Command, refused: &mut Vec<String>, count: &mut usize) {
        let help = command.get_after_help().map(ToString::to_string).unwrap_or_default();
        for line in help.lines().filter_map(|line| line.strip_prefix("  mlenv ")) {
            // Behind two blanks stands what it does.
            let line = line.split("  ").next().unwrap_or_default();
            for part in line.split("&&") {
                let part = part.trim().trim_start_matches("mlenv ");
                let part = part
                    .split(" >")
                    .next()
                    .and_then(|part| part.split(['|', ';']).next())
                    .unwrap_or_default();
                *count += 1;
                refused.extend(refusal(&filled(part)).map(|why| format!("mlenv {part}: {why}")));
            }
        }
        command.get_subcommands().for_each(|verb| visit(verb, refused, count));
    }
    let (mut refused, mut count) = (Vec::new(), 0);
    visit(&Arguments::command(), &mut refused, &mut count);
    assert!(count > 40, "{count}");
    assert!(refused.is_empty(), "\n{}", refused.join("\n"));
}
