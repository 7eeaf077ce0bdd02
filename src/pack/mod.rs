//! Parcels: an env without its base in one file, to be unpacked at another place, such as a node's own disk.
//!
//! A parcel is a standard tar in independent zstd frames with a table of them at its end, as an index is
//! (`overlay::seekable`): directories come first, every frame holds whole entries, so that threads work side by side,
//! and a large file has frames of its own. Behind the tar stands what the parcel is. What an env gets anew at every
//! place, its record, `pyvenv.cfg` and the link to its base, is not among the entries and may not be.

mod arrive;
mod make;
mod sender;
mod unpack;

use std::borrow::Cow;
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::Path;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

pub(crate) use self::arrive::settle;
pub(crate) use self::make::pack;
pub(crate) use self::unpack::Arrival;

use crate::env::record::Record;
use crate::env::seekable::{self, Frame, Source};
use crate::error::{Attempt, Error, Result};
use crate::foreign;
use crate::text::{PathText, Shown, hex};

/// The format that is written and read here.
const FORMAT: u32 = 1;

/// A frame that claims more than this is damaged or hostile.
const MAX_FRAME: usize = 64 * 1024 * 1024;

/// What a parcel says about itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
struct About {
    /// Tells a parcel from an index.
    parcel: u32,
    /// When it was packed, in UTC.
    packed: String,
    /// How many frames hold directories.
    dirs: usize,
    /// Large files: their first frame, and how many follow it.
    large: Vec<(usize, usize)>,
    /// The text of `pyvenv.cfg`; in it are settings of the user's.
    pyvenv: PathText,
    /// The env's record.
    record: Record,
}

/// The part of it that every version has.
#[derive(Deserialize)]
struct PackVersion {
    parcel: u32,
}

/// A parcel that was opened.
pub(crate) struct Parcel {
    file: Backing,
    frames: Vec<Frame>,
    about: About,
    /// Tells this parcel from all others; the record of an env that came out of it has it.
    pub(crate) id: String,
}

/// The file that a parcel lies in.
struct Backing(File, usize);

impl Source for Backing {
    fn size(&self) -> usize {
        self.1
    }

    fn part(&self, start: usize, length: usize) -> Option<Cow<'_, [u8]>> {
        start.checked_add(length).filter(|end| *end <= self.1)?;
        let mut bytes = vec![0; length];
        self.0.read_exact_at(&mut bytes, start.try_into().ok()?).ok()?;
        Some(Cow::Owned(bytes))
    }
}

impl Parcel {
    /// Opens the file and reads what it says about itself.
    pub(crate) fn open(path: &Path) -> Result<Self> {
        let file = foreign::open(path).attempt("open", path)?;
        let size = file.metadata().attempt("read", path)?.len();
        let file = Backing(file, usize::try_from(size).unwrap_or(usize::MAX));
        let no_parcel = || {
            Error::new(format!("{} is not a packed env, or is not complete", Shown(path)))
                .hint("`mlenv pack ENV -o FILE` makes one; copy it again if it came from elsewhere")
        };
        let (frames, text) = seekable::parse(&file).ok_or_else(no_parcel)?;
        let id = hex(&Sha256::digest(&text)[..8]);
        let text = String::from_utf8(text).map_err(|_| no_parcel())?;
        match toml::from_str::<PackVersion>(&text) {
            Ok(PackVersion { parcel: FORMAT }) => {}
            Ok(_) => {
                let path = Shown(path);
                return Err(Error::new(format!("{path} was packed by a newer mlenv"))
                    .hint("use that version, or a later one"));
            }
            Err(_) => return Err(no_parcel()),
        }
        let about: About = toml::from_str(&text)
            .map_err(|cause| damaged(&format!("what it says of itself: {}", cause.message())))?;
        Ok(Self { file, frames, about, id })
    }

    /// What the env was.
    pub(crate) fn record(&self) -> &Record {
        &self.about.record
    }

    /// The text that its `pyvenv.cfg` had.
    pub(crate) fn pyvenv(&self) -> &[u8] {
        use std::os::unix::ffi::OsStrExt;
        self.about.pyvenv.0.as_os_str().as_bytes()
    }

    fn decode(&self, frame: usize) -> Result<Vec<u8>> {
        let decoded = seekable::decode(&self.file, self.frames[frame], MAX_FRAME);
        decoded.ok_or_else(|| damaged("a part of it cannot be decoded"))
    }
}

fn damaged(why: &str) -> Error {
    Error::new(format!("the parcel is not fit for use: {}", crate::text::shown(why))).hint(CURE)
}

/// What to do about a parcel that cannot be used.
const CURE: &str = "copy it again, or pack the env again with `mlenv pack`; nothing was written";
