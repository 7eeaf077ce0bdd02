//! What hands expect that know other tools: one way to name an env, short names, who needs what, the rc file.

use crate::kit::patient::Patient;
use crate::support::machine;
use crate::support::sandbox::Sandbox;
use crate::support::testbase::base;
use crate::support::wheel;

#[test]
fn every_verb_takes_the_env_of_the_directory_where_none_is_named() {
    let sandbox = Sandbox::new();
    std::fs::create_dir(sandbox.path("project")).unwrap();
    let at = |words: &[&str]| sandbox.mlenv(words).cwd(sandbox.path("project"));
    at(&["create", "-q", "-p", "own", "--base"]).arg(&base().prefix).ok();
    let own = sandbox.path("project/own");
    let own = own.to_str().unwrap();
    assert!(at(&["info"]).ok().out.contains(own));
    assert!(at(&["packages", "six"]).ok().out.starts_with("six "));
    assert!(at(&["export"]).ok().out.contains("[base]"));
    at(&["doctor"]).ok().says("is healthy");
    at(&["vars", "set", "A=1"]).ok();
    assert_eq!(at(&["vars"]).ok().out, "A=1\n");
    at(&["pin", "six"]).end();
    at(&["user-site", "on"]).ok();
    at(&["why", "six"]).ok();
    at(&["install", "--dry-run", "six"]).ok();
    for way in [&["-p", "own"][..], &["--prefix", "own"], &["own"]] {
        assert!(at(&[&["info"], way].concat()).ok().out.contains(own), "{way:?}");
    }
    at(&["info", "-n", "nowhere"]).fails(1, "nowhere");
    at(&["info", "own", "-p", "own"]).end().says("cannot be used with");
    // A marker that nobody trusts counts for nothing.
    sandbox.mlenv(["deny", "project"]).ok();
    at(&["info"]).end().says("denied");
    at(&["remove"]).end().says("required");
    sandbox.mlenv(["info"]).fails(1, "no env of mlenv is active");
}

#[test]
fn packages_are_named_and_one_word_that_is_an_env_is_the_env() {
    let patient = Patient::new();
    let run = |words: &[&str]| patient.sandbox.mlenv(words);
    let told = run(&["packages", "-p", "env", "Six", "nothing"]).ok();
    assert!(told.out.starts_with("six ") && told.out.lines().count() == 1, "{told}");
    told.says("has no nothing");
    run(&["packages", "-p", "env", "nothing"]).fails(1, "none of these is in ").hints("install");
    let whole = run(&["packages", "env"]).ok().out;
    assert_eq!(whole, run(&["packages", "-p", "env"]).ok().out);
    assert!(whole.lines().count() > 3);
}

#[test]
fn short_names_and_other_tools_verbs_are_understood() {
    let sandbox = Sandbox::new();
    sandbox.env("one", &base().prefix);
    assert_eq!(sandbox.mlenv(["ls"]).ok().out, sandbox.mlenv(["list"]).ok().out);
    sandbox.mlenv(["base", "ls"]).ok();
    sandbox.mlenv(["rm", "one"]).ok();
    sandbox.mlenv(["add", "--help"]).ok();
    for (verb, words) in
        [("use", "mlenv activate ENV"), ("venv", "mlenv create"), ("upgrade", "mlenv update")]
    {
        let told = sandbox.mlenv([verb]).end();
        assert!(told.err.contains("hint: that is `"), "{told}");
        told.says(words);
    }
}

#[test]
fn it_is_told_who_needs_a_package_and_what_nobody_needs_goes() {
    let patient = Patient::new();
    let wheels = patient.sandbox.path("wheels");
    wheel::build_needing(&wheels, "upper", "1.0", &["lower>=1", "greet>=1"]);
    wheel::build(&wheels, "lower", "1.0");
    let install = patient.sandbox.mlenv(["install", "-q", "--pip", "-p", "env", "upper"]);
    install.var("PIP_NO_INDEX", "1").var("PIP_FIND_LINKS", &wheels).ok();
    let run = |words: &[&str]| patient.sandbox.mlenv(words);
    let told = run(&["why", "-p", "env", "lower"]).ok().out;
    assert_eq!(told, "lower 1.0 (env)\n  upper 1.0 (env) needs lower>=1\n");
    let told = run(&["why", "-p", "env", "Upper"]).ok().out;
    assert_eq!(told, "upper 1.0 (env)\n  you asked for upper\n");
    let json = run(&["why", "-p", "env", "greet", "--json"]).ok().json();
    assert_eq!((&json["from"], &json["needed-by"][0]["name"]), (&"base".into(), &"upper".into()));
    run(&["why", "-p", "env", "nothing"]).fails(1, "is neither in ").hints("mlenv packages");
    run(&["autoremove", "-p", "env"]).ok().says("everything in the env was asked for");
    let told = run(&["uninstall", "-p", "env", "upper"]).ok().says("nobody needs any more: lower");
    told.hints("mlenv autoremove -p ");
    run(&["autoremove", "-p", "env", "--dry-run"]).ok();
    assert_eq!(patient.added(), ["lower 1.0"]);
    run(&["autoremove", "-p", "env"]).ok();
    assert!(patient.added().is_empty());
}

