//! Files that run commands of the container from the host, without anything around them, and in the container.

use std::os::unix::fs::symlink;

use crate::engines::Engine;
use crate::world::{Project, podman, world};

const SHOW: &str = "import sys, os; print(sys.prefix, os.getcwd(), sys.argv[1:])";

#[test]
fn wrapped_commands_run_with_an_empty_environment_through_links_and_inside() {
    for engine in Engine::ALL.into_iter().filter(|engine| engine.works()) {
        let project = Project::new(engine);
        project.setup(&world().publish(&format!("wrap:{}", engine.name()), 1));
        let module = project.path("module.lua");
        project.mlenv(["container", "wrap", "python", "cat", "--module"]).arg(&module).ok();
        let python = project.path("bin/python");
        // As HTCondor starts jobs: no PATH, no HOME. The tests' engines are found by their settings alone.
        let bare = |program: &std::path::Path| {
            project.run(program.to_str().unwrap()).without("PATH").without("HOME")
        };
        let here = project.dir.to_str().unwrap();
        let expected = format!("/opt/conda {here} ['a b', \"$HOME 'x'\"]\n");
        let run = bare(&python).args(["-c", SHOW, "a b", "$HOME 'x'"]).ok();
        assert_eq!(run.out, expected, "{run}");
        let link = project.path("linked python");
        symlink(&python, &link).unwrap();
        assert_eq!(bare(&link).args(["-c", SHOW, "a b", "$HOME 'x'"]).ok().out, expected);
        assert_eq!(bare(&python).args(["-c", "raise SystemExit(7)"]).end().status.code(), Some(7));
        // In the container the command itself is run.
        let words = [python.to_str().unwrap(), "-c", SHOW, "a b", "$HOME 'x'"];
        assert_eq!(project.inside(&words), expected);
        venv(&project, &python);
        project.mlenv(["container", "wrap", "cat"]).fails(2, "it already exists");
        project.mlenv(["container", "wrap", "nosuch"]).fails(1, "no command `nosuch`");
        let text = std::fs::read_to_string(module).unwrap();
        assert!(text.contains("prepend_path(\"PATH\", [==["), "{text}");
    }
}

#[test]
fn commands_of_an_image_without_a_container_are_wrapped_as_well() {
    for engine in [Engine::Podman, Engine::Apptainer].into_iter().filter(|one| one.works()) {
        let project = Project::new(engine);
        let reference = world().publish(&format!("wrap-image:{}", engine.name()), 1);
        let image = if engine == Engine::Apptainer {
            let pull = ["pull", "lab.sif", &format!("docker://{reference}")].map(str::to_owned);
            project.run("apptainer").args(pull).ok();
            "./lab.sif".to_owned()
        } else {
            reference
        };
        let wrap = ["container", "wrap", "--image", &image, "-o", "my bin", "python"];
        let words = [&wrap[..], &["--engine", engine.name()]].concat();
        project.mlenv(words).ok();
        let python = project.path("my bin/python");
        let run = project.run(python.to_str().unwrap()).without("PATH").without("HOME");
        let run = run.args(["-c", SHOW, "a b", "$HOME 'x'"]).var("OMP_NUM_THREADS", "3").ok();
        let here = project.dir.to_str().unwrap();
        assert_eq!(run.out, format!("/opt/conda {here} ['a b', \"$HOME 'x'\"]\n"), "{run}");
        let line = "import os; print(os.environ.get('OMP_NUM_THREADS')); raise SystemExit(7)";
        let run = project.run(python.to_str().unwrap()).args(["-c", line]);
        let told = run.var("OMP_NUM_THREADS", "3").end();
        assert_eq!((told.out.as_str(), told.status.code()), ("3\n", Some(7)), "{told}");
        let words = ["container", "wrap", "--image", &image, "nosuch"];
        project.mlenv(words).fails(1, "no command `nosuch`");
    }
}

