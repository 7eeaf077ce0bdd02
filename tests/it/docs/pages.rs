//! The pages agree with the program: links lead somewhere, commands exist, messages are those that are printed.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::support::sandbox::Sandbox;

fn top() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn is_page(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "md")
}

/// All pages for people, and their texts.
fn pages() -> Vec<(PathBuf, String)> {
    let dirs = [top().to_owned(), top().join("docs"), top().join("bench")];
    let files = dirs.iter().flat_map(|dir| std::fs::read_dir(dir).unwrap());
    let pages = files.map(|entry| entry.unwrap().path());
    pages
        .filter(|path| is_page(path))
        .map(|path| (path.clone(), std::fs::read_to_string(path).unwrap()))
        .collect()
}

/// The places in a page, as they are named for browsers.
fn anchors(page: &str) -> Vec<String> {
    let headings = page.lines().filter(|line| line.starts_with('#'));
    let anchor = |line: &str| {
        let words = line.trim_start_matches('#').trim().to_lowercase();
        let is_kept = |c: &char| c.is_alphanumeric() || " -_".contains(*c);
        words.chars().filter(is_kept).collect::<String>().replace(' ', "-")
    };
    headings.map(anchor).collect()
}

#[test]
fn links_lead_to_files_and_every_page_is_in_the_guide() {
    let mut missing = Vec::new();
    for (page, text) in pages() {
        for target in text.split("](").skip(1).map(|rest| rest.split(')').next().unwrap()) {
            let (file, place) = target.split_once('#').unwrap_or((target, ""));
            if target.contains("://") {
                continue;
            }
            let file =
                if file.is_empty() { page.clone() } else { page.parent().unwrap().join(file) };
            let is_there =
                |text: &str| place.is_empty() || anchors(text).contains(&place.to_owned());
            let text =
                std::fs::read(&file).map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
            if !text.is_ok_and(|text| is_there(&text)) {
                missing.push(format!("{}: {target}", page.display()));
            }
        }
        let named = text.split('`').filter(|word| is_page(word.as_ref()) && word.contains('/'));
        missing.extend(named.filter(|path| !top().join(path).exists()).map(str::to_owned));
    }
    let guide = std::fs::read_to_string(top().join("docs/README.md")).unwrap();
    for entry in std::fs::read_dir(top().join("docs")).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        if is_page(name.as_ref()) && name != "README.md" && !guide.contains(&format!("({name})")) {
            missing.push(format!("{name} is not in the guide"));
        }
    }
    assert!(missing.is_empty(), "{missing:#?}");
}

#[test]
fn every_command_on_a_page_exists() {
    let sandbox = Sandbox::new();
    let mut known = BTreeSet::new();
    let mut unknown = BTreeSet::new();
    for (page, text) in pages() {
        for line in text.lines() {
            // `mlenv VERB` at the beginning of a command: of a line, behind a backquote, `(` or a blank.
            for (at, _) in line.match_indices("mlenv ") {
                let before = line[..at].chars().next_back();
                let is_code = line[..at].trim().is_empty() && at > 3 || before == Some('`');
                let verb: String =
                    line[at + 6..].chars().take_while(char::is_ascii_lowercase).collect();
                let dashed = line[at + 6 + verb.len()..].starts_with('-');
                if is_code
                    && !matches!(verb.as_str(), "" | "help")
                    && before != Some('/')
                    && !dashed
                    && known.insert(verb.clone())
                {
                    let help = sandbox.mlenv([verb.as_str(), "--help"]).end();
                    if !help.status.success() {
                        unknown.insert(format!("{}: mlenv {verb}", page.display()));
                    }
                }
            }
        }
    }
    assert!(known.len() > 25, "{known:?}");
    assert!(unknown.is_empty(), "{unknown:#?}");
}

#[test]
fn messages_in_troubleshooting_are_those_of_the_program() {
    let sources: String = walkdir::WalkDir::new(top().join("src"))
        .into_iter()
        .map(|entry| entry.unwrap().into_path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "rs"))
        .map(|path| std::fs::read_to_string(path).unwrap())
        .collect();
    let page = std::fs::read_to_string(top().join("docs/troubleshooting.md")).unwrap();
    // What other programs say, and what is not a message.
    let others = [
        "bad interpreter",
        "ModuleNotFoundError",
        "undefined symbol",
        "~/.local",
        "pin on numpy",
        "externally-managed-environment",
        "(myEnv)",
        "quota",
        "No space left on device",
        "cd",
        "PATH",
    ];
    let rows = page.lines().filter(|line| line.starts_with("| `"));
    let cells = rows.map(|row| row.split('|').nth(1).unwrap());
    let quoted: Vec<&str> = cells.flat_map(|cell| cell.split('`').skip(1).step_by(2)).collect();
    let told = quoted.iter().filter(|words| !others.contains(words));
    let strangers: Vec<_> = told
        .filter(|words| !words.split("ENV").all(|part| sources.contains(part.trim())))
        .collect();
    assert!(quoted.len() > 8, "{quoted:?}");
    assert!(strangers.is_empty(), "{strangers:?}");
}

#[test]
fn every_variable_that_a_user_can_set_is_in_the_readme() {
    let files = ["src", "shell"].into_iter().flat_map(|dir| walkdir::WalkDir::new(top().join(dir)));
    let files = files.map(|entry| entry.unwrap()).filter(|entry| entry.file_type().is_file());
    let text: String = files.map(|entry| std::fs::read_to_string(entry.path()).unwrap()).collect();
    let is_name = |c: char| c.is_ascii_uppercase() || c == '_';
    let names: BTreeSet<String> = text
        .match_indices("MLENV_")
        .filter(|(at, _)| !text[..*at].ends_with('_'))
        .map(|(at, _)| text[at..].chars().take_while(|c| is_name(*c)).collect::<String>())
        .filter(|name| !name.ends_with('_')) // a prefix that is looked for
        .collect();
    let readme = std::fs::read_to_string(top().join("README.md")).unwrap();
    let missing: Vec<_> =
        names.iter().filter(|name| !readme.contains(&format!("| `{name}`"))).collect();
    assert!(names.len() > 8 && missing.is_empty(), "{missing:?} of {names:?}");
}

#[test]
fn what_pages_show_as_typed_is_typed_by_a_test() {
    let run: String = walkdir::WalkDir::new(top().join("tests"))
        .into_iter()
        .map(|entry| entry.unwrap().into_path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "rs"))
        .map(|path| std::fs::read_to_string(path).unwrap())
        .collect();
    let shown: Vec<String> = pages()
        .into_iter()
        .filter(|(_, text)| text.contains("```console"))
        .map(|(page, _)| page.strip_prefix(top()).unwrap().display().to_string())
        .collect();
    assert!(shown.len() > 2, "{shown:?}");
    let untried: Vec<_> =
        shown.iter().filter(|page| !run.contains(&format!("../{page}\")"))).collect();
    assert!(untried.is_empty(), "{untried:?}");
}
