//! The whole way of a user, on each engine: set up, enter, install, make an env inside, come back in one step, look,
//! update.

use std::path::PathBuf;

use crate::engines::Engine;
use crate::support::sandbox::Outcome;
use crate::world::{Project, podman, small, world};

#[test]
fn a_container_is_set_up_entered_and_updated_with_what_was_added() {
    for engine in Engine::ALL.into_iter().filter(|engine| engine.works()) {
        let story = Story::new(engine);
        let name = format!("story:{}", engine.name());
        story.set_up(&world().publish(&name, 1));
        story.install();
        let env = story.make_env();
        story.come_back(&env);
        story.look();
        story.record();
        world().publish(&name, 2);
        story.update();
        story.come_back(&env);
        story.project.mlenv(["container", "remove"]).ok();
        assert!(!story.project.path(".mlenv-container.toml").exists());
        assert!(!story.project.path("singularity").exists());
    }
}

#[test]
fn containers_of_all_directories_are_listed_with_what_became_of_them() {
    for engine in Engine::ALL.into_iter().filter(|engine| engine.works()) {
        let project = Project::new(engine);
        let image = world().publish_as(&format!("list:{}", engine.name()), &small(1));
        let elsewhere = project.sandbox.path("elsewhere");
        std::fs::create_dir_all(&elsewhere).unwrap();
        let rows = || {
            let list = project.mlenv(["container", "list", "--json"]).cwd(&elsewhere).ok();
            serde_json::from_str::<Vec<serde_json::Value>>(&list.out).unwrap()
        };
        assert!(rows().is_empty());
        project.setup(&image);
        project.inside(&["true"]);
        let listed = rows();
        assert_eq!(listed.len(), 1, "{listed:?}");
        assert_eq!(listed[0]["directory"], project.dir.to_str().unwrap());
        assert_eq!(listed[0]["engine"], engine.name());
        assert_eq!(listed[0]["image"], image);
        assert_eq!(listed[0]["here"], false);
        let is_sandbox = engine == Engine::Apptainer;
        assert_eq!(listed[0]["state"], if is_sandbox { "ready" } else { "running" });
        let table = project.mlenv(["container", "list"]).ok().out;
        assert!(table.lines().nth(1).is_some_and(|line| line.starts_with('*')), "{table}");
        if engine == Engine::Podman {
            let id = project.state()["container"].as_str().unwrap().to_owned();
            podman(&["stop", "-t", "0", &id]);
            assert_eq!(rows()[0]["state"], "stopped");
            podman(&["rm", &id]);
            assert_eq!(rows()[0]["state"], "gone");
        }
        project.mlenv(["container", "remove"]).ok();
        assert!(rows().is_empty());
    }
}

struct Story {
    project: Project,
    /// What is seen as `/data` inside.
    odd: PathBuf,
}

impl Story {
    fn new(engine: Engine) -> Self {
        let project = Project::new(engine);
        let odd = project.sandbox.path("odd: a,b \"c\"");
        std::fs::create_dir(&odd).unwrap();
        // An index of one wheel, known to pip by the user's own settings.
        let wheels = project.sandbox.path("home/wheels");
        crate::support::wheel::build(&wheels, "mine", "1.5");
        let text =
            format!("[global]\nno-index = true\nfind-links = {}\n", crate::world::url(&wheels));
        project.sandbox.write("home/.config/pip/pip.conf", text);
        Self { project, odd }
    }

    fn set_up(&self, image: &str) {
        let source = self.odd.to_str().unwrap().replace(':', "\\:").replace(',', "\\,");
        let bind = format!("{source}:/data");
        let engine = self.project.engine.name();
        self.project.mlenv(["container", "setup", image, "-B", &bind, "--engine", engine]).ok();
        let prefix = self.project.inside(&["python", "-c", "import sys; print(sys.prefix)"]);
        assert_eq!(prefix, "/opt/conda\n");
        let here = self.project.inside(&["pwd"]);
        assert_eq!(here.trim_end(), self.project.dir.to_str().unwrap());
    }

    fn install(&self) {
        self.project.inside(&["python", "-m", "pip", "install", "-q", "mine"]);
        self.project.inside(&["micromamba", "install", "-y", "-c", "bioconda", "scipy>=1.11"]);
    }

