//! The sources obey the house: sizes, headers, what each room may touch. Reasons stand in ARCHITECTURE.md.

use std::path::{Path, PathBuf};

use walkdir::WalkDir;

/// Every source below `dir`, by its path from the repository's top, and its text.
fn sources(dir: &str) -> Vec<(PathBuf, String)> {
    let top = Path::new(env!("CARGO_MANIFEST_DIR"));
    let files: Vec<(PathBuf, String)> = WalkDir::new(top.join(dir))
        .sort_by_file_name()
        .into_iter()
        .map(|entry| entry.unwrap().into_path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "rs"))
        .map(|path| {
            (path.strip_prefix(top).unwrap().to_owned(), std::fs::read_to_string(&path).unwrap())
        })
        .collect();
    assert!(!files.is_empty());
    files
}

/// The sources of the program without the files that hold a module's tests.
pub(crate) fn program() -> Vec<(PathBuf, String)> {
    let is_test =
        |path: &Path| path.ends_with("tests.rs") || path.iter().any(|part| part == "tests");
    sources("src").into_iter().filter(|(path, _)| !is_test(path)).collect()
}

/// What the compiler sees of a file outside tests: no comments, nothing from `#[cfg(test)]` on.
pub(crate) fn code(text: &str) -> String {
    let lines = text.lines().take_while(|line| !line.starts_with("#[cfg(test)]"));
    lines
        .filter(|line| !line.trim_start().starts_with("//"))
        .fold(String::new(), |text, line| text + line + "\n")
}

#[track_caller]
fn nothing(found: &[String]) {
    assert!(found.is_empty(), "\n{}", found.join("\n"));
}

#[test]
fn files_are_short_enough_to_be_read_at_once() {
    let mut found = Vec::new();
    for (dir, limit) in [("src", 300), ("tests", 320)] {
        for (path, text) in sources(dir) {
            let lines = text.lines().count();
            if lines > limit {
                found.push(format!("{}: {lines} lines", path.display()));
            }
        }
    }
    nothing(&found);
}

#[test]
fn every_file_says_first_what_it_is_for() {
    let all = [sources("src"), sources("tests")].concat();
    let silent = all.iter().filter(|(_, text)| !text.starts_with("//! "));
    nothing(&silent.map(|(path, _)| path.display().to_string()).collect::<Vec<_>>());
}

#[test]
fn nothing_is_left_undone_skipped_or_allowed_without_a_reason() {
    let words =
        ["todo!", "unimplemented!", "#[ignore", "#[allow", "#![allow", "dbg!", "FIXME", "XXX"];
    let all = [sources("src"), sources("tests")].concat();
    let found =
        all.iter().filter(|(path, _)| !path.ends_with("house.rs")).flat_map(|(path, text)| {
            let lines = text.lines().enumerate();
            lines
                .filter(|(_, line)| words.iter().any(|word| line.contains(word)))
                .map(|(at, line)| format!("{}:{}: {}", path.display(), at + 1, line.trim()))
        });
    nothing(&found.collect::<Vec<_>>());
}

#[test]
fn no_source_names_a_place_of_one_machine() {
    let found = sources("src")
        .into_iter()
        .chain(sources("tests"))
        .filter(|(path, _)| !path.ends_with("house.rs"));
    let found = found.flat_map(|(path, text)| {
        let places = ["\"/root", " /root/", "/home/", "/Users/", "/work/"];
        let lines: Vec<String> = text
            .lines()
            .filter(|line| places.iter().any(|place| line.contains(place)))
            .map(|line| format!("{}: {}", path.display(), line.trim()))
            .collect();
        lines
    });
    nothing(&found.filter(|line| !line.contains("home/.")).collect::<Vec<_>>());
}

/// A room, and what its code may not mention.
const ROOMS: &[(&str, &[&str])] = &[
    // Pure: what they do depends on their arguments alone.
    ("src/env/layout.rs", WORLD),
    ("src/env/content.rs", WORLD),
    ("src/env/script.rs", WORLD),
    ("src/env/check.rs", WORLD),
    ("src/env/pyvenv.rs", WORLD),
    ("src/env/seekable.rs", WORLD),
    ("src/env/requests.rs", WORLD),
    ("src/specs/mod.rs", WORLD),
    ("src/specs/direct.rs", WORLD),
    ("src/specs/checked.rs", WORLD),
    ("src/specs/need.rs", WORLD),
    ("src/finding.rs", WORLD),
    ("src/packages/transaction.rs", WORLD),
    ("src/packages/pip.rs", WORLD),
    ("src/packages/export.rs", WORLD),
    ("src/packages/conda.rs", WORLD),
    ("src/env/pinned.rs", WORLD),
    ("src/doctor/mixed/reach.rs", WORLD),
    ("src/relocate/script.rs", WORLD),
    ("src/relocate/search.rs", WORLD),
    ("src/relocate/text.rs", WORLD),
    ("src/container/spec.rs", WORLD),
    ("src/container/store.rs", WORLD),
    ("src/container/files.rs", WORLD),
    ("src/container/place.rs", WORLD),
    ("src/container/program.rs", WORLD),
    ("src/container/additions.rs", WORLD),
    ("src/container/failure.rs", WORLD),
    ("src/text.rs", WORLD),
    ("src/image/digest.rs", WORLD),
    ("src/image/reference.rs", WORLD),
    ("src/image/catalogue/patterns.rs", WORLD),
    ("src/image/recipe/definition.rs", WORLD),
    ("src/image/recipe/dockerfile.rs", WORLD),
    ("src/image/recipe/steps.rs", WORLD),
    ("src/plan", WORLD),
    ("src/shell", WORLD),
    // Words only, decided elsewhere.
    (
        "src/ui.rs",
        &[
            "std::fs",
            "std::env",
            "std::process::Command",
            " println!(",
            "crate::fs",
            "process::exit",
        ],
    ),
    (
        "src/cli",
        &[
            "std::fs",
            "std::env",
            "std::process::Command",
            "crate::fs",
            "crate::host",
            "crate::base",
        ],
    ),
    // The world, once, but no files of ours.
    ("src/host.rs", &["std::fs", "crate::fs", "std::process::Command", "crate::config"]),
    // Verbs join rooms: no system calls of their own, no words of a shell.
    (
        "src/cmd",
        &[
            "set -g",
            "builtin ",
            "[[ ",
            "unsetenv",
            "setenv",
            "${",
            "std::fs",
            "std::env",
            "std::process::Command",
            " nix::",
            " rustix::",
            "::symlink(",
        ],
    ),
    // Readers do not print.
    ("src/base", &["println!", "print!(", "crate::ui", "std::env", "std::process::Command"]),
    ("src/container", &["println!", "print!(", "crate::ui", "std::env"]),
    (
        "src/image",
        &[
            "println!",
            "print!(",
            "crate::ui",
            "std::env::var",
            "crate::fs",
            "std::process::Command",
        ],
    ),
];

