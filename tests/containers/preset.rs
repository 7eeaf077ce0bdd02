//! A preset built for real: on the tests' image with a client in it, from a channel that has small packages by the names that the
//! preset asks for.

use std::process::Command;

use serde_json::{Value, json};

use crate::engines::Engine;
use crate::support::machine;
use crate::support::sandbox::Sandbox;
use crate::support::testbase::base;
use crate::walks::{catalogue, packages, typed, vars};
use crate::world::{local, podman, world};

const PRESET: &str = include_str!("../../src/image/recipe/presets/ml-base.toml");

/// The base's own Python stays, whatever version of it the preset asks for.
const CLIENT: &str = r#"#!/bin/bash
export CONDA_PKGS_DIRS=/opt/client/pkgs
if [ "$1" = clean ]; then exec rm -rf "$CONDA_PKGS_DIRS"; fi
words=()
for word; do
  case $word in python=*) ;; *) words+=("$word") ;; esac
done
exec /opt/conda/bin/python3 /opt/client/micromamba.py "${words[@]}"
"#;

/// What `python -m ipykernel install` does, in few words.
const KERNEL: &str = r#"import json, sys
from pathlib import Path
words = dict(zip(sys.argv[2::2], sys.argv[3::2]))
place = Path(words["--prefix"], "share/jupyter/kernels", words["--name"].lower())
place.mkdir(parents=True)
argv = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
told = {"argv": argv, "display_name": words["--display-name"], "language": "python"}
(place / "kernel.json").write_text(json.dumps(told))
"#;

/// A channel of all that the preset names, each package a module that knows its version.
fn channel(sandbox: &Sandbox) {
    let preset: toml::Table = toml::from_str(PRESET).unwrap();
    let site = base().site().display().to_string();
    let named = preset["packages"].as_array().unwrap().iter().map(|name| name.as_str().unwrap());
    let described = named.filter(|name| !name.starts_with("python")).map(|name| {
        let module = name.replace('-', "_");
        let mut files = json!({ format!("{site}/{module}/__init__.py"): "__version__ = '1.0'\n" });
        if name == "ipykernel" {
            files[format!("{site}/ipykernel/__main__.py")] = KERNEL.into();
            files[format!("{site}/ipykernel_launcher.py")] =
                "import sys\nprint(sys.prefix)\n".into();
        }
        json!({ "name": name, "version": "1.0", "files": files })
    });
    let file = sandbox.write("packages.json", described.collect::<Value>().to_string());
    let mut maker = Command::new(&machine::python().executable);
    maker.arg("-c").arg(include_str!("../it/kit/conda/channel.py"));
    maker.arg(sandbox.path("channel")).arg(&base().version).arg(file);
    assert!(maker.status().unwrap().success());
}

/// What the preset is built on here: the tests' image, with a client.
fn start(sandbox: &Sandbox) -> String {
    let world = world();
    let tag = "localhost/mlenv-tests-start:1";
    let text = format!(
        "FROM {}\nCOPY micromamba.py /opt/client/\nCOPY --chmod=755 micromamba /bin/\n",
        local(1)
    );
    sandbox.write("start/Dockerfile", text);
    sandbox.write("start/micromamba.py", include_str!("../it/kit/conda/micromamba.py"));
    sandbox.write("start/micromamba", CLIENT);
    podman(&["build", "--quiet", "--tag", tag, sandbox.path("start").to_str().unwrap()]);
    let reference = world.publish_as("walk-preset:start", tag);
    podman(&["rmi", "--force", tag]);
    reference
}

#[test]
fn a_preset_is_built_pushed_deployed_and_carries_envs_with_kernels() {
    if !Engine::Podman.works() {
        return;
    }
    let sandbox = Sandbox::new();
    channel(&sandbox);
    let start = start(&sandbox);
    catalogue(&sandbox, &[("ml-start", &start)]);
    packages(&sandbox.path("project"));
    sandbox.write(
        "project/ml.toml",
        "preset = \"ml-base\"\nbase = \"ml-start\"\nchannels = [\"file:///srv/conda\"]\nsystem = []\n",
    );
    std::fs::copy(env!("CARGO_BIN_EXE_mlenv"), sandbox.path("project/mlenv")).unwrap();
    let volume = format!("{}:/srv/conda:ro", sandbox.path("channel").display());
    let mut vars = vars(&sandbox, &[volume]);
    vars.push(("REGISTRY", start.trim_end_matches("/walk-preset:start").to_owned()));
    let page = include_str!("../../docs/walk-ml-images.md");
    let lines = typed::follow(&sandbox, page, ("/none".as_ref(), &vars));
    assert!(lines >= 12, "{lines}");
}
