//! `mlenv run`: the command takes mlenv's place, in the env, and everything of it passes through.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use crate::kit::forge::hollow_base;
use crate::support::sandbox::{Run, Sandbox};
use crate::support::testbase::base;
use crate::support::tree;

const MLENV: &str = env!("CARGO_BIN_EXE_mlenv");

/// An env with scripts on a base that is quick to link.
fn prepared() -> (Sandbox, PathBuf) {
    let sandbox = Sandbox::new();
    let base = hollow_base(&sandbox.path("base"));
    let env = sandbox.env("it's a $HOME `id` !b é", &base);
    (sandbox, env)
}

fn script(env: &Path, name: &str, text: &str) {
    let dir = env.join("etc/conda").join(name);
    std::fs::create_dir_all(dir.parent().unwrap()).unwrap();
    std::fs::write(dir, text).unwrap();
}

fn inside(sandbox: &Sandbox, env: &Path) -> Run {
    sandbox.mlenv(["run", "-p"]).arg(env)
}

#[test]
fn python_of_the_env_runs_with_the_bases_packages() {
    let (sandbox, base) = (Sandbox::new(), base());
    let env = sandbox.env("env", &base.prefix);
    let code = "import click, os, sys; print(sys.prefix, click.__version__, sys.argv[1:], os.environ['CONDA_PREFIX'])";
    let told = inside(&sandbox, &env).args(["python", "-c", code, "-x", "--", "a b"]).ok();
    let env = env.display();
    assert_eq!(told.out, format!("{env} 8.1.7 ['-x', '--', 'a b'] {env}\n"));
    assert_eq!(told.err, "");
    // A base itself, also by a name that no list can hold.
    let image = base.twin(&sandbox.path("ml:tag/opt/conda"));
    let told = inside(&sandbox, &sandbox.path("ml:tag"));
    let told = told.args(["python", "-c", "import click, sys; print(sys.prefix)"]).ok();
    assert_eq!(Path::new(told.out.trim()).canonicalize().unwrap(), image);
}

#[test]
fn the_process_is_the_same_and_its_end_is_the_commands() {
    let (sandbox, env) = prepared();
    let both = "echo $$; exec \"$0\" run -p \"$1\" -- sh -c 'echo $$'";
    let told = sandbox.run("sh").args(["-c", both, MLENV]).arg(&env).ok().out;
    let numbers: Vec<&str> = told.lines().collect();
    assert!(numbers.len() == 2 && numbers[0] == numbers[1], "{told}");
    for code in [0, 1, 2, 42, 126, 127, 255] {
        let outcome = inside(&sandbox, &env).args(["sh", "-c", &format!("exit {code}")]).end();
        assert_eq!((outcome.status.code(), outcome.err.as_str()), (Some(code), ""));
    }
    let outcome = inside(&sandbox, &env).args(["sh", "-c", "kill -TERM $$"]).end();
    assert_eq!(std::os::unix::process::ExitStatusExt::signal(&outcome.status), Some(15));
}

#[test]
fn what_cannot_be_run_is_one_sentence_with_the_code_that_shells_give() {
    let (sandbox, env) = prepared();
    sandbox.write("plain", "#!/bin/sh\n");
    sandbox.write("bad", "#!/not/there/python -s\n");
    sandbox.write("bare", "echo \"$1\"\n");
    for name in ["bad", "bare"] {
        std::fs::set_permissions(sandbox.path(name), PermissionsExt::from_mode(0o755)).unwrap();
    }
    let code = |name: &str| inside(&sandbox, &env).args(["--", name, "word"]);
    code("nosuch").fails(127, "no such program in the env").hints("mlenv packages");
    code("").fails(127, "could not run ``");
    code("./nosuch").fails(127, "there is no such file");
    code("./home").fails(126, "it is a directory");
    code("./plain").fails(126, "it is not executable").hints("chmod +x");
    code("./bad").fails(126, "its interpreter /not/there/python is not there").hints("doctor");
    let path = sandbox.root().to_owned();
    code("plain").var("PATH", &path).fails(126, "it is not executable");
    assert_eq!(code("./bare").ok().out, "word\n", "a script without an interpreter line is sh's");
    code("true").var("PATH", "").ok();
}

