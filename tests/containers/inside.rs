//! What mlenv knows about the container that it runs in, and what comes of it on the host.

use std::path::Path;

use crate::engines::Engine;
use crate::world::{Project, local, podman, world};

/// Makes an env in a container that the user starts by hand, with a bind from an odd path, and comes back to it.
fn by_hand(project: &Project, start: &[&str], program: &str) -> String {
    let odd = project.sandbox.path("odd, \"dir\":x");
    std::fs::create_dir_all(&odd).unwrap();
    let mlenv = Path::new(env!("CARGO_BIN_EXE_mlenv")).parent().unwrap();
    let quoted = odd.to_str().unwrap().replace('"', "\"\"");
    let data = format!("type=bind,\"source={quoted}\",destination=/mnt");
    let tool = format!("type=bind,source={},destination=/tool", mlenv.display());
    let create = format!("{program}/tool/mlenv create -p /mnt/env --no-save --base /opt/conda");
    let words =
        [&["--mount", &data, "--mount", &tool], start, &["/bin/sh", "-c", &create]].concat();
    let engine = match project.engine {
        Engine::Podman | Engine::Docker => {
            project.run(project.engine.name()).args(["run", "--name", "by-hand"])
        }
        Engine::Apptainer => project.run("apptainer").arg("exec"),
    };
    engine.args(words).ok();
    let record = std::fs::read_to_string(odd.join("env/mlenv.toml")).unwrap();
    let env = odd.join("env");
    let run = project.mlenv(["run", "-p"]).arg(&env).args(["--", "python", "-c"]);
    let run = run.arg("import sys, click; print(sys.prefix)").ok();
    assert_eq!(run.out, "/mnt/env\n", "{run}\n{record}");
    record
}

#[test]
fn an_env_made_in_a_container_of_the_users_own_is_entered_from_the_host() {
    if Engine::Podman.works() {
        world();
        let project = Project::new(Engine::Podman);
        let record = by_hand(&project, &[&local(1)], "");
        // podman does not tell a container its image: the container's id leads to it, while it is there.
        assert!(!record.contains("image ="), "{record}");
        podman(&["rm", "--force", "by-hand"]);
        let env = project.sandbox.path("odd, \"dir\":x/env");
        let run = project.mlenv(["run", "-p"]).arg(&env).args(["--", "true"]);
        run.fails(2, "did not tell its image");
        // A privileged one tells.
        let record = by_hand(&Project::new(Engine::Podman), &["--privileged", &local(1)], "");
        assert!(record.contains(&format!("image = \"{}\"", local(1))), "{record}");
        podman(&["rm", "--force", "by-hand"]);
    }
    if Engine::Apptainer.works() {
        let project = Project::new(Engine::Apptainer);
        let image = world().publish("by-hand:1", 1);
        let sandbox = project.sandbox.path("image dir");
        let build = ["build", "--sandbox", sandbox.to_str().unwrap(), &format!("docker://{image}")];
        project.run("apptainer").args(build).ok();
        let record = by_hand(&project, &[sandbox.to_str().unwrap()], "");
        assert!(record.contains("engine = \"apptainer\""), "{record}");
        assert!(record.contains("image dir"), "{record}");
        // One file, as on most clusters. Its home is the user's.
        let file = project.sandbox.path("image.sif");
        let build = ["build", file.to_str().unwrap(), sandbox.to_str().unwrap()];
        project.run("apptainer").args(build).ok();
        let project = Project::new(Engine::Apptainer);
        let record = by_hand(&project, &[file.to_str().unwrap()], "");
        assert!(record.contains("image.sif") && record.contains("writable = false"), "{record}");
    }
}

#[test]
fn a_variable_that_was_carried_out_of_a_container_fools_nobody() {
    let project = Project::new(Engine::Podman);
    let base = crate::testbase::base();
    let create =
        project.mlenv(["create", "-q", "--no-save", "-p", "env", "--base"]).arg(&base.prefix);
    create.var("SINGULARITY_CONTAINER", "/image.sif").var("APPTAINER_CONTAINER", "/image.sif").ok();
    let record = std::fs::read_to_string(project.path("env/mlenv.toml")).unwrap();
    assert!(!record.contains("[container]"), "{record}");
}

#[test]
fn another_container_is_refused_and_the_same_one_is_not_entered_again() {
    if !Engine::Podman.works() {
        return;
    }
    let project = Project::new(Engine::Podman);
    project.setup(&world().publish("here:1", 1));
    project.inside(&["mlenv", "create", "-q", "--no-save", "-p", "env", "--base", "/opt/conda"]);
    // Inside: just active.
    let words =
        ["mlenv", "run", "-p", "./env", "--", "python", "-c", "import sys; print(sys.prefix)"];
    assert_eq!(project.inside(&words), format!("{}\n", project.path("env").display()));
    let refused = project.mlenv(["container", "enter", "--", "mlenv", "container", "enter"]).end();
    assert!(refused.err.contains("in this container already"), "{refused}");
    // An image with another base in the same place.
    let other = Project::new(Engine::Podman);
    let mount = format!(
        "type=bind,\"source={0}\",\"target={0}\"",
        project.dir.to_str().unwrap().replace('"', "\"\"")
    );
    let program = "rm -rf /opt/conda/conda-meta/six*; exec mlenv run -p \"$0\" -- true";
    let tool = format!("type=bind,source={},target=/bin/mlenv", env!("CARGO_BIN_EXE_mlenv"));
    let run = other.run("podman").args(["run", "--rm", "--mount", &mount, "--mount", &tool]);
    let run = run.args([&local(2), "/bin/sh", "-c", program]).arg(project.path("env")).end();
    assert!(run.err.contains("lives in here:1, and this is a container of podman"), "{run}");
}
