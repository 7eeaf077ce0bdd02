//! `mlenv image build` of a description with commands: really built, by podman, and put where it is wanted.

use std::process::Command;
use std::time::Duration;

use crate::engines::{self, Engine, settings};
use crate::support::machine;
use crate::support::sandbox::{Outcome, Sandbox};
use crate::support::testbase::channel;
use crate::users::Nobody;
use crate::world::{local, podman, world};

const TEXT: &str = "
run = [\"echo \\\"it's $SECRET\\\" >/note\"]
build-env = { SECRET = 'built' }
mounts = ['/dataset']
workdir = '/work'
runscript = 'echo ran in $PWD'
env = { WORDS = \"it's $HOME\" }
[files]
'data file.d' = '/opt/none'
[variant.other]
run = [\"echo other >/note\"]
files = { 'data.txt' = '/opt/data.txt', 'more' = '/opt/more' }
[variant.broken]
run = ['echo the last words; exit 3']
files = {}
[variant.plain]
files = {}
";

fn lab(base: &str) -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.write("a lab/lab.toml", format!("base = '{base}'\n{TEXT}"));
    sandbox.write("a lab/data.txt", "data\n");
    sandbox.write("a lab/more/deep/x", "deep\n");
    sandbox
}

fn build(sandbox: &Sandbox, words: &[&str]) -> Outcome {
    let run = sandbox.mlenv(["image", "build", "a lab/lab.toml"]).args(words);
    let path = format!("{}:{}", engines::apptainer_bin().display(), crate::support::sandbox::PATH);
    settings().iter().fold(run, |run, (name, value)| run.var(name, value)).var("PATH", path).end()
}

#[test]
fn podman_builds_a_description_and_its_variants() {
    if !Engine::Podman.works() {
        return;
    }
    let sandbox = lab(&world().publish("described:1", 1));
    let tag = "localhost/mlenv-tests-described:1";
    let told = build(&sandbox, &["-t", tag, "--engine", "podman"]);
    assert!(told.err.contains("has a name that not every builder can copy"), "{told}");
    let told = build(&sandbox, &["-t", tag, "--engine", "podman", "--variant", "broken"]);
    assert!(told.status.code() == Some(2) && told.err.contains("the last words"), "{told}");
    assert!(told.err.contains("the build failed at STEP"), "{told}");
    let told = build(&sandbox, &["-t", tag, "--variant", "nothing"]);
    assert!(told.err.contains("its variants: broken, other, plain"), "{told}");
    let told =
        build(&sandbox, &["-t", tag, "--engine", "podman", "--variant", "plain", "--dry-run"]);
    assert!(told.out.contains(" build --tag localhost/mlenv-tests-described:1 --file "), "{told}");
    let told = build(&sandbox, &["-t", tag, "--engine", "podman", "--variant", "other"]);
    assert!(told.status.success() && told.err.contains("built localhost/"), "{told}");
    let inside = "cat /note /opt/data.txt /opt/more/deep/x; ls -d /dataset; echo \"$WORDS ${SECRET-none}\"; pwd";
    let out = podman(&["run", "--rm", "--entrypoint", "/bin/sh", tag, "-c", inside]);
    assert_eq!(out, "other\ndata\ndeep\n/dataset\nit's $HOME none\n/work\n");
    let out = podman(&["run", "--rm", tag]);
    assert_eq!(out, "ran in /work\n");
    let label = "{{index .Labels \"mlenv.spec\"}} {{index .Labels \"mlenv.base\"}}";
    let labels = podman(&["image", "inspect", "--format", label, tag]);
    assert_eq!(labels.matches("sha256:").count(), 2, "{labels}");
    let label = "{{index .Labels \"mlenv.packages\"}}";
    let labels = podman(&["image", "inspect", "--format", label, tag]);
    let python = labels.lines().find(|line| line.starts_with("python"));
    assert!(python.is_some_and(|line| line.contains('=')), "{labels}");
    podman(&["rmi", "--force", tag]);
}

#[test]
fn an_image_without_conda_gets_one_where_commands_are_run_too() {
    if !Engine::Podman.works() {
        return;
    }
    // It makes the images on first use.
    let world = world();
    let without = "localhost/mlenv-tests-without-conda:1";
    podman(&[
        "run",
        "--name",
        "mlenv-tests-bare",
        &local(1),
        "/bin/sh",
        "-c",
        "rm -rf /opt/conda /bin/micromamba",
    ]);
    podman(&["commit", "--quiet", "mlenv-tests-bare", without]);
    podman(&["rm", "mlenv-tests-bare"]);
    let base = world.publish_as("without-conda:1", without);
    let sandbox = Sandbox::new();
    channel::with_python(&sandbox.path("a lab/channel"), &[]);
    // As a channel it is reached inside.
    let text = format!(
        "base = '{base}'\nchannels = ['file:///srv/channel']\npackages = ['greet']\nrun = ['/opt/conda/bin/greet >/note']\n[files]\nchannel = '/srv/channel'\n"
    );
    sandbox.write("a lab/lab.toml", text);
    let tag = "localhost/mlenv-tests-made:1";
    let told = build(&sandbox, &["-t", tag, "--engine", "podman"]);
    assert!(told.status.success() && told.err.contains("built localhost/"), "{told}");
    let inside = "cat /note; mlenv create -q --no-save -p /e --base /opt/conda && /e/bin/python -c 'import greet; greet.main()'";
    let out = podman(&["run", "--rm", "--entrypoint", "/bin/sh", tag, "-c", inside]);
    assert_eq!(out, "hello\nhello\n");
    podman(&["rmi", "--force", tag, without]);
}

/// Images of builds in podman's store. Where another test removes an image meanwhile, podman lists none: it is asked again.
fn leftovers() -> usize {
    for _ in 0..20 {
        let mut command = Command::new("podman");
        command.args(["images", "--noheading"]);
        let output =
            command.envs(settings().iter().map(|(name, value)| (name, value))).output().unwrap();
        if output.status.success() {
            let text = String::from_utf8_lossy(&output.stdout).into_owned();
            return text.lines().filter(|line| line.contains("mlenv-build")).count();
        }
        std::thread::sleep(Duration::from_millis(300));
    }
    panic!("podman does not list its images");
}

#[test]
fn what_is_built_goes_to_files_and_registries_and_leaves_nothing_in_the_store() {
    if !Engine::Podman.works() {
        return;
    }
    let sandbox = lab(&world().publish("described:2", 1));
    let pushed = world().publish("described:pushed", 1);
    for words in [&["-o", "out/lab.oci.tar"][..], &["-o", "oci:out/lab"], &["--push", &pushed]] {
        let words = [&["--variant", "plain", "--engine", "podman"], words].concat();
        let told = build(&sandbox, &words);
        assert!(told.status.success(), "{told}");
    }
    assert!(
        sandbox.path("out/lab.oci.tar").is_file() && sandbox.path("out/lab/index.json").is_file()
    );
    let told = build(&sandbox, &["--variant", "plain", "-o", "out/lab.oci.tar"]);
    assert!(told.err.contains("is there already"), "{told}");
    podman(&["pull", "--quiet", &pushed]);
    assert_eq!(podman(&["run", "--rm", "--entrypoint", "cat", &pushed, "/note"]), "it's built\n");
    podman(&["rmi", "--force", &pushed]);
    assert_eq!(leftovers(), 0);
    if Engine::Apptainer.works() {
        let told =
            build(&sandbox, &["--variant", "plain", "--engine", "podman", "-o", "out/lab.sif"]);
        assert!(told.status.success() && sandbox.path("out/lab.sif").is_file(), "{told}");
    } else {
        machine::lacks("apptainer, which makes a SIF");
    }
}

#[test]
fn apptainer_alone_makes_a_sif_and_a_sandbox_for_an_ordinary_user() {
    if !Engine::Apptainer.works() {
        return;
    }
    let Some(nobody) = Nobody::new() else { return };
    if nobody.run(&["apptainer", "--version"]).end().status.code() != Some(0) {
        return machine::lacks("a build directory that other users may enter");
    }
    let sandbox = &nobody.sandbox;
    let text = format!("base = '{}'\n{TEXT}", world().publish("described:3", 1));
    let dir = "home/project/a lab";
    sandbox.write(format!("{dir}/lab.toml"), text);
    sandbox.write(format!("{dir}/data.txt"), "data\n");
    sandbox.write(format!("{dir}/more/deep/x"), "deep\n");
    sandbox.run("chown").args(["-R", "65534", "home"]).ok();
    let build = |more: &[&str]| {
        let words = ["image", "build", "a lab/lab.toml", "--engine", "apptainer"];
        nobody.mlenv(&[&words[..], more].concat())
    };
    let inside = "cat /note; ls -d /dataset; echo \"$WORDS ${SECRET-none}\"";
    for to in ["lab.sif", "box/"] {
        build(&["--variant", "plain", "-o", to]).ok();
        let mut seen = to;
        if to == "lab.sif" {
            // Not every machine lets such a user mount one.
            seen = "../opened";
            nobody.run(&["apptainer", "build", "--sandbox", seen, to]).ok();
        }
        let words = ["apptainer", "exec", "--cleanenv", seen, "/bin/sh", "-c", inside];
        let told = nobody.run(&words).ok();
        assert_eq!(told.out, "it's built\n/dataset\nit's $HOME none\n", "{to}");
        let told = nobody.run(&["apptainer", "run", "--cleanenv", seen]).ok();
        assert_eq!(told.out, "ran in /work\n", "{to}");
        build(&["--variant", "plain", "-o", to]).fails(1, "is there already");
    }
    // A sandbox or a SIF is a base as well, and needs no word for the engine.
    let text = "base = '../box'\nrun = [\"echo again >>/note\"]\n";
    sandbox.write(format!("{dir}/again.toml"), text);
    for (to, base) in [("again/", &[][..]), ("third/", &["--base-image", "lab.sif"])] {
        let words = [&["image", "build", "a lab/again.toml", "-o", to], base].concat();
        nobody.mlenv(&words).ok();
        let told = nobody.run(&["apptainer", "exec", "--cleanenv", to, "cat", "/note"]).ok();
        assert_eq!(told.out, "it's built\nagain\n", "{to}");
    }
    let words = ["image", "build", "a lab/again.toml", "-t", "x"];
    nobody.mlenv(&words).fails(2, "and neither is wanted");
    let words = ["image", "recipe", "a lab/again.toml"];
    nobody.mlenv(&words).fails(2, "a Dockerfile cannot start from ");
    let words = ["image", "recipe", "a lab/again.toml", "--base-image", "none.sif"];
    nobody.mlenv(&words).fails(1, "there is no image at ");
    build(&["--variant", "other", "-o", "other/"]).ok();
    assert!(sandbox.path("home/project/other/opt/more/deep/x").is_file());
    let told = build(&["--variant", "broken", "-o", "broken.sif"]).end();
    assert!(told.status.code() == Some(2) && told.err.contains("the last words"), "{told}");
    let told = build(&["--variant", "plain", "-o", "dry/", "--dry-run"]).ok().out;
    assert!(told.contains(" --quiet build --fix-perms --sandbox "), "{told}");
    // Unasked, where nothing else is on PATH.
    let words =
        ["image", "build", "home/project/a lab/lab.toml", "--variant", "plain", "-o", "dry/"];
    let alone = sandbox.mlenv(words).arg("--dry-run").var("PATH", engines::apptainer_bin()).ok();
    // The program's path may be one that has to be quoted.
    let is_its = alone.out.contains("bin/apptainer");
    assert!(is_its && alone.out.contains(" --quiet build --fix-perms --sandbox "), "{alone}");
    build(&["--variant", "plain", "-t", "x"]).fails(2, "and neither is wanted");
    let names = std::fs::read_dir(sandbox.path("home/project")).unwrap();
    let mut names: Vec<_> = names.map(|entry| entry.unwrap().file_name()).collect();
    names.sort();
    assert_eq!(names, ["a lab", "again", "box", "lab.sif", "other", "third"], "nothing is left");
}