#[test]
fn what_was_installed_by_hand_is_nobodys_leftover() {
    let patient = Patient::new();
    let pip = patient.sandbox.run(patient.env.join("bin/pip"));
    pip.args(["install", "-q", "--no-index", "--find-links"])
        .arg(patient.sandbox.path("wheels"))
        .arg("fresh")
        .ok();
    patient.sandbox.mlenv(["autoremove", "-p", "env"]).ok().says("everything in the env");
    assert_eq!(patient.added(), ["fresh 1.0"]);
}

#[test]
fn settings_are_listed_set_and_taken_back_and_other_lines_stay() {
    let sandbox = Sandbox::new();
    let run = |words: &[&str]| sandbox.mlenv(words).var("MLENV_SITE", sandbox.path("site"));
    run(&["config", "get", "base"]).fails(1, "base is not set").hints("mlenv config --help");
    sandbox.write("site/config.toml", "client = \"auto\"\n");
    let file = sandbox.write("home/.config/mlenv/config.toml", "# mine\nclient = \"conda\"\n");
    run(&["config", "set", "base", "/usr"]).ok();
    assert_eq!(run(&["config", "get", "base"]).ok().out, "/usr\n");
    let listed = run(&["config", "list"]).ok().out;
    assert_eq!(listed, "base = /usr  (user)\nclient = conda  (user)\nexclude-newer is not set\n");
    run(&["config", "unset", "client"]).ok();
    assert_eq!(run(&["config", "get", "client"]).ok().out, "auto\n");
    let text = std::fs::read_to_string(&file).unwrap();
    assert_eq!(text, "# mine\nbase = \"/usr\"\n");
    run(&["config", "set", "base", "nowhere"]).fails(1, "nowhere");
    run(&["config", "set", "colour", "x"]).end().says("base, client");
    std::fs::write(&file, "base = \n").unwrap();
    run(&["config", "set", "base", "/usr"]).fails(2, "could not understand");
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "base = \n");
}

#[test]
fn init_puts_the_hook_into_the_rc_file_once_and_takes_it_out_again() {
    let sandbox = Sandbox::new();
    for (shell, rc) in [
        ("bash", "home/.bashrc"),
        ("zsh", "home/.zshrc"),
        ("tcsh", "home/.tcshrc"),
        ("fish", "home/.config/fish/config.fish"),
    ] {
        let before = "# mine, without an end";
        let file = sandbox.write(rc, before);
        let read = || std::fs::read_to_string(&file).unwrap();
        let told = sandbox.mlenv(["init", shell]).ok().says("+ # >>> mlenv >>>");
        told.hints("--undo takes it out again");
        let after = read();
        assert!(after.starts_with("# mine, without an end\n# >>> mlenv >>>\n"), "{after}");
        sandbox.mlenv(["init", shell]).ok().says("is as it should be");
        assert_eq!(read(), after);
        if machine::has(shell) {
            // tcsh has no prompt with `-c`, and so no hook.
            let words = ["-c", "echo 'mlenv status' | $0 -i", shell];
            let run = sandbox.run("sh").args(words).var("PATH", "/usr/bin:/bin").end();
            assert!(run.out.contains("hook     "), "{shell}: {run}");
            assert!(!run.out.contains("not installed in this shell"), "{shell}: {run}");
        }
        sandbox.mlenv(["init", shell, "--undo"]).ok();
        assert_eq!(read(), "# mine, without an end\n");
        sandbox.mlenv(["init", shell, "--undo"]).ok().says("has no lines of mlenv");
    }
    // A link, as in a directory of dotfiles, stays one.
    let real = sandbox.write("dotfiles/bashrc", "eval \"$(mlenv hook bash)\"\n");
    std::fs::remove_file(sandbox.path("home/.bashrc")).unwrap();
    std::os::unix::fs::symlink(&real, sandbox.path("home/.bashrc")).unwrap();
    sandbox.mlenv(["init", "bash"]).ok().says("has a line with the hook already");
    std::fs::write(&real, "").unwrap();
    sandbox.mlenv(["init", "bash"]).ok();
    assert!(sandbox.path("home/.bashrc").is_symlink());
    assert!(std::fs::read_to_string(&real).unwrap().contains("hook bash"));
}
