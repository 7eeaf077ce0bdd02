//! Kernels that really run: started through `jupyter_client` by a Jupyter outside of the env, whose own environment is
//! as bad as they come.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use serde_json::{Value, json};

use crate::support::sandbox::Sandbox;
use crate::support::testbase::{base, with_ipykernel};

struct Hub {
    sandbox: Sandbox,
    /// The installation that Jupyter runs in, on which envs stand.
    prefix: &'static Path,
    /// What the server runs in.
    server: PathBuf,
}

impl Hub {
    fn new() -> Option<Self> {
        let prefix = with_ipykernel()?;
        Some(Self { prefix, server: prefix.to_owned(), sandbox: Sandbox::new() })
    }

    /// An env with a package of its own, a script, a variable, and kernels that are registered for the user.
    fn env(&self, name: &str) -> PathBuf {
        let env = self.sandbox.env(name, self.prefix);
        let put =
            |below: &str, text: &str| drop(self.sandbox.write(Path::new(name).join(below), text));
        put(&format!("{}/mine.py", base().site().display()), "ANSWER = 42\n");
        put("etc/conda/activate.d/mine.sh", "export FROM_SCRIPT=\"$CONDA_PREFIX!\"\n");
        self.sandbox.mlenv(["vars", "set", "-p"]).arg(&env).arg("FROM_VARS=it's $x").ok();
        self.sandbox.mlenv(["jupyter", "install"]).arg(&env).ok().says("registered the kernels");
        env
    }

