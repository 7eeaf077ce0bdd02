//! Homes that are missing, read-only or elsewhere, and readers that go away.

use std::process::Stdio;

use crate::kit::forge::hollow_base;
use crate::support::sandbox::{Run, Sandbox};

#[test]
fn no_verb_needs_the_variable_home() {
    let sandbox = Sandbox::new();
    let base = hollow_base(&sandbox.path("base"));
    // What the user database says is the home of whoever runs the tests: nothing may be written there.
    let places = |run: Run| {
        let names = ["STATE", "CACHE"];
        names.iter().fold(run, |run, name| run.var(&format!("XDG_{name}_HOME"), sandbox.path(name)))
    };
    for value in [None, Some(""), Some("relative")] {
        let run = |words: &[&str]| {
            let run = places(sandbox.mlenv(words)).without("HOME");
            if let Some(value) = value { run.var("HOME", value) } else { run }
        };
        run(&["create", "-q", "-p", "e", "--base"]).arg(&base).ok();
        run(&["list"]).ok();
        run(&["info", "e"]).ok();
        run(&["status"]).ok();
        for shell in ["bash", "zsh", "fish", "tcsh"] {
            run(&["hook", shell]).ok();
        }
        run(&["run", "-p", "e", "--", "true"]).ok();
        run(&["doctor", "e"]).end();
        run(&["packages", "e"]).ok();
        run(&["save", "e"]).ok();
        run(&["activate", "e", "--shell", "bash"]).ok();
        run(&["pack", "e", "-o", "parcel"]).ok();
        run(&["unpack", "parcel", "-p", "f"]).ok();
        for env in ["e", "f"] {
            run(&["remove", env]).ok();
        }
        std::fs::remove_file(sandbox.path("parcel")).unwrap();
    }
    assert!(
        sandbox.path("STATE/mlenv/envs").is_dir() && sandbox.path("CACHE/mlenv/indexes").is_dir()
    );
}

#[test]
fn a_directory_for_temporary_files_that_is_not_there_is_said() {
    let sandbox = Sandbox::new();
    let base = crate::support::testbase::base();
    let check =
        |dir| sandbox.mlenv(["base", "check"]).arg(&base.prefix).var("TMPDIR", sandbox.path(dir));
    check("no/such").fails(2, "could not make temporary files in").hints("unset TMPDIR");
    std::fs::create_dir(sandbox.path("there")).unwrap();
    assert!(!check("there").end().err.contains("temporary"));
    assert_eq!(std::fs::read_dir(sandbox.path("there")).unwrap().count(), 0);
}

#[test]
fn a_number_of_threads_that_is_none_is_said() {
    let sandbox = Sandbox::new();
    let base = hollow_base(&sandbox.path("base"));
    for value in ["0", "257", "many", "\u{1b}[31m"] {
        let run = sandbox.mlenv(["create", "-p", "e", "--base"]).arg(&base);
        let outcome = run.var("MLENV_THREADS", value).fails(2, "MLENV_THREADS is");
        assert!(!outcome.err.contains('\u{1b}'));
    }
}

/// New files have the permissions that the user's umask leaves them; consent is the user's alone.
#[test]
fn the_umask_decides_who_may_read_what_is_written() {
    use std::os::unix::fs::PermissionsExt;
    let sandbox = Sandbox::new();
    let base = hollow_base(&sandbox.path("base"));
    for (umask, data, program) in
        [("002", 0o664, 0o775), ("077", 0o600, 0o700), ("022", 0o644, 0o755)]
    {
        let script = format!("umask {umask}; exec \"$@\"");
        let run = |words: &[&str]| {
            let run = sandbox.mlenv(words).behind(["sh", "-c", &script, "sh"]);
            run.ok();
        };
        let (env, dir) = (format!("env{umask}"), format!("dir{umask}"));
        std::fs::create_dir(sandbox.path(&dir)).unwrap();
        run(&["create", "-q", "--no-save", "-p", &env, "--base", base.to_str().unwrap()]);
        run(&["pack", "-q", &env, "-o", &format!("{dir}/parcel")]);
        run(&["export", &env, "-o", &format!("{dir}/env.toml")]);
        run(&["vars", "set", "-p", &env, "A=1"]);
        run(&["unpin", "-p", &env, "python"]);
        run(&["base", "add", "--name", &format!("b{umask}"), base.to_str().unwrap()]);
        run(&["save", &env, "--force"]);
        let mode = |path: &str| sandbox.path(path).metadata().unwrap().permissions().mode() & 0o777;
        for file in ["mlenv.toml", "pyvenv.cfg", "conda-meta/state", "conda-meta/pinned"] {
            assert_eq!(mode(&format!("{env}/{file}")), data, "{umask} {file}");
        }
        for file in ["parcel", "env.toml"] {
            assert_eq!(mode(&format!("{dir}/{file}")), data, "{umask} {file}");
        }
        assert_eq!(mode("home/.config/mlenv/bases.toml"), data, "{umask}");
        assert_eq!(mode(".mlenv.toml"), data, "{umask}");
        assert_eq!(mode(&format!("{env}/bin")), program, "{umask}");
        let store = sandbox.path("home/.local/state/mlenv/trust");
        assert_eq!(store.metadata().unwrap().permissions().mode() & 0o777, 0o700);
        for answer in std::fs::read_dir(store).unwrap() {
            let meta = answer.unwrap().metadata().unwrap();
            assert_eq!(meta.permissions().mode() & 0o777, 0o600);
        }
    }
}

/// What says that something is there, or what the user answered, is on the disk before it has its name.
#[test]
fn records_markers_consent_and_state_are_synced_before_they_are_renamed() {
    let sandbox = Sandbox::new();
    let base = hollow_base(&sandbox.path("base"));
    let synced = |words: &[&str], count: usize| {
        let log = sandbox.path("log");
        let front = ["strace", "-f", "-qq", "-o", log.to_str().unwrap(), "-e"];
        sandbox.mlenv(words).behind(front.iter().copied().chain(["trace=fsync,fdatasync"])).ok();
        let calls = std::fs::read_to_string(&log).unwrap().lines().count();
        assert!(calls >= count, "{words:?}: {calls} of {count}");
    };
    let base = base.to_str().unwrap();
    synced(&["create", "-p", "env", "--base", base], 3); // record, marker, consent
    synced(&["rename", "env", "new"], 2); // record, marker
    synced(&["save", "new", "--force"], 1);
    synced(&["deny"], 1);
    synced(&["vars", "set", "-p", "new", "A=1"], 1);
    synced(&["base", "add", "--name", "ml", base], 1);
    synced(&["clone", "new", "-p", "copy"], 1);
    let other = hollow_base(&sandbox.path("other"));
    synced(&["rebase", "copy", "--base", other.to_str().unwrap()], 1);
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
    assert_eq!(sandbox.mlenv(["list"]).ok().out.lines().count(), 4);
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
