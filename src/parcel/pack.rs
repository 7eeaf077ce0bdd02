//! Puts an env into a parcel.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use walkdir::{DirEntry, WalkDir};

use super::sender::Sender;
use super::{About, FORMAT};
use crate::error::{Attempt, Error, Result};
use crate::fs;
use crate::overlay::check;
use crate::overlay::plan::{BASE_LINK, Link, split};
use crate::overlay::record::{self, Record};
use crate::overlay::{pyvenv, threads};
use crate::text::PathText;

/// What was packed.
#[derive(Debug, Default)]
pub(crate) struct Packed {
    /// Links, nearly all of them into the base.
    pub(crate) links: usize,
    /// The user's files, and what every env has as files.
    pub(crate) files: usize,
    /// How much is in them.
    pub(crate) bytes: u64,
    /// Links that lead out of env and base, which stay behind.
    pub(crate) left_out: Vec<PathBuf>,
}

/// Packs the env at `env` into the file `out`, which appears when it is whole.
pub(crate) fn pack(env: &Path, record: &Record, out: &Path, stop: &AtomicBool) -> Result<Packed> {
    let entries = entries(env, stop)?;
    let mut packed = Packed::default();
    fs::write_whole(out, |file| {
        let mut sender = Sender::new(BufWriter::new(file), threads::for_cpu());
        let is_dir = |entry: &&DirEntry| entry.file_type().is_dir();
        for entry in entries.iter().filter(is_dir) {
            let meta = entry.metadata().map_err(walked)?;
            sender.dir(below(env, entry.path()), meta.mode())?;
        }
        let dirs = sender.end_frame();
        for entry in entries.iter().filter(|entry| !is_dir(entry)) {
            check_stop(stop)?;
            send(env, entry, &mut sender, &mut packed)?;
        }
        let large = std::mem::take(&mut sender.large);
        let frames = sender.finish()?;
        let mut file = frames.finish(about(env, record, dirs, large)?.as_bytes())?;
        file.flush().attempt("write", out)
    })?;
    Ok(packed)
}

/// All but what an env gets anew at every place; parents before what is in them.
fn entries(env: &Path, stop: &AtomicBool) -> Result<Vec<DirEntry>> {
    let own = [record::FILE, pyvenv::FILE, BASE_LINK].map(OsStr::new);
    let walk = WalkDir::new(env).min_depth(1).sort_by_file_name().into_iter();
    let wanted = walk.filter_entry(|entry| entry.depth() != 1 || !own.contains(&entry.file_name()));
    let mut entries = Vec::new();
    for entry in wanted {
        check_stop(stop)?;
        entries.push(entry.map_err(walked)?);
    }
    Ok(entries)
}

fn send<W: Write>(
    env: &Path,
    entry: &DirEntry,
    sender: &mut Sender<W>,
    packed: &mut Packed,
) -> Result<()> {
    let path = below(env, entry.path());
    let kind = entry.file_type();
    if kind.is_symlink() {
        let target = std::fs::read_link(entry.path()).attempt("read", entry.path())?;
        let (dir, name) = split(path.as_os_str());
        let link = Link { name: name.to_owned(), target: target.clone().into() };
        if check::check_link(dir, &link).is_err() {
            packed.left_out.push(path.to_owned());
            return Ok(());
        }
        packed.links += 1;
        return sender.link(path, &target);
    }
    if kind.is_file() {
        let file = File::open(entry.path()).attempt("read", entry.path())?;
        let meta = file.metadata().attempt("read", entry.path())?;
        packed.files += 1;
        packed.bytes += meta.len();
        let time = u64::try_from(meta.mtime()).unwrap_or_default();
        sender.file(path, (meta.mode(), meta.len(), time), file)?;
    }
    Ok(()) // sockets and pipes belong to processes
}

fn about(env: &Path, record: &Record, dirs: usize, large: Vec<(usize, usize)>) -> Result<String> {
    use std::os::unix::ffi::OsStringExt;
    let pyvenv = std::fs::read(env.join(pyvenv::FILE)).unwrap_or_default();
    let about = About {
        parcel: FORMAT,
        packed: jiff::Timestamp::now().to_string(),
        dirs,
        large,
        pyvenv: PathText(std::ffi::OsString::from_vec(pyvenv).into()),
        record: record.clone(),
    };
    toml::to_string(&about)
        .map_err(|cause| Error::new(format!("could not describe the parcel: {cause}")))
}

fn below<'a>(env: &Path, path: &'a Path) -> &'a Path {
    path.strip_prefix(env).unwrap_or(path)
}

fn walked(cause: walkdir::Error) -> Error {
    let path = cause.path().unwrap_or(Path::new("the env")).to_owned();
    Error::io("read", &path, &cause.into())
}

fn check_stop(stop: &AtomicBool) -> Result<()> {
    if stop.load(Ordering::Relaxed) { Err(Error::interrupted()) } else { Ok(()) }
}
