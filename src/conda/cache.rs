//! Unpacked packages: in the user's cache, and in places below it that are only read, such as the base's own `pkgs`.
//!
//! A package is unpacked beside its place and renamed into it, so what is there is whole. Nobody waits for anybody: who
//! comes second finds it there.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use serde::Deserialize;

use super::archive;
use super::offer::Offer;
use crate::error::{Attempt, Error, Result};
use crate::foreign::{self, FileKind};
use crate::fs::{self, Root};
use crate::text::shown;

/// What the names of packages begin with that are being unpacked: `.new-MACHINE-PROCESS-NUMBER`.
const NEW: &str = ".new-";

/// Numbers of what one process unpacks.
static NEXT: AtomicU32 = AtomicU32::new(0);

/// The places where unpacked packages are.
pub(crate) struct Cache {
    own: PathBuf,
    below: Vec<PathBuf>,
}

/// What clients write into a package that they unpacked.
#[derive(Deserialize)]
struct Note {
    #[serde(default)]
    sha256: Option<String>,
}

impl Cache {
    /// The user's cache in the directory `cache`, above these places.
    pub(crate) fn new(cache: &Path, below: Vec<PathBuf>) -> Self {
        Self { own: cache.join("conda/packages"), below }
    }

    /// Where the package lies unpacked, if it does: the one with this very content, not just this name.
    pub(crate) fn find(&self, offer: &Offer) -> Option<PathBuf> {
        let sha256 = offer.facts.sha256.as_deref()?;
        let own = self.own.join(key(offer, sha256));
        if own.join("info").is_dir() {
            return Some(own);
        }
        let is_it = |dir: &PathBuf| {
            let note = foreign::read(dir.join("info/repodata_record.json"), FileKind::PackageData);
            let note = note.ok().and_then(|text| serde_json::from_slice::<Note>(&text).ok());
            note.is_some_and(|note| note.sha256.as_deref() == Some(sha256))
        };
        self.below.iter().map(|dir| dir.join(offer.stem())).find(is_it)
    }

    /// A file for an archive while it is fetched, on the file system where it is unpacked.
    pub(crate) fn scratch(&self) -> Result<File> {
        let room = self.room()?;
        room.scratch(Path::new(&unfinished())).attempt("write in", &self.own)
    }

    fn room(&self) -> Result<Root> {
        fs::make_dirs(&self.own, 0o777).attempt("make", &self.own)?;
        Root::open(&self.own).attempt("open", &self.own)
    }

    /// Unpacks an archive that was checked, and gives the place.
    pub(crate) fn add(&self, offer: &Offer, archive: File) -> Result<PathBuf> {
        let room = self.room()?;
        sweep(&room);
        let name = unfinished();
        let name = Path::new(&name);
        let done = room.make_dirs(name).attempt("make", &self.own.join(name)).and_then(|new| {
            archive::unpack(archive, &offer.file, &new)?;
            self.settle(&room, name, offer)
        });
        if done.is_err() {
            let _ = room.remove_tree(name); // the next one finds the rest
        }
        done
    }

    /// Gives an unpacked package its name; where another process was quicker, its package is as good.
    fn settle(&self, room: &Root, new: &Path, offer: &Offer) -> Result<PathBuf> {
        if !room.is_dir(&new.join("info")) {
            return Err(Error::new(format!("{} is not a conda package", shown(&offer.file))));
        }
        let key = key(offer, offer.facts.sha256.as_deref().unwrap_or_default());
        let place = self.own.join(&key);
        match room.rename(new, Path::new(&key)) {
            Err(_) if place.join("info").is_dir() => {
                room.remove_tree(new).attempt("remove", &self.own.join(new))?;
            }
            other => other.attempt("rename into", &place)?,
        }
        Ok(place)
    }
}

/// `numpy-1.26.4-py311_0-0123456789abcdef`: channels may have different packages of one name.
fn key(offer: &Offer, sha256: &str) -> String {
    format!("{}-{}", offer.stem(), &sha256[..sha256.len().min(16)])
}

/// A name that says whose it is.
fn unfinished() -> String {
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    format!("{NEW}{}-{}-{number:x}", fs::machine(), std::process::id())
}

/// Takes away what processes of this machine left that are gone; what fails is met again the next time.
fn sweep(room: &Root) {
    for (name, _) in room.list().unwrap_or_default() {
        let parts = name.to_str().and_then(|name| name.strip_prefix(NEW)?.split_once('-'));
        let Some((machine, rest)) = parts else { continue };
        let process = rest.split('-').next().unwrap_or_default();
        if machine == fs::machine() && !fs::is_alive(process) {
            let name = Path::new(&name);
            let _ = if room.is_dir(name) { room.remove_tree(name) } else { room.remove_file(name) };
        }
    }
}
