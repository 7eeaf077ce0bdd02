//! `mlenv vars`: an env's own variables.

use crate::support::shells::sandbox::Sandbox;
use crate::support::shells::{Shell, Step, get, text};

fn run(sandbox: &Sandbox, arguments: &[&str]) -> (Option<i32>, String, String) {
    let output = sandbox.mlenv(arguments);
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code(), text(output.stdout), text(output.stderr))
}

#[test]
fn they_are_set_listed_and_taken_away() {
    let sandbox = Sandbox::new();
    let env = sandbox.simple();
    assert_eq!(run(&sandbox, &["vars", "set", "-p", "env", "A=1", "B=x=y z", "C="]).0, Some(0));
    assert_eq!(run(&sandbox, &["vars", "list", "env"]).1, "A=1\nB=x=y z\nC=\n");
    assert_eq!(run(&sandbox, &["vars", "unset", "-p", text(&env), "A", "NEVER"]).0, Some(0));
    let json: serde_json::Value =
        serde_json::from_str(&run(&sandbox, &["vars", "list", "--json", "env"]).1).unwrap();
    assert_eq!(json, serde_json::json!({"B": "x=y z", "C": ""}));
    for shell in Shell::ALL {
        let looks = shell.tell(
            &sandbox,
            &[
                Step::Set("B", "mine"),
                Step::Activate("env"),
                Step::Look,
                Step::Deactivate,
                Step::Look,
            ],
        );
        assert_eq!(
            (get(&looks[0], "B"), get(&looks[0], "C")),
            (Some("x=y z"), Some("")),
            "{shell:?}"
        );
        assert_eq!((get(&looks[1], "B"), get(&looks[1], "C")), (Some("mine"), None), "{shell:?}");
    }
}

#[test]
fn the_active_env_is_meant_when_none_is_named() {
    let sandbox = Sandbox::new();
    sandbox.simple();
    let story = [
        Step::Activate("env"),
        Step::Say("\"$MLENV\" --quiet vars set D=4"),
        Step::Say("\"$MLENV\" vars list > listed"),
    ];
    Shell::Bash.tell(&sandbox, &story);
    assert_eq!(std::fs::read_to_string(sandbox.path("listed")).unwrap(), "D=4\n");
    assert_eq!(run(&sandbox, &["vars", "list"]).0, Some(1));
}

#[test]
fn entering_again_takes_up_what_changed_and_keeps_the_users_own() {
    let sandbox = Sandbox::new();
    sandbox.simple();
    let set = |vars: &str| format!("\"$MLENV\" --quiet vars set -p env {vars}");
    for shell in Shell::ALL {
        let (one, two) = (set("A=1 B=1"), set("A=2 B=2"));
        let story = [
            Step::Look,
            Step::Say(&one),
            Step::Activate("env"),
            Step::Set("B", "mine"),
            Step::Around("/front", "/back"),
            Step::Say(&two),
            Step::Activate("env"),
            Step::Look,
            Step::Deactivate,
            Step::Look,
        ];
        let looks = shell.tell(&sandbox, &story);
        assert_eq!(get(&looks[1], "A"), Some("2"), "{shell:?}");
        assert!(get(&looks[1], "PATH").unwrap().starts_with("/front:"), "{shell:?}");
        assert_eq!(get(&looks[2], "A"), None, "{shell:?}");
        assert_eq!(get(&looks[2], "PATH"), Some("/front:/usr/bin:/bin:/back"), "{shell:?}");
    }
}

#[test]
fn what_cannot_be_a_variable_is_refused() {
    let sandbox = Sandbox::new();
    sandbox.simple();
    sandbox.image("image");
    for bad in
        ["PATH=/x", "CONDA_PREFIX=/x", "a-b=1", "=1", "PS1=x", "path=/x", "status=1", "nothing"]
    {
        let (code, out, words) = run(&sandbox, &["vars", "set", "-p", "env", "GOOD=1", bad]);
        assert_eq!((code, out.as_str()), (Some(2), ""), "{bad}: {words}");
    }
    assert!(!sandbox.path("env/conda-meta/state").exists());
    assert_eq!(run(&sandbox, &["vars", "list", "./image"]).0, Some(1));
}

#[test]
fn a_bad_file_of_a_package_is_told_and_passed_over() {
    let sandbox = Sandbox::new();
    sandbox.simple();
    sandbox.write("env/etc/conda/env_vars.d/a.json", "{");
    sandbox.write(
        "env/etc/conda/env_vars.d/b.json",
        r#"{"GOOD": "1", "PATH": "/evil", "\u001b[31m": "x"}"#,
    );
    let (code, out, words) = run(&sandbox, &["activate", "--shell", "bash", "env"]);
    assert_eq!(code, Some(0));
    assert!(out.contains("GOOD='1'") && !out.contains("/evil"));
    assert_eq!(
        words.lines().filter(|line| line.starts_with("mlenv: warning: ")).count(),
        3,
        "{words}"
    );
    assert!(!words.contains('\u{1b}'));
}
