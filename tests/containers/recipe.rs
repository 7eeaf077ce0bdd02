//! `mlenv image recipe`: an image that is really built from what it prints.

use crate::engines::Engine;
use crate::support::machine;
use crate::support::sandbox::Sandbox;
use crate::users::Nobody;
use crate::world::{podman, world};

/// A recipe on the tests' image, with what it names beside it: an environment file, requirements, mlenv.
fn recipe(sandbox: &Sandbox, base: &str) {
    let text = format!(
        "base = '{base}'\nconda = 'environment.yml'\npip = ['requirements.txt']\n\
         env = {{ WORDS = '''it's $HOME \\ \"q\"''' }}\nlabels = {{ 'lab.title' = 'a \"lab\" $x' }}\n"
    );
    sandbox.write("lab/recipe.toml", text);
    sandbox.write("lab/environment.yml", "channels:\n  - conda-forge\ndependencies:\n  - tool\n");
    let wheels = sandbox.path("wheels");
    crate::support::wheel::build(&wheels, "mine", "1.5");
    let text = format!("--no-index\n--find-links {}\nmine==1.5\n", crate::world::url(&wheels));
    sandbox.write("lab/requirements.txt", text);
    std::fs::copy(env!("CARGO_BIN_EXE_mlenv"), sandbox.path("lab/mlenv")).unwrap();
}

/// What has to be true inside of what was built.
const PROOF: &str = "set -e
test -e /opt/conda/conda-meta/tool-1.0-0.json
test -e /opt/conda/mlenv-standard.tar.zst
printf '%s\\n' \"$WORDS\"
/opt/conda/bin/python -c 'import mine; print(mine.__version__)'
dir=$(mktemp -d)
mlenv create -q --no-save -p \"$dir/e\" --base /opt/conda
\"$dir/e/bin/python\" -c 'import mine, sys; print(sys.prefix == sys.argv[1])' \"$dir/e\"
rm -rf \"$dir\"";

const PROVED: &str = "it's $HOME \\ \"q\"\n1.5\nTrue\n";

#[test]
fn podman_builds_what_a_recipe_prints_and_an_env_stands_on_it() {
    if !Engine::Podman.works() {
        return;
    }
    let sandbox = Sandbox::new();
    recipe(&sandbox, &world().publish("recipe:1", 1));
    let text = sandbox.mlenv(["image", "recipe", "lab/recipe.toml", "--dockerfile"]).ok().out;
    let dockerfile = sandbox.write("Dockerfile", text);
    let volume = format!("{0}:{0}:ro", sandbox.path("wheels").display());
    let tag = "localhost/mlenv-tests-recipe:1";
    let (file, context) = (dockerfile.to_str().unwrap(), sandbox.path("lab"));
    let words = ["build", "--quiet", "--volume", &volume, "--tag", tag, "--file", file];
    podman(&[&words[..], &[context.to_str().unwrap()]].concat());
    let out = podman(&["run", "--rm", "--entrypoint", "/bin/sh", tag, "-c", PROOF]);
    assert_eq!(out, PROVED);
    let label = "{{index .Labels \"lab.title\"}}";
    let title = podman(&["image", "inspect", "--format", label, tag]);
    assert_eq!(title, "a \"lab\" $x\n");
    podman(&["rmi", "--force", tag]);
}

#[test]
fn apptainer_builds_what_a_recipe_prints_for_an_ordinary_user() {
    if !Engine::Apptainer.works() {
        return;
    }
    let Some(nobody) = Nobody::new() else { return };
    if nobody.run(&["apptainer", "--version"]).end().status.code() != Some(0) {
        return machine::lacks("a build directory that other users may enter");
    }
    let sandbox = &nobody.sandbox;
    recipe(sandbox, &world().publish("recipe:2", 1));
    let text = sandbox.mlenv(["image", "recipe", "lab/recipe.toml", "--apptainer"]).ok().out;
    sandbox.write("lab/lab.def", text);
    sandbox.run("chmod").args(["-R", "a+rX", "lab", "wheels"]).ok();
    // The host's /tmp, where the wheel is, is seen while apptainer builds: the image's own is not.
    let build = ["apptainer", "build", "--sandbox", "../built", "lab.def"];
    nobody.run(&build).cwd(sandbox.path("lab")).ok();
    let words = ["apptainer", "exec", "--cleanenv", "../built", "/bin/sh", "-c", PROOF];
    let told = nobody.run(&words).cwd(sandbox.path("lab")).ok();
    assert_eq!(told.out, PROVED);
}

#[test]
fn for_pip_alone_the_images_own_python_makes_a_venv() {
    if !Engine::Podman.works() {
        return;
    }
    let sandbox = Sandbox::new();
    let base = world().publish("recipe:3", 1);
    recipe(&sandbox, &base);
    let text = format!(
        "base = '{base}'\nuser = 'root'\nprefix = '/opt/venv'\npip = ['requirements.txt']\nenv = {{ PATH = '/opt/conda/bin:/usr/bin:/bin' }}\n"
    );
    sandbox.write("lab/recipe.toml", text);
    let text = sandbox.mlenv(["image", "recipe", "lab/recipe.toml", "--dockerfile"]).ok().out;
    let dockerfile = sandbox.write("Dockerfile", text);
    let volume = format!("{0}:{0}:ro", sandbox.path("wheels").display());
    let tag = "localhost/mlenv-tests-recipe:3";
    let (file, context) = (dockerfile.to_str().unwrap(), sandbox.path("lab"));
    let words = ["build", "--quiet", "--volume", &volume, "--tag", tag, "--file", file];
    podman(&[&words[..], &[context.to_str().unwrap()]].concat());
    let proof = "/opt/venv/bin/python -c 'import mine, sys; print(mine.__version__, sys.prefix)'";
    let out = podman(&["run", "--rm", "--entrypoint", "/bin/sh", tag, "-c", proof]);
    assert_eq!(out, "1.5 /opt/venv\n");
    podman(&["rmi", "--force", tag]);
}