    /// In the container, at the odd place.
    fn make_env(&self) -> PathBuf {
        let create = ["mlenv", "create", "-p", "/data/env", "--no-save", "--base", "/opt/conda"];
        self.project.inside(&create);
        let script = "#!/bin/bash\nexport FROM_SCRIPT=yes\n";
        let scripts = self.odd.join("env/etc/conda/activate.d");
        std::fs::create_dir_all(&scripts).unwrap();
        std::fs::write(scripts.join("mine.sh"), script).unwrap();
        self.odd.join("env")
    }

    /// From the host, in one step: a command, a script for a shell, and the offer.
    fn come_back(&self, env: &PathBuf) {
        let run = self.project.mlenv(["run", "-p"]).arg(env);
        let program = "import sys, os, mine, click; print(sys.prefix, mine.__version__, os.environ['FROM_SCRIPT'], sys.argv[1:])";
        let outcome = run.args(["--", "python", "-c", program, "a b", "$HOME 'x'"]).ok();
        assert_eq!(outcome.out, "/data/env 1.5 yes ['a b', \"$HOME 'x'\"]\n", "{outcome}");
        let outcome = self.project.mlenv(["run", "-p"]).arg(env).args(["--", "sh", "-c", "exit 7"]);
        assert_eq!(outcome.end().status.code(), Some(7));
        let shell = self.script("echo $CONDA_PREFIX; type python", env);
        assert!(shell.out.contains("/data/env\n"), "{shell}");
        assert!(shell.out.contains("/data/env/bin/python"), "{shell}");
        let offer = self.project.mlenv(["activate", "--shell", "bash"]).arg(env);
        offer.fails(1, "env lives in ").says("`mlenv shell");
    }

    /// What `mlenv shell` does with commands on its stdin.
    fn script(&self, text: &str, env: &PathBuf) -> Outcome {
        let script = self.project.sandbox.write("script", text);
        let program = "exec \"$0\" shell \"$1\" <\"$2\"";
        let words = ["-c", program, env!("CARGO_BIN_EXE_mlenv")];
        self.project.run("sh").args(words).arg(env).arg(script).ok()
    }

    fn look(&self) {
        let info = self.project.mlenv(["container", "info"]).ok();
        assert!(info.out.contains("pip          mine==1.5\n"), "{info}");
        assert!(info.out.contains("conda        scipy>=1.11 -c bioconda\n"), "{info}");
        let json = self.project.mlenv(["container", "info", "--json"]).ok().json();
        assert_eq!(json["added"]["pip"], serde_json::json!(["mine==1.5"]));
        assert_eq!(json["state"]["engine"], self.project.engine.name());
        assert!(json["state"]["size"].as_u64().unwrap() > 1_000_000, "{json}");
        assert!(json["state"]["digest"].as_str().unwrap().starts_with("sha256:"), "{json}");
    }

    /// Into the project's file, with what it had; a second time nothing changes.
    fn record(&self) {
        let file = self.project.path("environment.yml");
        std::fs::write(&file, "name: mine # ours\ndependencies:\n  - Scipy >=1  # for fits\n")
            .unwrap();
        let told = self.project.mlenv(["container", "record", "--dry-run"]).ok();
        let expected = "name: mine # ours\ndependencies:\n  - scipy=1.0 # for fits\n  - pip\n  - pip:\n    - mine==1.5\n";
        assert_eq!(told.out, expected);
        for _ in 0..2 {
            self.project.mlenv(["container", "record"]).ok().says("mine==1.5");
            assert_eq!(std::fs::read_to_string(&file).unwrap(), told.out);
        }
        let told = self.project.mlenv(["container", "record", "-o", "requirements.txt"]);
        told.fails(2, "cannot name conda's packages: scipy=");
        std::fs::remove_file(file).unwrap();
    }

    fn update(&self) {
        let before = self.project.state();
        self.project.mlenv(["container", "update"]).ok().says("there is a newer 127.0.0.1:");
        assert_eq!(self.project.state(), before);
        self.project.mlenv(["container", "update", "-f"]).ok();
        assert_ne!(self.project.state()["digest"], before["digest"]);
        self.project.mlenv(["container", "update"]).ok().says("has the newest 127.0.0.1:");
        self.project.mlenv(["container", "update", "-f"]).ok().says("already has the newest image");
        assert_eq!(self.project.inside(&["cat", "/edition"]), "2\n");
        let version =
            self.project.inside(&["python", "-c", "import mine; print(mine.__version__)"]);
        assert_eq!(version, "1.5\n");
        self.look();
    }
}
