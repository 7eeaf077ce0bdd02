//! Whose a container is: the directory's that wrote its id down, whatever labels, names and copies say.

use crate::engines::Engine;
use crate::world::{Project, small, world};

/// True while the engine has this container.
fn is_there(project: &Project, name: &str) -> bool {
    let engine = project.engine.name();
    project.run(engine).args(["container", "inspect", name]).end().status.success()
}

#[test]
fn containers_of_an_image_that_was_made_of_ours_are_never_removed() {
    for engine in [Engine::Podman, Engine::Docker].into_iter().filter(|engine| engine.works()) {
        let project = Project::new(engine);
        let name = format!("committed:{}", engine.name());
        let reference = world().publish_as(&name, &small(1));
        project.setup(&reference);
        let id = project.state()["container"].as_str().unwrap().to_owned();
        let (image, theirs) = ("localhost/mlenv-tests-committed:1", "mlenv-new-theirs");
        project.run(engine.name()).args(["commit", &id, image]).ok();
        project.run(engine.name()).args(["create", "--name", theirs, image]).ok();
        world().publish_as(&name, &small(2));
        project.mlenv(["container", "update", "-f"]).ok();
        assert!(is_there(&project, theirs) && !is_there(&project, &id));
        let force = ["container", "setup", "--force", &reference, "--engine", engine.name()];
        project.mlenv(force).ok();
        assert!(is_there(&project, theirs));
        project.mlenv(["container", "remove"]).ok();
        assert!(is_there(&project, theirs));
        project.run(engine.name()).args(["rm", theirs]).ok();
        project.run(engine.name()).args(["rmi", image]).ok();
    }
}

#[test]
fn a_name_that_is_taken_is_said_before_anything_is_made() {
    for engine in [Engine::Podman, Engine::Docker].into_iter().filter(|engine| engine.works()) {
        let project = Project::new(engine);
        let image = world().publish_as(&format!("named:{}", engine.name()), &small(1));
        let setup = |name: &str| {
            let words = ["container", "setup", &image, "--engine", engine.name(), "--name", name];
            project.mlenv(words)
        };
        setup("mlenv-tests-mine").ok().says("made the container mlenv-tests-mine");
        assert_eq!(project.state()["name"].as_str(), Some("mlenv-tests-mine"));
        let other = Project::new(engine);
        let setup = |name: &str| {
            let words = ["container", "setup", &image, "--engine", engine.name(), "--name", name];
            other.mlenv(words)
        };
        let refused = setup("mlenv-tests-mine");
        refused.fails(2, "already has a container called mlenv-tests-mine").hints("--name");
        setup("a b").fails(2, "cannot be called `a b`").hints("letters, digits");
        let left: Vec<_> = std::fs::read_dir(&other.dir).unwrap().flatten().collect();
        assert!(left.is_empty(), "{left:?}");
        // One's own name is taken by oneself; what the user calls it is what it is called.
        let id = project.state()["container"].as_str().unwrap().to_owned();
        project.run(engine.name()).args(["rename", &id, "mlenv-tests-theirs"]).ok();
        let name = format!("named:{}", engine.name());
        world().publish_as(&name, &small(2));
        project.mlenv(["container", "update", "-f"]).ok();
        assert_eq!(project.state()["name"].as_str(), Some("mlenv-tests-theirs"));
        assert!(is_there(&project, "mlenv-tests-theirs"));
        let words = ["container", "setup", "--force", &image, "--engine", engine.name()];
        project.mlenv([&words[..], &["--name", "mlenv-tests-theirs"]].concat()).ok();
        assert_eq!(project.inside(&["echo", "works"]), "works\n");
    }
}

#[test]
fn a_copy_of_a_directory_does_not_have_the_container_of_the_first() {
    if !Engine::Podman.works() {
        return;
    }
    let project = Project::new(Engine::Podman);
    project.setup(&world().publish_as("copied:1", &small(1)));
    let copy = project.sandbox.path("copy");
    project.run("cp").arg("-a").arg(&project.dir).arg(&copy).ok();
    let removed = project.mlenv(["container", "remove"]).cwd(&copy).ok();
    removed.says("is a copy of ");
    assert!(!copy.join(".mlenv-container.toml").exists());
    assert_eq!(project.inside(&["echo", "works"]), "works\n");
}

#[test]
fn a_copy_of_a_sandbox_beside_it_is_the_users() {
    if !Engine::Apptainer.works() {
        return;
    }
    let project = Project::new(Engine::Apptainer);
    project.setup(&world().publish_as("boxes:1", &small(1)));
    let sandbox = project.path(project.state()["sandbox"].as_str().unwrap());
    let mine = sandbox.with_file_name("mine");
    project.run("cp").arg("-a").arg(&sandbox).arg(&mine).ok();
    project.mlenv(["container", "remove"]).ok();
    assert!(mine.join("bin/sh").exists() && !sandbox.exists());
}
