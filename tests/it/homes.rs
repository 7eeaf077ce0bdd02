//! Homes that are missing, read-only or elsewhere, and readers that go away.

use std::process::Stdio;

use crate::forge::hollow_base;
use crate::sandbox::Sandbox;

#[test]
fn without_a_home_there_is_one_sentence_that_names_the_variable() {
    let sandbox = Sandbox::new();
    let base = hollow_base(&sandbox.path("base"));
    for words in [vec!["list"], vec!["create", "-p", "e", "--base", "base"], vec!["base", "list"]] {
        for value in [None, Some(""), Some("relative")] {
            let run = sandbox.mlenv(&words).without("HOME");
            let run = if let Some(value) = value { run.var("HOME", value) } else { run };
            run.fails(2, "HOME is not set").hints("set HOME");
        }
    }
    // Where the XDG variables say everything, HOME is not needed.
    let run = sandbox.mlenv(["create", "-q", "-p", "e", "--base"]).arg(&base).without("HOME");
    ["CONFIG", "CACHE", "STATE", "DATA"]
        .iter()
        .fold(run, |run, name| run.var(&format!("XDG_{name}_HOME"), sandbox.path(name)))
        .ok();
    assert!(
        sandbox.path("STATE/mlenv/envs").is_dir() && sandbox.path("CACHE/mlenv/indexes").is_dir()
    );
}

#[test]
fn the_xdg_variables_and_mlenvs_own_say_where_things_go() {
    let sandbox = Sandbox::new();
    let base = hollow_base(&sandbox.path("base"));
    let create = |name: &str| sandbox.mlenv(["create", "-q", "-n", name, "--base"]).arg(&base);
    create("one").ok();
    assert!(sandbox.path("home/.local/share/mlenv/envs/one/mlenv.toml").is_file());
    create("two").var("XDG_DATA_HOME", sandbox.path("data")).ok();
    assert!(sandbox.path("data/mlenv/envs/two/mlenv.toml").is_file());
    create("four").var("MLENV_ENVS", sandbox.path("mine")).ok();
    assert!(sandbox.path("mine/four/mlenv.toml").is_file());
    assert_eq!(sandbox.mlenv(["list"]).ok().out.lines().count(), 3);
    sandbox.mlenv(["remove"]).arg(sandbox.path("mine/four")).ok();
    sandbox
        .mlenv(["create", "-n", "a/b", "--base"])
        .arg(&base)
        .fails(2, "cannot be an env's name")
        .hints("-p");
}

#[test]
fn a_name_that_means_two_envs_is_not_guessed_at() {
    let sandbox = Sandbox::new();
    let base = hollow_base(&sandbox.path("base"));
    sandbox.env("twice", &base);
    sandbox.mlenv(["create", "-q", "-n", "twice", "--base"]).arg(&base).ok();
    sandbox.mlenv(["remove", "twice"]).fails(2, "means two envs").hints("./twice");
    sandbox.mlenv(["remove", "./twice"]).ok();
    sandbox.mlenv(["remove", "twice"]).ok();
    sandbox.mlenv(["remove", "twice"]).fails(1, "does not exist");
}

#[test]
fn a_home_that_may_not_be_written_does_not_stop_the_work() {
    let sandbox = Sandbox::new();
    let base = hollow_base(&sandbox.path("base"));
    let home = sandbox.path("home");
    std::fs::set_permissions(&home, std::os::unix::fs::PermissionsExt::from_mode(0o555)).unwrap();
    let told = sandbox.mlenv(["create", "-p", "e", "--base"]).arg(&base).by_ordinary_user().ok();
    let told = told.says("the index could not be kept").says("`mlenv list` will not know it");
    assert!(sandbox.path("e/mlenv.toml").is_file(), "{told}");
    sandbox.mlenv(["info", "e"]).by_ordinary_user().ok();
    sandbox.mlenv(["list"]).by_ordinary_user().ok();
    sandbox
        .mlenv(["base", "add", "--name", "ml"])
        .arg(&base)
        .by_ordinary_user()
        .fails(2, "Permission denied");
    sandbox.mlenv(["remove", "e"]).by_ordinary_user().ok();
    std::fs::set_permissions(&home, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
}

#[test]
fn a_broken_configuration_names_its_file_and_line() {
    let sandbox = Sandbox::new();
    hollow_base(&sandbox.path("base"));
    for (file, text) in
        [("config.toml", "base = \n"), ("config.toml", "bse = 'x'\n"), ("bases.toml", "ml = 3\n")]
    {
        let path = sandbox.write(format!("home/.config/mlenv/{file}"), text);
        let words = if file == "config.toml" { vec![] } else { vec!["--base", "base"] };
        let told = sandbox.mlenv(["create", "-n", "e"]).args(words);
        let told = told.fails(2, file).hints("mend that line");
        assert!(told.err.contains(" line 1"), "{told}");
        // Where a base is named by its path, neither file is asked.
        sandbox.mlenv(["create", "-q", "-n", "e", "--base", "./base"]).ok();
        sandbox.mlenv(["remove", "-q", "e"]).ok();
        std::fs::remove_file(path).unwrap();
    }
}

#[test]
fn a_reader_that_goes_away_is_no_failure() {
    let sandbox = Sandbox::new();
    let base = hollow_base(&sandbox.path("base"));
    sandbox.env("e", &base);
    for words in [
        &["list"][..],
        &["list", "--json"],
        &["info", "e"],
        &["base", "info", "base"],
        &["completions", "zsh"],
        &["man"],
        &["--help"],
    ] {
        let mut command = sandbox.mlenv(words).command();
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        drop(child.stdout.take()); // as `| head -0`
        let output = child.wait_with_output().unwrap();
        let told = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success() && told.is_empty(), "{words:?}: {} {told}", output.status);
    }
    let script = "\"$0\" list | head -0; \"$0\" list --json >&-; echo $?";
    let told = sandbox.run("bash").args(["-c", script, env!("CARGO_BIN_EXE_mlenv")]).end();
    assert!(!told.err.contains("panicked"), "{told}");
}

#[test]
fn a_result_that_cannot_be_written_is_a_failure() {
    let sandbox = Sandbox::new();
    sandbox.env("e", &hollow_base(&sandbox.path("base")));
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let output =
        sandbox.mlenv(["info", "e"]).command().stdout(full).stderr(Stdio::piped()).spawn().unwrap();
    let output = output.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("could not write the result"));
}

#[test]
fn a_working_directory_that_was_removed_is_said_where_it_matters() {
    let sandbox = Sandbox::new();
    let base = hollow_base(&sandbox.path("base"));
    std::fs::create_dir(sandbox.path("gone")).unwrap();
    let front = ["sh", "-c", "rmdir \"$PWD\"; exec \"$@\"", "sh"];
    let run = |words: &[&str]| sandbox.mlenv(words).behind(front).cwd(sandbox.path("gone"));
    run(&["create", "-p", "e", "--base", "/usr"])
        .fails(2, "could not find the working directory")
        .hints("cd");
    std::fs::create_dir(sandbox.path("gone")).unwrap();
    let run = run(&["create", "-q", "--base"]).arg(&base).arg("-p").arg(sandbox.path("e"));
    run.ok();
    assert!(sandbox.path("e/mlenv.toml").is_file());
}