#[test]
fn which_env_is_named_or_active_or_the_markers_and_else_refused() {
    let (sandbox, env) = prepared();
    let base = sandbox.path("base");
    let tell = ["sh", "-c", "echo \"${CONDA_PREFIX:-$VIRTUAL_ENV}\""];
    let told = |run: Run| run.args(tell).ok().out.trim_end().to_owned();
    sandbox.mlenv(["create", "-q", "--no-save", "-n", "tune", "--base"]).arg(&base).ok();
    let tune = sandbox.path("home/.local/share/mlenv/envs/tune").display().to_string();
    assert_eq!(told(sandbox.mlenv(["run", "-n", "tune", "--"])), tune);
    assert_eq!(told(sandbox.mlenv(["run", "-p", "tune", "--"])), tune);
    sandbox.mlenv(["run", "-n", "nothing", "true"]).fails(1, "no env called `nothing`");
    sandbox.mlenv(["run", "-p", "./nothing", "true"]).fails(1, "is not an env");
    sandbox.mlenv(["run", "-p", "a", "-n", "b", "true"]).end();
    sandbox.mlenv(["run", "true"]).fails(2, "which env?").hints("mlenv run -p");
    // The marker, as far down as one goes; and not before it is trusted.
    std::fs::create_dir_all(sandbox.path("project/deep")).unwrap();
    sandbox.mlenv(["save"]).arg(&env).cwd(sandbox.path("project")).ok();
    let below = || sandbox.mlenv(["run"]).cwd(sandbox.path("project/deep"));
    assert_eq!(told(below()), env.display().to_string());
    std::fs::create_dir(sandbox.path("theirs")).unwrap();
    std::fs::copy(sandbox.path("project/.mlenv.toml"), sandbox.path("theirs/.mlenv.toml")).unwrap();
    sandbox.mlenv(["run", "true"]).cwd(sandbox.path("theirs")).fails(1, "is not trusted");
    // What is active comes before the marker, by whatever it was activated.
    assert_eq!(told(below().var("CONDA_PREFIX", &tune)), tune);
    let nested = sandbox.mlenv(["run", "-n", "tune", MLENV, "run"]).cwd(sandbox.path("project"));
    assert_eq!(told(nested), tune);
    assert_eq!(
        told(sandbox.mlenv(["run", "-n", "tune", MLENV, "run", "-p"]).arg(&env)),
        env.display().to_string()
    );
}

#[test]
fn scripts_do_what_they_do_in_bash() {
    let (sandbox, env) = prepared();
    script(
        &env,
        "activate.d/a.sh",
        "echo noise; export A=\"$CONDA_PREFIX/a:$JOB\"; declare -x D='it'\\''s\n$x'\n",
    );
    script(
        &env,
        "activate.d/b.sh",
        "export LD_LIBRARY_PATH=\"$CONDA_PREFIX/lib:$LD_LIBRARY_PATH\" PATH=\"/more:$PATH\"; unset GONE\n",
    );
    script(&env, "activate.d/c.csh", "syntax ( error");
    script(
        &env,
        "deactivate.d/a.sh",
        "unset A D; export LEFT=1; export PATH=\"${PATH/\\/more:/}\"\n",
    );
    let dump = |run: Run| {
        let told = run.var("JOB", "7").var("GONE", "1").var("LD_LIBRARY_PATH", "/mine").ok();
        let mut vars: Vec<String> = told.out.split('\0').map(str::to_owned).collect();
        let own = |var: &String| {
            ["_=", "SHLVL=", "PWD=", "OLDPWD="].iter().any(|name| var.starts_with(name))
        };
        vars.retain(|var| !own(var));
        // A shell tells what scripts did in the order in which it looks.
        for var in vars.iter_mut().filter(|var| var.starts_with("__MLENV_SESSION=")) {
            let (plan, scripts) = var.split_once(" s:").unwrap_or((var.as_str(), ""));
            let mut words: Vec<&str> = scripts.split_whitespace().collect();
            words.sort_unstable();
            *var = format!("{plan} s: {}", words.join(" "));
        }
        vars.sort();
        vars
    };
    let activated = "eval \"$(\"$0\" activate --shell bash \"$1\")\" >/dev/null; env -0";
    let by_shell = dump(sandbox.run("bash").args(["-c", activated, MLENV]).arg(&env));
    let by_run = dump(inside(&sandbox, &env).args(["env", "-0"]));
    assert!(by_run.iter().any(|var| var.ends_with("/a:7")), "{by_run:?}");
    assert_eq!(by_run, by_shell);
    // From one env into another: the first one's scripts undo what they did.
    let other = sandbox.env("other", &sandbox.path("base"));
    let switched =
        dump(inside(&sandbox, &env).args([MLENV, "run", "-p"]).arg(&other).args(["env", "-0"]));
    assert!(switched.contains(&"LEFT=1".to_owned()), "{switched:?}");
    assert!(
        !switched.iter().any(|var| var.starts_with("A=") || var.contains("/more")),
        "{switched:?}"
    );
    // Words of a script go to stderr, and one that ends early ends nothing else.
    script(&env, "activate.d/0.sh", "echo careful >&2; sleep 60 2>/dev/null &\n");
    script(&env, "activate.d/z.sh", "exit 9\n");
    let told = inside(&sandbox, &env).args(["echo", "done"]).ok();
    assert_eq!((told.out.as_str(), told.err.as_str()), ("done\n", "careful\n"));
}

