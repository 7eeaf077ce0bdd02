//! What programs and people rely on: exit codes, the shape of `--json`, help.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::Value;

use crate::kit::forge::hollow_base;
use crate::support::sandbox::Sandbox;
use crate::support::testbase::base;

#[track_caller]
fn keys(value: &Value, expected: &[&str]) {
    let keys: BTreeSet<&str> = value.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(keys, expected.iter().copied().collect());
}

const RECORD: [&str; 7] = ["schema", "mlenv", "created", "layout", "user-site", "prefix", "base"];
const BASE: [&str; 6] = ["path", "prefix", "kind", "python", "python-lib", "fingerprint"];
const FINGERPRINT: [&str; 3] = ["packages", "root", "stamp"];

#[track_caller]
fn is_record(record: &Value, with_name: bool) {
    keys(record, &RECORD);
    let name: &[&str] = if with_name { &["name"] } else { &[] };
    keys(&record["base"], &[&BASE, name].concat());
    keys(&record["base"]["fingerprint"], &FINGERPRINT);
    assert_eq!(record["schema"], 2);
    let created = record["created"].as_str().unwrap();
    assert!(created.len() == 20 && created.ends_with('Z'), "{created}");
}

#[test]
fn json_has_the_documented_keys_and_no_others() {
    let sandbox = Sandbox::new();
    sandbox.mlenv(["base", "add", "--name", "ml"]).arg(&base().prefix).ok();
    let made = sandbox.mlenv(["create", "-q", "--json", "-p", "e", "--base", "ml"]).ok().json();
    keys(&made, &["path", "record"]);
    is_record(&made["record"], true);
    let info = sandbox.mlenv(["info", "--json", "e"]).ok().json();
    keys(&info, &["path", "base-state", "update", "moved-from", "record"]);
    is_record(&info["record"], true);
    assert_eq!((&info["base-state"], &info["moved-from"]), (&"same".into(), &Value::Null));
    let list = sandbox.mlenv(["list", "--json"]).ok().json();
    let columns = [
        "name",
        "active",
        "path",
        "base",
        "base-name",
        "base-state",
        "update",
        "python",
        "layout",
        "container",
    ];
    keys(&list[0], &columns);
    let known = sandbox.mlenv(["base", "list", "--json"]).ok().json();
    keys(&known[0], &["name", "path", "from", "there", "python"]);
    assert_eq!((&known[0]["from"], &known[0]["there"]), (&"user".into(), &true.into()));
    let facts = sandbox.mlenv(["base", "info", "--json", "ml"]).ok().json();
    keys(&facts, &["path", "prefix", "kind", "python", "pip", "fingerprint", "index"]);
    assert_eq!(facts["pip"], true);
    let images = sandbox.mlenv(["image", "list", "--json"]).ok().json();
    keys(&images[0], &["name", "about", "reference", "here", "directories", "from"]);
    let check = sandbox.mlenv(["base", "check", "--json", "ml"]).end().json();
    keys(&check, &["path", "built-at", "findings", "holding", "starts"]);
    keys(&check["findings"][0], &["kind", "what", "breaks", "items", "cure", "fixable"]);
    keys(&check["starts"][0], &["program", "works", "said"]);
    let dry = ["base", "prepare", "--dry-run", "--json", "ml"];
    let prepare = sandbox.mlenv(dry).ok().json();
    keys(&prepare, &["path", "built-at", "dry-run", "changed", "findings"]);
    keys(&prepare["changed"][0], &["kind", "path"]);
    let nothing = Sandbox::new();
    assert_eq!(nothing.mlenv(["list", "--json"]).ok().json(), Value::Array(vec![]));
    assert_eq!(nothing.mlenv(["base", "list", "--json"]).ok().json(), Value::Array(vec![]));
}

#[test]
fn paths_that_are_no_text_come_back_whole_from_json_and_list() {
    use std::os::unix::ffi::OsStrExt;
    let sandbox = Sandbox::new();
    let base = hollow_base(&sandbox.path("base"));
    let name = Path::new(std::ffi::OsStr::from_bytes(b"no\xfftext 50%\x1b[31m"));
    let env = sandbox.env(name, &base);
    let info = sandbox.mlenv(["info", "--json"]).arg(&env).ok().json();
    let path = info["path"]["percent"].as_str().unwrap();
    assert!(path.ends_with("/no%FFtext 50%25%1B[31m"), "{path}");
    let told = sandbox.mlenv(["list"]).ok().out;
    assert!(told.contains(r"no\xfftext 50%\u{1b}[31m") && !told.contains('\x1b'), "{told}");
}

