//! `mlenv run` where jobs run: no HOME, no PATH, no terminal, a home that cannot be written to, environments that
//! carry all sorts of things along.

use std::io::Write;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use crate::kit::forge::hollow_base;
use crate::support::sandbox::{Run, Sandbox};
use crate::support::testbase::base;
use crate::support::tree;

const MLENV: &str = env!("CARGO_BIN_EXE_mlenv");

/// What a task prints to show that it is in the env.
const TELL: [&str; 3] =
    ["python", "-c", "import click, sys; print(sys.prefix, sys.flags.no_user_site)"];

/// An env on the real base, with a script.
fn prepared() -> (Sandbox, PathBuf) {
    let sandbox = Sandbox::new();
    let env = sandbox.env("my env", &base().prefix);
    sandbox.write("my env/etc/conda/activate.d/x.sh", "export X=\"from $CONDA_PREFIX\"\n");
    (sandbox, env)
}

/// With exactly these variables, in `/`.
fn bare(sandbox: &Sandbox, words: &[&str], vars: &[(&str, &str)]) -> Run {
    let run = sandbox.run(words[0]).args(&words[1..]).cwd("/");
    let run =
        ["HOME", "PATH", "LC_ALL", "MLENV_SITE"].iter().fold(run, |run, name| run.without(name));
    vars.iter().fold(run, |run, (name, value)| run.var(name, value))
}

#[track_caller]
fn is_inside(run: &Run, env: &Path) {
    let told = run.clone().args(TELL).ok();
    assert_eq!(
        (told.out.trim_end(), told.err.as_str()),
        (format!("{} 1", env.display()).as_str(), "")
    );
}

#[test]
fn no_variable_at_all_is_needed() {
    let (sandbox, env) = prepared();
    let text = env.to_str().unwrap();
    let condor =
        [("_CONDOR_SCRATCH_DIR", "/nowhere"), ("_CONDOR_SLOT", "1"), ("TMPDIR", "/nowhere")];
    let cron =
        [("HOME", "/nowhere"), ("LOGNAME", "u"), ("SHELL", "/bin/sh"), ("PATH", "/usr/bin:/bin")];
    let systemd =
        [("LANG", "C.UTF-8"), ("PATH", "/usr/bin"), ("INVOCATION_ID", "0"), ("SHELL", "/bin/sh")];
    for vars in [&[][..], &condor, &cron, &systemd] {
        is_inside(&bare(&sandbox, &[MLENV, "run", "-p", text, "--"], vars), &env);
        is_inside(
            &bare(&sandbox, &["/usr/bin/setsid", "-w", MLENV, "run", "-p", text], vars),
            &env,
        );
    }
    // What the command itself starts is found too.
    let told = bare(&sandbox, &[MLENV, "run", "-p", text, "sh", "-c", "exec env"], &[]).ok().out;
    let path = format!("PATH={text}/bin:{text}/baseEnv_dir/bin:/usr/local/bin:/usr/bin:/bin:");
    assert!(told.contains(&path), "{told}");
    assert!(told.contains(&format!("X=from {text}")) && !told.contains("HOME="), "{told}");
}

#[test]
fn a_job_script_can_activate_without_variables_too() {
    let (sandbox, env) = prepared();
    let text = "eval \"$(\"$0\" activate --shell bash \"$1\")\"; ls / >/dev/null; python -c 'import sys; print(sys.prefix)'";
    let told = bare(&sandbox, &["/bin/bash", "-c", text, MLENV, env.to_str().unwrap()], &[]).ok();
    assert_eq!((told.out.trim_end(), told.err.as_str()), (env.to_str().unwrap(), ""));
}

#[test]
fn a_home_that_is_not_set_is_the_one_of_the_user_database() {
    let sandbox = Sandbox::new();
    let user = nix::unistd::User::from_uid(nix::unistd::geteuid()).unwrap().unwrap();
    let there = user.dir.join(".local/share/mlenv/envs");
    let told = bare(&sandbox, &[MLENV, "run", "-n", "surely not there", "true"], &[]).end();
    assert_eq!(told.status.code(), Some(1));
    assert!(told.err.contains(&format!("looked up in {}", there.display())), "{told}");
}

#[test]
fn an_image_whose_name_holds_a_colon_is_seen_through_the_jobs_scratch_directory() {
    let sandbox = Sandbox::new();
    let image = base().twin(&sandbox.path("ml:tag/opt/conda"));
    let scratch = sandbox.path("scratch");
    std::fs::create_dir(&scratch).unwrap();
    let top = sandbox.path("ml:tag");
    let vars = [("HOME", "/proc/none"), ("_CONDOR_SCRATCH_DIR", scratch.to_str().unwrap())];
    let told =
        bare(&sandbox, &[MLENV, "run", "-p", top.to_str().unwrap()], &vars).args(TELL).ok().out;
    let prefix = Path::new(told.split_whitespace().next().unwrap());
    assert!(prefix.starts_with(&scratch), "{told}");
    assert_eq!(prefix.canonicalize().unwrap(), image);
    // A task inside knows the image by its own name.
    let again = [
        MLENV,
        "run",
        "-p",
        top.to_str().unwrap(),
        MLENV,
        "run",
        "sh",
        "-c",
        "echo \"$CONDA_PROMPT_MODIFIER\"",
    ];
    assert_eq!(bare(&sandbox, &again, &vars).ok().out, "(ml:tag) \n");
}