const WORLD: &[&str] = &[
    "std::fs",
    "std::env",
    "std::process",
    "std::process::Command",
    "std::time",
    "println!",
    "crate::fs",
    "crate::host",
    "process::Words",
    "process::stop_flag",
    "crate::ui",
    " nix::",
    " rustix::",
    "std::io::stdout",
    ".metadata()",
    ".exists()",
    ".is_dir()",
    ".is_file()",
    ".read_dir()",
    ".canonicalize()",
];

#[test]
fn rooms_touch_only_what_is_theirs() {
    let mut found = Vec::new();
    for (room, forbidden) in ROOMS {
        let files: Vec<_> =
            program().into_iter().filter(|(path, _)| path.starts_with(room)).collect();
        assert!(!files.is_empty(), "{room} is gone: mend this table");
        for (path, text) in files {
            let code = code(&text);
            let words = forbidden.iter().filter(|word| code.contains(**word));
            found.extend(words.map(|word| format!("{} mentions {word}", path.display())));
        }
    }
    nothing(&found);
}

/// What is done in one room only.
#[test]
fn processes_variables_and_writing_have_one_room_each() {
    let mut found = Vec::new();
    for (word, rooms) in [
        ("std::process::Command", &["src/process"][..]),
        ("env::var", &["src/host.rs"]),
        ("env::current_dir", &["src/host.rs"]),
        ("fs::write(", &["src/fs"]),
        ("remove_dir_all", &["src/fs"]),
        ("unlinkat", &["src/fs"]),
        ("symlinkat", &["src/fs"]),
        ("mkdirat", &["src/fs"]),
        ("linkat", &["src/fs"]),
        ("renameat", &["src/fs"]),
        ("fchmod", &["src/fs"]),
        ("println!", &["src/ui.rs"]),
        ("std::process::exit", &[]),
        ("unsafe", &[]),
    ] {
        for (path, text) in program() {
            let allowed = rooms.iter().any(|room| path.starts_with(room));
            if !allowed && code(&text).contains(word) {
                found.push(format!("{} mentions {word}", path.display()));
            }
        }
    }
    nothing(&found);
}

#[test]
fn every_module_of_the_tests_is_declared() {
    let all = sources("tests");
    let text = |path: &Path| all.iter().find(|(known, _)| known == path).map(|(_, text)| text);
    for (path, _) in all.iter().filter(|(path, _)| !path.starts_with("tests/fuzz/targets")) {
        let (dir, name) = (path.parent().unwrap(), path.file_stem().unwrap());
        let (dir, name) = if name == "mod" {
            (dir.parent().unwrap(), dir.file_name().unwrap())
        } else {
            (dir, name)
        };
        if name == "main" || dir == Path::new("tests") {
            continue; // a suite, or what suites share
        }
        let above = ["main.rs", "mod.rs"].map(|file| dir.join(file));
        let above =
            above.iter().find_map(|file| text(file)).or_else(|| text(&dir.with_extension("rs")));
        let line = format!("mod {};", name.to_str().unwrap());
        assert!(
            above.is_some_and(|text| text.contains(&line)),
            "{} is never compiled",
            path.display()
        );
    }
}

/// A folder of tests is a room of the program, or what the tests need.
#[test]
fn folders_of_tests_are_rooms() {
    let top = Path::new(env!("CARGO_MANIFEST_DIR"));
    for entry in std::fs::read_dir(top.join("tests/it")).unwrap().flatten() {
        let name = entry.file_name().into_string().unwrap();
        let is_room = top.join("src").join(&name).is_dir() || ["kit", "docs"].contains(&&*name);
        assert!(is_room || entry.path().is_file(), "{name} is no room");
    }
}

/// Who else can change a file is judged in one room, by one rule.
#[test]
fn ownership_has_one_room() {
    let mut found = Vec::new();
    for (path, text) in program() {
        let words = ["0o022", "0o020", "0o002", ".uid() ==", ".uid() !=", "OtherPerm"];
        let words = words.iter().filter(|word| code(&text).contains(**word));
        let is_ours = path.starts_with("src/ownership") || path == Path::new("src/env/leftover.rs");
        found.extend(
            words.filter(|_| !is_ours).map(|word| format!("{} mentions {word}", path.display())),
        );
    }
    nothing(&found);
}
