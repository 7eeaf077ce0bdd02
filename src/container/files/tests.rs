//! Argument vectors, word for word, without an engine.

use std::path::PathBuf;

use super::*;
use crate::container::mount::{Mode, Mount};
use crate::container::spec::Terminal;

fn order(engine: Engine, image: &str) -> Spec {
    Spec {
        engine,
        image: image.into(),
        mounts: vec![Mount::new(Path::new("/odd,\":x"), Path::new("/mnt"), Mode::ReadOnly)],
        mark: None,
        home: Some("/h, x".into()),
        gpu: vec!["--nv".into()],
        inner: Inner {
            dir: PathBuf::from("/work dir"),
            set: vec![("A".into(), "x,y".into())],
            inherit: vec!["TERM".into()],
            terminal: Terminal::Full,
            user: None,
        },
    }
}

#[test]
fn a_command_runs_in_an_image_without_the_hosts_env() {
    let ours = [
        "CONDA_PREFIX",
        "PYTHONPATH",
        "HOME",
        "SLURM_JOB_ID",
        "SINGULARITY_CONTAINER",
        "APPTAINER_BIND",
        "APPTAINER_CACHEDIR",
    ];
    let command = ["id".into(), "-u".into()];
    let mut ours: HashMap<OsString, OsString> =
        ours.iter().map(|name| (OsString::from(name), "x".into())).collect();
    ours.insert("TERM".into(), "dumb".into());
    let line = |image| exec(&order(Engine::Apptainer, "/i m.sif"), image, &ours, &command).line();
    assert_eq!(
        line(ImageForm::ReadOnly),
        "env -u APPTAINER_BIND -u CONDA_PREFIX -u PYTHONPATH -u SINGULARITY_CONTAINER \
         APPTAINERENV_TERM=dumb SINGULARITYENV_TERM=dumb APPTAINERENV_A=x,y SINGULARITYENV_A=x,y \
         APPTAINER_NO_EVAL=1 SINGULARITY_NO_EVAL=1 apptainer exec --cleanenv --no-home \
         --mount 'type=bind,\"source=/odd,\"\":x\",destination=/mnt,ro' --nv --pwd '/work dir' '/i m.sif' \
         /bin/sh -c 'HOME=$1; export HOME; shift; exec \"$@\"' mlenv '/h, x' id -u"
    );
    assert!(
        line(ImageForm::Sandbox).contains("apptainer exec --cleanenv --no-home --writable --mount")
    );
}

#[test]
fn sandboxes_are_built_from_references_and_from_paths() {
    let built = |form| {
        move |image: &str| {
            build(Engine::Singularity, Path::new("/s b"), OsStr::new(image), form).line()
        }
    };
    let line = built(ImageForm::Sandbox);
    assert_eq!(built(ImageForm::ReadOnly)("ml.sif"), "singularity build '/s b' ml.sif");
    assert_eq!(line("u/ml:1"), "singularity build --sandbox --fix-perms '/s b' docker://u/ml:1");
    assert_eq!(
        line("oras://u/ml:1"),
        "singularity build --sandbox --fix-perms '/s b' oras://u/ml:1"
    );
    assert_eq!(line("/cvmfs/ml:1"), "singularity build --sandbox --fix-perms '/s b' /cvmfs/ml:1");
    assert_eq!(line("ml.sif"), "singularity build --sandbox --fix-perms '/s b' ml.sif");
}