#[test]
fn what_shells_and_other_envs_left_in_the_environment_does_not_get_in() {
    let (sandbox, env) = prepared();
    let evil = sandbox.write("evil.sh", "echo evil; exit 5\n");
    let vars = [
        ("BASH_ENV", evil.to_str().unwrap()),
        ("ENV", evil.to_str().unwrap()),
        ("SHELLOPTS", "errexit:nounset:noexec:posix"),
        ("PYTHONHOME", "/usr"),
        ("VIRTUAL_ENV", "/other"),
        ("CONDA_PREFIX", "/other"),
        ("CONDA_SHLVL", "1"),
        ("BASH_FUNC_module%%", "() {  echo module\n}"),
        ("odd.name-", "kept"),
    ];
    let run = vars
        .iter()
        .fold(sandbox.mlenv(["run", "-p"]).arg(&env), |run, (name, value)| run.var(name, value));
    is_inside(&run, &env);
    let told = run.args(["env", "-0"]).ok().out;
    let has = |text: &str| told.split('\0').any(|var| var == text);
    assert!(has("odd.name-=kept") && has("BASH_FUNC_module%%=() {  echo module\n}"), "{told}");
    assert!(
        has(&format!("X=from {}", env.display())) && has(&format!("BASH_ENV={}", evil.display())),
        "{told}"
    );
    assert!(!told.contains("PYTHONHOME=") && !told.contains("\0VIRTUAL_ENV="), "{told}");
}

#[test]
fn a_home_without_permission_to_write_changes_nothing() {
    let sandbox = Sandbox::new();
    let env = sandbox.env("env", &hollow_base(&sandbox.path("base")));
    sandbox.write("env/etc/conda/activate.d/x.sh", "export X=1\n");
    let closed = [sandbox.path("home"), sandbox.path("home/.cache/mlenv"), env.clone()];
    let close = |mode| {
        let permissions: std::fs::Permissions = std::os::unix::fs::PermissionsExt::from_mode(mode);
        closed.each_ref().map(|dir| std::fs::set_permissions(dir, permissions.clone()).unwrap())
    };
    close(0o555);
    let before = tree::snapshot(sandbox.root());
    let run =
        sandbox.mlenv(["run", "-p"]).arg(&env).args(["sh", "-c", "echo $X"]).by_ordinary_user();
    let told = run.ok();
    assert_eq!((told.out.as_str(), told.err.as_str()), ("1\n", ""));
    // The shells for which effects are kept run the scripts anew.
    let words = ["activate", "--shell", "fish"];
    let told = sandbox.mlenv(words).arg(&env).by_ordinary_user().ok();
    assert!(told.out.contains("set -gx X '1'") && told.err.is_empty(), "{told}");
    tree::assert_same(&before, &tree::snapshot(sandbox.root()), "what there was");
    close(0o755);
}

#[test]
fn xargs_feeds_many_side_by_side() {
    let (sandbox, env) = prepared();
    let code = "import click, sys; print(sys.prefix, sys.argv[1])";
    let mut command = sandbox
        .run("xargs")
        .args(["-P", "8", "-n", "1", MLENV, "run", "-p"])
        .arg(&env)
        .args(["python", "-c", code])
        .command();
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut input = child.stdin.take().unwrap();
    (0..24).for_each(|number| writeln!(input, "{number}").unwrap());
    drop(input);
    let output = child.wait_with_output().unwrap();
    let told = String::from_utf8(output.stdout).unwrap();
    let mut told: Vec<&str> = told.lines().collect();
    told.sort_unstable();
    let mut expected: Vec<String> =
        (0..24).map(|number| format!("{} {number}", env.display())).collect();
    expected.sort_unstable();
    assert_eq!(told, expected);
}

#[test]
fn who_ends_the_service_ends_the_command_itself() {
    let (sandbox, env) = prepared();
    let script = "trap 'echo ended; exit 9' TERM; echo ready; while :; do sleep 0.05; done";
    let run = sandbox.mlenv(["run", "-p"]).arg(&env).args(["sh", "-c", script]);
    for (signal, code) in [("TERM", Some(9)), ("KILL", None)] {
        let out = sandbox.path("out");
        let output = std::fs::File::create(&out).unwrap();
        let mut child = run.command().stdout(output).spawn().unwrap();
        let start = Instant::now();
        while !std::fs::read_to_string(&out).unwrap().contains("ready") {
            assert!(start.elapsed() < Duration::from_secs(30), "it never started");
            std::thread::sleep(Duration::from_millis(5));
        }
        sandbox.run("kill").args(["-s", signal, &child.id().to_string()]).ok();
        let status = child.wait().unwrap();
        assert_eq!((status.code(), status.signal()), (code, code.is_none().then_some(9)));
        assert_eq!(std::fs::read_to_string(&out).unwrap().contains("ended"), code.is_some());
    }
}
