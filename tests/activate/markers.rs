//! `save`, `allow`, `deny`, `status`: what a marker says, whether it counts, and what of it is told.

use serde_json::{Value, json};

use crate::support::shells::sandbox::{Layout, Sandbox};
use crate::support::shells::text;

fn run(sandbox: &Sandbox, vars: &[(&str, &str)], arguments: &[&str]) -> (Option<i32>, String) {
    let mut command = sandbox.command(env!("CARGO_BIN_EXE_mlenv"));
    let output = command.args(arguments).envs(vars.iter().copied()).output().unwrap();
    let words = [output.stdout, output.stderr].concat();
    (output.status.code(), String::from_utf8(words).unwrap())
}

fn status(sandbox: &Sandbox, vars: &[(&str, &str)]) -> Value {
    let (code, words) = run(sandbox, vars, &["status", "--json"]);
    assert_eq!(code, Some(0), "{words}");
    serde_json::from_str(&words).unwrap()
}

#[test]
fn a_marker_is_data_and_what_it_says_beyond_is_reported_not_obeyed() {
    let sandbox = Sandbox::new();
    let env = sandbox.simple();
    let evil =
        "env = 'env'\nhook = 'touch PWNED'\ntrusted = true\n\"\\u001b[31m\" = 1\n[vars]\nA = '1'\n";
    sandbox.write(".mlenv.toml", evil);
    let report = status(&sandbox, &[]);
    assert_eq!(report["marker"]["trusted"], false);
    assert_eq!(report["marker"]["env"], text(&env));
    let keys = json!(["\u{1b}[31m", "hook", "trusted", "vars"]);
    assert_eq!(report["marker"]["unknown-keys"], keys);
    let (_, words) = run(&sandbox, &[], &["status"]);
    assert!(words.contains("unknown key `hook`: it means nothing"), "{words}");
    assert!(!words.contains('\u{1b}'), "{words:?}");
    assert_eq!(run(&sandbox, &[], &["allow"]).0, Some(0));
    assert_eq!(status(&sandbox, &[])["marker"]["trusted"], true);
    let (_, code) = run(&sandbox, &[], &["activate", "--shell", "bash"]);
    assert!(!code.contains("PWNED") && !code.contains(" A="), "{code}");
    assert!(!sandbox.path("PWNED").exists());
}

#[test]
fn status_tells_what_is_active_what_would_be_and_why_not() {
    let sandbox = Sandbox::new();
    let env = sandbox.simple();
    let report = status(&sandbox, &[]);
    assert_eq!((&report["active"], &report["marker"]), (&Value::Null, &Value::Null));
    assert_eq!(report["hook"]["installed"], false);
    assert_eq!(run(&sandbox, &[], &["save", "./env"]).0, Some(0));
    assert_eq!(run(&sandbox, &[], &["deny"]).0, Some(0));
    let report = status(&sandbox, &[]);
    assert!(report["marker"]["why"].as_str().unwrap().ends_with("was denied"), "{report}");
    assert!(report["marker"]["cure"].as_str().unwrap().contains("mlenv allow"));
    assert_eq!(run(&sandbox, &[], &["allow", "."]).0, Some(0));
    // What other programs activated is named, and ours is not taken for it.
    let conda = [("CONDA_PREFIX", "/c/envs/x"), ("CONDA_SHLVL", "1"), ("CONDA_DEFAULT_ENV", "x")];
    assert_eq!(status(&sandbox, &conda)["other"], "/c/envs/x");
    let (_, code) = run(&sandbox, &[], &["activate", "--shell", "fish"]);
    let session = code.split("__MLENV_SESSION '").nth(1).unwrap().split('\'').next().unwrap();
    let vars = [("__MLENV_SESSION", session), ("CONDA_PREFIX", text(&env)), ("CONDA_SHLVL", "1")];
    let report = status(&sandbox, &vars);
    assert_eq!(report["active"]["env"], text(&env));
    assert_eq!(report["active"]["marker"], text(&sandbox.path(".mlenv.toml")));
    assert_eq!(report["other"], Value::Null);
    let damaged = status(&sandbox, &[("__MLENV_SESSION", "1 o:")]);
    assert!(damaged["problem"].as_str().unwrap().contains("damaged"), "{damaged}");
}

#[test]
fn a_marker_for_another_env_is_kept_unless_told_otherwise() {
    let sandbox = Sandbox::new();
    let first = sandbox.simple();
    sandbox.env("two", &sandbox.path("image/opt/conda"), "conda", Layout::Standard);
    assert_eq!(run(&sandbox, &[], &["save", "env"]).0, Some(0));
    let before = std::fs::read_to_string(sandbox.path(".mlenv.toml")).unwrap();
    let (code, words) = run(&sandbox, &[], &["save", "two"]);
    assert_eq!(code, Some(1));
    assert!(words.contains("names another env") && words.contains("mlenv save --force"), "{words}");
    let (code, words) = run(&sandbox, &[], &["create", "-p", "three", "--base", "/usr"]);
    assert_eq!(code, Some(0), "{words}");
    assert!(words.contains("names another env") && words.contains("was left alone"), "{words}");
    assert_eq!(std::fs::read_to_string(sandbox.path(".mlenv.toml")).unwrap(), before);
    assert_eq!(status(&sandbox, &[])["marker"]["env"], text(&first));
    assert_eq!(run(&sandbox, &[], &["save", "--force", "three"]).0, Some(0));
    assert_eq!(status(&sandbox, &[])["marker"]["env"], text(&sandbox.path("three")));
}
