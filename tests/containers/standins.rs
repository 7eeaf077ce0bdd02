//! Engines that cannot be installed here are stood in for by a program that writes down its words; those that fail,
//! by one that fails with their words.

use std::path::PathBuf;

use crate::engines::Engine;
use crate::support::machine;
use crate::support::sandbox::Run;
use crate::world::Project;

/// Writes its words down, one call a line, and answers as an engine would.
const RECORDER: &str = r#"#!/bin/sh
{ printf '%s' "${0##*/}"; for word do printf ' <%s>' "$word"; done; echo; } >>"$LOG"
case "$1 $2" in
  'create '*) echo 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef ;;
  'image inspect') echo '[{"Id": "sha256:1", "RepoDigests": ["r/ml@sha256:22"], "Created": "2026-01-01T00:00:00Z"}]' ;;
  'info '*) echo '["name=seccomp"]' ;;
  'build '*) mkdir -p "$4/bin" && : >"$4/bin/sh" ;;
esac
"#;

/// A project with this script as the only engine.
fn with(program: &str, script: &str) -> Project {
    let project = Project::new(Engine::Podman);
    let path = project.sandbox.write(format!("front/{program}"), script);
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(path, mode).unwrap();
    project
}

fn mlenv(project: &Project, words: &[&str]) -> Run {
    let path = format!("{}:/usr/bin:/bin", project.sandbox.path("front").display());
    project.mlenv(words).var("PATH", path).var("LOG", log(project)).var("TERM", "dumb")
}

fn log(project: &Project) -> PathBuf {
    project.sandbox.path("log")
}

/// The calls so far, without the texts of programs; the log begins anew.
fn calls(project: &Project) -> Vec<String> {
    let text = std::fs::read_to_string(log(project)).unwrap_or_default();
    let _ = std::fs::remove_file(log(project));
    let names = ["docker", "nerdctl", "singularity", "apptainer"];
    let is_call = |line: &&str| names.iter().any(|name| line.starts_with(&format!("{name} <")));
    text.lines().filter(is_call).map(str::to_owned).collect()
}

#[test]
fn nerdctl_and_docker_are_told_the_same_words() {
    for name in ["nerdctl", "docker"] {
        let project = with(name, RECORDER);
        mlenv(&project, &["container", "setup", "r/ml:1", "-e", name, "--port", "9999"]).ok();
        let dir = project.dir.display().to_string();
        let calls_made = calls(&project);
        let verbs: Vec<&str> =
            calls_made.iter().map(|call| call.split(' ').nth(1).unwrap()).collect();
        let expected = [
            "<info>",
            "<container>",
            "<image>",
            "<image>",
            "<create>",
            "<start>",
            "<exec>",
            "<exec>",
            "<rename>",
        ];
        assert_eq!(verbs, expected, "{calls_made:#?}");
        let create = &calls_made[4];
        let entrypoint = match name {
            "docker" => "<> <docker.io/r/ml:1> </bin/sh>",
            _ => "</bin/sh> <docker.io/r/ml:1>",
        };
        assert!(create.contains(" <--publish> <127.0.0.1:9999:9999>"), "{create}");
        assert!(
            create.contains(&format!(" <--workdir> <{dir}> <--entrypoint> {entrypoint} <-c>")),
            "{create}"
        );
        assert!(!create.contains("privileged") && !create.contains("--security-opt"), "{create}");
        assert_eq!(project.state()["digest"].as_str(), Some("sha256:22"));
        assert_eq!(project.state()["powers"].as_str(), Some("root"));
        mlenv(&project, &["container", "enter", "--", "python", "-c", "x y"]).ok();
        let id = "0123456789abcdef".repeat(4);
        let enter = [
            format!("{name} <start> <{id}>"),
            format!(
                "{name} <exec> <--interactive> <--env> <LC_ALL> <--env> <TERM> <--env> <MLENV_LAUNCH> <--workdir> <{dir}> <{id}> <python> <-c> <x y>"
            ),
        ];
        assert_eq!(calls(&project), enter);
        mlenv(&project, &["container", "jupyter"]).ok();
        let jupyter = calls(&project).pop().unwrap();
        assert!(jupyter.contains("<--ip> <0.0.0.0> <--port> <9999>"), "{jupyter}");
        assert!(
            jupyter.contains("<--env> <JUPYTER_TOKEN>") && !jupyter.contains("JUPYTER_TOKEN="),
            "{jupyter}"
        );
        std::fs::remove_file(project.path(".mlenv-container.toml")).unwrap();
    }
}

#[test]
fn with_roots_powers_the_users_files_are_the_users() {
    if !machine::is_root() || !machine::has("setpriv") {
        return machine::lacks("root, to be another user");
    }
    let project = with("docker", RECORDER);
    for dir in [project.sandbox.root(), project.dir.as_path(), &project.sandbox.path("home")] {
        project.run("chown").arg("65534").arg(dir).ok();
    }
    let become_user = ["setpriv", "--reuid", "65534", "--regid", "65533", "--clear-groups", "--"];
    let run = |words: &[&str]| mlenv(&project, words).behind(become_user);
    let setup = run(&["container", "setup", "r/ml:1", "-e", "docker"]).end();
    if !setup.status.success() {
        return machine::lacks("a build directory that other users may enter");
    }
    let create = calls(&project).into_iter().find(|call| call.contains("<create>")).unwrap();
    assert!(create.contains("source=/etc/passwd,target=/etc/passwd,readonly"), "{create}");
    run(&["container", "jupyter"]).ok();
    assert!(calls(&project).pop().unwrap().contains("<--user> <65534:65533>"));
    run(&["container", "enter", "--as-me", "--", "id"]).ok();
    assert!(calls(&project).pop().unwrap().contains("<--user> <65534:65533>"));
    // To change the image takes root.
    run(&["container", "enter", "--", "id"]).ok();
    assert!(!calls(&project).pop().unwrap().contains("--user"));
    std::fs::remove_file(project.path(".mlenv-container.toml")).unwrap();
}

