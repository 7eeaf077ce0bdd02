//! What is to run, whatever the engine: image, mounts, variables, place, terminal.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use super::engine::Engine;
use super::mount::Mount;

/// A container that is to run.
#[derive(Clone, Debug)]
pub(crate) struct Spec {
    /// The engine.
    pub(crate) engine: Engine,
    /// A reference, or the path of an image.
    pub(crate) image: OsString,
    /// What it sees of the host, and where.
    pub(crate) mounts: Vec<Mount>,
    /// Where the container gets a mount that no other has, by which it is told from containers of an image that was
    /// made of it. Only for engines with a store.
    pub(crate) mark: Option<PathBuf>,
    /// The home directory inside, where that is not what the user database says.
    pub(crate) home: Option<PathBuf>,
    /// The words that give it this machine's graphics processors.
    pub(crate) gpu: Vec<OsString>,
    /// How a command in it runs.
    pub(crate) inner: Inner,
}

/// How a command runs in a container.
#[derive(Clone, Debug)]
pub(crate) struct Inner {
    /// The directory that it starts in.
    pub(crate) dir: PathBuf,
    /// Variables that it gets.
    pub(crate) set: Vec<(String, OsString)>,
    /// Variables that it inherits from us.
    pub(crate) inherit: Vec<String>,
    /// What it is connected to.
    pub(crate) terminal: Terminal,
    /// `UID:GID`, where that is not the container's own.
    pub(crate) user: Option<String>,
}

impl Inner {
    /// A command of ours whose output we read: nothing of the caller reaches it.
    pub(crate) fn quiet(dir: &Path) -> Self {
        Self {
            dir: dir.to_owned(),
            set: Vec::new(),
            inherit: Vec::new(),
            terminal: Terminal::Output,
            user: None,
        }
    }
}

/// What a command is connected to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Terminal {
    /// A terminal on both sides.
    Full,
    /// Our stdin and stdout, as in a pipe or a batch job.
    Pipes,
    /// stdout and stderr only.
    Output,
}

/// Variables of the caller that matter inside: what a batch system, a terminal, or a site's network gives. All
/// else stays outside, as paths of the host mean nothing in an image.
pub(crate) fn is_inherited(name: &str) -> bool {
    const NAMES: [&str; 13] = [
        "TERM",
        "COLORTERM",
        "LANG",
        "TZ",
        "DISPLAY",
        "NO_COLOR",
        "CUDA_VISIBLE_DEVICES",
        "ROCR_VISIBLE_DEVICES",
        "HIP_VISIBLE_DEVICES",
        "PBS_JOBID",
        "LSB_JOBID",
        "JOB_ID",
        "X509_USER_PROXY",
    ];
    const BEGINNINGS: [&str; 8] =
        ["LC_", "SLURM_", "PMI_", "PMIX_", "OMPI_", "OMP_", "_CONDOR_", "MLENV_QUIET"];
    const ENDS: [&str; 2] = ["_proxy", "_PROXY"];
    NAMES.contains(&name)
        || BEGINNINGS.iter().any(|beginning| name.starts_with(beginning))
        || ENDS.iter().any(|end| name.ends_with(end))
}

/// As `ENDS`, by whole names, for scripts, which cannot look for beginnings.
pub(crate) const BATCH_NAMES: [&str; 27] = [
    "TERM",
    "LANG",
    "LC_ALL",
    "TZ",
    "CUDA_VISIBLE_DEVICES",
    "ROCR_VISIBLE_DEVICES",
    "OMP_NUM_THREADS",
    "SLURM_JOB_ID",
    "SLURM_ARRAY_JOB_ID",
    "SLURM_ARRAY_TASK_ID",
    "SLURM_PROCID",
    "SLURM_LOCALID",
    "SLURM_NODEID",
    "SLURM_NTASKS",
    "SLURM_CPUS_PER_TASK",
    "SLURM_JOB_NODELIST",
    "SLURM_TMPDIR",
    "PMI_RANK",
    "PMI_SIZE",
    "PMIX_RANK",
    "OMPI_COMM_WORLD_RANK",
    "OMPI_COMM_WORLD_SIZE",
    "_CONDOR_SCRATCH_DIR",
    "_CONDOR_SLOT",
    "http_proxy",
    "https_proxy",
    "no_proxy",
];

/// Variables that apptainer would carry in and that mislead programs there: what is active on the host, and what
/// an outer container said about itself.
pub(crate) fn is_misleading(name: &str) -> bool {
    const NAMES: [&str; 10] = [
        "PYTHONPATH",
        "PYTHONHOME",
        "PYTHONSTARTUP",
        "LD_LIBRARY_PATH",
        "LD_PRELOAD",
        "VIRTUAL_ENV",
        "VIRTUAL_ENV_PROMPT",
        "JUPYTER_PATH",
        "MAMBA_EXE",
        "MAMBA_ROOT_PREFIX",
    ];
    const BEGINNINGS: [&str; 4] = ["CONDA_", "__MLENV", "__mlenv", "MLENV_LAUNCH"];
    NAMES.contains(&name) || BEGINNINGS.iter().any(|beginning| name.starts_with(beginning))
}

/// The name of a container: the user, the image, and what makes it this directory's own. Engines take letters,
/// digits, `_`, `.` and `-`.
pub(crate) fn container_name(user: &str, image: &str, id: &str) -> String {
    let last = image.rsplit('/').next().unwrap_or(image);
    let last = last.split('@').next().unwrap_or(last);
    let text = format!("{user}_{last}_{}", id.get(..8).unwrap_or(id));
    let fits = |character: char| character.is_ascii_alphanumeric() || "_.-".contains(character);
    let name: String =
        text.chars().map(|character| if fits(character) { character } else { '_' }).collect();
    name.trim_start_matches(|character: char| !character.is_ascii_alphanumeric()).to_owned()
}

/// True where `dir` can be seen in a container with these mounts, at the same path.
pub(crate) fn is_visible(dir: &Path, mounts: &[Mount]) -> bool {
    mounts.iter().any(|mount| mount.source == mount.target && dir.starts_with(&mount.source.0))
}

/// A word of an image's reference as engines of the store family take it.
pub(crate) fn reference(image: &OsStr) -> OsString {
    let text = image.to_str().unwrap_or_default();
    match text.strip_prefix("docker://") {
        Some(plain) => plain.into(),
        None => image.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_containers_are_what_engines_take() {
        let name = |image: &str| container_name("u", image, "0123456789abcdef");
        assert_eq!(name("docker.io/a/ml-base:alma9"), "u_ml-base_alma9_01234567");
        assert_eq!(name("127.0.0.1:5000/a/b@sha256:ff"), "u_b_01234567");
        assert_eq!(container_name("_é", "x y", "1"), "x_y_1");
    }

    #[test]
    fn a_batch_job_is_seen_inside_and_the_hosts_env_is_not() {
        assert!(
            is_inherited("SLURM_JOB_ID") && is_inherited("https_proxy") && is_inherited("TERM")
        );
        assert!(!is_inherited("PATH") && !is_inherited("HOME") && !is_inherited("SECRET"));
        assert!(is_misleading("CONDA_PREFIX") && is_misleading("PYTHONPATH"));
        assert!(!is_misleading("SLURM_JOB_ID") && !is_misleading("HOME"));
    }
}
