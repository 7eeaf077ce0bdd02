//! What is run while an image is built: the same commands in both texts. Names in them are our own, so that nothing of
//! the user's is part of a command; the prefix was checked to be plain.

use super::Recipe;

/// conda's environment file in the image; it stays there, to tell what was asked for.
pub(super) const CONDA: &str = "/opt/mlenv/environment.yml";
/// The program.
pub(super) const MLENV: &str = "/usr/local/bin/mlenv";

/// A requirements file in the image.
pub(super) fn requirements(at: usize) -> String {
    format!("/opt/mlenv/requirements-{}.txt", at + 1)
}

/// The commands, each of which has to succeed.
pub(super) fn all(recipe: &Recipe) -> Vec<String> {
    let prefix = &recipe.prefix;
    let mut steps = Vec::new();
    if recipe.conda.is_some() {
        steps.push(conda(prefix));
    }
    for at in 0..recipe.pip.len() {
        let file = requirements(at);
        steps.push(format!("{prefix}/bin/python -m pip install --no-cache-dir -r {file}"));
    }
    steps.push(format!("chmod 755 {MLENV}"));
    steps.push(format!("{MLENV} base prepare {prefix}"));
    steps.push(format!("{MLENV} base index {prefix}"));
    steps
}

/// By the client that the base image has.
fn conda(prefix: &str) -> String {
    let installed = format!("install -y -p {prefix} -f {CONDA}");
    let updated = format!("env update -p {prefix} -f {CONDA}");
    format!(
        "if command -v micromamba; then micromamba {installed} && micromamba clean -a -y; \
         elif command -v mamba; then mamba {updated} && mamba clean -a -y; \
         else {prefix}/bin/conda {updated} && {prefix}/bin/conda clean -a -y; fi"
    )
}
