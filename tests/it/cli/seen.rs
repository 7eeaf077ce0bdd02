//! What people read and what shells evaluate, kept whole in files: who changes a word sees the change beside it. After a
//! change that is meant, `INSTA_UPDATE=always cargo test --test it cli::seen` writes them anew.

use std::collections::VecDeque;
use std::path::Path;

use crate::kit::forge::hollow_base;
use crate::support::sandbox::{Outcome, Run, Sandbox};

/// Compares with the file `snapshots/NAME.snap`. Places of this run and times are left out.
fn compare(name: &str, sandbox: &Sandbox, text: &str) {
    let text = text.replace(env!("CARGO_BIN_EXE_mlenv"), "/PROGRAM/mlenv");
    let text = text.replace(sandbox.root().to_str().unwrap(), "/ROOT");
    // Whether what is watched changed within the last seconds.
    let text = text.replace("__mlenv_racy = '1'", "__mlenv_racy = ''");
    let text = text.replace("__mlenv_fresh = '1'", "__mlenv_fresh = ''");
    let text: Vec<String> = text.lines().map(without_numbers).collect();
    let mut settings = insta::Settings::new();
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!(name, text.join("\n")));
}

/// The version of mlenv, times, hashes and other long numbers by their kinds.
fn without_numbers(line: &str) -> String {
    let line = line.replace(env!("CARGO_PKG_VERSION"), "VERSION");
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == ':' || c == '-';
    let mut out = String::new();
    for word in line.split_inclusive(|c| !is_word(c)) {
        let bare = word.trim_end_matches(|c| !is_word(c));
        let is = |of: fn(&u8) -> bool| bare.bytes().all(|byte| of(&byte));
        let kind = match bare.len() {
            20 if bare.ends_with('Z') && bare.contains('T') => "TIME",
            64 if is(u8::is_ascii_hexdigit) => "HASH",
            5.. if is(u8::is_ascii_digit) => "NUMBER",
            _ => bare,
        };
        out += kind;
        out += &word[bare.len()..];
    }
    out
}

/// The command, and all that it said.
fn told(words: &str, outcome: &Outcome) -> String {
    format!("$ mlenv {words}\n{}{}\n", outcome.out, outcome.err)
}

#[test]
fn help_of_every_verb() {
    let sandbox = Sandbox::new();
    let mut verbs = VecDeque::from([String::new()]);
    let mut text = String::new();
    while let Some(verb) = verbs.pop_front() {
        let words = format!("{verb} --help").trim_start().to_owned();
        let help = sandbox.mlenv(words.split(' ')).ok();
        let from = if verb.is_empty() { "Projects:" } else { "Commands:" };
        let below = help.out.lines().skip_while(|line| *line != from);
        let below = below.take_while(|line| !line.starts_with("Options:"));
        let below = below.filter(|line| !line.starts_with("   "));
        let below = below.filter_map(|line| line.strip_prefix("  ")?.split(' ').next());
        let below = below.filter(|name| !name.is_empty() && *name != "help");
        verbs.extend(below.map(|name| format!("{verb} {name}").trim_start().to_owned()));
        text += &told(&words, &help);
    }
    assert!(text.matches("\n$ mlenv ").count() > 40, "verbs are missing");
    compare("help", &sandbox, &text);
}

/// A world in which the same words are always the same.
fn world() -> (Sandbox, impl Fn(&str) -> Run) {
    let sandbox = Sandbox::new();
    let base = hollow_base(&sandbox.path("base"));
    sandbox.mlenv(["base", "add", "--name", "ml"]).arg(&base).ok();
    let ready = sandbox.mlenv(["create", "-q", "--no-save", "-p", "my env", "--base", "ml"]).ok();
    assert!(ready.status.success());
    let root = sandbox.root().to_owned();
    let path = sandbox.run("mlenv").var("MLENV_THREADS", "1");
    let run = move |words: &str| {
        let program = Path::new(env!("CARGO_BIN_EXE_mlenv"));
        let line = format!("PATH=/usr/bin:/bin exec '{}' {words}", program.display());
        path.clone().behind(["sh", "-c", &line]).cwd(&root)
    };
    (sandbox, run)
}

#[test]
fn envs_in_lists_and_in_trouble() {
    let (sandbox, run) = world();
    let mut text = String::new();
    let mut say = |words: &str| text += &told(words, &run(words).end());
    for words in ["list", "info 'my env'", "doctor 'my env'"] {
        say(words);
    }
    std::fs::remove_file(sandbox.path("my env/baseEnv_dir")).unwrap();
    std::fs::remove_file(sandbox.path("my env/pyvenv.cfg")).unwrap();
    for words in ["doctor 'my env'", "doctor --fix 'my env'", "info nothing"] {
        say(words);
    }
    compare("envs", &sandbox, &text);
}

#[test]
fn changes_of_shells() {
    for shell in ["bash", "zsh", "tcsh:6.24.07", "fish"] {
        let (sandbox, run) = world();
        std::fs::create_dir(sandbox.path("project")).unwrap();
        run("save -q '../my env'").cwd(sandbox.path("project")).ok();
        let mut text = String::new();
        let enter = format!("activate --shell {shell} 'my env'");
        text += &told(&enter, &run(&enter).ok());
        let leave = format!("deactivate --shell {shell}");
        let both =
            format!("eval \"$(\"$0\" activate --shell bash 'my env')\"; exec \"$0\" {leave}");
        let bash = sandbox.run("bash").args(["-c", &both, env!("CARGO_BIN_EXE_mlenv")]);
        text += &told(&leave, &bash.ok());
        let marker = sandbox.path("project/.mlenv.toml");
        let answer = format!("answer --shell {shell} --marker {}", marker.display());
        text += &told(&answer, &run(&answer).ok());
        compare(shell.split(':').next().unwrap(), &sandbox, &text);
    }
}