#[test]
fn every_exit_code_of_the_table_is_what_the_table_says() {
    let sandbox = Sandbox::new();
    let base = hollow_base(&sandbox.path("base"));
    let code = |words: &[&str]| sandbox.mlenv(words).end().status.code().unwrap();
    sandbox.mlenv(["create", "-q", "-p", "e", "--base"]).arg(&base).ok();
    for words in [
        &["list"][..],
        &["info", "e"],
        &["--help"],
        &["--version"],
        &["base", "list"],
        &["completions", "bash"],
    ] {
        assert_eq!(code(words), 0, "{words:?}");
    }
    for words in [
        &["info", "nothing"][..],
        &["remove", "nothing"],
        &["base", "forget", "nothing"],
        &["create", "-p", "x", "--base", "nothing"],
    ] {
        assert_eq!(code(words), 1, "{words:?}");
    }
    for words in [
        &[][..],
        &["nonsense"],
        &["create", "-p"],
        &["create", "-p", "a", "-n", "b"],
        &["create", "-p", "x", "--layout", "other"],
        &["create", "-p", "x", "--threads", "0"],
        &["create", "-p", "x", "--threads", "many"],
        &["create", "-p", "e", "--base", "./base"],
        &["create", "-p", "x", "--base", "./nothing"],
        &["remove"],
        &["completions", "elvish"],
        &["base"],
    ] {
        assert_eq!(code(words), 2, "{words:?}");
    }
    // 130 is shown where an env is interrupted; 126 and 127 are those of `run`.
}

#[test]
fn every_verb_has_help_and_those_with_examples_show_them() {
    let sandbox = Sandbox::new();
    for words in [
        "",
        "create",
        "list",
        "info",
        "remove",
        "install",
        "uninstall",
        "pin",
        "unpin",
        "export",
        "user-site",
        "base",
        "base list",
        "base add",
        "base forget",
        "base info",
        "base index",
        "base check",
        "base prepare",
        "image",
        "image list",
        "image info",
        "image packages",
        "image pin",
        "image recipe",
        "run",
        "pack",
        "unpack",
        "jupyter install",
        "jupyter lab",
        "shell",
        "completions",
    ] {
        let told = sandbox.mlenv(words.split_whitespace()).arg("--help").ok();
        assert!(told.out.contains("Usage: mlenv") && told.err.is_empty(), "{words}: {told}");
        let first = told.out.lines().next().unwrap();
        assert!(first.starts_with(char::is_uppercase), "{words}: {first}");
        assert!(!told.out.contains("TODO"), "{told}");
    }
    let help = |words: &[&str]| sandbox.mlenv(words).arg("--help").ok().out;
    assert!(
        help(&["create"]).contains("Examples:")
            && help(&["create"]).contains("mlenv create -p myEnv")
    );
    assert!(help(&["create"]).contains("$MLENV_BASE"));
    assert!(help(&["base", "add"]).contains("Example:"));
    assert!(help(&[]).contains("Exit codes: 0 done; 1 no"));
}

#[test]
fn completions_and_the_manual_page_are_printed_without_a_home() {
    let sandbox = Sandbox::new();
    for (shell, word) in [
        ("bash", "complete -F"),
        ("zsh", "#compdef mlenv"),
        ("tcsh", "complete mlenv"),
        ("fish", "complete --command mlenv"),
    ] {
        let told = sandbox.mlenv(["completions", shell]).without("HOME").ok();
        assert!(told.out.contains(word), "{shell}");
    }
    assert!(sandbox.mlenv(["man"]).without("HOME").ok().out.starts_with(".ie"));
}

#[test]
fn quiet_says_nothing_but_failures() {
    let sandbox = Sandbox::new();
    let base = hollow_base(&sandbox.path("base"));
    for words in [
        &["create", "-q", "-p", "e", "--base", "./base"][..],
        &["-q", "list"],
        &["remove", "-q", "e"],
        &["base", "index", "-q", "./base"],
    ] {
        assert_eq!(sandbox.mlenv(words).ok().err, "", "{words:?}");
    }
    sandbox.mlenv(["create", "-q", "-p", "base", "--base"]).arg(&base).fails(2, "is not empty");
}

#[test]
fn words_for_people_never_carry_colour_or_control_characters_into_a_pipe() {
    let sandbox = Sandbox::new();
    let told = sandbox
        .mlenv(["info", "\x1b[31mred\nline\u{202e}"])
        .fails(1, r"\u{1b}[31mred\u{a}line\u{202e}");
    assert!(!told.err.contains('\x1b') && told.err.lines().count() == 2, "{told}");
    let told = sandbox.mlenv(["create", "-p", "e", "--base", "a\rb"]).fails(1, r"a\u{d}b");
    assert!(!told.err.contains('\r'), "{told}");
}
