//! What goes wrong with engines and registries: one sentence with its cure, nothing half-made, nothing lost.

use std::process::Stdio;

use crate::engines::Engine;
use crate::support::machine;
use crate::world::{Project, free_port, podman, small, world};

/// Nothing was made, and nothing is remembered.
#[track_caller]
fn nothing_is_left(project: &Project) {
    assert!(!project.path(".mlenv-container.toml").exists());
    let left: Vec<_> = std::fs::read_dir(&project.dir).unwrap().flatten().collect();
    let empty = left.iter().all(|entry| {
        entry.file_name() == "singularity"
            && std::fs::read_dir(entry.path()).unwrap().next().is_none()
    });
    assert!(empty, "{left:?}");
}

#[test]
fn an_image_that_is_not_there_and_a_registry_that_is_not_there() {
    for engine in Engine::ALL.into_iter().filter(|engine| engine.works()) {
        let project = Project::new(engine);
        let missing = world().publish_as("there:1", &small(1)).replace("there:1", "missing:1");
        let setup =
            |image: &str| project.mlenv(["container", "setup", image, "--engine", engine.name()]);
        setup(&missing).fails(2, engine.name()).hints("no such image or tag");
        nothing_is_left(&project);
        let nowhere = format!("127.0.0.1:{}/x/y:1", free_port());
        setup(&nowhere).fails(2, engine.name()).hints("cannot be reached");
        nothing_is_left(&project);
    }
}

#[test]
fn an_image_without_a_shell_and_one_without_python() {
    for engine in Engine::ALL.into_iter().filter(|engine| engine.works()) {
        let project = Project::new(engine);
        let file = project.sandbox.write("empty/file", "x");
        let tar = project.sandbox.path("empty.tar");
        let words =
            ["-C", file.parent().unwrap().to_str().unwrap(), "-cf", tar.to_str().unwrap(), "."];
        project.run("tar").args(words).ok();
        let name = format!("localhost/mlenv-tests-empty:{}", engine.name());
        podman(&["import", "--quiet", tar.to_str().unwrap(), &name]);
        let image = world().publish_as(&format!("empty:{}", engine.name()), &name);
        let setup = project.mlenv(["container", "setup", &image, "--engine", engine.name()]);
        setup.fails(2, "").hints("made to be worked in");
        nothing_is_left(&project);
        // Without Python: as good as any other, but for Python's packages.
        podman(&["rm", "--force", "--ignore", "bare"]);
        podman(&["run", "--name", "bare", &small(1), "/bin/sh", "-c", "rm -rf /opt/conda"]);
        podman(&["commit", "--quiet", "bare", &name]);
        podman(&["rm", "bare"]);
        let image = world().publish_as(&format!("bare:{}", engine.name()), &name);
        project.setup(&image);
        let info = project.mlenv(["container", "info"]).ok();
        assert!(info.out.contains("added        nothing"), "{info}");
        podman(&["rmi", "--force", &name]);
    }
}

#[test]
fn a_container_that_was_removed_by_something_else_is_one_sentence_and_can_be_made_anew() {
    for engine in Engine::ALL.into_iter().filter(|engine| engine.works()) {
        let project = Project::new(engine);
        let image = world().publish_as(&format!("gone:{}", engine.name()), &small(1));
        project.setup(&image);
        project.mlenv(["container", "setup", &image]).fails(2, "already has a container");
        match engine {
            Engine::Podman | Engine::Docker => {
                let name = project.state()["name"].as_str().unwrap().to_owned();
                project.run(engine.name()).args(["rm", "--force", &name]).ok();
            }
            Engine::Apptainer => std::fs::remove_dir_all(project.path("singularity")).unwrap(),
        }
        for verb in ["enter", "update"] {
            let words = if verb == "enter" { vec!["--", "true"] } else { vec!["-f"] };
            let run = project.mlenv(["container", verb]).args(words);
            run.fails(2, "is gone: it was removed by something else").hints("setup --force");
        }
        project.mlenv(["container", "setup", "--force", &image, "--engine", engine.name()]).ok();
        assert_eq!(project.inside(&["echo", "works"]), "works\n");
    }
}

