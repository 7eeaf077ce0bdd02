//! `mlenv image` at a real registry, with what podman pushed to it and the login that podman left.

use serde_json::Value;

use crate::engines::{self, Engine};
use crate::registry::Registry;
use crate::world::{Project, local, podman, world};

#[test]
fn what_podman_pushed_is_told_and_what_it_has_is_looked_into() {
    if !Engine::Podman.works() {
        return;
    }
    let project = Project::new(Engine::Podman);
    let reference = world().publish("told:1", 1);
    let facts = |reference: &str| {
        project.mlenv(["image", "info", "--json", reference]).ok().json()["registry"].clone()
    };
    let first = facts(&reference);
    assert!(first["size"].as_u64().unwrap() > 1_000_000, "{first}");
    assert!(first["created"].as_str().unwrap().starts_with("20"), "{first}");
    assert_eq!(first["platforms"].as_array().unwrap().len(), 1);
    project.mlenv(["image", "packages", &reference]).fails(1, "it has no label mlenv.packages");

    // podman names what it pulls by the same digest, and the image by the same id.
    podman(&["pull", "--quiet", &reference]);
    let format = "{{.Id}} {{.RepoDigests}}";
    let told = podman(&["image", "inspect", "--format", format, &reference]);
    assert!(told.contains(first["digest"].as_str().unwrap()), "{told}");
    let id = first["id"].as_str().unwrap().trim_start_matches("sha256:");
    assert!(told.contains(id), "{told}");

    let packages = project.mlenv(["image", "packages", "--json", &reference]).ok().json();
    assert_eq!(packages["source"]["engine"], "podman");
    let names = packages["packages"].as_array().unwrap().iter();
    let names: Vec<&str> = names.filter_map(|package| package["name"].as_str()).collect();
    assert!(names.contains(&"python"), "{names:?}");
    podman(&["untag", &local(1), &reference]);

    // The tag moves on: its digest is another one, and the old one is there still.
    world().publish("told:1", 2);
    let second = facts(&reference);
    assert_ne!(second["digest"], first["digest"]);
    let repository = reference.trim_end_matches(":1");
    let digest = first["digest"].as_str().unwrap();
    assert_eq!(facts(&format!("{repository}@{digest}")), first);
    project.mlenv(["image", "info", &format!("{repository}:none")]).fails(1, "with the tag none");
    project
        .mlenv(["image", "info", &format!("{repository}-other:1")])
        .fails(1, "-other with the tag 1");
}

/// `user` and `secret`, as `htpasswd -nbB` writes them.
const USERS: &str = "user:$2y$05$k7iSmjOomlxE/yOnjyableanvqajz.1YVB4b2XKmQ2/bshHWACOhy\n";

#[test]
fn the_login_that_podman_left_opens_a_registry_with_passwords() {
    if !Engine::Podman.works() {
        return;
    }
    let project = Project::new(Engine::Podman);
    let users = project.sandbox.write("users", USERS);
    let more = format!("auth: {{htpasswd: {{realm: lab, path: \"{}\"}}}}\n", users.display());
    let registry = Registry::start("locked", &more);
    let auth = project.sandbox.path("auth.json");
    let auth = auth.to_str().unwrap();
    let words = ["login", "--authfile", auth, "--username", "user", "--password", "secret"];
    world(); // podman's store
    podman(&[&words[..], &[&registry.address]].concat());
    let reference = format!("{}/lab/locked:1", registry.address);
    podman(&["push", "--quiet", "--authfile", auth, &local(1), &format!("docker://{reference}")]);

    let info = project.mlenv(["image", "info", "--json", &reference]);
    info.fails(1, "nobody is logged in").hints("podman login 127.0.0.1:");
    let told = info.clone().var("REGISTRY_AUTH_FILE", auth).ok().json();
    assert_ne!(told["registry"]["size"], Value::Null);
    let wrong =
        std::fs::read_to_string(auth).unwrap().replace("dXNlcjpzZWNyZXQ=", "dXNlcjp3cm9uZw==");
    std::fs::write(auth, wrong).unwrap();
    info.var("REGISTRY_AUTH_FILE", auth).fails(1, "auth.json is refused");
    assert!(engines::dir().join("locked/data").is_dir());
}

