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
fn program() -> Vec<(PathBuf, String)> {
    sources("src").into_iter().filter(|(path, _)| !path.ends_with("tests.rs")).collect()
}

/// What the compiler sees of a file outside tests: no comments, nothing from `#[cfg(test)]` on.
fn code(text: &str) -> String {
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
    ("src/overlay/layout.rs", WORLD),
    ("src/overlay/plan.rs", WORLD),
    ("src/overlay/script.rs", WORLD),
    ("src/overlay/check.rs", WORLD),
    ("src/overlay/pyvenv.rs", WORLD),
    ("src/overlay/seekable.rs", WORLD),
    ("src/additions/requests.rs", WORLD),
    ("src/additions/forecast.rs", WORLD),
    ("src/additions/pip.rs", WORLD),
    ("src/additions/export.rs", WORLD),
    ("src/additions/conda.rs", WORLD),
    ("src/additions/pinned.rs", WORLD),
    ("src/care/mixed/reach.rs", WORLD),
    ("src/fitness/script.rs", WORLD),
    ("src/fitness/search.rs", WORLD),
    ("src/fitness/text.rs", WORLD),
    ("src/container/order.rs", WORLD),
    ("src/container/store.rs", WORLD),
    ("src/container/files.rs", WORLD),
    ("src/container/place.rs", WORLD),
    ("src/container/program.rs", WORLD),
    ("src/container/additions.rs", WORLD),
    ("src/container/failure.rs", WORLD),
    ("src/text.rs", WORLD),
    ("src/image/digest.rs", WORLD),
    ("src/image/reference.rs", WORLD),
    ("src/image/catalogue/words.rs", WORLD),
    ("src/image/recipe/definition.rs", WORLD),
    ("src/image/recipe/dockerfile.rs", WORLD),
    ("src/image/recipe/steps.rs", WORLD),
    ("src/plan", WORLD),
    ("src/shell", WORLD),
    // Words only, decided elsewhere.
    (
        "src/ui.rs",
        &["std::fs", "std::env", "Command::new", " println!(", "crate::fs", "process::exit"],
    ),
    (
        "src/cli",
        &["std::fs", "std::env", "Command::new", "crate::fs", "crate::host", "crate::base"],
    ),
    // The world, once, but no files of ours.
    ("src/host.rs", &["std::fs", "crate::fs", "Command::new", "crate::config"]),
    // Verbs join rooms: no system calls of their own.
    ("src/cmd", &["std::fs", "std::env", "Command::new", " nix::", " rustix::", "::symlink("]),
    // Readers do not print.
    ("src/base", &["println!", "print!(", "crate::ui", "std::env", "Command::new"]),
    (
        "src/container",
        &["println!", "print!(", "crate::ui", "std::env", "Command::new", "crate::exec"],
    ),
    (
        "src/image",
        &["println!", "print!(", "crate::ui", "std::env::var", "crate::fs", "Command::new"],
    ),
];

const WORLD: &[&str] = &[
    "std::fs",
    "std::env",
    "std::process",
    "Command::new",
    "std::time",
    "println!",
    "crate::fs",
    "crate::host",
    "crate::exec",
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
        ("Command::new", &["src/exec.rs"][..]),
        ("process::Command", &["src/exec.rs"]),
        ("env::var", &["src/host.rs"]),
        ("env::current_dir", &["src/host.rs"]),
        ("fs::write(", &["src/fs.rs"]),
        ("remove_dir_all", &["src/fs.rs"]),
        ("unlinkat", &["src/fs.rs", "src/care/mend.rs"]),
        ("symlinkat", &["src/overlay/unpack.rs", "src/care/mend.rs", "src/parcel/unpack.rs"]),
        ("mkdirat", &["src/overlay/unpack.rs", "src/care/mend.rs", "src/parcel/unpack.rs"]),
        ("println!", &["src/ui.rs"]),
        ("std::process::exit", &[]),
        ("unsafe", &[]),
    ] {
        for (path, text) in program() {
            let allowed = rooms.iter().any(|room| path == Path::new(room));
            if !allowed && code(&text).contains(word) {
                found.push(format!("{} mentions {word}", path.display()));
            }
        }
    }
    nothing(&found);
}

#[test]
fn every_module_of_the_tests_is_declared() {
    let main = include_str!("main.rs");
    for (path, _) in sources("tests/it") {
        let name = path.file_stem().unwrap().to_str().unwrap();
        let nested = path.components().count() > 3;
        if !nested && name != "main" {
            assert!(main.contains(&format!("mod {name};")), "{name} is never compiled");
        }
    }
}
