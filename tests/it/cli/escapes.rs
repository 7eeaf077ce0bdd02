//! What others wrote reaches a terminal as text that can be seen, never as something that the terminal obeys or hides.

use crate::pack::story::hollow;
use crate::support::sandbox::{Outcome, Run, Sandbox};

/// An escape sequence, a bell, C1, direction, what is not seen at all.
const EVIL: &str = "\u{1b}[31mred\u{1b}]0;title\u{7}\u{9b}2J\u{202e}rtl\u{61c}\u{feff}\u{ad}\u{2060}\u{180e}\u{e0041}\r";

#[track_caller]
fn is_tame(told: &Outcome) {
    let steers = |c: &char| (c.is_control() && *c != '\n') || (EVIL.contains(*c) && !c.is_ascii());
    for text in [&told.out, &told.err] {
        assert_eq!(text.chars().find(steers), None, "{text:?}");
    }
    assert!(!told.err.contains("panicked"), "{told}");
}

fn run(sandbox: &Sandbox, words: &[&str]) -> Run {
    sandbox.mlenv(words)
}

/// A record of an env with hostile text in these fields.
fn spoil(sandbox: &Sandbox, keys: &[&str]) {
    let text = std::fs::read_to_string(sandbox.path("env/mlenv.toml")).unwrap();
    let escaped = EVIL.chars().map(|c| format!("\\U{:08X}", u32::from(c)));
    let evil = escaped.collect::<Vec<_>>().concat();
    let lines = text.lines().map(|line| match line.split_once(" = ") {
        Some((key, value)) if keys.contains(&key) && value.starts_with('"') => {
            format!("{key} = {}{evil}\"", value.trim_end_matches('"'))
        }
        _ => line.to_owned(),
    });
    let text: Vec<String> = lines.collect();
    std::fs::write(sandbox.path("env/mlenv.toml"), text.join("\n")).unwrap();
}

#[test]
fn an_envs_record_cannot_steer_the_terminal() {
    // Those of the first are shown, those of the second refused.
    for keys in [&["mlenv", "created", "path"][..], &["python", "packages"]] {
        let (sandbox, _) = hollow(&[]);
        spoil(&sandbox, keys);
        no_verb_repeats_it_raw(&sandbox);
    }
}

fn no_verb_repeats_it_raw(sandbox: &Sandbox) {
    for words in [
        &["info", "env"][..],
        &["info", "--json", "env"],
        &["list", "--json"],
        &["doctor", "env"],
        &["list"],
        &["status"],
        &["packages", "env"],
        &["activate", "env"],
        &["run", "-p", "env", "true"],
        &["save", "env"],
    ] {
        is_tame(&run(sandbox, words).end());
    }
}

#[test]
fn files_that_cannot_be_understood_are_not_repeated_raw() {
    let (sandbox, _) = hollow(&[]);
    for (place, words) in [
        ("env/mlenv.toml", &["info", "env"][..]),
        ("home/.config/mlenv/config.toml", &["create", "-p", "x"]),
        ("home/.config/mlenv/bases.toml", &["base", "list"]),
        ("named", &["create", "-p", "x", "--from", "named"]),
        ("named", &["image", "recipe", "named"]),
        ("named", &["unpack", "named", "--to", "x"]),
        ("base/conda-meta/tools-1.0-0.json", &["create", "-p", "x", "--base", "base", "--reindex"]),
        ("base/mlenv-standard.tar.zst", &["create", "-p", "x", "--base", "base"]),
        (".mlenv.toml", &["status"]),
        ("env/etc/conda/env_vars.d/x.json", &["activate", "env"]),
    ] {
        for text in
            [format!("key = {EVIL}"), format!("{EVIL} = 1"), format!("{{\"files\": [\"{EVIL}")]
        {
            let (sandbox, _) = hollow(&[]);
            sandbox.write(place, text);
            is_tame(&run(&sandbox, words).end());
        }
    }
    drop(sandbox);
}

#[test]
fn words_and_variables_are_not_repeated_raw() {
    let (sandbox, _) = hollow(&[]);
    let evil = EVIL.replace('\0', "");
    for words in [
        vec![evil.as_str()],
        vec!["create", evil.as_str()],
        vec!["info", evil.as_str()],
        vec!["create", "-n", evil.as_str(), "--base", "base"],
        vec!["create", "-p", "x", "--threads", evil.as_str()],
        vec!["create", "-p", "x", "--layout", evil.as_str()],
        vec!["hook", evil.as_str()],
        vec!["install", "-p", "env", evil.as_str()],
        vec!["pin", "-p", "env", evil.as_str()],
        vec!["image", "info", evil.as_str()],
        vec!["container", "setup", evil.as_str()],
        vec!["activate", "--shell", evil.as_str(), "env"],
    ] {
        is_tame(&run(&sandbox, &words).end());
        let long = format!("--{evil}");
        is_tame(&run(&sandbox, &[words[0], &long]).end());
    }
    for name in [
        "MLENV_BASE",
        "MLENV_ENVS",
        "MLENV_THREADS",
        "MLENV_SITE",
        "MLENV_CEILING",
        "MLENV_CONTAINER",
        "MLENV_LAUNCH",
    ] {
        for words in [
            &["create", "-n", "x"][..],
            &["list"],
            &["status"],
            &["info", "env"],
            &["activate", "nobody"],
        ] {
            is_tame(&run(&sandbox, words).var(name, &evil).end());
        }
    }
}
