//! Commands that hints name are typed: what each says is run by a shell as it stands, with blanks and quotes in every
//! path, is no usage error, and cures what it was said to cure.

use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use crate::kit::forge::hollow_base;
use crate::support::sandbox::{Outcome, PATH, Run, Sandbox};
use crate::support::testbase::base;

/// A base and an env whose names every shell takes apart.
struct Odd {
    sandbox: Sandbox,
    base: PathBuf,
    env: PathBuf,
}

impl Odd {
    fn new() -> Self {
        let sandbox = Sandbox::new();
        let base = hollow_base(&sandbox.path("the base's $1"));
        let env = sandbox.env("my env's; *", &base);
        Self { sandbox, base, env }
    }

    /// On a base whose Python runs.
    fn real() -> Self {
        let sandbox = Sandbox::new();
        let base = base().twin(&sandbox.path("the base's $1"));
        let env = sandbox.env("my env's; *", &base);
        Self { sandbox, base, env }
    }

    fn mlenv(&self, words: &[&str]) -> Run {
        self.sandbox.mlenv(words)
    }

    /// What was said, and the commands in it, ours and others'.
    fn commands(told: &Outcome) -> Vec<String> {
        let lines = told.err.lines().chain(told.out.lines());
        let quoted = lines.flat_map(|line| line.split('`').skip(1).step_by(2));
        quoted.filter(|text| text.contains(' ')).map(str::to_owned).collect()
    }

    /// Lets a shell run the command that `told` names and that begins so, with something in the place of placeholders.
    #[track_caller]
    fn follow(&self, told: &Outcome, begin: &str, places: &[(&str, &str)]) -> Outcome {
        let commands = Self::commands(told);
        let command = commands.iter().find(|command| command.starts_with(begin));
        let command = command.unwrap_or_else(|| panic!("no `{begin}` in {told}"));
        let line = places.iter().fold(command.clone(), |line, (name, value)| {
            assert!(line.contains(name), "{name}: {line}");
            line.replace(name, value)
        });
        let program = Path::new(env!("CARGO_BIN_EXE_mlenv")).parent().unwrap();
        let path = format!("{}:{PATH}", program.display());
        let run = self.sandbox.run("sh").args(["-c", &line]).var("PATH", path);
        let outcome = run.end();
        assert!(!outcome.err.contains("Usage:") && !outcome.err.contains("error:"), "{outcome}");
        assert!(!outcome.err.contains("not found"), "{outcome}");
        outcome
    }

    /// It must do its work, too.
    #[track_caller]
    fn cure(&self, told: &Outcome, begin: &str, places: &[(&str, &str)]) {
        let outcome = self.follow(told, begin, places);
        assert!(outcome.status.success(), "{outcome}");
    }
}

#[test]
fn an_env_that_was_moved_or_whose_base_was_is_cured_by_what_is_said() {
    let odd = Odd::real();
    let moved = odd.sandbox.path("moved $(x)'");
    std::fs::rename(&odd.env, &moved).unwrap();
    let run = || odd.mlenv(&["run", "-p"]).arg(&moved).args(["--", "true"]);
    odd.cure(&run().fails(2, "was moved"), "mlenv doctor --fix", &[]);
    run().ok();
    std::fs::rename(&moved, &odd.env).unwrap();
    let clone = || odd.mlenv(&["clone"]).arg(&odd.env).args(["-p", "a copy"]);
    odd.cure(&clone().fails(2, "was moved here"), "mlenv doctor --fix", &[]);
    clone().ok();
    // The tag leads elsewhere, and what it led to is gone.
    let (tag, new) = (odd.sandbox.path("the tag's"), base().twin(&odd.sandbox.path("new one")));
    symlink(&odd.base, &tag).unwrap();
    let env = odd.sandbox.env("on the tag's", &tag);
    std::fs::remove_file(&tag).unwrap();
    symlink(&new, &tag).unwrap();
    std::fs::rename(&odd.base, odd.sandbox.path("gone")).unwrap();
    let run = || odd.mlenv(&["run", "-p"]).arg(&env).args(["--", "true"]);
    odd.cure(&run().fails(2, "was replaced"), "mlenv rebase", &[]);
    run().ok();
    // No base any more.
    std::fs::remove_file(&tag).unwrap();
    std::fs::rename(&new, odd.sandbox.path("newer")).unwrap();
    odd.cure(&run().fails(2, "is gone"), "mlenv rebase", &[("BASE", "./newer")]);
    run().ok();
}

#[test]
fn what_doctor_tells_to_type_mends() {
    let odd = Odd::new();
    std::fs::remove_file(odd.env.join("pyvenv.cfg")).unwrap();
    let doctor = || odd.mlenv(&["doctor"]).arg(&odd.env);
    odd.cure(&doctor().end(), "mlenv doctor --fix", &[]);
    doctor().ok();
}

