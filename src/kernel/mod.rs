//! Jupyter kernels of envs: the files by which a Jupyter that runs elsewhere starts an env's Python.
//!
//! A kernel's `kernel.json` starts `mlenv run`, so that the env is entered as everywhere: its variables, packages'
//! scripts, its container. It does so through `/bin/sh` and a fixed text, all else being words of the command line,
//! so that it goes on working where mlenv was moved. What mlenv wrote carries its mark, and nothing else is ever
//! changed or removed.

mod kernelspecs;
mod names;
mod probe;
mod spec;

pub(crate) use self::kernelspecs::{Kernel, KernelState, Kernelspecs, Wanted, places, system};
pub(crate) use self::probe::{Module, probe};
pub(crate) use self::spec::moved;

use std::path::{Path, PathBuf};

use crate::config::Dirs;
use crate::error::Result;

/// A kernel that names an env where it no longer is, or an mlenv that is gone; and what it should say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Renewal {
    /// Its `kernel.json`.
    pub(crate) file: PathBuf,
    /// The new text.
    pub(crate) text: Vec<u8>,
}

/// What has to be written anew among the user's kernels when the env that was at `from` is at `to`.
pub(crate) fn renewals(dirs: &Dirs, (from, to): (&Path, &Path), program: &Path) -> Vec<Renewal> {
    let kernels = Kernelspecs::of_user(dirs).kernels().into_iter();
    let kernels = kernels.filter(|kernel| kernel.mark.prefix.0 == from);
    let renewal = |kernel: Kernel| {
        let is_stale = from != to || !kernel.mark.program.0.is_file();
        let text = is_stale.then(|| kernel.renewed(to, program))??;
        Some(Renewal { file: kernel.dir.join(spec::FILE), text })
    };
    kernels.filter_map(renewal).collect()
}

/// Writes them.
pub(crate) fn renew(renewals: &[Renewal]) -> Result<()> {
    use crate::error::Attempt;
    renewals.iter().try_for_each(|Renewal { file, text }| {
        crate::fs::write_atomic(file, text).attempt("write", file)
    })
}

/// The user's kernels whose env is gone for good, and not merely out of reach.
pub(crate) fn stale(dirs: &Dirs) -> Vec<PathBuf> {
    let kernels = Kernelspecs::of_user(dirs).kernels().into_iter();
    let is_gone = |kernel: &Kernel| {
        let above = kernel.mark.prefix.0.parent().is_some_and(Path::is_dir);
        above && kernel.state() == KernelState::EnvGone
    };
    kernels.filter(is_gone).map(|kernel| kernel.dir).collect()
}

/// Takes one away by its directory.
pub(crate) fn discard(dir: &Path) -> Result<()> {
    Kernel::read(dir).map_or(Ok(()), |kernel| kernel.remove())
}

/// The names of the user's kernels of an env.
pub(crate) fn names_of(dirs: &Dirs, env: &Path) -> Vec<String> {
    let kernels = Kernelspecs::of_user(dirs).kernels().into_iter();
    kernels.filter(|kernel| kernel.mark.prefix.0 == env).map(|kernel| kernel.name).collect()
}

/// Takes away the user's kernels of an env that is no more. Gives their names.
pub(crate) fn forget(dirs: &Dirs, env: &Path) -> Result<Vec<String>> {
    let kernels = Kernelspecs::of_user(dirs).kernels().into_iter();
    let mut names = Vec::new();
    for kernel in kernels.filter(|kernel| kernel.mark.prefix.0 == env) {
        kernel.remove()?;
        names.push(kernel.name);
    }
    Ok(names)
}
