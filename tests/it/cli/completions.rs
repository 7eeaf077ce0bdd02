//! Completions and manual pages as packagers use them. What Tab does in real shells is told by `tests/hook`.

use std::path::Path;

use crate::support::sandbox::Sandbox;

const FILES: [(&str, &str); 4] =
    [("bash", "mlenv.bash"), ("zsh", "_mlenv"), ("tcsh", "mlenv.tcsh"), ("fish", "mlenv.fish")];

fn committed(file: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("completions").join(file)
}

#[test]
fn the_committed_completions_are_what_the_program_prints_and_the_shells_take_them() {
    let sandbox = Sandbox::new();
    for (shell, file) in FILES {
        let told = sandbox.mlenv(["completions", shell]).ok().out;
        assert!(told == std::fs::read_to_string(committed(file)).unwrap(), "{file}");
        let check = sandbox.run(shell);
        match shell {
            "tcsh" => check.arg("-f").arg(committed(file)).ok(), // -n misses most errors
            _ => check.arg("-n").arg(committed(file)).ok(),
        };
    }
}

#[test]
fn candidates_are_the_verbs_values_and_names_of_now() {
    let sandbox = Sandbox::new();
    let told = |line: &str, word: &str| {
        sandbox.mlenv(["complete", "bash", "--line", line, "--word", word]).ok().out
    };
    assert_eq!(told("mlenv creat", "creat"), "create\n");
    assert_eq!(told("true; mlenv base inde", "inde"), "index\n");
    assert_eq!(told("mlenv create --layout=sp", "sp"), "sparse\n");
    sandbox.mlenv(["create", "-q", "--no-save", "-n", "it's $HOME", "--base", "/usr"]).ok();
    sandbox.mlenv(["base", "add", "/usr", "--name", "ml:alma9"]).ok();
    assert_eq!(told("mlenv info it", "it"), "it's $HOME\n");
    assert_eq!(told("mlenv create --base ml:", ""), "alma9\n");
    assert_eq!(told("mlenv image list ml-torch-gpu:", ""), "alma9-python311\n");
    // A directory whose name cannot be told in a line is left out; nothing else breaks.
    std::fs::create_dir(sandbox.path("ita\nb")).unwrap();
    assert_eq!(told("mlenv info it", "it"), "it's $HOME\n");
    sandbox.mlenv(["complete", "bash"]).ok();
}

#[test]
fn packages_that_are_there_are_offered_where_such_are_wanted() {
    let patient = crate::kit::patient::Patient::new();
    patient.packages("install", &["-q", "--pip", "fresh", "greet>1"]).ok();
    let told = |line: &str| patient.sandbox.mlenv(["complete", "bash", "--line", line]).ok().out;
    assert_eq!(told("mlenv uninstall -p env "), "fresh\ngreet\n");
    assert_eq!(told("mlenv uninstall -p env fresh g"), "greet\n");
    assert_eq!(told("mlenv why -p env cl"), "click\n");
    assert_eq!(told("mlenv packages -p env six"), "six\n");
    assert_eq!(told("mlenv update -p env fr"), "fresh\n");
    assert_eq!(told("mlenv uninstall -p nowhere fr"), "");
}

#[test]
fn every_verb_has_a_manual_page() {
    let sandbox = Sandbox::new();
    assert!(sandbox.mlenv(["man"]).ok().out.contains(".TH mlenv 1"));
    let dir = sandbox.path("a dir/man1");
    sandbox.mlenv(["man", "--to"]).arg(&dir).ok();
    for page in ["mlenv.1", "mlenv-create.1", "mlenv-base-add.1"] {
        let text = std::fs::read_to_string(dir.join(page)).unwrap();
        assert!(text.contains(".SH SYNOPSIS"), "{page}: {text}");
    }
    assert!(!dir.join("mlenv-answer.1").exists(), "a hidden verb has a page");
    let text = sandbox.mlenv(["man", "image", "freeze"]).ok().out;
    assert!(
        text.contains(r".TH mlenv-image-freeze 1") && text.contains("\n.SH EXAMPLES\n"),
        "{text}"
    );
    sandbox.mlenv(["man", "nothing"]).fails(1, "there is no verb nothing");
    // On a terminal it is a page, not its source.
    if !crate::support::machine::has("man") {
        crate::support::machine::lacks("man, which shows manual pages");
        return;
    }
    let line = format!("'{}' man pin", env!("CARGO_BIN_EXE_mlenv"));
    let run = sandbox.run("script").args(["-q", "-e", "-E", "never", "-c", &line, "/dev/null"]);
    let page = run.var("MANPAGER", "cat").ok().out;
    assert!(page.contains("mlenv-pin(1)") && !page.contains(".SH"), "{page}");
}
