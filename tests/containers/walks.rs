//! Pages of the guide that take engines, as they are typed.

#[path = "../it/docs/typed.rs"]
pub(crate) mod typed;

use std::path::Path;

use crate::engines::{Engine, apptainer_bin, settings};
use crate::support::sandbox::Sandbox;
use crate::support::testbase::base;
use crate::support::{machine, wheel};
use crate::users::Nobody;
use crate::world::{podman, url, world};

/// The engines' settings, as variables, with volumes that are in every container and build.
pub(crate) fn vars(sandbox: &Sandbox, volumes: &[String]) -> Vec<(&'static str, String)> {
    let mut vars: Vec<(&str, String)> =
        settings().iter().map(|(name, value)| (*name, value.display().to_string())).collect();
    if !volumes.is_empty() {
        let (_, conf) = vars.iter_mut().find(|(name, _)| *name == "CONTAINERS_CONF").unwrap();
        let text = std::fs::read_to_string(&conf).unwrap();
        let text =
            text.replace("[containers]\n", &format!("[containers]\nvolumes = {volumes:?}\n"));
        *conf = sandbox.write("containers.conf", text).display().to_string();
    }
    vars
}

/// Images that a site has names for.
pub(crate) fn catalogue(sandbox: &Sandbox, images: &[(&str, &str)]) {
    let entry = |(name, reference): &(&str, &str)| {
        format!("[[image]]\nname = '{name}'\nreference = '{reference}'\n")
    };
    sandbox.write("site/images.toml", images.iter().map(entry).collect::<String>());
}

/// What pip can have: wheels in the project, and settings that name them.
pub(crate) fn packages(project: &Path) -> String {
    let wheels = project.join("wheels");
    for (name, version) in [("course", "1.5"), ("uproot", "5.3")] {
        wheel::build(&wheels, name, version);
    }
    format!("[global]\nno-index = true\nroot-user-action = ignore\nfind-links = {}\n", url(&wheels))
}

#[test]
fn what_cotainr_and_tykky_do_is_done_from_the_same_file() {
    if !Engine::Apptainer.works() {
        return;
    }
    let sandbox = Sandbox::new();
    catalogue(&sandbox, &[("ml-base", &world().publish("walk-lumi:1", 1))]);
    packages(&sandbox.path("project"));
    let file = "dependencies:\n  - python >=3.8\n  - pip:\n    - course\n";
    sandbox.write("project/environment.yml", file);
    let page = include_str!("../../docs/from-cotainr-and-tykky.md");
    let lines = typed::follow(&sandbox, page, (&apptainer_bin(), &vars(&sandbox, &[])));
    assert!(lines >= 6, "{lines}");
}

/// What pip takes while an engine builds is there by the engine's own settings, as it would be by a site's index.
#[test]
fn a_project_is_pinned_described_built_for_both_processors_run_and_added_to() {
    if !Engine::Podman.works() {
        return;
    }
    let sandbox = Sandbox::new();
    let image = base().twin(&sandbox.path("ml-base:alma9/opt/conda"));
    sandbox.mlenv(["base", "add", "--name", "ml"]).arg(&image).ok();
    let [cpu, gpu] =
        [1, 2].map(|edition| world().publish(&format!("walk-project:{edition}"), edition));
    catalogue(&sandbox, &[("ml-base", &cpu), ("ml-base-gpu", &gpu)]);
    let settings = packages(&sandbox.path("project"));
    let settings = sandbox.write("pip.conf", settings);
    sandbox.write("project/train.py", TRAIN);
    sandbox.write("project/lab.toml", LAB);
    let frozen = "click @ file:///croot/click_1698129812380/work\ncourse==1.5\nmultidict==6.0.4\n";
    sandbox.write("project/frozen.txt", frozen);
    std::fs::copy(env!("CARGO_BIN_EXE_mlenv"), sandbox.path("project/mlenv")).unwrap();
    let wheels = sandbox.path("project/wheels").display().to_string();
    let volumes =
        [format!("{}:/etc/pip.conf:ro", settings.display()), format!("{wheels}:{wheels}:ro")];
    let mut vars = vars(&sandbox, &volumes);
    vars.push(("REGISTRY", cpu.trim_end_matches("/walk-project:1").to_owned()));
    let built = ["latest", "gpu"].map(|tag| format!("localhost/mlenv/lab:{tag}"));
    let forget = ["rmi", "--force", "--ignore", &built[0], &built[1]];
    podman(&forget);
    let page = include_str!("../../docs/walk-project-container.md");
    let lines = typed::follow(&sandbox, page, ("/none".as_ref(), &vars));
    podman(&forget);
    assert!(lines >= 16, "{lines}");
}

const TRAIN: &str =
    "import click, course, sys\nprint('course', course.__version__, *sys.argv[1:])\n";

const LAB: &str = r#"base = "ml-base"
pip = ["requirements.txt"]
mounts = ["/data"]

[tasks]
train = "python train.py --data /data"

[variant.gpu]
base = "ml-base-gpu"
"#;

/// As an ordinary user, as whom apptainer builds. Not every machine lets one mount a SIF: there apptainer unpacks it.
#[test]
fn a_sandbox_is_made_written_to_recorded_frozen_and_described() {
    if !Engine::Apptainer.works() {
        return;
    }
    let Some(nobody) = Nobody::new() else { return };
    if nobody.run(&["apptainer", "--version"]).end().status.code() != Some(0) {
        return machine::lacks("a build directory that other users may enter");
    }
    let (sandbox, project) = (&nobody.sandbox, nobody.sandbox.path("home/project"));
    catalogue(sandbox, &[("ml-base", &world().publish("walk-sandbox:1", 1))]);
    sandbox.write("home/.config/pip/pip.conf", packages(&project));
    let wheels = project.join("wheels").display().to_string();
    sandbox.write("home/project/lab.toml", SANDBOX.replace("WHEELS", &wheels));
    sandbox.write("home/project/train.py", FIT);
    sandbox.write("home/project/data/events", "1 2 3\n");
    for name in ["scratch", "results"] {
        std::fs::create_dir(project.join(name)).unwrap();
    }
    std::fs::copy(env!("CARGO_BIN_EXE_mlenv"), project.join("mlenv")).unwrap();
    sandbox.run("chown").args(["-R", "65534", "home"]).ok();
    let page = include_str!("../../docs/walk-sandbox.md");
    let lines = typed::follow_as(sandbox, page, (sandbox.root(), &project), |words| {
        nobody.run(words).var("LC_ALL", "C").var("APPTAINER_UNSQUASH", "1")
    });
    assert!(lines >= 13, "{lines}");
}

const FIT: &str = "import sys, uproot
with open('/dataset/events') as events, open('/final_log/accuracy', 'w') as log:
    log.write(events.read())
print('uproot', uproot.__version__, *sys.argv[1:])
";

const SANDBOX: &str = r#"base = "ml-base"
mounts = ["/dataset", "/tmp_log", "/final_log"]
pip = ["requirements.txt"]
build-env = { PIP_NO_INDEX = "1", PIP_FIND_LINKS = "WHEELS" }
runscript = "exec python /opt/lab/train.py \"$@\""

[files]
"train.py" = "/opt/lab/train.py"

[env]
OMP_NUM_THREADS = "1"
"#;