#[test]
fn of_two_setups_at_once_one_makes_the_container_and_the_other_says_so() {
    for engine in Engine::ALL.into_iter().filter(|engine| engine.works()) {
        let project = Project::new(engine);
        let image = world().publish_as(&format!("two:{}", engine.name()), &small(1));
        let start = || {
            let words = ["container", "setup", &image, "--engine", engine.name()];
            project.mlenv(words).command().stderr(Stdio::piped()).spawn().unwrap()
        };
        let two = [start(), start()].map(|child| child.wait_with_output().unwrap());
        let done = two.iter().filter(|output| output.status.success()).count();
        assert_eq!(done, 1, "{two:?}");
        let loser = two.iter().find(|output| !output.status.success()).unwrap();
        let words = String::from_utf8_lossy(&loser.stderr);
        assert!(
            words.contains("another mlenv is at work") || words.contains("already has a container"),
            "{words}"
        );
        assert_eq!(project.inside(&["echo", "works"]), "works\n");
    }
}

#[test]
fn what_cannot_be_installed_again_stops_the_update_and_the_old_container_stays() {
    for engine in Engine::ALL.into_iter().filter(|engine| engine.works()) {
        let project = Project::new(engine);
        let name = format!("stays:{}", engine.name());
        project.setup(&world().publish_as(&name, &small(1)));
        project.inside(&["micromamba", "install", "-y", "scipy>=1.11"]);
        // As a channel that lost a package.
        let lost = "echo '# update specs: [\"broken>=2\"]' >>/opt/conda/conda-meta/history";
        project.inside(&["sh", "-c", lost]);
        world().publish_as(&name, &small(2));
        let before = project.state();
        let update = project.mlenv(["container", "update", "-f"]);
        update.fails(2, "the container is as it was").says("nothing provides broken>=2");
        assert_eq!(project.state(), before);
        let there = project.inside(&["sh", "-c", "ls /edition /opt/conda/conda-meta 2>&1 || :"]);
        assert!(there.contains("scipy-1.0-0.json") && !there.contains("newer-2.0"), "{there}");
    }
}

#[test]
fn directories_with_hostile_names_have_containers_and_bytes_that_are_no_text_are_refused() {
    use std::os::unix::ffi::OsStrExt;
    for engine in Engine::KINDS.into_iter().filter(|engine| engine.works()) {
        let mut project = Project::new(engine);
        let image = world().publish_as(&format!("hostile:{}", engine.name()), &small(1));
        project.dir = project.sandbox.path("-\u{e9} %s!x\t\n\\\r $(touch PWNED)`id`;&|");
        std::fs::create_dir(&project.dir).unwrap();
        project.setup(&image);
        project.inside(&["sh", "-c", "echo \"$1\" >here", "sh", "a  $HOME \"b\" 'c'"]);
        let text = std::fs::read_to_string(project.path("here")).unwrap();
        assert_eq!(text, "a  $HOME \"b\" 'c'\n");
        assert!(!project.path("PWNED").exists() && !project.sandbox.path("PWNED").exists());
        project.mlenv(["container", "remove"]).ok();
        project.dir = project.sandbox.path(std::ffi::OsStr::from_bytes(b"\xff"));
        std::fs::create_dir(&project.dir).unwrap();
        let setup = project.mlenv(["container", "setup", &image, "--engine", engine.name()]);
        setup.fails(2, "that is not UTF-8");
        nothing_is_left(&project);
    }
}

#[test]
fn a_full_disk_gets_no_sandbox() {
    if !Engine::Apptainer.works() || !machine::can_mount() {
        return;
    }
    let project = Project::new(Engine::Apptainer);
    let image = world().publish_as("full:1", &small(1));
    // apptainer does not find what is mounted at a path with a space.
    let place = tempfile::tempdir_in("/tmp").unwrap();
    let script = "mkdir small && mount -t tmpfs -o size=20m none small && cd small || exit 9\n\
                  \"$0\" container setup \"$1\" --engine apptainer 2>&1; echo \"code $?\"; ls -A . singularity";
    let words = ["-m", "sh", "-c", script, env!("CARGO_BIN_EXE_mlenv"), &image];
    let run = project.run("unshare").args(words).cwd(place.path()).end();
    assert!(run.out.contains("code 2") && run.out.contains("df -h"), "{run}");
    assert!(run.out.ends_with(".:\nsingularity\n\nsingularity:\n"), "{run}");
}
