//! A directory of kernels: which of them are ours, and putting one there or taking it away.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use serde::Serialize;
use serde_json::{Map, Value};

use super::names::{TWIN, bad_name, displays, is_name, longer, name_of};
use super::spec::{self, FILE, Mark};
use crate::activation::Place;
use crate::config::Dirs;
use crate::error::{Attempt, Error, Result};
use crate::foreign;
use crate::fs;
use crate::text::{PathText, Shown};

/// Pictures that launchers show; copied from what ipykernel has.
const LOGOS: [&str; 3] = ["logo-svg.svg", "logo-64x64.png", "logo-32x32.png"];

/// A directory that Jupyter looks for kernels in.
pub(crate) struct Kernelspecs {
    dir: PathBuf,
}

/// A kernel of ours.
pub(crate) struct Kernel {
    /// Its name: the directory's.
    pub(crate) name: String,
    /// Its directory.
    pub(crate) dir: PathBuf,
    /// What it says about itself.
    pub(crate) mark: Mark,
    map: Map<String, Value>,
}

/// Whether a kernel will start.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum KernelState {
    /// It will.
    Ready,
    /// Its env is gone, moved, or out of reach.
    EnvGone,
    /// The mlenv that wrote it is gone: it starts with another one on `PATH`, or does without.
    ProgramGone,
}

/// A pair of kernels to be put there.
pub(crate) struct Wanted<'a> {
    /// What they start in.
    pub(crate) prefix: &'a Path,
    /// This program.
    pub(crate) program: &'a Path,
    /// The name that was asked for.
    pub(crate) name: Option<&'a OsStr>,
    /// The name for people that was asked for.
    pub(crate) display: Option<&'a str>,
    /// ipykernel's directory with pictures.
    pub(crate) logos: &'a Path,
}

impl Kernelspecs {
    /// The user's own.
    pub(crate) fn of_user(dirs: &Dirs) -> Self {
        Self { dir: dirs.jupyter.join("kernels") }
    }

    /// The one below an installation's prefix.
    pub(crate) fn below(prefix: &Path) -> Self {
        Self { dir: prefix.join("share/jupyter/kernels") }
    }

    /// Ours, by name.
    pub(crate) fn kernels(&self) -> Vec<Kernel> {
        let entries = std::fs::read_dir(&self.dir).into_iter().flatten().flatten();
        let mut kernels: Vec<Kernel> =
            entries.filter_map(|entry| Kernel::read(&entry.path())).collect();
        kernels.sort_by(|left, right| left.name.cmp(&right.name));
        kernels
    }

    /// Puts a pair there, or brings the pair of this prefix up to date. Gives their names, and whether anything had to
    /// be written.
    pub(crate) fn put(&self, wanted: &Wanted<'_>) -> Result<([String; 2], bool)> {
        let own: Vec<Kernel> = self
            .kernels()
            .into_iter()
            .filter(|kernel| kernel.mark.prefix.0 == wanted.prefix)
            .collect();
        let name = self.name_for(wanted, &own)?;
        let names = [name.clone(), name + TWIN];
        let display = wanted.display.map_or_else(|| self.display_for(wanted.prefix), str::to_owned);
        let mut written = false;
        for (name, user_site) in names.iter().zip([false, true]) {
            let mark = Mark {
                prefix: PathText(wanted.prefix.to_owned()),
                program: PathText(wanted.program.to_owned()),
                user_site,
            };
            let display = if user_site { format!("{display}, user site") } else { display.clone() };
            written |=
                self.write(name, &mark, (&display, wanted.display.is_some()), wanted.logos)?;
        }
        // Under another name they would be there twice.
        for kernel in own.iter().filter(|kernel| !names.contains(&kernel.name)) {
            kernel.remove()?;
            written = true;
        }
        Ok((names, written))
    }

    fn write(
        &self,
        name: &str,
        mark: &Mark,
        (display, asked): (&str, bool),
        logos: &Path,
    ) -> Result<bool> {
        let dir = self.dir.join(name);
        let file = dir.join(FILE);
        let old = Kernel::read(&dir).filter(|old| old.mark.prefix == mark.prefix);
        let display = match &old {
            Some(old) if !asked => old.display(),
            _ => display.to_owned(),
        };
        let text = spec::text(mark, &display, old.map(|old| old.map))?;
        if foreign::read(&file, foreign::FileKind::Settings).is_ok_and(|there| there == text) {
            return Ok(false);
        }
        fs::make_dirs(&dir, 0o777).attempt("make", &dir)?;
        for logo in LOGOS {
            if let Ok(picture) = foreign::read(logos.join(logo), foreign::FileKind::Settings) {
                let _ = fs::write_cache(&dir.join(logo), &picture); // a launcher shows a letter instead
            }
        }
        fs::write_atomic(&file, &text).attempt("write", &file)?;
        Ok(true)
    }

