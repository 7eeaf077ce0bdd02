//! mlenv killed at each of its calls of the engine: the container that was there works, with what was added to it, and
//! the next run ends what was begun and leaves nothing.

use std::path::PathBuf;

use crate::engines::{Engine, apptainer_bin};
use crate::support::sandbox::Run;
use crate::world::{Project, podman, small, world};

/// In front of the real engine: counts its calls and kills whoever made the one that is asked for, when it is done.
const COUNTER: &str = "#!/bin/sh
count=$(($(cat \"$COUNT\" 2>/dev/null || echo 0) + 1))
echo $count >\"$COUNT\"
\"$REAL\" \"$@\"
code=$?
if [ \"$count\" = \"$KILL_AT\" ]; then kill -KILL $PPID; fi
exit $code
";

struct Scene {
    project: Project,
    count: PathBuf,
}

impl Scene {
    fn new(engine: Engine) -> Self {
        let project = Project::new(engine);
        let program = project.sandbox.write(format!("front/{}", engine.name()), COUNTER);
        let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        std::fs::set_permissions(program, mode).unwrap();
        let count = project.sandbox.path("count");
        Self { project, count }
    }

    /// mlenv with the counter in front of the engine.
    fn counted(&self, words: &[&str], kill_at: usize) -> Run {
        let _ = std::fs::remove_file(&self.count);
        let real = match self.project.engine {
            Engine::Podman | Engine::Docker => PathBuf::from("/usr/bin/podman"),
            Engine::Apptainer => apptainer_bin().join("apptainer"),
        };
        let front = self.project.sandbox.path("front");
        let path = format!("{}:{}", front.display(), crate::support::sandbox::PATH);
        let run = self.project.mlenv(words).var("PATH", path).var("REAL", real);
        run.var("COUNT", &self.count).var("KILL_AT", kill_at.to_string())
    }

    /// What the engine keeps for this project: containers, or sandboxes and what is half built.
    fn kept(&self) -> usize {
        if self.project.engine == Engine::Podman {
            let id = self.project.state()["id"].as_str().unwrap().to_owned();
            let filter = format!("label=mlenv.id={id}");
            return podman(&["ps", "--all", "--quiet", "--filter", &filter]).lines().count();
        }
        let entries = |dir: PathBuf| std::fs::read_dir(dir).unwrap().flatten();
        let unfinished = entries(self.project.sandbox.path(""))
            .chain(entries(self.project.dir.clone()))
            .filter(|entry| entry.file_name().to_string_lossy().starts_with(".mlenv-new-"));
        entries(self.project.path("singularity")).count() + unfinished.count()
    }
}

#[test]
fn an_update_that_is_killed_at_any_call_leaves_a_container_that_works_with_what_was_added() {
    for engine in Engine::KINDS.into_iter().filter(|engine| engine.works()) {
        let scene = Scene::new(engine);
        let name = format!("killed:{}", engine.name());
        scene.project.setup(&world().publish_as(&name, &small(1)));
        scene.project.inside(&["micromamba", "install", "-y", "scipy>=1.11"]);
        world().publish_as(&name, &small(2));
        let mut calls = 0;
        for kill_at in 1..100 {
            let run = scene.counted(&["container", "update", "-f"], kill_at).end();
            calls = kill_at;
            let there = scene.project.inside(&["ls", "/opt/conda/conda-meta"]);
            assert!(there.contains("scipy-1.0-0.json"), "killed at {kill_at}: {there}\n{run}");
            if run.status.code().is_some() {
                break;
            }
        }
        assert!(calls > 4, "only {calls} calls");
        scene.project.mlenv(["container", "update", "-f"]).ok();
        assert_eq!(scene.project.inside(&["cat", "/edition"]), "2\n");
        assert_eq!(scene.kept(), 1);
    }
}

#[test]
fn a_setup_that_is_killed_at_any_call_can_be_done_again() {
    for engine in Engine::KINDS.into_iter().filter(|engine| engine.works()) {
        let scene = Scene::new(engine);
        let image = world().publish_as(&format!("begun:{}", engine.name()), &small(1));
        let words = ["container", "setup", &image, "--engine", engine.name()];
        for kill_at in 1..100 {
            let run = scene.counted(&words, kill_at).end();
            if run.status.code().is_some() {
                assert!(run.status.success(), "{run}");
                break;
            }
            // Killed when only the name was left to be given.
            if scene.project.path(".mlenv-container.toml").exists() {
                break;
            }
        }
        assert_eq!(scene.project.inside(&["echo", "works"]), "works\n");
        if engine == Engine::Apptainer {
            assert_eq!(scene.kept(), 1);
        } else {
            let left =
                podman(&["ps", "--all", "--format", "{{.Names}} {{index .Labels \"mlenv.dir\"}}"]);
            let here = scene.project.dir.to_str().unwrap().replace('"', "\\\"");
            let ours: Vec<&str> = left.lines().filter(|line| line.ends_with(&here)).collect();
            assert_eq!(ours.len(), 1, "{left}");
        }
    }
}

#[test]
fn a_sif_that_is_killed_while_it_is_made_leaves_one_file_and_what_was_added() {
    if !Engine::Apptainer.works() {
        return;
    }
    let scene = Scene::new(Engine::Apptainer);
    let image = world().publish("killed:sif", 1);
    // Each call squashes an image of Python: not at all of them. The second one builds.
    let setup = ["container", "setup", &image, "--sif", "--force"];
    scene.counted(&setup, 2).end();
    scene.counted(&setup, 100).ok();
    assert_eq!(scene.kept(), 1);
    std::fs::write(scene.project.path(".venv/mine"), "x").unwrap();
    world().publish("killed:sif", 2);
    let mine = scene.project.path(".venv/mine");
    let works = || assert_eq!(scene.project.inside(&["cat", mine.to_str().unwrap()]), "x");
    for kill_at in [3, 5] {
        scene.counted(&["container", "update", "-f"], kill_at).end();
        works();
    }
    scene.project.mlenv(["container", "update", "-f"]).ok();
    works();
    assert_eq!(scene.project.inside(&["cat", "/edition"]), "2\n");
    assert_eq!(scene.kept(), 1);
}