    /// Starts a kernel in a server with exactly these variables.
    fn ask(&self, kernel: &str, env: &Value, code: &[&str]) -> Vec<String> {
        let drive = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/kernel/drive.py");
        let run = self.sandbox.run(self.server.join("bin/python3")).arg(drive);
        let jupyter = env.get("JUPYTER_PATH").and_then(Value::as_str).unwrap_or_default();
        let run = run.var("JUPYTER_PATH", jupyter); // the server's own
        let cwd = self.sandbox.path("home");
        let request = json!({ "kernel": kernel, "env": env, "code": code, "cwd": cwd });
        let mut command = run.command();
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        child.stdin.take().unwrap().write_all(request.to_string().as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        let words = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{kernel}: {words}");
        serde_json::from_slice(&output.stdout).unwrap_or_else(|cause| panic!("{cause}: {words}"))
    }

    /// What a server may have that is bad for a kernel.
    fn poison(&self) -> Value {
        let home = self.sandbox.path("home");
        json!({
            "HOME": home, "PATH": "/nonexistent", "PYTHONHOME": "/usr", "PYTHONPATH": "/nonexistent/poison",
            "VIRTUAL_ENV": "/other", "CONDA_PREFIX": "/other", "CONDA_SHLVL": "1", "PYTHONNOUSERSITE": "",
            "BASH_ENV": "/nonexistent", "JUPYTER_PATH": "/nonexistent", "LC_ALL": "C.UTF-8",
        })
    }
}

/// One line that tells all there is to know.
const TELL: &str = "import click, mine, os, sys; print(sys.executable, sys.prefix, click.__version__, mine.ANSWER, \
                    sys.flags.no_user_site, os.environ['FROM_SCRIPT'], os.environ['FROM_VARS'], \
                    os.environ.get('PYTHONPATH'), os.environ.get('PYTHONHOME'), os.environ['CONDA_PREFIX'], sep='|')";

#[test]
fn a_kernel_starts_the_whole_env_whatever_its_server_has_in_its_environment() {
    let Some(hub) = Hub::new() else { return };
    let env = hub.env("it's my Env é");
    let shown = env.display();
    let code = [
        TELL,
        "import os; print(os.getpid())",
        "import subprocess; print(subprocess.check_output(['python', '-c', 'import sys; print(sys.prefix)'], text=True))",
    ];
    let told = hub.ask("it-s-my-env", &hub.poison(), &code);
    let expected =
        format!("{shown}/bin/python3|{shown}|8.1.7|42|1|{shown}!|it's $x|None|None|{shown}\n");
    assert_eq!(told[0], expected);
    assert_eq!(told[1].trim(), told[3], "nothing stands between the server and the kernel");
    assert_eq!(told[2].trim(), shown.to_string(), "what the kernel starts is in the env too");
}

#[test]
fn the_twin_sees_the_user_site_and_the_other_does_not() {
    let Some(hub) = Hub::new() else { return };
    hub.env("env");
    let site = format!("home/.local/lib/{}/site-packages", base().python);
    hub.sandbox.write(format!("{site}/click.py"), "__version__ = 'of the user'\n");
    hub.sandbox.write(format!("{site}/theirs.py"), "");
    let code = [
        "import click; print(click.__version__)",
        "import theirs",
        "import subprocess; print(subprocess.call(['python', '-c', 'import theirs']))",
    ];
    let told = hub.ask("env", &hub.poison(), &code);
    assert_eq!(
        (told[0].as_str(), &told[1][..20]),
        ("8.1.7\n", "ModuleNotFoundError: "[..20].into())
    );
    let told = hub.ask("env-usersite", &hub.poison(), &code);
    assert_eq!(
        (told[0].as_str(), told[1].as_str(), told[2].as_str()),
        ("of the user\n", "", "0\n")
    );
}

#[test]
fn a_kernel_works_on_when_the_env_was_renamed_and_when_mlenv_is_gone() {
    let Some(hub) = Hub::new() else { return };
    let env = hub.env("env");
    hub.sandbox.mlenv(["rename"]).arg(&env).arg("new name").ok();
    let new = hub.sandbox.path("new name");
    let told = hub.ask("env", &hub.poison(), &[TELL]);
    assert!(
        told[0].starts_with(&format!("{0}/bin/python3|{0}|8.1.7|42|1|{0}!|", new.display())),
        "{told:?}"
    );
    // Without the mlenv that wrote it, and with none on PATH, the env's own file does the essential.
    let spec = hub.sandbox.path("home/.local/share/jupyter/kernels/env/kernel.json");
    let text = std::fs::read_to_string(&spec).unwrap();
    std::fs::write(&spec, text.replace(env!("CARGO_BIN_EXE_mlenv"), "/gone/mlenv")).unwrap();
    let mut poison = hub.poison();
    poison["PATH"] = "/usr/bin:/bin".into();
    let tell = TELL.replace("os.environ['FROM_VARS']", "0");
    let told = hub.ask("env", &poison, &[&tell]);
    assert!(
        told[0].starts_with(&format!("{0}/bin/python3|{0}|8.1.7|42|1|{0}!|", new.display())),
        "{told:?}"
    );
    // Doctor sees it, and mends it.
    let listed = hub.sandbox.mlenv(["jupyter", "list"]).ok().out;
    assert!(listed.contains("mlenv has moved"), "{listed}");
    hub.sandbox.mlenv(["doctor"]).arg(&new).end().says("finding");
    hub.sandbox.mlenv(["doctor", "--fix"]).arg(&new).ok();
    let told = hub.ask("env", &poison, &[TELL]);
    assert!(told[0].contains("|it's $x|"), "{told:?}");
}

#[test]
fn an_image_itself_can_have_a_kernel() {
    let Some(hub) = Hub::new() else { return };
    let image = hub.sandbox.path("ml:tag");
    std::fs::create_dir_all(image.join("opt")).unwrap();
    crate::support::tree::twin(hub.prefix, &image.join("opt/conda"));
    hub.sandbox.mlenv(["jupyter", "install"]).arg(&image).ok();
    let code = ["import os, sys; print(os.path.realpath(sys.prefix), sys.flags.no_user_site)"];
    let told = hub.ask("ml-tag", &hub.poison(), &code);
    assert_eq!(told[0], format!("{}/opt/conda 1\n", image.display()));
    hub.sandbox
        .mlenv(["jupyter", "install", "--sys-prefix"])
        .arg(&image)
        .fails(2, "that is a base");
}

/// A base whose kernel names its interpreter by an absolute path, and another kernel that is no Python.
fn absolute(hub: &Hub) -> PathBuf {
    let prefix = hub.sandbox.path("base");
    crate::support::tree::twin(hub.prefix, &prefix);
    let put = |name: &str, argv: Value| {
        let dir = prefix.join("share/jupyter/kernels").join(name);
        std::fs::create_dir_all(&dir).unwrap();
        let text =
            json!({ "argv": argv, "display_name": name, "language": name, "env": {"KEPT": "1"} });
        let _ = std::fs::remove_file(dir.join("kernel.json"));
        std::fs::write(dir.join("kernel.json"), text.to_string()).unwrap();
    };
    let python = prefix.join("bin/python3");
    put("python3", json!([python, "-m", "ipykernel_launcher", "-f", "{connection_file}"]));
    put("ir", json!([prefix.join("lib/R/bin/R"), "--slave", "--args", "{connection_file}"]));
    prefix
}

#[test]
fn the_bases_own_kernel_starts_the_env_in_an_env_of_every_layout() {
    let Some(mut hub) = Hub::new() else { return };
    let prefix = absolute(&hub);
    let code = ["import os, sys; print(sys.prefix, os.environ['KEPT'])"];
    for layout in ["sparse", "standard", "full"] {
        let env = hub.sandbox.path(layout);
        let run = hub.sandbox.mlenv(["create", "-q", "--no-save", "--layout", layout, "-p"]);
        run.arg(&env).arg("--base").arg(&prefix).ok();
        let site = env.join(base().site());
        std::fs::write(site.join("mine.py"), "").unwrap();
        // As nbconvert and papermill of the env do, and as a server outside that is pointed to the env.
        for (server, jupyter) in [
            (env.clone(), String::new()),
            (
                prefix.clone(),
                format!("{0}/share/jupyter:{1}/share/jupyter", env.display(), prefix.display()),
            ),
        ] {
            hub.server = server;
            let vars = json!({ "HOME": hub.sandbox.path("home"), "PATH": "/usr/bin:/bin", "JUPYTER_PATH": jupyter });
            let told = hub.ask("python3", &vars, &code);
            assert_eq!(told[0], format!("{} 1\n", env.display()), "{layout}");
        }
        let other = env.join("share/jupyter/kernels/ir/kernel.json");
        let text = std::fs::read_to_string(&other).unwrap_or_default();
        assert!(layout == "sparse" || text.contains("/lib/R/bin/R"), "{layout}: {text}");
    }
}