#[test]
fn a_frozen_env_is_active_in_podman_and_apptainer_and_only_the_difference_was_sent() {
    if !Engine::Podman.works() {
        return;
    }
    let project = Project::new(Engine::Podman);
    let reference = world().publish("frozen-base:1", 1);
    project.mlenv(["image", "unpack", &reference, "image"]).ok();
    let (base, prefix) = (["--base-image", &reference], ["--base-prefix", "/opt/conda"]);
    project.mlenv(["create", "-q", "--no-save", "-p", "env", "--base", "image"]).ok();
    let dirs = project.path("env/lib").read_dir().unwrap().flatten().map(|entry| entry.path());
    let site = dirs.into_iter().find(|path| path.join("site-packages").is_dir()).unwrap();
    let info = site.join("site-packages/mine-1.dist-info");
    std::fs::create_dir(&info).unwrap();
    std::fs::write(info.join("METADATA"), "Metadata-Version: 2.1\nName: mine\nVersion: 1\n")
        .unwrap();
    std::fs::write(
        info.join("RECORD"),
        "mine.py,,\nmine-1.dist-info/METADATA,,\nmine-1.dist-info/RECORD,,\n",
    )
    .unwrap();
    std::fs::write(site.join("site-packages/mine.py"), "import sys\nprint(sys.prefix)\n").unwrap();
    let target = reference.replace("frozen-base:1", "frozen:1");
    let run = project.mlenv(["image", "freeze", "env", "--push", &target, "-o", "env.oci.tar"]);
    run.args(base).args(prefix).ok().says(" layer").says("mounted ");
    let inside = "/mlenv/envs/env\n";
    for entry in [&[][..], &["--entrypoint", ""]] {
        let words = [&["run", "--rm"], entry, &[&target, "python", "-c", "import mine"]].concat();
        assert_eq!(podman(&words), inside, "{entry:?}");
    }
    if Engine::Docker.works() {
        // The docker of the tests has no bridge.
        for entry in [&[][..], &["--entrypoint", ""], &["--read-only", "--user", "1234"]] {
            let run = project.run("docker").args(["run", "--rm", "--network", "none"]).args(entry);
            let told = run.args([&target, "python", "-c", "import mine"]).ok();
            assert_eq!(told.out, inside, "{entry:?}");
        }
        project.run("docker").args(["image", "rm", "--force", &target]).ok();
    }
    if Engine::Apptainer.works() {
        project.mlenv(["image", "unpack", &target, "sandbox"]).ok();
        let run = project.run("apptainer").args(["exec", "sandbox", "python", "-c", "import mine"]);
        assert_eq!(run.ok().out, inside);
    }
}

#[test]
fn an_image_of_a_files_packages_becomes_commands_on_the_host() {
    if !Engine::Apptainer.works() {
        return;
    }
    let project = Project::new(Engine::Apptainer);
    let reference = world().publish("wrapped-base:1", 1);
    let wheels = project.sandbox.path("wheels");
    crate::support::wheel::build(&wheels, "course", "1.5");
    std::fs::write(project.path("requirements.txt"), "course\n").unwrap();
    let place = "/mlenv/envs/course";
    let first = ["image", "build", ".", "--place", place, "--base-image", &reference];
    let run = project.mlenv(first).args(["-o", "lab.sif", "--wrap", "my bin"]);
    let run = run.var("PIP_NO_INDEX", "1");
    run.var("PIP_FIND_LINKS", &wheels).ok().says("/my bin/python");
    let line = "import course, sys; print(course.__version__, sys.prefix)";
    let python = project.path("my bin/python");
    let told = project.run(python.to_str().unwrap()).without("PATH").args(["-c", line]).ok();
    assert_eq!(told.out, format!("1.5 {place}\n"));
    assert!(project.path("my bin/course").exists() && !project.path("my bin/activate").exists());
    let told = project.run(project.path("my bin/course").to_str().unwrap()).end();
    assert!(told.status.success(), "{told}");
    let run = project.mlenv(first).args(["-o", "oci:x", "--wrap", "b"]);
    run.fails(2, "programs are wrapped where the image is a SIF");
}
