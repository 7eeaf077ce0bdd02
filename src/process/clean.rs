//! A minimal environment: what a task has to know of its user, its job and its machine, and nothing that a login
//! shell, a module system or another env left behind.

use std::ffi::{OsStr, OsString};

use crate::host::{Host, SYSTEM_PATH};
use crate::plan::Vars;
use crate::plan::name::PATH;

/// Who and where: the user, the terminal, the language, places for temporary files, ways into the network.
const KEPT: [&str; 26] = [
    "HOME",
    "USER",
    "LOGNAME",
    "SHELL",
    "TERM",
    "COLORTERM",
    "LANG",
    "LANGUAGE",
    "TZ",
    "TMPDIR",
    "XDG_RUNTIME_DIR",
    "DISPLAY",
    "WAYLAND_DISPLAY",
    "XAUTHORITY",
    "SSH_AUTH_SOCK",
    "KRB5CCNAME",
    "X509_USER_PROXY",
    "BEARER_TOKEN",
    "BEARER_TOKEN_FILE",
    "CUDA_VISIBLE_DEVICES",
    "GPU_DEVICE_ORDINAL",
    "HIP_VISIBLE_DEVICES",
    "NVIDIA_VISIBLE_DEVICES",
    "ROCR_VISIBLE_DEVICES",
    "ZE_AFFINITY_MASK",
    "PWD",
];

/// What a batch system or an MPI launcher tells each task: Slurm, HTCondor, PBS, LSF, Grid Engine, PMI, Open MPI.
/// And mlenv's own settings.
const FAMILIES: [&str; 13] = [
    "LC_", "SLURM_", "_CONDOR_", "CONDOR_", "PBS_", "LSB_", "LS_", "SGE_", "PMI_", "PMIX_",
    "OMPI_", "PALS_", "MLENV_",
];

/// The variables of `host` that are kept, the system's directories on `PATH`.
pub(crate) fn minimal(host: &Host) -> Vars {
    let kept = host.vars().iter().filter(|(name, _)| is_kept(name));
    let system = (OsString::from(PATH), OsString::from(SYSTEM_PATH));
    kept.map(|(name, value)| (name.clone(), value.clone())).chain([system]).collect()
}

fn is_kept(name: &OsStr) -> bool {
    let Some(name) = name.to_str() else { return false };
    KEPT.contains(&name)
        || FAMILIES.iter().any(|family| name.starts_with(family))
        || name.to_ascii_lowercase().ends_with("_proxy")
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn what_a_task_must_know_stays_and_all_else_goes() {
        let kept = ["HOME", "SLURM_PROCID", "LC_ALL", "https_proxy", "NO_PROXY", "MLENV_ENVS"];
        let gone = ["LD_LIBRARY_PATH", "PYTHONPATH", "CONDA_PREFIX", "BASH_ENV", "__MLENV_SESSION"];
        let vars: Vec<(&str, &str)> =
            kept.iter().chain(&gone).chain(&["PATH"]).map(|name| (*name, "/x")).collect();
        let vars = minimal(&Host::fake(&vars, Path::new("/")));
        assert_eq!(vars.len(), kept.len() + 1, "{vars:?}");
        assert_eq!(vars[OsStr::new("PATH")], SYSTEM_PATH);
    }
}
