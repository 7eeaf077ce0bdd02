//! What destroys asks on a terminal, says what would be lost, and takes several envs; elsewhere nothing is asked.

use std::path::Path;

use crate::kit::patient::Patient;
use crate::support::sandbox::Sandbox;

/// `mlenv WORDS` on a terminal, which `script` makes, with this answer: the exit code, and all that was seen.
pub(crate) fn on_terminal(sandbox: &Sandbox, words: &str, answer: &str) -> (Option<i32>, String) {
    let answer = sandbox.write("answer", answer);
    let line = format!("\"$MLENV\" {words}");
    let run = sandbox.run("script").args(["-q", "-e", "-E", "never", "-c", &line, "/dev/null"]);
    let run = run.var("MLENV", env!("CARGO_BIN_EXE_mlenv"));
    let output = run.command().stdin(std::fs::File::open(answer).unwrap()).output().unwrap();
    (output.status.code(), String::from_utf8_lossy(&output.stdout).into_owned())
}

#[test]
fn on_a_terminal_remove_shows_what_would_be_lost_and_asks() {
    let patient = Patient::new();
    let sandbox = &patient.sandbox;
    patient.pip(&["install", "-q", "fresh", "greet>1"]);
    let second = sandbox.env("it's two", &patient.base);
    for answer in ["n\n", "\n", ""] {
        let (code, words) = on_terminal(sandbox, "remove env \"it's two\" env/.", answer);
        assert_eq!(code, Some(1), "{words}");
        assert!(words.contains("2 packages of its own (fresh 1.0, greet 2.0), "), "{words}");
        assert!(
            words.contains(" MB in ") && words.contains("nothing was installed in it"),
            "{words}"
        );
        assert!(words.contains("/.mlenv.toml names it"), "{words}");
        assert!(words.contains("remove these 2 envs? [y/N]"), "{words}");
        assert!(words.contains("nothing was removed") && patient.env.is_dir() && second.is_dir());
    }
    let (code, words) = on_terminal(sandbox, "remove env", "y\n");
    assert!(code == Some(0) && words.contains("removed ") && !patient.env.exists(), "{words}");
    for option in ["-y", "--yes", "-f", "--force"] {
        let env = sandbox.env("again", &patient.base);
        let (code, words) = on_terminal(sandbox, &format!("remove {option} again"), "");
        assert!(code == Some(0) && !words.contains("[y/N]") && !env.exists(), "{option}: {words}");
    }
}

#[test]
fn several_are_looked_at_before_any_goes_and_without_a_terminal_nothing_is_asked() {
    let patient = Patient::new();
    let sandbox = &patient.sandbox;
    let second = sandbox.env("second", &patient.base);
    sandbox.mlenv(["remove", "env", "nowhere", "second"]).fails(1, "nowhere does not exist");
    assert!(patient.env.is_dir() && second.is_dir());
    let told = sandbox.mlenv(["remove", "env", "second"]).ok();
    assert!(!told.err.contains("[y/N]") && !patient.env.exists() && !second.exists(), "{told}");
    sandbox.mlenv(["remove"]).end().says("required");
    sandbox.mlenv(["rename", "one"]).end().says("required");
    sandbox.mlenv(["create", "--force", "--base", "/usr"]).end().says("required");
}

#[test]
fn prune_asks_before_an_env_goes_and_for_nothing_else() {
    let patient = Patient::new();
    let sandbox = &patient.sandbox;
    patient.pip(&["install", "-q", "fresh"]);
    std::fs::remove_dir_all(&patient.base).unwrap();
    let (_, words) = on_terminal(sandbox, "prune", "");
    assert!(!words.contains("[y/N]"), "{words}");
    let (code, words) = on_terminal(sandbox, "prune --envs", "n\n");
    assert!(
        words.contains("1 package of its own (fresh 1.0)") && words.contains("[y/N]"),
        "{words}"
    );
    assert!(code == Some(1) && patient.env.is_dir(), "{words}");
    let (_, words) = on_terminal(sandbox, "prune --envs --yes", "");
    assert!(!words.contains("[y/N]") && !patient.env.exists(), "{words}");
}

#[test]
fn an_env_of_a_newer_mlenv_is_not_replaced_and_said_to_be_one() {
    let patient = Patient::new();
    let sandbox = &patient.sandbox;
    let record = patient.at("mlenv.toml");
    let text = std::fs::read_to_string(&record).unwrap();
    std::fs::write(&record, text.replace("schema = 2", "schema = 9")).unwrap();
    for words in
        [&["create", "--force", "-p", "env", "--base"][..], &["create", "-p", "env", "--base"]]
    {
        let run = sandbox.mlenv(words).arg(&patient.base);
        run.fails(2, "it was made by a newer mlenv").hints("use that version");
    }
    std::fs::write(&record, "schema = [").unwrap();
    let run = sandbox.mlenv(["create", "--force", "-p", "env", "--base"]).arg(&patient.base);
    run.fails(2, "it is not an env");
    assert!(Path::new(&record).is_file());
}
