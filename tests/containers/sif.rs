//! A project's container as one SIF file with an env on it, under the real apptainer.

use crate::engines::Engine;
use crate::world::{Project, world};

/// Puts a module into the env that is active.
const ADD: &str = "import sysconfig; \
    open(sysconfig.get_path('purelib') + '/added.py', 'w').write('where = \"env\"\\n')";

#[test]
fn a_sif_never_changes_and_what_is_added_is_in_the_env_through_updates() {
    if !Engine::Apptainer.works() {
        return;
    }
    let project = Project::new(Engine::Apptainer);
    let image = world().publish("sif:1", 1);
    // apptainer is chosen, whatever else is there.
    let told = project.mlenv(["container", "setup", &image, "--sif"]).ok();
    told.says(".sif of ").says("/.venv in it, on /opt/conda");
    let files = || std::fs::read_dir(project.path("singularity")).unwrap().flatten();
    assert_eq!(files().count(), 1);
    assert!(files().all(|file| file.path().is_file()), "one file");
    let prefix = "import sys; print(sys.prefix)";
    let env = format!("{}\n", project.path(".venv").display());
    assert_eq!(project.inside(&["python", "-c", prefix]), env);
    project.inside(&["python", "-c", ADD]);
    let import = ["python", "-c", "import added; print(added.where)"];
    assert_eq!(project.inside(&import), "env\n");
    let run = project.mlenv(["run", "-p", ".venv", "--"]).args(import).ok();
    assert_eq!(run.out, "env\n", "{run}");
    project.mlenv(["container", "enter", "--", "touch", "/edition"]).end().says("ead-only");
    let info = project.mlenv(["container", "info"]).ok().out;
    assert!(info.contains("SIF ") && info.contains("mlenv packages --added -p "), "{info}");
    let listed = project.mlenv(["container", "list"]).ok().out;
    assert!(listed.contains("ready"), "{listed}");
    for (words, way) in [
        (&["container", "record"][..], "mlenv export -p "),
        (&["container", "wrap", "python"], "mlenv run -p "),
        (&["container", "jupyter"], "mlenv jupyter lab "),
        (&["image", "freeze", "--container", "-o", "x.oci.tar"], "mlenv image freeze "),
    ] {
        project.mlenv(words).fails(2, "is a SIF, which never changes").says(way);
    }
    world().publish("sif:1", 2);
    let line = project.mlenv(["container", "update", "--dry-run"]).ok().out;
    assert!(line.contains(".sif") && !line.contains("--sandbox"), "{line}");
    project.mlenv(["container", "update", "-f"]).ok();
    assert_eq!(project.inside(&["cat", "/edition"]), "2\n");
    assert_eq!(project.inside(&import), "env\n");
    assert_eq!(files().count(), 1);
    // The env outlives its container, and lives in the next one.
    project.mlenv(["container", "remove", "-y"]).ok();
    assert!(!project.path("singularity").exists());
    project.mlenv(["container", "setup", &image, "--sif"]).ok();
    assert_eq!(project.inside(&import), "env\n");
}

#[test]
fn a_sif_takes_an_engine_for_files_and_a_free_place_for_its_env() {
    if Engine::Podman.works() {
        let words = ["container", "setup", "x/y:1", "--engine", "podman", "--sif"];
        Project::new(Engine::Podman).mlenv(words).fails(2, "and no SIF files");
    }
    if Engine::Apptainer.works() {
        let project = Project::new(Engine::Apptainer);
        std::fs::create_dir(project.path(".venv")).unwrap();
        let words = ["container", "setup", "x/y:1", "--sif"];
        project.mlenv(words).fails(2, "is no env of a container").says("--env DIR");
        assert!(!project.path("singularity").exists());
    }
}
