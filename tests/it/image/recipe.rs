//! `image recipe` and `image build` of what is no description: presets, projects' files, directories; and what they refuse.

use crate::support::sandbox::{Run, Sandbox};

fn image(sandbox: &Sandbox, words: &[&str]) -> Run {
    sandbox.mlenv(["image"]).args(words)
}

fn recipe(sandbox: &Sandbox, words: &[&str]) -> Run {
    image(sandbox, &["recipe"]).args(words).arg("--dockerfile")
}

#[test]
fn every_preset_and_variant_is_a_text() {
    let sandbox = Sandbox::new();
    sandbox.write("mlenv", "");
    for (name, variant, package) in [
        ("ml-base", None, "lightgbm"),
        ("pyroot", None, "root"),
        ("tensorflow", None, "tensorflow-cpu"),
        ("tensorflow", Some("gpu"), "tensorflow-gpu"),
        ("torch", None, "pytorch-cpu"),
        ("torch", Some("gpu"), "pytorch-gpu"),
    ] {
        let variant: Vec<&str> = variant.into_iter().flat_map(|name| ["--variant", name]).collect();
        let told = recipe(&sandbox, &[&["--preset", name][..], &variant].concat()).ok();
        assert!(
            told.out.contains(&format!(" {package} "))
                && told.out.contains("--name ML-Python3-usersite"),
            "{told}"
        );
        assert_eq!(told.out.contains("export CONDA_OVERRIDE_CUDA="), !variant.is_empty(), "{told}");
        assert!(told.out.contains("ENV JUPYTER_PATH=\"/opt/conda/share/jupyter\"\n"), "{told}");
    }
    recipe(&sandbox, &["--preset", "nothing"])
        .fails(1, "there is no preset nothing")
        .hints("ml-base, pyroot");
    recipe(&sandbox, &["--preset", "ml-base", "--variant", "gpu"])
        .fails(1, "there is no variant gpu");
    recipe(&sandbox, &[]).fails(2, "nothing says what the image is to be made of");
}

#[test]
fn a_projects_file_does_in_a_descriptions_place() {
    let sandbox = Sandbox::new();
    sandbox.write("lab/mlenv", "");
    sandbox.write("lab/environment.yml", "channels: [conda-forge]\ndependencies: [root=6.32, pip, {pip: ['uproot>=5']}]\nvariables: {A: '1'}\n");
    let base = ["--base-image", "ghcr.io/lab/ml:v1"];
    let told = recipe(&sandbox, &[&["lab/environment.yml"][..], &base].concat()).ok();
    for part in [
        "FROM ghcr.io/lab/ml:v1\n",
        "-c conda-forge root=6.32",
        "--no-cache-dir -- 'uproot>=5'",
        "ENV A=\"1\"\n",
    ] {
        assert!(told.out.contains(part), "{part}: {told}");
    }
    assert_eq!(recipe(&sandbox, &[&["lab"][..], &base].concat()).ok().out, told.out);
    recipe(&sandbox, &["lab/environment.yml"])
        .fails(2, "does not say which image it is to stand on")
        .hints("--base-image REF");
    sandbox.write("lab/requirements.txt", "six\nnumpy @ file:///croot/numpy_and_x/work\n");
    let told = recipe(&sandbox, &[&["lab/requirements.txt"][..], &base].concat());
    told.fails(2, "it names a place on the disk of one machine: numpy @ file:///croot")
        .hints("NAME==VERSION");
    sandbox.write("lab/requirements.txt", "six\n");
    let told = recipe(&sandbox, &[&["lab/requirements.txt"][..], &base].concat()).ok();
    assert!(
        told.out.contains("COPY [\"requirements.txt\", \"/opt/mlenv/requirements-1.txt\"]"),
        "{told}"
    );
    sandbox.write(
        "lab/pyproject.toml",
        "[project]\nname = 'x'\ndependencies = ['six>1']\n[dependency-groups]\ntest = ['pytest']\n",
    );
    let told =
        recipe(&sandbox, &[&["lab/pyproject.toml", "--group", "test"][..], &base].concat()).ok();
    assert!(told.out.contains("-- 'six>1' pytest"), "{told}");
    std::fs::remove_file(sandbox.path("lab/mlenv")).unwrap();
    recipe(&sandbox, &[&["lab/pyproject.toml"][..], &base].concat())
        .ok()
        .says("the build copies a file `mlenv`");
}

#[test]
fn of_several_descriptions_none_is_taken() {
    let sandbox = Sandbox::new();
    for name in ["mlenv", "lab/mlenv"] {
        sandbox.write(name, "");
    }
    sandbox.write("lab/one.toml", "base = 'ghcr.io/lab/a:1'\n");
    sandbox.write("lab/environment.yml", "dependencies: []\n");
    let told = recipe(&sandbox, &["lab"]).ok();
    assert!(told.out.contains("FROM ghcr.io/lab/a:1\n"), "{told}");
    sandbox.write("lab/two.toml", "preset = 'torch'\n");
    recipe(&sandbox, &["lab"]).fails(2, "several descriptions are in ").says("one.toml, two.toml");
    image(&sandbox, &["build", "lab"]).fails(2, "several descriptions are in ");
    image(&sandbox, &["build", "lab/one.toml"]).fails(2, "nothing says where the image is to go");
    let told = image(&sandbox, &["build", "lab/environment.yml", "-o", "x.tar"]);
    told.fails(2, "does not say which image it is to stand on");
    let told = image(&sandbox, &["build", "--preset", "torch", "-t", "x", "--engine", "rocket"]);
    told.fails(2, "rocket builds no Dockerfile");
}
