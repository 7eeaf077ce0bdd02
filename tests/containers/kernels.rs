//! Jupyter kernels of envs that live in a container: started from the host, as a Jupyter there would.

use std::path::Path;

use serde_json::Value;

use crate::engines::Engine;
use crate::support::testbase;
use crate::world::{Project, world};

/// Stands in for ipykernel: tells where it runs, and what its connection file says.
const LAUNCHER: &str = "import os, sys
print(sys.prefix, os.environ['CONDA_PREFIX'], sys.argv[1], open(sys.argv[2]).read(), sys.flags.no_user_site, os.getpid())
";

fn prepared(engine: Engine) -> Project {
    let project = Project::new(engine);
    project.setup(&world().publish(&format!("kernels:{}", engine.name()), 1));
    project.inside(&["mlenv", "create", "-q", "--no-save", "-p", "env", "--base", "/opt/conda"]);
    let site = project.path("env").join(testbase::base().site());
    std::fs::write(site.join("ipykernel_launcher.py"), LAUNCHER).unwrap();
    project
}

#[test]
fn a_kernel_of_an_env_in_a_container_runs_in_the_container() {
    if !Engine::Apptainer.works() {
        return;
    }
    let project = prepared(Engine::Apptainer);
    project
        .mlenv(["jupyter", "install", "env"])
        .ok()
        .says("registered the kernels env and env-usersite");
    let kernels = project.sandbox.path("home/.local/share/jupyter/kernels");
    let connection =
        project.sandbox.write("home/.local/share/jupyter/runtime/kernel-1.json", "connected");
    for (name, no_user_site) in [("env", "1"), ("env-usersite", "0")] {
        let spec: Value =
            serde_json::from_slice(&std::fs::read(kernels.join(name).join("kernel.json")).unwrap())
                .unwrap();
        let argv = spec["argv"].as_array().unwrap().iter().map(|word| word.as_str().unwrap());
        let argv: Vec<&Path> = argv
            .map(|word| if word == "{connection_file}" { &connection } else { Path::new(word) })
            .collect();
        let run = project.run("/bin/sh").args(&argv[1..]).cwd(project.sandbox.path("home"));
        let told = run.var("PYTHONHOME", "/usr").var("PYTHONPATH", "/nonexistent").ok();
        let env = project.path("env");
        let expected = format!("{0} {0} -f connected {no_user_site} ", env.display());
        assert!(told.out.starts_with(&expected), "{told}");
    }
}

#[test]
fn an_env_behind_a_network_of_its_own_is_told_of_the_other_way() {
    if !Engine::Podman.works() {
        return;
    }
    let project = prepared(Engine::Podman);
    let refused = project.mlenv(["jupyter", "install", "env"]);
    refused.fails(2, "a network of its own").hints("mlenv container jupyter");
}
