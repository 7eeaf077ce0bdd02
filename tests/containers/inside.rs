//! What mlenv knows about the container that it runs in, and what comes of it on the host.

use std::path::Path;

use crate::engines::{Engine, apptainer_bin};
use crate::support::machine;
use crate::world::{Project, local, podman, world};

/// Makes an env in a container that the user starts by hand, with a bind from an odd path, and comes back to it.
fn by_hand(project: &Project, start: &[&str], program: &str) -> String {
    by_hand_behind(&[], project, start, program)
}

/// The same with words before the engine's.
fn by_hand_behind(before: &[&str], project: &Project, start: &[&str], program: &str) -> String {
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
        Engine::Podman | Engine::Docker => project.run(project.engine.name()).arg("run"),
        Engine::Apptainer => project.run("apptainer").arg("exec"),
    };
    engine.args(words).behind(before).ok();
    let record = std::fs::read_to_string(odd.join("env/mlenv.toml")).unwrap();
    let env = odd.join("env");
    let run = project.mlenv(["run", "-p"]).arg(&env).args(["--", "python", "-c"]);
    let run = run.arg("import sys, click; print(sys.prefix)").ok();
    assert_eq!(run.out, "/mnt/env\n", "{run}\n{record}");
    record
}

#[test]
fn setup_makes_an_env_too_which_is_entered_from_the_host() {
    for engine in Engine::ALL.into_iter().filter(|engine| engine.works()) {
        let project = Project::new(engine);
        let image = world().publish(&format!("setup:{}", engine.name()), 1);
        let words = ["container", "setup", &image, "--engine", engine.name(), "--env"];
        let env = if engine == Engine::Apptainer { ".venv" } else { "my env" };
        let told = project.mlenv(words).args(Some(env).filter(|env| *env != ".venv")).ok();
        told.says(&format!("/{env} in it, on /opt/conda"));
        let line = "import sys; print(sys.prefix)";
        let told = project.mlenv(["run", "-p", env, "--", "python", "-c", line]).ok();
        assert_eq!(told.out.trim_end(), project.path(env).to_str().unwrap());
        assert!(project.path(".mlenv.toml").exists(), "going there enters it");
    }
}

#[test]
fn an_env_made_in_a_container_of_the_users_own_is_entered_from_the_host() {
    if Engine::Podman.works() {
        world();
        let project = Project::new(Engine::Podman);
        let record = by_hand(&project, &["--name", "by-hand", &local(1)], "");
        // podman does not tell a container its image: the container's id leads to it, while it is there.
        assert!(!record.contains("image ="), "{record}");
        podman(&["rm", "--force", "by-hand"]);
        let env = project.sandbox.path("odd, \"dir\":x/env");
        let run = project.mlenv(["run", "-p"]).arg(&env).args(["--", "true"]);
        run.fails(2, "did not say what image it was of");
        // A privileged one tells.
        let start = ["--name", "by-hand", "--privileged", &local(1)];
        let record = by_hand(&Project::new(Engine::Podman), &start, "");
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
fn apptainers_own_workshop_and_what_lies_below_tmp_are_no_binds_of_the_users() {
    if !Engine::Apptainer.works() {
        return;
    }
    let project = Project::new(Engine::Apptainer);
    let image = world().publish("workshop:1", 1);
    let sandbox = project.sandbox.path("box");
    let build = ["build", "--sandbox", sandbox.to_str().unwrap(), &format!("docker://{image}")];
    project.run("apptainer").args(build).ok();
    // The engine itself lies below something that is bound, as it does in a clone below /tmp.
    let program = apptainer_bin().join("apptainer").canonicalize().unwrap();
    let tree = program.ancestors().nth(3).unwrap();
    let tree = format!("type=bind,source={},destination=/seen", tree.display());
    // A file system of the host's below /tmp comes along with that.
    let other = tempfile::tempdir_in("/tmp").unwrap();
    let mounted = "mount -t tmpfs none \"$0\" && exec \"$@\"";
    let other = other.path().to_str().unwrap();
    let before = ["unshare", "-m", "sh", "-c", mounted, other];
    let before = if machine::can_mount() { &before[..] } else { &[] };
    let start = ["--mount", &tree, sandbox.to_str().unwrap()];
    let record = by_hand_behind(before, &project, &start, "");
    assert!(record.contains("\"/seen\"") && !record.contains("session"), "{record}");
    assert!(!record.contains(other), "{record}");
}

#[test]
fn an_env_made_in_an_image_that_was_made_of_a_container_of_ours_is_not_of_the_first_image() {
    for engine in [Engine::Podman, Engine::Docker].into_iter().filter(|engine| engine.works()) {
        let project = Project::new(engine);
        let reference = world().publish(&format!("first:{}", engine.name()), 1);
        project.setup(&reference);
        let id = project.state()["container"].as_str().unwrap().to_owned();
        let (image, name) = ("localhost/mlenv-tests-second:1", "second-by-hand");
        let program = || project.run(engine.name());
        program().args(["commit", &id, image]).ok();
        let record = by_hand(&project, &["--name", name, image], "");
        assert!(!record.contains(&reference) && !record.contains("directory ="), "{record}");
        // Its first process waits for us in our container alone.
        let said = program().args(["run", "--rm", image, "echo", "works"]).ok();
        assert_eq!(said.out, "works\n");
        let said = program().args(["run", "--rm", "--interactive", image]).end();
        assert!(said.status.success(), "{said}");
        // Whoever enters ours without mlenv is told the right one.
        let create = "rm -rf env; exec mlenv create -q --no-save -p ./env --base /opt/conda";
        program().args(["exec", &id, "/bin/sh", "-c", create]).ok();
        let record = std::fs::read_to_string(project.path("env/mlenv.toml")).unwrap();
        assert!(record.contains(&reference) && record.contains("directory ="), "{record}");
        program().args(["rm", "--force", name]).ok();
        program().args(["rmi", image]).ok();
    }
}

#[test]
fn a_variable_that_was_carried_out_of_a_container_fools_nobody() {
    let project = Project::new(Engine::Podman);
    let base = crate::support::testbase::base();
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
    assert!(refused.err.contains("already in this container"), "{refused}");
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
