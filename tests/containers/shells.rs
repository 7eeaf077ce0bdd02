//! Shells in containers: the user's own where the image has it, what an image without bash does, and whose files are
//! written by an engine that has root's powers.

use std::path::Path;

use crate::engines::Engine;
use crate::support::machine;
use crate::support::sandbox::Outcome;
use crate::world::{Project, local, podman, world};

/// Types `lines` into `mlenv WORDS...` on a terminal and gives what was shown.
fn typed(project: &Project, words: &[&str], lines: &str) -> Outcome {
    let quoted: Vec<String> = std::iter::once(&env!("CARGO_BIN_EXE_mlenv"))
        .chain(words)
        .map(|word| format!("'{}'", word.replace('\'', "'\\''")))
        .collect();
    let keys = project.sandbox.write("keys", lines);
    let log = project.sandbox.path("typed");
    let program = "(sleep 2; cat \"$0\"; sleep 2) | script -qec \"$1\" \"$2\"";
    let run = project.run("sh").args(["-c", program]).arg(keys).arg(quoted.join(" ")).arg(log);
    run.var("SHELL", "/bin/bash").var("TERM", "dumb").end()
}

#[test]
fn a_shell_on_a_terminal_has_the_env_active_after_the_users_own_files() {
    if !machine::has("script") {
        return;
    }
    for engine in Engine::KINDS.into_iter().filter(|engine| engine.works()) {
        let project = Project::new(engine);
        project.setup(&world().publish(&format!("shells:{}", engine.name()), 1));
        project.inside(&[
            "mlenv",
            "create",
            "-q",
            "--no-save",
            "-p",
            "env",
            "--base",
            "/opt/conda",
        ]);
        project.sandbox.write(
            "home/.bashrc",
            "PATH=/usr/bin:/bin; alias mine='echo alias works'; PS1='my> '\n",
        );
        let env = project.path("env");
        let lines = "mine\necho [$CONDA_PREFIX] [$(command -v python)] [$-] [$PS1]\nexit\n";
        let shown = typed(&project, &["shell", env.to_str().unwrap()], lines).out;
        let active = format!("[{0}] [{0}/bin/python] [", env.display());
        assert!(shown.contains("alias works"), "{shown}");
        assert!(shown.contains(&active), "{shown}");
        assert!(shown.contains("] [(env) my> ]"), "{shown}");
        // And the container's own, as a login shell.
        let lines = "shopt login_shell; tty\nexit\n";
        let shown = typed(&project, &["container"], lines).out;
        assert!(shown.contains("on") && shown.contains("/dev/pts/"), "{shown}");
    }
}

#[test]
fn an_image_without_bash_and_without_mlenv_runs_an_env_by_its_sh() {
    if !Engine::Podman.works() {
        return;
    }
    world();
    let project = Project::new(Engine::Podman);
    let name = "localhost/mlenv-tests-plain:1";
    podman(&["rm", "--force", "--ignore", "plain"]);
    podman(&["run", "--name", "plain", &local(1), "/bin/sh", "-c", "rm /bin/bash /bin/micromamba"]);
    podman(&["commit", "--quiet", "plain", name]);
    podman(&["rm", "plain"]);
    let home = project.sandbox.path("home");
    let mount = |source: &Path, target: &str| {
        format!("type=bind,source={},target={target}", source.display())
    };
    let tool = mount(Path::new(env!("CARGO_BIN_EXE_mlenv")), "/bin/mlenv");
    let words =
        ["run", "--rm", "--privileged", "--mount", &mount(&home, "/mine"), "--mount", &tool, name];
    let create = ["mlenv", "create", "-q", "--no-save", "-p", "/mine/env", "--base", "/opt/conda"];
    project.run("podman").args(words).args(create).var("HOME", "/mine").ok();
    project.mlenv(["vars", "set", "-p"]).arg(home.join("env")).arg("MY_VAR=it's $x").ok();
    let run = project.mlenv(["run", "-p"]).arg(home.join("env")).args(["--", "python", "-c"]);
    let program =
        "import sys, os; print(sys.prefix, os.environ['MY_VAR'], os.environ['CONDA_PREFIX'])";
    assert_eq!(run.arg(program).ok().out, "/mine/env it's $x /mine/env\n");
    podman(&["rmi", "--force", name]);
}
