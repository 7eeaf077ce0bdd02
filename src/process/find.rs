//! Which file a command's name means, and why one cannot be run: as shells have it, with a sentence.

use std::ffi::{OsStr, OsString};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use nix::unistd::{AccessFlags, access};

use crate::error::{Error, Exit};
use crate::foreign;
use crate::plan::Vars;
use crate::plan::name::PATH;
use crate::text::Shown;

/// Finds `name`: a path as it is, a bare name on the `PATH` of `vars`.
pub(super) fn find(name: &OsStr, vars: &Vars) -> Result<PathBuf, Error> {
    if name.as_bytes().contains(&b'/') {
        return by_path(Path::new(name));
    }
    let list = vars.get(OsStr::new(PATH)).map(OsString::as_os_str).unwrap_or_default();
    // An empty entry is the working directory.
    let here = |dir: PathBuf| if dir.as_os_str().is_empty() { PathBuf::from(".") } else { dir };
    let mut closed = None;
    for file in std::env::split_paths(list).map(|dir| here(dir).join(name)) {
        match file.metadata() {
            Ok(meta) if meta.is_file() && may_run(&file) => return Ok(file),
            Ok(meta) if meta.is_file() => closed = closed.or(Some(file)),
            _ => {}
        }
    }
    match closed {
        Some(file) => Err(may_not_run(&file)),
        None => Err(Error::ending(
            format!(
                "could not run `{}`: there is no such program in the env or elsewhere on PATH",
                Shown(Path::new(name))
            ),
            Exit::NoProgram,
        )
        .hint("`mlenv packages` lists what is installed; a program in this directory is `./NAME`")),
    }
}

fn by_path(file: &Path) -> Result<PathBuf, Error> {
    match file.metadata() {
        Err(cause) if missing(&cause) => Err(Error::ending(
            format!("could not run {}: there is no such file", Shown(file)),
            Exit::NoProgram,
        )),
        Ok(meta) if meta.is_dir() => Err(Error::ending(
            format!("could not run {}: it is a directory", Shown(file)),
            Exit::NotRunnable,
        )),
        Ok(_) if !may_run(file) => Err(may_not_run(file)),
        _ => Ok(file.to_owned()), // whatever is wrong, the kernel will say
    }
}

fn missing(cause: &io::Error) -> bool {
    matches!(cause.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}

fn may_run(file: &Path) -> bool {
    access(file, AccessFlags::X_OK).is_ok()
}

fn may_not_run(file: &Path) -> Error {
    Error::ending(format!("could not run {}: it is not executable", Shown(file)), Exit::NotRunnable)
        .hint("`chmod +x` it, or name its interpreter: `mlenv run -- python FILE`")
}

/// Why the kernel refused `program`, once the file was found.
pub(super) fn refusal(program: &Path, cause: &io::Error) -> Error {
    let file = Shown(program);
    let error =
        |why: String| Error::ending(format!("could not run {file}: {why}"), Exit::NotRunnable);
    match (missing(cause), interpreter(program)) {
        (true, Some(interpreter)) => {
            error(format!("its interpreter {} is not there", Shown(&interpreter)))
                .hint("an env that was moved is mended by `mlenv doctor --fix`")
        }
        (true, None) => error("the program loader that it was built for is missing".into()),
        _ => error(crate::error::reason(cause)),
    }
}

/// The interpreter that a script names.
fn interpreter(file: &Path) -> Option<PathBuf> {
    let head = foreign::head(file, 256).ok()?;
    let line = head.strip_prefix(b"#!")?.split(|byte| *byte == b'\n').next()?;
    let word = line.trim_ascii().split(|byte| matches!(byte, b' ' | b'\t')).next()?;
    Some(PathBuf::from(OsStr::from_bytes(word)))
}
