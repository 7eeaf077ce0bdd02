//! Pages of the guide that take engines, as they are typed.

#[path = "../it/docs/typed.rs"]
mod typed;

use crate::engines::{Engine, apptainer_bin, settings};
use crate::support::sandbox::Sandbox;
use crate::support::testbase::base;
use crate::support::wheel;
use crate::world::{podman, url, world};

/// A project with an environment file, and a base image by the name `ml-base`.
fn project(name: &str) -> Sandbox {
    let sandbox = Sandbox::new();
    let reference = world().publish(&format!("walk:{name}"), 1);
    sandbox.write(
        "site/images.toml",
        format!("[[image]]\nname = 'ml-base'\nreference = '{reference}'\n"),
    );
    wheel::build(&sandbox.path("project/wheels"), "course", "1.5");
    let file = "dependencies:\n  - python >=3.8\n  - pip:\n    - course\n";
    sandbox.write("project/environment.yml", file);
    sandbox
}

#[test]
fn what_cotainr_and_tykky_do_is_done_from_the_same_file() {
    if !Engine::Apptainer.works() {
        return;
    }
    let sandbox = project("lumi");
    let vars: Vec<(&str, String)> =
        settings().iter().map(|(name, value)| (*name, value.display().to_string())).collect();
    let page = include_str!("../../docs/from-cotainr-and-tykky.md");
    let lines = typed::follow(&sandbox, page, (&apptainer_bin(), &vars));
    assert!(lines >= 6, "{lines}");
}

/// A project whose image an engine builds: what pip takes then lies behind the engine's own settings, as a site's index would.
#[test]
fn a_project_is_pinned_described_built_for_both_processors_run_and_added_to() {
    if !Engine::Podman.works() {
        return;
    }
    let sandbox = Sandbox::new();
    let image = base().twin(&sandbox.path("ml-base:alma9/opt/conda"));
    sandbox.mlenv(["base", "add", "--name", "ml"]).arg(&image).ok();
    let wheels = sandbox.path("project/wheels");
    for (name, version) in [("course", "1.5"), ("uproot", "5.3")] {
        wheel::build(&wheels, name, version);
    }
    let conf = sandbox.write(
        "pip.conf",
        format!(
            "[global]\nno-index = true\nroot-user-action = ignore\nfind-links = {}\n",
            url(&wheels)
        ),
    );
    let images = [("ml-base", 1), ("ml-base-gpu", 2)].map(|(name, edition)| {
        let reference = world().publish(&format!("walk-project:{name}"), edition);
        format!("[[image]]\nname = '{name}'\nreference = '{reference}'\n")
    });
    sandbox.write("site/images.toml", images.concat());
    sandbox.write("project/train.py", TRAIN);
    sandbox.write("project/lab.toml", LAB);
    sandbox.write(
        "project/frozen.txt",
        "click @ file:///croot/click_1698129812380/work\ncourse==1.5\nmultidict==6.0.4\n",
    );
    let mut vars: Vec<(&str, String)> =
        settings().iter().map(|(name, value)| (*name, value.display().to_string())).collect();
    let (_, containers) = vars.iter_mut().find(|(name, _)| *name == "CONTAINERS_CONF").unwrap();
    let text = std::fs::read_to_string(&containers).unwrap();
    let volumes = format!(
        "[containers]\nvolumes = [\"{}:/etc/pip.conf:ro\", \"{1}:{1}:ro\"]\n",
        conf.display(),
        wheels.display()
    );
    let text = text.replace("[containers]\n", &volumes);
    *containers = sandbox.write("containers.conf", text).display().to_string();
    let registry = world().publish("walk-project:other", 1);
    vars.push(("REGISTRY", registry.trim_end_matches("/walk-project:other").to_owned()));
    std::fs::copy(env!("CARGO_BIN_EXE_mlenv"), sandbox.path("project/mlenv")).unwrap();
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

const LAB: &str = "base = \"ml-base\"
pip = [\"requirements.txt\"]
mounts = [\"/data\"]

[tasks]
train = \"python train.py --data /data\"

[variant.gpu]
base = \"ml-base-gpu\"
";
