//! Puts an env into a parcel.

use std::collections::HashMap;
use std::ffi::{OsStr, OsString};
use std::io::{BufWriter, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use walkdir::{DirEntry, WalkDir};

use super::sender::Sender;
use super::{About, FORMAT};
use crate::base::Base;
use crate::env::check::is_usual;
use crate::env::content::{BASE_LINK, Content, base_of, into_base};
use crate::env::leftover::MARK;
use crate::env::links::{End, Links};
use crate::env::record::{self, Record};
use crate::env::{ignored, in_base, interpreter, pyvenv};
use crate::error::{Attempt, Error, Result};
use crate::foreign;
use crate::fs;
use crate::parallel;
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
pub(crate) fn pack(
    env: &Path,
    (record, base): (&Record, &Base),
    out: &Path,
    stop: &AtomicBool,
) -> Result<Packed> {
    let entries = entries(env, stop)?;
    let fit = fit(env, base, &entries)?;
    let mut packed = Packed::default();
    fs::write_whole(out, |file| {
        let mut sender = Sender::new(BufWriter::new(file), parallel::for_cpu());
        let is_dir = |entry: &&DirEntry| entry.file_type().is_dir();
        for entry in entries.iter().filter(is_dir) {
            let meta = entry.metadata().map_err(walked)?;
            sender.dir(below(env, entry.path()), meta.mode())?;
        }
        let dirs = sender.end_frame();
        for entry in entries.iter().filter(|entry| !is_dir(entry)) {
            check_stop(stop)?;
            send(env, entry, &fit, &mut sender, &mut packed)?;
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
    let mut own = [record::FILE, pyvenv::FILE, BASE_LINK, MARK].map(OsStr::new).to_vec();
    if ignored::is_as_written(env) {
        own.push(OsStr::new(ignored::FILE));
    }
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
    fit: &HashMap<PathBuf, OsString>,
    sender: &mut Sender<W>,
    packed: &mut Packed,
) -> Result<()> {
    let path = below(env, entry.path());
    let kind = entry.file_type();
    if kind.is_symlink() {
        let Some(target) = fit.get(path) else {
            packed.left_out.push(path.to_owned());
            return Ok(());
        };
        packed.links += 1;
        return sender.link(path, Path::new(target));
    }
    if kind.is_file() {
        let file = foreign::open_unfollowed(entry.path()).attempt("read", entry.path())?;
        let meta = file.metadata().attempt("read", entry.path())?;
        packed.files += 1;
        packed.bytes += meta.len();
        let time = u64::try_from(meta.mtime()).unwrap_or_default();
        sender.file(path, (meta.mode(), meta.len(), time), file)?;
    }
    Ok(()) // sockets and pipes belong to processes
}

/// The links that may come along, with their texts: unpacking refuses what leads out of env and base, or to a
/// directory of the base.
fn fit(env: &Path, base: &Base, entries: &[DirEntry]) -> Result<HashMap<PathBuf, OsString>> {
    let mut plan = Content::default();
    for entry in entries.iter().filter(|entry| entry.file_type().is_symlink()) {
        let path = below(env, entry.path());
        let mut target: OsString =
            std::fs::read_link(entry.path()).attempt("read", entry.path())?.into();
        if path == interpreter::path(base) && target == interpreter::target(base) {
            target = into_base(path); // the env's one absolute link is made anew at every place
        }
        plan.link(path, target);
    }
    let base = env.join(BASE_LINK);
    let to_dirs = in_base::usual_dirs(&plan, &base, parallel::for_cpu())?;
    let mut links = Links::of(&plan);
    let mut fit = HashMap::new();
    for (dir, content) in &plan.dirs {
        let usual = base_of(dir);
        for link in &content.links {
            let is_fit = if is_usual(link, &usual) {
                !to_dirs.contains(&(dir.as_os_str(), link))
            } else {
                match links.end(dir, link) {
                    Ok(End::Inside) => true,
                    Ok(End::Base(to)) => !base.join(to).is_dir(),
                    Err(_) => false,
                }
            };
            if is_fit {
                fit.insert(Path::new(dir).join(&link.name), link.target.clone());
            }
        }
    }
    Ok(fit)
}

fn about(env: &Path, record: &Record, dirs: usize, large: Vec<(usize, usize)>) -> Result<String> {
    use std::os::unix::ffi::OsStringExt;
    let pyvenv = foreign::read(env.join(pyvenv::FILE), foreign::FileKind::Note).unwrap_or_default();
    let about = About {
        parcel: FORMAT,
        packed: jiff::Timestamp::now().to_string(),
        dirs,
        large,
        pyvenv: PathText(OsString::from_vec(pyvenv).into()),
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
