//! Consent: a marker takes effect when its user wrote it through mlenv or allowed it.
//!
//! A marker is data, but the env it names decides what `python` and `ls` mean. So consent is bound to the marker's
//! place and exact bytes and to the env's identity, and is void while somebody else could have changed either.
//! Nothing here prints, and nothing of a marker that is not trusted leaves this room but through `text::Shown`.

mod answer;
mod kept;
pub(crate) mod marker;
mod reads;
mod store;

use std::collections::BTreeSet;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use sha2::{Digest, Sha256};

use crate::consent::marker::Marker;
use crate::env::absent;
use crate::env::record::{self, Record};
use crate::error::{Attempt, Error, Result};
use crate::foreign;
use crate::ownership::{Exposure, Judge, Role, sentences};
use crate::text::{Shown, hex};

use answer::Consent;
pub(crate) use kept::{Kept, without_links};
pub(crate) use store::{Shared, Store};

/// What consent is about: a marker and its env as they are now, each looked at through one open descriptor.
#[derive(Debug)]
pub(crate) struct Subject {
    /// The marker, without links in its path.
    pub(crate) marker: PathBuf,
    /// The env, without links in its path: this name goes on PATH, so nobody may be able to redirect it.
    pub(crate) env: PathBuf,
    /// Who else could change the marker or the env.
    pub(crate) exposures: BTreeSet<Exposure>,
    /// The env's record, where it can be understood.
    pub(crate) record: Option<Record>,
    content: String,
    identity: Identity,
}

/// Which directory an env is. Two agree on the inode and on the record's birth date; device numbers are left out,
/// since a home that is shared over a network has another one on each machine, and a disk may after each boot.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, Deserialize)]
struct Identity {
    inode: u64,
    device: u64,
    created: Option<String>,
}

impl Identity {
    fn is(&self, other: &Self) -> bool {
        self.inode == other.inode && self.created == other.created
    }
}

/// Whether a marker may take effect, and if not, why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// The user's consent holds.
    Trusted,
    /// The user said no; it holds until `allow`.
    Denied,
    /// Nobody was asked yet.
    Unknown,
    /// The marker is not the one that was allowed.
    Edited,
    /// Another env lies where the allowed one was.
    Replaced,
    /// Others can change it, which consent did not cover.
    Exposed(Vec<Exposure>),
}

impl Subject {
    /// Looks at the marker's env; fails where there is no such directory.
    pub(crate) fn of(marker: &Marker, env: &Path, judge: &Judge) -> Result<Self> {
        let env = env.canonicalize().map_err(|cause| {
            if cause.kind() == std::io::ErrorKind::PermissionDenied {
                return Error::io("read", env, &cause);
            }
            Error::no(format!("there is no env {} for {}", Shown(env), Shown(&marker.path))).hint(
                "make it with `mlenv create`, or name another one with `mlenv save --force ENV`",
            )
        })?;
        let record = Record::read(&env).ok().flatten();
        let mut exposures = BTreeSet::new();
        exposures.extend(judge.exposures(&marker.path, &marker.meta, Role::Content));
        judge.above(&marker.path, &mut exposures)?;
        judge.above(&env, &mut exposures)?;
        reads::judge(judge, &env, record.as_ref(), &mut exposures)?;
        let node = env.symlink_metadata().attempt("read", &env)?;
        let created = record.as_ref().map(|record| record.created.clone());
        let identity = Identity {
            inode: node.ino(),
            device: node.dev(),
            created: created.or_else(|| birth(&env)),
        };
        Ok(Self {
            record,
            marker: marker.path.clone(),
            content: content(marker),
            env,
            exposures,
            identity,
        })
    }
}

/// A marker's text as consent has it: SHA-256 of its bytes.
fn content(marker: &Marker) -> String {
    hex(&Sha256::digest(&marker.bytes))
}

/// When an env was made, by a record that only a later version understands, or none.
fn birth(env: &Path) -> Option<String> {
    #[derive(Deserialize)]
    struct Birth {
        created: Option<String>,
    }
    let text = foreign::read_text(env.join(record::FILE), foreign::FileKind::Settings).ok()?;
    toml::from_str::<Birth>(&text).ok()?.created
}

/// A marker, and what may take effect because of it.
pub(crate) struct Considered {
    /// The marker.
    pub(crate) marker: Marker,
    /// What was judged and may be entered, or why nothing may.
    pub(crate) verdict: Result<Subject>,
}

/// Reads the marker of `dir` and judges it; `None` where there is none by now.
pub(crate) fn consider(dir: &Path, envs: &Path, store: &Store) -> Result<Option<Considered>> {
    let Some(marker) = Marker::read(dir)? else { return Ok(None) };
    let verdict = judged(&marker, envs, store);
    Ok(Some(Considered { marker, verdict }))
}

/// The answer is read once, and a denial stands whatever the marker names.
fn judged(marker: &Marker, envs: &Path, store: &Store) -> Result<Subject> {
    let refused = |verdict: &Verdict| verdict.refusal(&marker.path);
    let answer = store.answer(&marker.path)?;
    if let Some(Consent::Deny { .. }) = &answer {
        return Err(refused(&Verdict::Denied).unwrap_or_else(|| Error::no("denied")));
    }
    let subject = Subject::of(marker, &marker.env(envs), &store.judge)?;
    let verdict = Consent::verdict(answer.as_ref(), &subject, &store.judge);
    let gone = || subject.record.is_none().then(|| absent::replaced(&subject.env)).flatten();
    if verdict == Verdict::Replaced
        && let Some(why) = gone()
    {
        return Err(why);
    }
    refused(&verdict).map_or(Ok(subject), Err)
}

impl Verdict {
    /// The sentence and its cure. Only the marker's own path is named, shown safely.
    pub(crate) fn refusal(&self, marker: &Path) -> Option<Error> {
        let marker = Shown(marker);
        let (why, cure) = match self {
            Self::Trusted => return None,
            Self::Denied => ("was denied".to_owned(), "run `mlenv allow` if you changed your mind"),
            Self::Unknown => ("is not trusted".to_owned(), "look at it, then run `mlenv allow`"),
            Self::Edited => {
                ("was edited since it was allowed".to_owned(), "look at it, then run `mlenv allow`")
            }
            Self::Replaced => (
                "names a directory that is not the env that was allowed".to_owned(),
                "if you replaced the env yourself, run `mlenv allow`",
            ),
            Self::Exposed(exposures) => {
                let why = format!("is not trusted: {}", sentences(exposures).join(", "));
                (
                    why,
                    "mend that with `chmod`, or if you trust them all, run `mlenv allow --shared`",
                )
            }
        };
        Some(Error::no(format!("{marker} {why}")).hint(cure))
    }
}

/// A short name for a refusal, by which a shell remembers that it was said.
pub(crate) fn token(marker: &Path, about: &[u8]) -> String {
    let mut hash = Sha256::new();
    hash.update(marker.as_os_str().as_bytes());
    hash.update([0]);
    hash.update(about);
    hex(&hash.finalize())[..12].to_owned()
}
