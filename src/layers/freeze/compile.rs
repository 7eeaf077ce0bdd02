//! Python's files of an env, compiled for their place in an image: without, every container would do that again. What comes of it
//! says nothing of this machine and is the same each time.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use walkdir::WalkDir;

use crate::base::Base;
use crate::error::{Attempt, Error, Result};
use crate::fs::{How, Root};
use crate::parallel;
use crate::process::{Command, Words, ending};

/// Lists of files for Python's compiler, in the laid out env until they are read.
const LIST: &str = ".mlenv-compile";

/// Compiles what Python finds in `modules` below `root`, which will be `prefix` in the image.
pub(super) fn compile(root: &Root, base: &Base, (prefix, modules): (&Path, &Path)) -> Result<()> {
    let seen = root.path().to_owned();
    let sources = bare(root, &seen)?.into_iter().filter(|path| path.starts_with(modules));
    let mut lists = vec![Vec::new(); parallel::for_cpu()];
    for (at, source) in sources.enumerate() {
        let list = at % lists.len();
        lists[list].extend_from_slice(seen.join(source).as_os_str().as_bytes());
        lists[list].push(b'\n');
    }
    parallel::map(lists.len(), lists.len(), |at| {
        if lists[at].is_empty() {
            return Ok(());
        }
        let list = PathBuf::from(format!("{LIST}-{at}"));
        root.write_new(&list, &lists[at], How::DATA).attempt("write", &list)?;
        let ran = call(base, (&seen, prefix), &seen.join(&list)).run(Words::Dropped);
        root.remove_file(&list).attempt("remove", &list)?;
        // Files of a package that no Python compiles are no reason to stop: Python says so when they are imported.
        match ran?.status {
            status if status.code().is_none() => {
                Err(Error::new(format!("Python's compiler {}", ending(status))))
            }
            _ => Ok(()),
        }
    })
    .map(drop)
}

fn call(base: &Base, (seen, prefix): (&Path, &Path), list: &Path) -> Command {
    let python = base.prefix.join("bin").join(&base.python.executable);
    // What it imports itself may be among them: it leaves nothing of that.
    let call = Command::new(python).words(["-I", "-B", "-m", "compileall", "-q", "-s"]).word(seen);
    let call = call.words(["-p"]).word(prefix).words(["--invalidation-mode", "unchecked-hash"]);
    call.words(["-i"]).word(list)
}

/// Takes away what was compiled for another place, and gives Python's files. A name that no list could hold is left out.
fn bare(root: &Root, seen: &Path) -> Result<Vec<PathBuf>> {
    let mut sources = Vec::new();
    for entry in WalkDir::new(seen).sort_by_file_name().into_iter().flatten() {
        let path = entry.path().strip_prefix(seen).unwrap_or(entry.path());
        if entry.file_type().is_dir() && entry.file_name() == "__pycache__" {
            root.remove_tree(path).attempt("remove", path)?;
        } else if entry.file_type().is_file()
            && path.extension() == Some(OsStr::new("py"))
            && !path.as_os_str().as_bytes().contains(&b'\n')
        {
            sources.push(path.to_owned());
        }
    }
    Ok(sources)
}
