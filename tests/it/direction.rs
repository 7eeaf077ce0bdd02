//! Imports go one way. The table is the picture in ARCHITECTURE.md: each room stands above all that it uses, uses exactly
//! what the table says, and no files import each other in a circle.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use crate::house::{code, program};

/// A module, from the top: `["doctor", "mixed", "web"]`.
type Module = Vec<String>;

/// The lines of the picture: a room, and the rooms that it uses.
fn table() -> Vec<(String, BTreeSet<String>)> {
    let text = include_str!("../../ARCHITECTURE.md");
    let (_, rest) =
        text.split_once("## Rooms, from the roof down\n").expect("the heading is there");
    let lines = rest.lines().filter_map(|line| line.strip_prefix("    "));
    let lines = lines.take_while(|line| line.contains(": ") || line.ends_with(':'));
    let table: Vec<_> = lines
        .map(|line| {
            let (room, uses) = line.split_once(':').unwrap();
            (room.to_owned(), uses.split_whitespace().map(str::to_owned).collect())
        })
        .collect();
    assert!(table.len() > 20, "the picture is gone");
    table
}

fn module_of(path: &Path) -> Module {
    let inside = path.strip_prefix("src").unwrap().with_extension("");
    let mut parts: Module = inside.iter().map(|part| part.to_str().unwrap().to_owned()).collect();
    if parts.last().is_some_and(|last| ["mod", "main", "lib"].contains(&last.as_str())) {
        parts.pop();
    }
    parts
}

/// Every path that the code of a file names from the top of the program.
fn named(module: &Module, code: &str) -> BTreeSet<Module> {
    let mut found = BTreeSet::new();
    let mut rest = code;
    while let Some(at) = rest.find(['c', 's']) {
        let before = rest[..at].chars().next_back();
        let tail = &rest[at..];
        let is_start = !before.is_some_and(|c| c.is_alphanumeric() || c == '_' || c == ':');
        let up = tail.split("::").take_while(|part| *part == "super").count();
        if is_start && (tail.starts_with("crate::") || up > 0) {
            let (top, skipped) = match up {
                0 => (Vec::new(), "crate::".len()),
                _ => (module[..module.len().saturating_sub(up)].to_vec(), up * "super::".len()),
            };
            leaves(&tail[skipped..], &top, &mut found);
        }
        rest = &tail[1..];
    }
    found
}

/// The paths of a tree such as `a::{b, c::{self, D}}`, as far as it reaches.
fn leaves(tree: &str, top: &Module, found: &mut BTreeSet<Module>) -> usize {
    let mut path = top.clone();
    let mut at = 0;
    loop {
        if tree[at..].starts_with('{') {
            at += 1;
            while !tree[at..].starts_with('}') {
                at += tree[at..].len() - tree[at..].trim_start_matches([',', ' ', '\n']).len();
                if tree[at..].starts_with('}') {
                    break;
                }
                let step = leaves(&tree[at..], &path, found);
                at += step.max(1);
            }
            return at + 1;
        }
        let word =
            tree[at..].find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(tree.len() - at);
        path.push(tree[at..at + word].to_owned());
        at += word;
        if !tree[at..].starts_with("::") {
            found.insert(path);
            return at;
        }
        at += 2;
    }
}

/// Which files name which, by module; what stands above or below in one folder is one with it.
fn imports() -> BTreeMap<Module, BTreeSet<Module>> {
    let files: Vec<(Module, String)> =
        program().into_iter().map(|(path, text)| (module_of(&path), code(&text))).collect();
    let modules: BTreeSet<Module> = files.iter().map(|(module, _)| module.clone()).collect();
    let within = |a: &Module, b: &Module| a.starts_with(b) || b.starts_with(a);
    let file_of = |mut path: Module| {
        while !path.is_empty() && !modules.contains(&path) {
            path.pop();
        }
        path
    };
    let of = |(module, code): (Module, String)| {
        let named = named(&module, &code).into_iter().map(file_of);
        let others = named.filter(|other| !other.is_empty() && !within(other, &module));
        let others: BTreeSet<Module> = others.collect();
        (module, others)
    };
    files.into_iter().map(of).collect()
}

#[test]
fn every_room_uses_what_the_picture_says_and_nothing_above_it() {
    let table = table();
    let mut used: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (module, others) in imports() {
        let Some(room) = module.first() else { continue };
        let rooms = others.iter().filter_map(|other| other.first()).filter(|other| *other != room);
        used.entry(room.clone()).or_default().extend(rooms.cloned());
    }
    let mut wrong = Vec::new();
    for (at, (room, says)) in table.iter().enumerate() {
        let does = used.remove(room).unwrap_or_default();
        let below: BTreeSet<&String> = table[at + 1..].iter().map(|(room, _)| room).collect();
        wrong.extend(
            does.difference(says).map(|other| format!("{room} uses {other}: not in the picture")),
        );
        wrong.extend(
            says.difference(&does)
                .map(|other| format!("{room} does not use {other}: the picture is old")),
        );
        wrong.extend(
            says.iter()
                .filter(|other| !below.contains(other))
                .map(|other| format!("{other} is not below {room}")),
        );
    }
    wrong.extend(used.keys().map(|room| format!("{room} is not in the picture")));
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn no_files_import_each_other_in_a_circle() {
    let mut imports = imports();
    // What imports nothing that is left is in no circle.
    loop {
        let done: Vec<Module> = imports
            .iter()
            .filter(|(_, others)| !others.iter().any(|other| imports.contains_key(other)))
            .map(|(module, _)| module.clone())
            .collect();
        if done.is_empty() {
            break;
        }
        for module in &done {
            imports.remove(module);
        }
    }
    let circles: Vec<String> = imports
        .iter()
        .map(|(module, others)| {
            let others = others.iter().filter(|other| imports.contains_key(*other));
            format!(
                "{} -> {}",
                module.join("::"),
                others.map(|o| o.join("::")).collect::<Vec<_>>().join(", ")
            )
        })
        .collect();
    assert!(circles.is_empty(), "\n{}", circles.join("\n"));
}

#[test]
fn paths_are_read_out_of_trees() {
    let module = vec!["a".to_owned(), "b".to_owned()];
    let code =
        "use crate::x::{self, y::{Z, w}};\nuse super::c;\nlet d = crate::e::f(super::super::g::H);";
    let found = named(&module, code).into_iter().map(|path| path.join("::"));
    let expected = ["a::c", "e::f", "g::H", "x::self", "x::y::Z", "x::y::w"];
    assert_eq!(found.collect::<Vec<_>>(), expected);
}