#[test]
fn commands_of_an_image_run_in_new_containers_that_leave_nothing() {
    for engine in [Engine::Podman, Engine::Apptainer].into_iter().filter(|engine| engine.works()) {
        let project = Project::new(engine);
        let image = image(&project);
        let wrap = |words: &[&str]| {
            let first = ["container", "wrap", "--image", &image, "--engine", engine.name()];
            project.mlenv([&first, words].concat())
        };
        let seen = project.sandbox.path("seen");
        std::fs::create_dir_all(&seen).unwrap();
        wrap(&["python", "cat", "sh", "-B", seen.to_str().unwrap()]).ok().says("wrote ");
        assert!(!project.path(".mlenv-container.toml").exists(), "no container of the directory");
        let run = |name: &str| {
            let program = project.path("bin").join(name);
            project.run(program.to_str().unwrap()).without("PATH").without("HOME")
        };
        let here = project.dir.to_str().unwrap();
        let expected = format!("/opt/conda {here} ['a b', \"$HOME 'x'\"]\n");
        let told = run("python").args(["-c", SHOW, "a b", "$HOME 'x'"]).ok();
        assert_eq!(told.out, expected, "{told}");
        let there = run("python").args(["-c", SHOW, "x"]).cwd(&seen).ok().out;
        assert_eq!(there, format!("/opt/conda {} ['x']\n", seen.display()));
        assert_eq!(run("sh").args(["-c", "exit 7"]).end().status.code(), Some(7));
        // One wrapped command calls another: in there it is the command itself.
        let inner = "\"$1\" -c 'print(6 * 7)'";
        let python = project.path("bin/python");
        let nested = run("sh").args(["-c", inner, "sh", python.to_str().unwrap()]).ok();
        assert_eq!(nested.out, "42\n", "{nested}");
        // What was told inside and carried out of it misleads nobody.
        let carried = run("sh").args(["-c", "printf %s \"$MLENV_LAUNCH\""]).ok().out;
        let told = run("python").var("MLENV_LAUNCH", &carried).args(["-c", SHOW]).ok();
        assert!(told.out.starts_with("/opt/conda "), "{told}");
        wrap(&["cat"]).fails(2, "it already exists");
        wrap(&["nosuch"]).fails(1, "no command `nosuch`");
        wrap(&["/nowhere/"]).fails(1, "there are no programs in /nowhere/");
        wrap(&["/opt/conda/bin/", "-o", "all"]).ok();
        let all = std::fs::read_dir(project.path("all")).unwrap().count();
        assert!(all > 1 && project.path("all/python").is_file(), "{all}");
        if engine == Engine::Podman {
            let left =
                podman(&["ps", "--all", "--quiet", "--filter", &format!("ancestor={image}")]);
            assert_eq!(left, "", "a container is gone with its command");
        } else {
            let reference = world().publish("wrap-new:reference", 1);
            let words =
                ["container", "wrap", "--image", &reference, "--engine", "apptainer", "cat"];
            project.mlenv(words).fails(2, "at each call");
            std::fs::write(project.path("broken.sif"), "no image\n").unwrap();
            let words = ["container", "wrap", "--image", "./broken.sif", "cat"];
            project.mlenv(words).fails(2, "apptainer could not run a command in it: ");
        }
    }
}

/// A reference, or for apptainer a SIF file.
fn image(project: &Project) -> String {
    let reference = world().publish(&format!("wrap-new:{}", project.engine.name()), 1);
    if project.engine == Engine::Podman {
        return reference;
    }
    let file = project.sandbox.path("course.sif").to_str().unwrap().to_owned();
    project.run("apptainer").args(["build", &file, &format!("docker://{reference}")]).ok();
    file
}

/// A venv whose `python` is a link to the wrapper works on both sides.
fn venv(project: &Project, python: &std::path::Path) {
    let venv = project.path("venv");
    let make = ["-m", "venv", "--without-pip", venv.to_str().unwrap()];
    project.run(python.to_str().unwrap()).args(make).ok();
    let own = venv.join("bin/python");
    std::fs::remove_file(&own).unwrap();
    symlink(python, &own).unwrap();
    let words = [own.to_str().unwrap(), "-c", "import sys; print(sys.prefix)"];
    let expected = format!("{}\n", venv.display());
    let outside = project.run(words[0]).args(&words[1..]).ok();
    assert_eq!(outside.out, expected, "{outside}");
    assert_eq!(project.inside(&words), expected);
}
