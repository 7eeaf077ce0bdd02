//! Tasks of a description, really run: in new containers of the image that is built for it, and by make.

use crate::engines::{self, Engine, settings};
use crate::support::machine;
use crate::support::sandbox::{PATH, Run, Sandbox};
use crate::world::{podman, world};

const TEXT: &str = "
runscript = 'echo served'
env = { WORDS = 'plain' }
run = ['echo made >/made']
[tasks]
train = \"echo \\\"it's $WORDS: $(cat /made)\\\"; pwd; printf '[%s]'\"
words = ['printf', '<%s>', '$WORDS']
[variant.gpu]
env = { WORDS = 'of the variant' }
";

struct Lab(Sandbox);

impl Lab {
    fn new(name: &str) -> Self {
        let sandbox = Sandbox::new();
        let base = world().publish(&format!("tasks:{name}"), 1);
        sandbox.write(format!("a lab/{name}.toml"), format!("base = '{base}'\n{TEXT}"));
        Self(sandbox)
    }

    fn set(&self, run: Run) -> Run {
        let path = format!("{}:{PATH}", engines::apptainer_bin().display());
        let run = run.cwd(self.0.path("a lab")).var("PATH", path);
        settings().iter().fold(run, |run, (name, value)| run.var(name, value))
    }

    fn task(&self, engine: Engine, words: &[&str]) -> Run {
        let first = ["container", "task", "--engine", engine.name()];
        self.set(self.0.mlenv(first).args(words))
    }
}

#[test]
fn tasks_run_in_new_containers_of_the_image_that_is_built_for_them() {
    for engine in [Engine::Podman, Engine::Apptainer].into_iter().filter(|one| one.works()) {
        let name = format!("lab-{}", engine.name());
        let lab = Lab::new(&name);
        let listed = lab.set(lab.0.mlenv(["container", "task"])).ok().out;
        assert!(
            listed.contains("  run    echo served\n") && listed.contains("  train  "),
            "{listed}"
        );
        lab.task(engine, &["tune"]).fails(1, "the description has no task tune");
        if engine == Engine::Apptainer {
            // Its own builds take an ordinary user, as another test shows: here the image is podman's.
            if !Engine::Podman.works() {
                continue;
            }
            let file = format!("{name}.sif");
            let build = ["image", "build", ".", "--engine", "podman", "-o", &file];
            lab.set(lab.0.mlenv(build)).ok();
        }
        let dir = lab.0.path("a lab").display().to_string();
        let train = lab.task(engine, &["train", "--", "a b", "$c"]).ok();
        assert_eq!(train.out, format!("it's plain: made\n{dir}\n[a b][$c]"), "{train}");
        let again = lab.task(engine, &["words", "--", "x"]).ok();
        assert_eq!(again.out, "<$WORDS><x>");
        assert!(!again.err.contains("built"), "the image is there: {again}");
        assert_eq!(lab.task(engine, &["run"]).ok().out, "served\n");
        let line = lab.task(engine, &["train", "--dry-run"]).ok().out;
        assert!(line.contains(engine.name()) && line.contains(&name), "{line}");
        if engine == Engine::Podman {
            let gpu = lab.task(engine, &["train", "--variant", "gpu"]).ok();
            assert!(gpu.out.starts_with("it's of the variant: made\n"), "{gpu}");
            for tag in ["latest", "gpu"] {
                podman(&["rmi", "--force", &format!("localhost/mlenv/{name}:{tag}")]);
            }
        } else {
            let line = lab.task(engine, &["run", "--variant", "gpu", "--dry-run"]).ok().out;
            assert!(line.contains(&format!("{name}-gpu.sif")), "{line}");
        }
    }
}

#[test]
fn who_has_no_mlenv_does_the_same_by_make() {
    if !machine::has("make") {
        machine::lacks("make");
        return;
    }
    if !Engine::Podman.works() {
        return;
    }
    let lab = Lab::new("by-make");
    let printed = |words: &[&str]| lab.set(lab.0.mlenv(words)).ok().out;
    lab.0.write("a lab/Makefile", printed(&["container", "makefile"]));
    for (variant, file) in [(None, "Dockerfile"), (Some("gpu"), "Dockerfile.gpu")] {
        let mut words = vec!["image", "recipe", "by-make.toml", "--dockerfile"];
        words.extend(variant.iter().flat_map(|name| ["--variant", name]));
        lab.0.write(format!("a lab/{file}"), printed(&words));
    }
    std::fs::copy(env!("CARGO_BIN_EXE_mlenv"), lab.0.path("a lab/mlenv")).unwrap();
    let make = |words: &[&str]| lab.set(lab.0.run("make").arg("-s").args(words)).ok();
    make(&["build", "build-gpu"]);
    let dir = lab.0.path("a lab").display().to_string();
    let told = make(&["train", "ARGS=x '$$y'"]).out;
    assert_eq!(told, format!("it's plain: made\n{dir}\n[x][$y]"));
    assert!(make(&["train-gpu"]).out.starts_with("it's of the variant: made\n"));
    assert_eq!(make(&["words"]).out, "<$WORDS>");
    assert_eq!(make(&["run"]).out, "served\n");
    for tag in ["latest", "gpu"] {
        podman(&["rmi", "--force", &format!("localhost/mlenv/by-make:{tag}")]);
    }
}