#[test]
fn singularity_is_told_what_apptainer_is_told() {
    let project = with("singularity", RECORDER);
    let bind = project.sandbox.path("a,b");
    std::fs::create_dir(&bind).unwrap();
    let list = format!("{}:/data:ro", bind.to_str().unwrap().replace(',', "\\,"));
    mlenv(&project, &["container", "setup", "u/ml:1", "-e", "singularity", "-B", &list]).ok();
    let made = calls(&project);
    assert_eq!(made[0], "singularity <--version>");
    assert!(made[1].starts_with("singularity <build> <--sandbox> <--fix-perms> <"), "{made:#?}");
    assert!(made[1].ends_with(" <docker://docker.io/u/ml:1>"), "{made:#?}");
    assert!(
        made[2].starts_with(
            "singularity <exec> <--cleanenv> <--no-home> <--writable> <--mount> <type=bind,"
        ),
        "{made:#?}"
    );
    let data = format!("<--mount> <type=bind,\"source={}\",destination=/data,ro>", bind.display());
    assert!(made[2].contains(&data), "{made:#?}");
    std::fs::remove_file(project.path(".mlenv-container.toml")).unwrap();
}

/// An engine that fails at one verb with these words.
fn failing(verb: &str, words: &str) -> Project {
    let inspect = if verb == "create" { "echo \"[]\"; exit" } else { "exit 1" };
    let script = format!(
        "#!/bin/sh\ncase \"$1 $2\" in\n'image inspect') {inspect} ;;\n'{verb}'*) echo '{words}' >&2; exit 125 ;;\nesac\necho '[]'\n"
    );
    with("docker", &script)
}

#[test]
fn failures_of_engines_are_sentences_with_their_cure() {
    for (verb, words, cure) in [
        (
            "info",
            "Cannot connect to the Docker daemon at unix:///x. Is the docker daemon running?",
            "its daemon is not running",
        ),
        (
            "pull",
            "error: toomanyrequests: You have reached your pull rate limit",
            "allows no more pulls",
        ),
        ("pull", "Error: unauthorized: authentication required", "needs a login"),
        ("pull", "Error: manifest unknown", "no such image or tag"),
        ("pull", "write /x: no space left on device", "free some space"),
        ("pull", "Get https://r/v2/: dial tcp: i/o timeout", "cannot be reached"),
        (
            "pull",
            "Error: filesystem layer verification failed: digest mismatch",
            "not what the registry promised",
        ),
        (
            "pull",
            "Get https://r/v2/: x509: certificate signed by unknown authority",
            "certificate is not trusted",
        ),
        ("create", "Error: no subuid ranges found for user x in /etc/subuid", "subordinate users"),
    ] {
        let project = failing(verb, words);
        let setup = mlenv(&project, &["container", "setup", "r/ml:1", "--engine", "docker"]);
        setup.fails(2, "docker could not ").hints(cure);
        assert!(!project.path(".mlenv-container.toml").exists());
    }
}

#[test]
fn images_are_known_by_the_names_of_the_catalogue() {
    let project = with("docker", RECORDER);
    let setup =
        |image: &str| mlenv(&project, &["container", "setup", image, "-e", "docker", "--dry-run"]);
    let run = setup("ml-base:alma9-python311").ok();
    assert!(
        run.out.starts_with("docker pull docker.io/yesw2000/ml-base:alma9-python311\n"),
        "{run}"
    );
    setup("ml-bsae:alma9-python311").fails(1, "no image is called").hints("did you mean ml-base");
    setup("./image.sif").fails(2, "runs images from registries").hints("--engine apptainer");
}

#[test]
fn without_an_engine_the_words_say_what_to_install() {
    let project = Project::new(Engine::Podman);
    let setup = project.mlenv(["container", "setup", "r/ml:1"]).var("PATH", "/nowhere");
    setup.fails(2, "no container engine is on PATH").hints("podman or apptainer");
    let setup =
        project.mlenv(["container", "setup", "r/ml:1", "-e", "nerdctl"]).var("PATH", "/nowhere");
    setup.fails(2, "nerdctl is not on PATH");
    project.mlenv(["container"]).fails(1, "has no container").hints("container setup IMAGE");
}

#[test]
fn an_interrupted_pull_leaves_nothing() {
    let script = "#!/bin/sh\ncase \"$1 $2\" in\n'image inspect') exit 1 ;;\n'pull '*) kill -INT $PPID; sleep 0.2; exit 130 ;;\nesac\necho '[]'\n";
    let project = with("docker", script);
    let setup = mlenv(&project, &["container", "setup", "r/ml:1", "--engine", "docker"]).end();
    assert_eq!(setup.status.code(), Some(130), "{setup}");
    assert!(setup.err.contains("interrupted; nothing was left behind"), "{setup}");
    assert!(!project.path(".mlenv-container.toml").exists());
}

#[test]
fn the_first_engine_that_works_is_taken_and_not_the_first_on_path() {
    let project =
        with("podman", "#!/bin/sh\necho 'Error: cannot set up namespace' >&2\nexit 125\n");
    let docker = project.sandbox.write("front/docker", RECORDER);
    std::fs::set_permissions(docker, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let run = mlenv(&project, &["container", "setup", "r/ml:1", "--dry-run"]).ok();
    assert!(run.out.starts_with("docker pull docker.io/r/ml:1\ndocker create "), "{run}");
    assert!(run.out.contains("\ndocker start "), "{run}");
}
