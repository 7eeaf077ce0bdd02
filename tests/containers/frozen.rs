//! Containers that were changed, and envs that live in containers, as images.

use crate::engines::Engine;
use crate::support::wheel;
use crate::world::{Project, local, podman, url, world};

/// A project with a container of its own, where pip finds the package `mine` without a network.
fn project(engine: Engine, image: &str) -> Project {
    let project = Project::new(engine);
    let wheels = project.sandbox.path("home/wheels");
    wheel::build(&wheels, "mine", "1.5");
    let text = format!("[global]\nno-index = true\nfind-links = {}\n", url(&wheels));
    project.sandbox.write("home/.config/pip/pip.conf", text);
    project.setup(image);
    project
}

/// Imports `mine` in a new container of an image, and says from where.
fn imported(image: &str) -> String {
    let program = "import mine, sys; print(mine.__version__, sys.prefix)";
    podman(&["run", "--rm", image, "python", "-c", program])
}

#[test]
fn what_was_added_to_a_container_is_one_layer_on_the_image_that_it_was_made_of() {
    for engine in [Engine::Podman, Engine::Apptainer].into_iter().filter(|it| it.works()) {
        let image = world().publish(&format!("added:{}", engine.name()), 1);
        let project = project(engine, &image);
        let freeze = |words: &[&str]| {
            let words = [&["image", "freeze", "--container"], words].concat();
            project.mlenv(words)
        };
        freeze(&["-o", "x.oci.tar"]).fails(1, "no package was added").hints("--as-is");
        project.inside(&["/opt/conda/bin/python", "-m", "pip", "install", "-q", "mine"]);
        // The tag moves on; the container is of the image that it was made of.
        world().publish(&format!("added:{}", engine.name()), 2);
        let target = image.replace("added:", "added-env:");
        let told = freeze(&["--place", "/mlenv/envs/added", "--push", &target]).ok();
        told.says("mounted ");
        if Engine::Podman.works() {
            assert_eq!(imported(&target), "1.5 /mlenv/envs/added\n");
        }
    }
}

#[test]
fn a_container_as_it_is_is_an_image_without_what_mlenv_put_there() {
    for engine in [Engine::Podman, Engine::Docker].into_iter().filter(|engine| engine.works()) {
        let image = world().publish(&format!("changed:{}", engine.name()), 1);
        let project = project(engine, &image);
        let script = "echo mine >/opt/note; rm /etc/motd 2>/dev/null; \
                      /opt/conda/bin/python -m pip install -q mine";
        project.inside(&["sh", "-c", script]);
        let target = image.replace("changed:", "changed-as-is:");
        let words = ["image", "freeze", "--container", "--as-is", "--push", &target];
        project.mlenv(words).ok().says("mounted ");
        // The engine's own name for it is gone.
        let names = project.run(engine.name()).args(["images", "--format", "{{.Repository}}"]).ok();
        assert!(!names.out.contains("mlenv/as-is"), "{names}");
        if !Engine::Podman.works() {
            continue;
        }
        assert!(imported(&target).starts_with("1.5 /opt/conda"), "{engine:?}");
        let home = project.sandbox.path("home").display().to_string();
        let script =
            "cat /opt/note; ls -d \"$0\" /run/mlenv-* /usr/local/bin/mlenv 2>/dev/null; true";
        let seen = podman(&["run", "--rm", &target, "sh", "-c", script, &home]);
        assert_eq!(seen, "mine\n", "{engine:?}");
        let format = "{{.Config.Entrypoint}} {{.Config.Cmd}} {{.Config.Env}} {{.Config.Labels}}";
        let told = podman(&["image", "inspect", "--format", format, &target]);
        let first = podman(&["image", "inspect", "--format", format, &local(1)]);
        let of = |text: &str| text.split(" map[").next().unwrap().to_owned();
        assert_eq!(of(&told), of(&first), "the image's own settings");
        assert!(!told.contains("mlenv.id") && told.contains("mine==1.5"), "{told}");
    }
}

#[test]
fn a_sandbox_as_it_is_becomes_a_sif() {
    if !Engine::Apptainer.works() {
        return;
    }
    let image = world().publish("changed:sandbox", 1);
    let project = project(Engine::Apptainer, &image);
    // Layers are unpacked beside what is built, or where that is asked for: not where temporary files go.
    let setup = ["container", "setup", "--force", "--engine", "apptainer", &image];
    let setup = project.mlenv(setup).var("TMPDIR", "/nowhere");
    setup.clone().args(["--workdir", "missing"]).fails(1, "there is no directory ");
    let scratch = project.sandbox.path("home/scratch");
    std::fs::create_dir(&scratch).unwrap();
    setup.clone().arg("--workdir").arg(scratch).ok();
    setup.ok();
    project.inside(&["sh", "-c", "echo mine >/opt/note"]);
    let freeze = |words: &[&str]| {
        project.mlenv([&["image", "freeze", "--container", "--as-is"], words].concat())
    };
    freeze(&["-o", "x.oci.tar"]).fails(2, "is a sandbox").hints("-o FILE.sif");
    let sif = project.sandbox.path("changed.sif");
    freeze(&["-o", sif.to_str().unwrap()]).var("TMPDIR", "/nowhere").ok();
    let run = project.run("apptainer").args(["exec", "--contain"]).arg(&sif);
    assert_eq!(run.args(["cat", "/opt/note"]).ok().out, "mine\n");
}

#[test]
fn an_env_that_lives_in_a_container_is_frozen_from_the_host() {
    // The docker of the tests has no way to a registry on this machine's loopback.
    for engine in [Engine::Podman, Engine::Apptainer].into_iter().filter(|it| it.works()) {
        let image = world().publish(&format!("lives:{}", engine.name()), 1);
        let project = project(engine, &image);
        let create = ["mlenv", "create", "-q", "--no-save", "-p", "env", "--base", "/opt/conda"];
        project.inside(&create);
        project.mlenv(["install", "-yp", "env", "--pip", "mine"]).ok();
        let target = image.replace("lives:", "lives-env:");
        let freeze = project.mlenv(["image", "freeze", "env"]);
        let unseen = freeze.clone().args(["-o", "/var/tmp/x.oci.tar"]);
        unseen.fails(1, "is not seen in ").hints("beside the env");
        freeze.clone().args(["--base-image", &image, "--push", &target]).ok().says("mounted ");
        if engine != Engine::Apptainer {
            freeze.args(["-o", "env.oci.tar"]).ok();
            assert!(project.path("env.oci.tar").is_file());
        }
        if Engine::Podman.works() {
            assert_eq!(imported(&target), "1.5 /mlenv/envs/env\n");
        }
    }
}
