//! What the scripts of old made, taken over: their containers, sandboxes and envs, without running any of their text.

use std::os::unix::fs::symlink;

use crate::engines::Engine;
use crate::world::{Project, local, podman, world};

#[test]
fn a_container_of_an_older_script_is_entered_and_updated() {
    if !Engine::Podman.works() {
        return;
    }
    let project = Project::new(Engine::Podman);
    let image = world().publish("old:1", 1);
    let dir = project.dir.to_str().unwrap().replace('"', "\"\"");
    let mount = format!("type=bind,\"source={dir}\",\"target={dir}\"");
    let create =
        ["create", "-it", "--name", "old-script", "--mount", &mount, &local(1), "/bin/bash"];
    project.run("podman").args(create).ok();
    let script = format!(
        "contCmd=podman\nimageName=old:1\ndockerPath={image}\ncontName=old-script\nlinesCondaHistory=3\n\
         runOpt=\"-B $(touch {dir}/PWNED)\"\ntouch PWNED\n"
    );
    std::fs::write(project.path("runML-here.sh"), script).unwrap();
    project.mlenv(["container"]).fails(1, "has no container").hints("mlenv import");
    let dry = project.mlenv(["import", "--dry-run"]).ok();
    assert!(dry.out.contains("name = \"old-script\""), "{dry}");
    project.mlenv(["import"]).ok();
    assert!(!project.path("PWNED").exists());
    assert_eq!(project.inside(&["python", "-c", "print(6 * 7)"]), "42\n");
    project.inside(&["micromamba", "install", "-y", "scipy>=1.11"]);
    let info = project.mlenv(["container", "info"]).ok();
    assert!(info.out.contains("conda        scipy>=1.11"), "{info}");
    world().publish("old:1", 2);
    project.mlenv(["container", "update", "-f"]).ok();
    assert_eq!(project.inside(&["cat", "/edition"]), "2\n");
    assert!(
        !podman(&["ps", "--all", "--format", "{{.Image}} {{.Names}}"])
            .contains(&format!("{} old-script", local(1)))
    );
    project.mlenv(["container", "remove"]).ok();
    project.mlenv(["import"]).fails(2, "old-script");
}

#[test]
fn a_sandbox_of_an_older_script_with_a_colon_in_its_name_is_entered() {
    if !Engine::Apptainer.works() {
        return;
    }
    let project = Project::new(Engine::Apptainer);
    let image = world().publish("oldbox:1", 1);
    let built = project.sandbox.path("built");
    let words = [
        "build",
        "--sandbox",
        "--fix-perms",
        built.to_str().unwrap(),
        &format!("docker://{image}"),
    ];
    project.run("apptainer").args(words).ok();
    std::fs::create_dir(project.path("singularity")).unwrap();
    std::fs::rename(built, project.path("singularity/oldbox:1")).unwrap();
    let script = format!(
        "contCmd=apptainer\nimageName=oldbox:1\ndockerPath=docker://{image}\nsandboxPath=singularity/oldbox:1\n\
         linesCondaHistory=3\nrunOpt=''\n"
    );
    std::fs::write(project.path("runMe-here.sh"), script).unwrap();
    project.mlenv(["import"]).ok();
    assert_eq!(project.inside(&["python", "-c", "print(6 * 7)"]), "42\n");
    project.mlenv(["container", "remove"]).ok();
    assert!(!project.path("singularity").exists());
}

/// An env as `create-newEnv-on-base.sh` leaves it: links, and no record.
#[test]
fn an_env_of_an_older_script_is_entered_from_the_host() {
    if !Engine::Apptainer.works() {
        return;
    }
    let project = Project::new(Engine::Apptainer);
    let image = project.sandbox.path("image:1");
    let reference = world().publish("oldenv:1", 1);
    let build = ["build", "--sandbox", image.to_str().unwrap(), &format!("docker://{reference}")];
    project.run("apptainer").args(build).ok();
    let env = project.sandbox.path("oldenv");
    let site = env.join("lib").join(&crate::support::testbase::base().python).join("site-packages");
    for dir in [site.as_path(), &env.join("bin"), &env.join("conda-meta")] {
        std::fs::create_dir_all(dir).unwrap();
    }
    symlink("/opt/conda", env.join("baseEnv_dir")).unwrap();
    symlink("../baseEnv_dir/bin/python", env.join("bin/python")).unwrap();
    std::fs::write(
        env.join("pyvenv.cfg"),
        "home = /opt/conda/bin\ninclude-system-site-packages = true\n",
    )
    .unwrap();
    let odd = project.sandbox.path("data");
    std::fs::create_dir(&odd).unwrap();
    let script = format!(
        "Image={}\nBindPaths={}:/data\nmyDir=$(dirname $BASH_SOURCE)\ncreateCmd=( singularity exec )\n",
        image.display(),
        odd.display()
    );
    std::fs::write(env.join("setup-UserEnv-in-container.sh"), &script).unwrap();
    project.mlenv(["import"]).arg(&env).ok().says("lives in image:1");
    let program = "import sys, os, click; print(sys.prefix, os.path.isdir('/data'))";
    let run = project.mlenv(["run", "-p"]).arg(&env).args(["--", "python", "-c", program]).ok();
    assert_eq!(run.out, format!("{} True\n", env.display()), "{run}");
    // The old script is kept, and ours does what it did.
    let kept = std::fs::read_to_string(env.join("setup-UserEnv-in-container.sh.last")).unwrap();
    assert_eq!(kept, script);
    let source = format!(". '{}/setup-UserEnv-in-container.sh'", env.display());
    let commands = project.sandbox.write("commands", "echo \"$CONDA_PREFIX\"\n");
    let bash = format!("{source} <'{}'", commands.display());
    let path = std::path::Path::new(env!("CARGO_BIN_EXE_mlenv")).parent().unwrap();
    let path =
        format!("{}:{}:/usr/bin:/bin", path.display(), crate::engines::apptainer_bin().display());
    let sourced = project.run("bash").args(["-c", &bash]).var("PATH", path).ok();
    assert_eq!(sourced.out, format!("{}\n", env.display()), "{sourced}");
}