    /// The name asked for, that of the pair which is there, or one that is free.
    fn name_for(&self, wanted: &Wanted<'_>, own: &[Kernel]) -> Result<String> {
        let is_free = |name: &str| {
            let dirs = [self.dir.join(name), self.dir.join(format!("{name}{TWIN}"))];
            dirs.iter().all(|dir| {
                dir.symlink_metadata().is_err()
                    || own.iter().any(|kernel| kernel.dir == *dir)
                    || is_unfinished(dir)
            })
        };
        if let Some(asked) = wanted.name {
            let name =
                asked.to_str().filter(|name| is_name(name)).ok_or_else(|| bad_name(asked))?;
            return if is_free(name) { Ok(name.to_owned()) } else { Err(self.taken(name)) };
        }
        if let Some(kernel) = own.iter().find(|kernel| !kernel.mark.user_site) {
            return Ok(kernel.name.clone());
        }
        let name = name_of(wanted.prefix);
        if is_free(&name) {
            return Ok(name);
        }
        let name = longer(&name, wanted.prefix);
        if is_free(&name) { Ok(name) } else { Err(self.taken(&name)) }
    }

    fn taken(&self, name: &str) -> Error {
        let dir = self.dir.join(name);
        let whose = match Kernel::read(&dir) {
            Some(kernel) => format!("it starts {}", Shown(&kernel.mark.prefix.0)),
            None => "mlenv did not make it".to_owned(),
        };
        Error::new(format!(
            "there is another kernel called {name} in {}: {whose}",
            Shown(&self.dir)
        ))
        .hint("choose another name with --name; `mlenv jupyter list` shows what there is")
    }

    /// The short name, unless another env has that.
    fn display_for(&self, prefix: &Path) -> String {
        let [short, long] = displays(prefix);
        let others = self.kernels().into_iter().filter(|kernel| kernel.mark.prefix.0 != prefix);
        if others.map(|kernel| kernel.display()).any(|display| display == short) {
            long
        } else {
            short
        }
    }
}

impl Kernel {
    pub(super) fn read(dir: &Path) -> Option<Self> {
        let name = dir.file_name()?.to_str()?.to_owned();
        let (mark, map) =
            spec::read(&foreign::read(dir.join(FILE), foreign::FileKind::Settings).ok()?)?;
        Some(Self { name, dir: dir.to_owned(), mark, map })
    }

    /// The name that people see.
    pub(crate) fn display(&self) -> String {
        spec::display(&self.map)
    }

    /// Whether it will start.
    pub(crate) fn state(&self) -> KernelState {
        if !Place::at(self.mark.prefix.0.clone()).is_ok_and(|place| place.is_some()) {
            KernelState::EnvGone
        } else if self.mark.program.0.is_file() {
            KernelState::Ready
        } else {
            KernelState::ProgramGone
        }
    }

    /// Its text for another place or program; `None` where it cannot be.
    pub(super) fn renewed(&self, prefix: &Path, program: &Path) -> Option<Vec<u8>> {
        let mark = Mark {
            prefix: PathText(prefix.to_owned()),
            program: PathText(program.to_owned()),
            user_site: self.mark.user_site,
        };
        spec::text(&mark, &self.display(), Some(self.map.clone())).ok()
    }

    /// Takes it away. What the user put beside it stays.
    pub(crate) fn remove(&self) -> Result<()> {
        // What makes it a kernel of ours comes last: it is found again until then.
        for name in LOGOS.iter().chain(&[FILE]) {
            let file = self.dir.join(name);
            fs::remove_file(&file).attempt("remove", &file)?;
        }
        fs::remove_empty_dirs(&self.dir, &self.dir);
        Ok(())
    }
}

/// True for what a killed process left of a kernel before it was one.
fn is_unfinished(dir: &Path) -> bool {
    let Ok(mut entries) = std::fs::read_dir(dir) else { return false };
    entries.all(|entry| {
        let name = entry.map(|entry| entry.file_name()).unwrap_or_default();
        fs::is_temporary(&name) || LOGOS.iter().any(|logo| name == *logo)
    })
}

/// Where kernels for everybody are.
pub(crate) fn system() -> [Kernelspecs; 2] {
    ["/usr/local", "/usr"].map(|prefix| Kernelspecs::below(Path::new(prefix)))
}

/// Where the kernels may be that concern this user: the user's, those of `envs`, and the system's.
pub(crate) fn places(dirs: &Dirs, envs: &BTreeSet<PathBuf>) -> Vec<Kernelspecs> {
    let own = envs.iter().map(|env| Kernelspecs::below(env));
    [Kernelspecs::of_user(dirs)].into_iter().chain(own).chain(system()).collect()
}
