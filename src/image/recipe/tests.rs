//! Recipes as text, and what they refuse.

use super::*;
use crate::image::Reference;

/// A directory with the files that recipes here name.
fn dir() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    for file in ["environment.yml", "more.txt", "mlenv"] {
        crate::fs::write_atomic(&dir.path().join(file), b"").unwrap();
    }
    dir
}

fn render(text: &str, form: RecipeForm) -> Result<String> {
    let recipe = read(text, None)?;
    let base = Start::Named(Reference::parse(&recipe.base)?);
    recipe.render(form, &base, dir().path(), "recipe.toml")
}

const WHOLE: &str = r#"
base = "condaforge/miniforge3:24.9.2-0"
conda = "environment.yml"
pip = ["./more.txt"]
labels = { "org.opencontainers.image.title" = 'the "lab" $x \ y' }
env = { WORDS = "it's $HOME `x` \\ \"q\"" }
"#;

#[test]
fn one_description_gives_a_dockerfile() {
    let steps = "chmod 755 /usr/local/bin/mlenv \\
 && if command -v micromamba; then micromamba install -y -p /opt/conda -f /opt/mlenv/environment.yml && micromamba clean -a -y; elif command -v mamba; then mamba env update -p /opt/conda -f /opt/mlenv/environment.yml && mamba clean -a -y; elif test -x /opt/conda/bin/conda; then /opt/conda/bin/conda env update -p /opt/conda -f /opt/mlenv/environment.yml && /opt/conda/bin/conda clean -a -y; else /usr/local/bin/mlenv base make /opt/conda -f /opt/mlenv/environment.yml pip; fi \\
 && /opt/conda/bin/python -m pip install --no-cache-dir -r /opt/mlenv/requirements-1.txt \\
 && /usr/local/bin/mlenv base prepare /opt/conda \\
 && /usr/local/bin/mlenv base index /opt/conda
";
    let head = r#"# Made by `mlenv image recipe recipe.toml --dockerfile`.
# Build it with: podman build -f - . (or docker)
FROM docker.io/condaforge/miniforge3:24.9.2-0
LABEL "org.opencontainers.image.title"="the \"lab\" \$x \\ y"
ENV WORDS="it's \$HOME `x` \\ \"q\""
COPY ["environment.yml", "/opt/mlenv/environment.yml"]
COPY ["more.txt", "/opt/mlenv/requirements-1.txt"]
COPY ["mlenv", "/usr/local/bin/mlenv"]
USER root
RUN "#;
    assert_eq!(render(WHOLE, RecipeForm::Dockerfile).unwrap(), format!("{head}{steps}"));
}

#[test]
fn and_an_apptainer_definition_that_does_the_same() {
    let text = render(WHOLE, RecipeForm::Definition).unwrap();
    for part in [
        "Bootstrap: docker\nFrom: docker.io/condaforge/miniforge3:24.9.2-0\n",
        "%files\n    environment.yml /opt/mlenv/environment.yml\n    more.txt /opt/mlenv/requirements-1.txt\n    mlenv /usr/local/bin/mlenv\n",
        "%post\n    set -eu\n    export WORDS=\"it's \\$HOME \\`x\\` \\\\ \\\"q\\\"\"\n",
        "    /usr/local/bin/mlenv base prepare /opt/conda\n    /usr/local/bin/mlenv base index /opt/conda\n",
        "%environment\n    export WORDS=\"it's \\$HOME ",
        "%labels\n    org.opencontainers.image.title the \"lab\" $x \\ y\n",
    ] {
        assert!(text.contains(part), "{part}\n{text}");
    }
    assert!(
        !text.contains("/var/tmp") && !text.contains(" /tmp"),
        "the host's are mounted over those"
    );
}

const KEYS: &str = r#"
base = "ghcr.io/lab/base:1"
system = ["libgl1"]
channels = ["conda-forge"]
packages = ["numpy>=2", "root"]
pip-packages = ["uproot>=5; python_version > '3'"]
run = ["echo \"it's $HOME\" >/note"]
build-env = { CONDA_OVERRIDE_CUDA = "12.6" }
mounts = ["/dataset", "/final_log"]
workdir = "/work"
runscript = "exec python train.py \"$@\""
[files]
"more.txt" = "/opt/data/more.txt"
"#;