#[test]
fn what_a_process_inherits_besides_variables_passes_through() {
    let (sandbox, env) = prepared();
    script(&env, "activate.d/a.sh", "cat; cd /; umask 0; exec 5>&-\n");
    let ask = "umask; nice; pwd; cat <&5; read line; echo \"$line\"; grep -E 'Sig(Ign|Blk)' /proc/self/status";
    let with = "umask 027; trap '' HUP; cd home; exec nice -n 3 \"$@\" 5<../five";
    sandbox.write("five", "descriptor five\n");
    let run = |words: &[&str]| {
        let run = sandbox.run("sh").args(["-c", with, "sh"]).args(words);
        let mut command = run.args(["sh", "-c", ask]).command();
        let input = std::fs::File::open(sandbox.write("input", "typed\n")).unwrap();
        let output = command.stdin(input).stderr(Stdio::inherit()).output().unwrap();
        String::from_utf8(output.stdout).unwrap()
    };
    let plain = run(&["env"]);
    assert!(plain.contains("0027\n3\n") && plain.contains("descriptor five\ntyped\n"), "{plain}");
    assert_eq!(run(&[MLENV, "run", "-p", env.to_str().unwrap(), "--"]), plain);
}

#[test]
fn a_clean_environment_holds_the_job_and_nothing_of_the_login() {
    let (sandbox, env) = prepared();
    let run = inside(&sandbox, &env).args(["--clean", "env"]);
    let asked = inside(&sandbox, &env).args(["--clean", "--env", "MINE", "--env", "X=a $b", "env"]);
    let asked = asked.var("MINE", "y").var("YOURS", "z").ok().out;
    assert!(asked.contains("\nMINE=y\n") && asked.contains("\nX=a $b\n"), "{asked}");
    assert!(!asked.contains("YOURS"), "{asked}");
    let told = run.var("SLURM_PROCID", "3").var("PYTHONPATH", "/evil").var("LD_PRELOAD_X", "1");
    let told = told.var("CONDA_PREFIX", "/other").var("CONDA_SHLVL", "2").ok().out;
    let has = |line: &str| told.lines().any(|found| found == line);
    assert!(has("SLURM_PROCID=3") && has("CONDA_SHLVL=1"), "{told}");
    assert!(has(&format!("CONDA_PREFIX={}", env.display())), "{told}");
    assert!(
        has(&format!(
            "PATH={0}/bin:{0}/baseEnv_dir/bin:/usr/local/bin:/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin",
            env.display()
        )),
        "{told}"
    );
    assert!(
        !told.contains("/evil") && !told.contains("LD_PRELOAD_X") && !told.contains("/other"),
        "{told}"
    );
}

#[test]
fn sixty_four_at_once_take_no_lock_and_write_nothing() {
    let (sandbox, env) = prepared();
    script(&env, "activate.d/a.sh", "export A=1\n");
    let before = tree::snapshot(sandbox.root());
    let run = inside(&sandbox, &env).args(["sh", "-c", "echo $A"]);
    let start = |_| run.command().stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let tasks: Vec<_> = (0..64).map(start).collect();
    for task in tasks {
        let output = task.wait_with_output().unwrap();
        assert_eq!((output.stdout.as_slice(), output.stderr.as_slice()), (&b"1\n"[..], &b""[..]));
    }
    tree::assert_same(&before, &tree::snapshot(sandbox.root()), "what there was");
    // And not by a file that goes again, or a lock on one that stays.
    let calls = "trace=/^(open|creat|mkdir|rename|unlink|link|symlink|flock|chmod|truncate)";
    let log = sandbox.path("calls");
    let run = run.behind(["strace", "-f", "-qq", "-e", calls, "-o", log.to_str().unwrap()]);
    assert_eq!(run.ok().out, "1\n");
    let told = std::fs::read_to_string(log).unwrap();
    let writes = told.lines().filter(|line| {
        (!line.contains("open")
            || line.contains("O_WRONLY")
            || line.contains("O_RDWR")
            || line.contains("O_CREAT"))
            && !line.contains("\"/dev/")
            && !line.contains("+++")
            && !line.contains("---")
    });
    assert_eq!(writes.collect::<Vec<_>>(), Vec::<&str>::new());
    assert!(told.contains("activate.d/a.sh") && !told.contains("condarc"), "{told}");
}
