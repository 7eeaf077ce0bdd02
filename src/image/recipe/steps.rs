//! What is run while an image is built: the same commands in both texts. What is the user's in them is a quoted word, or was
//! checked to be plain.

use super::Recipe;
use crate::process::Command;

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
    if !recipe.system.is_empty() {
        steps.push(system(&recipe.system.join(" ")));
    }
    let dirs: Vec<&str> = recipe.mounts.iter().chain(&recipe.workdir).map(String::as_str).collect();
    if !dirs.is_empty() {
        steps.push(format!("mkdir -p {}", dirs.join(" ")));
    }
    if recipe.conda.is_some() {
        steps.push(conda(prefix));
    }
    if !recipe.packages.is_empty() {
        steps.push(packages(recipe));
    }
    let pip = || {
        Command::new(format!("{prefix}/bin/python")).words([
            "-m",
            "pip",
            "install",
            "--no-cache-dir",
        ])
    };
    for at in 0..recipe.pip.len() {
        steps.push(pip().option("-r", requirements(at)).line());
    }
    if !recipe.pip_packages.is_empty() {
        steps.push(pip().word("--").words(&recipe.pip_packages).line());
    }
    steps.extend(
        recipe.run.iter().map(|command| Command::new("/bin/sh").words(["-euc", command]).line()),
    );
    steps.push(format!("chmod 755 {MLENV}"));
    steps.push(format!("{MLENV} base prepare {prefix}"));
    steps.push(format!("{MLENV} base index {prefix}"));
    steps
}

/// By the package manager that the base image has.
fn system(names: &str) -> String {
    format!(
        "if command -v apt-get; then apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends {names} && rm -rf /var/lib/apt/lists/*; \
         elif command -v dnf; then dnf install -y {names} && dnf clean all; \
         elif command -v microdnf; then microdnf install -y {names} && microdnf clean all; \
         elif command -v zypper; then zypper --non-interactive install {names} && zypper clean -a; \
         else echo 'no apt-get, dnf or zypper in the base image' >&2; exit 1; fi"
    )
}

/// By the client that the base image has; what is there counts.
fn packages(recipe: &Recipe) -> String {
    let prefix = &recipe.prefix;
    let channels = recipe.channels.iter().flat_map(|channel| ["-c", channel]);
    let words = Command::new("install").words(["-y", "-p", prefix.as_str()]).words(channels);
    let install = words.words(&recipe.packages).line();
    format!(
        "if command -v micromamba; then micromamba {install} && micromamba clean -a -y; \
         elif command -v mamba; then mamba {install} && mamba clean -a -y; \
         else {prefix}/bin/conda {install} && {prefix}/bin/conda clean -a -y; fi"
    )
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