#[test]
fn every_key_is_in_both_texts() {
    let text = render(&format!("user = 'jovyan'\n{KEYS}"), RecipeForm::Dockerfile).unwrap();
    for part in [
        "COPY [\"more.txt\", \"/opt/data/more.txt\"]\n",
        "RUN export CONDA_OVERRIDE_CUDA=\"12.6\" \\\n && if command -v apt-get; then apt-get update",
        "install -y --no-install-recommends libgl1 &&",
        " && mkdir -p /dataset /final_log /work \\\n",
        "micromamba install -y -p /opt/conda -c conda-forge 'numpy>=2' root && micromamba clean",
        " -m pip install --no-cache-dir -- ",
        " && /bin/sh -euc ",
        "WORKDIR /work\nCMD [\"/bin/sh\", \"-c\", \"exec python train.py \\\"$@\\\"\"]\nUSER jovyan\n",
    ] {
        assert!(text.contains(part), "{part}\n{text}");
    }
    assert!(!text.contains("ENV CONDA_OVERRIDE_CUDA"), "{text}");
    let text = render(KEYS, RecipeForm::Definition).unwrap();
    for part in [
        "    more.txt /opt/data/more.txt\n",
        "    export CONDA_OVERRIDE_CUDA=\"12.6\"\n    if command -v apt-get",
        "\n%runscript\n    cd /work\n    exec /bin/sh -c 'exec python train.py \"$@\"' /bin/sh \"$@\"\n",
    ] {
        assert!(text.contains(part), "{part}\n{text}");
    }
    assert!(!text.contains("%environment"), "{text}");
}

#[test]
fn the_least_recipe_prepares_a_base_that_is_there() {
    let text = render("base = 'ghcr.io/lab/base:1'", RecipeForm::Definition).unwrap();
    assert!(
        !text.contains("%environment") && !text.contains("%labels") && !text.contains("pip"),
        "{text}"
    );
}

#[test]
fn what_no_recipe_can_hold_is_refused() {
    for (more, form, reason) in [
        ("prefix = 'opt'", RecipeForm::Dockerfile, "cannot be the prefix"),
        ("prefix = '/opt; rm -rf /'", RecipeForm::Dockerfile, "cannot be the prefix"),
        ("prefix = '/opt/../etc'", RecipeForm::Definition, "cannot be the prefix"),
        ("conda = '../secret'", RecipeForm::Dockerfile, "is not beside the recipe"),
        ("conda = '/etc/passwd'", RecipeForm::Dockerfile, "is not beside the recipe"),
        ("conda = 'missing.yml'", RecipeForm::Dockerfile, "there is no file"),
        ("pip = [\"a\\nRUN x\"]", RecipeForm::Dockerfile, "has a name that not every builder"),
        ("pip = ['a b.txt']", RecipeForm::Definition, "has a name that not every builder"),
        ("mlenv = 'none'", RecipeForm::Dockerfile, "there is no file"),
        ("env = { 'A B' = 'x' }", RecipeForm::Dockerfile, "is not a name of a variable"),
        ("env = { A = \"x\\nRUN y\" }", RecipeForm::Dockerfile, "has a line break"),
        ("labels = { a = \"x\\ny\" }", RecipeForm::Definition, "has a line break"),
        ("labels = { 'a\"b' = 'x' }", RecipeForm::Dockerfile, "cannot be a label's name"),
        ("labels = { a = '{{ x }}' }", RecipeForm::Definition, "which apptainer would replace"),
        ("system = ['-y']", RecipeForm::Dockerfile, "is not a package of a system"),
        ("packages = ['-c x']", RecipeForm::Dockerfile, "is not a package"),
        ("run = [\"a\\nb\"]", RecipeForm::Dockerfile, "has a line break"),
        ("mounts = ['data']", RecipeForm::Dockerfile, "cannot be a mount"),
        ("user = 'x y'", RecipeForm::Dockerfile, "is not a user"),
        ("user = 'me'", RecipeForm::Definition, "has no user"),
        ("run = ['echo {{x}}']", RecipeForm::Definition, "which apptainer would replace"),
        ("labels = { a = ' x' }", RecipeForm::Definition, "has spaces around it"),
    ] {
        let error = render(&format!("base = 'a'\n{more}"), form).expect_err(more);
        assert!(error.to_string().contains(reason), "{more}: {error}");
    }
}