#[test]
fn markers_are_replaced_and_taken_away_by_what_is_said() {
    let odd = Odd::new();
    let other = odd.sandbox.env("an other's", &odd.base);
    let dir = odd.sandbox.path("a project's");
    std::fs::create_dir_all(dir.join("below")).unwrap();
    let save = |env: &Path| odd.mlenv(&["save"]).arg(env).cwd(&dir);
    save(&odd.env).ok();
    let told = save(&other).fails(1, "names another env");
    let outcome = odd.follow(&told, "mlenv save --force", &[]);
    assert!(outcome.status.success(), "{outcome}");
    let told = odd.mlenv(&["unsave"]).cwd(dir.join("below")).fails(1, ".mlenv.toml");
    odd.cure(&told, "mlenv unsave", &[]);
    assert!(!dir.join(".mlenv.toml").exists());
    // One that says more than mlenv writes stays, and is named.
    odd.sandbox.write("a project's/.mlenv.toml", "# mine\nenv = \"../an other's\"\n");
    odd.mlenv(&["allow"]).arg(&dir).ok();
    let told = odd.mlenv(&["remove"]).arg(&other).ok();
    odd.cure(&told, "mlenv unsave", &[]);
    assert!(!dir.join(".mlenv.toml").exists());
}

#[test]
fn what_is_said_of_packages_can_be_typed() {
    let odd = Odd::real();
    let env = || odd.env.as_os_str();
    let told = odd.mlenv(&["uninstall", "-p"]).arg(env()).arg("nothing").fails(1, "nothing");
    odd.cure(&told, "mlenv packages --added", &[]);
    let told = odd.mlenv(&["unpin", "-p"]).arg(env()).arg("no-such").fails(1, "no-such");
    odd.cure(&told, "mlenv packages", &[]);
    let told = odd.mlenv(&["export", "-o", "it's.toml"]).arg(env()).ok();
    odd.cure(&told, "mlenv create -n NAME", &[("NAME", "again")]);
    let told = odd.mlenv(&["jupyter", "install"]).arg(env()).end();
    if !told.status.success() {
        odd.follow(&told, "mlenv install -p", &[("ipykernel", "ipykernel --dry-run")]);
    }
    let told = odd.mlenv(&["create", "-p", "sparse's", "--layout", "sparse", "--base"]);
    told.arg(&odd.base).ok();
    let told = odd.mlenv(&["install", "-p", "sparse's", "--conda", "x"]).end();
    odd.cure(&told, "mlenv doctor --layout standard --fix", &[]);
}

#[test]
fn what_another_tool_left_in_place_of_an_env_is_named_as_it_can_be_typed() {
    let odd = Odd::new();
    std::fs::remove_dir_all(&odd.env).unwrap();
    std::fs::create_dir_all(odd.env.join("bin")).unwrap();
    std::fs::write(odd.env.join("pyvenv.cfg"), "home = /usr/bin\nuv = 0.8\n").unwrap();
    let told = odd.mlenv(&["info"]).arg(&odd.env).end();
    std::fs::remove_dir_all(&odd.env).unwrap();
    let place = format!("mlenv create --base './{}'", "the base'\\''s $1");
    odd.cure(&told, "mlenv create -p", &[("mlenv create", &place)]);
    assert!(odd.env.join("mlenv.toml").exists());
    // A link to an env is not the env.
    symlink(&odd.env, odd.sandbox.path("a link's")).unwrap();
    let told = odd.mlenv(&["remove", "a link's"]).fails(2, "is a link to an env");
    odd.cure(&told, "rm ", &[]);
    assert!(odd.env.exists() && odd.sandbox.path("a link's").symlink_metadata().is_err());
}

/// Where nothing has to be filled in, and nothing is changed by what it says.
#[test]
fn commands_that_only_show_something_show_it() {
    let odd = Odd::new();
    for words in [
        &["run", "-n", "nothing", "--", "true"][..],
        &["info", "nothing"],
        &["activate", "--shell", "bash", "nothing"],
        &["create", "-p", "x", "--base", "nothing"],
        &["base", "forget", "nothing"],
        &["jupyter", "remove", "nothing"],
        &["image", "info", "zz:nothing"],
        &["unsave"],
        &["container", "info"],
        &["deactivate", "--shell", "bash"],
        &["info"],
        &["export"],
    ] {
        let told = odd.mlenv(words).end();
        assert!(!told.status.success(), "{told}");
        for command in Odd::commands(&told) {
            let shows = [
                "mlenv list",
                "mlenv base list",
                "mlenv jupyter list",
                "mlenv image list",
                "mlenv status",
            ];
            if shows.contains(&command.as_str()) {
                odd.cure(&told, &command, &[]);
            } else if command.starts_with("mlenv ") {
                let help =
                    Run::args(odd.mlenv(&[]), shell_words::split(&command).unwrap().split_off(1));
                help.arg("--help").ok();
            }
        }
    }
}
