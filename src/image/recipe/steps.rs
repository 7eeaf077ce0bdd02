//! What is run while an image is built: the same commands in both texts. What is the user's in them is a quoted word, or was
//! checked to be plain.

use std::fmt::Write as _;

use super::Recipe;
use crate::image::PROGRAM;
use crate::process::Command;

/// conda's environment file in the image; it stays there, to tell what was asked for.
pub(super) const CONDA: &str = "/opt/mlenv/environment.yml";

/// A requirements file in the image.
pub(super) fn requirements(at: usize) -> String {
    format!("/opt/mlenv/requirements-{}.txt", at + 1)
}

/// The commands, each of which has to succeed.
pub(super) fn all(recipe: &Recipe) -> Vec<String> {
    let prefix = &recipe.prefix;
    let mut steps = Vec::new();
    if recipe.system.names().next().is_some() {
        steps.push(system(recipe));
    }
    let dirs: Vec<&str> = recipe.mounts.iter().chain(&recipe.workdir).map(String::as_str).collect();
    if !dirs.is_empty() {
        steps.push(format!("mkdir -p {}", dirs.join(" ")));
    }
    steps.push(format!("chmod 755 {PROGRAM}"));
    if recipe.conda.is_some() {
        steps.push(conda(recipe));
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
    if recipe.needs_pip() && recipe.conda.is_none() && recipe.packages.is_empty() {
        // For pip alone the image's own Python will do; some systems have its pip, and none to put into a venv. One
        // command, since it stands between others' `&&`.
        steps.push(format!(
            "{{ test -x {prefix}/bin/python || python3 -m venv {prefix} || python3 -m venv --clear --without-pip --system-site-packages {prefix}; }}"
        ));
    }
    for at in 0..recipe.pip.len() {
        steps.push(pip().option("-r", requirements(at)).line());
    }
    if !recipe.pip_packages.is_empty() {
        steps.push(pip().word("--").words(&recipe.pip_packages).line());
    }
    steps.extend(
        recipe.run.iter().map(|command| Command::new("/bin/sh").words(["-euc", command]).line()),
    );
    steps.push(format!("{PROGRAM} base prepare {prefix}"));
    steps.push(format!("{PROGRAM} base index {prefix}"));
    steps
}

/// By the package manager that the base image has, by the names that this one knows.
fn system(recipe: &Recipe) -> String {
    let mut text = String::new();
    for (manager, program, install, clean) in [
        (
            "apt",
            "apt-get",
            "apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends",
            "rm -rf /var/lib/apt/lists/*",
        ),
        ("dnf", "dnf", "dnf install -y", "dnf clean all"),
        ("dnf", "microdnf", "microdnf install -y", "microdnf clean all"),
        ("zypper", "zypper", "zypper --non-interactive install", "zypper clean -a"),
    ] {
        let names = recipe.system.of(manager).join(" ");
        if !names.is_empty() {
            let word = if text.is_empty() { "if" } else { "elif" };
            let _ =
                write!(text, "{word} command -v {program}; then {install} {names} && {clean}; ");
        }
    }
    text + "else echo 'no package manager of the base image is named in the description' >&2; exit 1; fi"
}

/// By the client that the base image has; what is there counts.
fn packages(recipe: &Recipe) -> String {
    let prefix = &recipe.prefix;
    let channels = recipe.channels.iter().flat_map(|channel| ["-c", channel]);
    let words = Command::new("install").words(["-y", "-p", prefix.as_str()]).words(channels);
    let install = words.words(&recipe.packages).line();
    // With a file they came along, where mlenv made it.
    let made = if recipe.conda.is_some() { ":".to_owned() } else { made(recipe) };
    format!(
        "if command -v micromamba; then micromamba {install} && micromamba clean -a -y; \
         elif command -v mamba; then mamba {install} && mamba clean -a -y; \
         elif test -x {prefix}/bin/conda; then {prefix}/bin/conda {install} && {prefix}/bin/conda clean -a -y; \
         else {made}; fi"
    )
}

/// Where no client is, mlenv makes the prefix itself.
fn made(recipe: &Recipe) -> String {
    let call = Command::new(PROGRAM).words(["base", "make", recipe.prefix.as_str()]);
    let call = call.words(recipe.channels.iter().flat_map(|channel| ["-c", channel]));
    let call = if recipe.conda.is_some() { call.words(["-f", CONDA]) } else { call };
    let call = call.words(&recipe.packages);
    if recipe.needs_pip() { call.word("pip") } else { call }.line()
}

/// By the client that the base image has.
fn conda(recipe: &Recipe) -> String {
    let (prefix, made) = (&recipe.prefix, made(recipe));
    let installed = format!("install -y -p {prefix} -f {CONDA}");
    let updated = format!("env update -p {prefix} -f {CONDA}");
    format!(
        "if command -v micromamba; then micromamba {installed} && micromamba clean -a -y; \
         elif command -v mamba; then mamba {updated} && mamba clean -a -y; \
         elif test -x {prefix}/bin/conda; then {prefix}/bin/conda {updated} && {prefix}/bin/conda clean -a -y; \
         else {made}; fi"
    )
}
