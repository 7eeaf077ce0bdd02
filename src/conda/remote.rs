//! Channels as they are reached: directories of this machine, or the web. What is fetched is kept, and asked for again only
//! by what it was (its `ETag`); nothing that is in the cache is taken for what it is not.

use std::fs::File;
use std::io::{self, Read, Seek, Write};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use ureq::http::Uri;

use super::answer::{Had, Sink, take};
use super::channel::{self, Channel};
use super::lists::{kept, of_dir, unpacked};
use super::login::Logins;
use super::mirrors;
use super::shards::Shards;
use super::{Place, condarc};
use crate::env::content::BASE_LINK;
use crate::error::{Attempt, Error, Result};
use crate::foreign::{self, FileKind};
use crate::fs;
use crate::host::Host;
use crate::http::{Failure, Http, Plain};
use crate::specs::direct::channel_without_secrets;
use crate::text::shown;
use crate::ui::Ui;

/// How long a small answer may take, and how many bytes a second a large one must come with at least.
const PATIENCE: Duration = Duration::from_secs(60);
const SPEED: u64 = 20_000;

/// As large as the list of a large channel may be.
const LIST: u64 = 200_000_000;

/// How often something is asked for that may go better the next time.
const TRIES: u32 = 4;
const PAUSE: Duration = Duration::from_millis(300);

/// What a channel says that it has.
pub(crate) enum List {
    /// All of it, as JSON.
    Whole(Vec<u8>),
    /// Where there is more by name.
    Shards(Shards),
}

/// Reaches channels.
pub(crate) struct Remote<'a> {
    host: &'a Host,
    ui: Ui,
    /// Where answers are kept.
    kept: PathBuf,
    /// Nothing is asked of anybody.
    is_offline: bool,
    /// The env or the base whose settings count.
    env: &'a Path,
    http: OnceLock<Http>,
    logins: OnceLock<Logins>,
}

/// What is known of a kept answer.
#[derive(Default, Serialize, Deserialize)]
struct Note {
    url: String,
    etag: Option<String>,
    modified: Option<String>,
}

impl<'a> Remote<'a> {
    pub(crate) fn new(place: &'a Place) -> Self {
        let kept = place.cache.join("conda/repodata");
        let (host, is_offline) = (place.host, place.is_offline);
        let (http, logins) = (OnceLock::new(), OnceLock::new());
        Self { host, ui: place.ui, kept, is_offline, env: place.env, http, logins }
    }

    /// What the channel has for a kind of machine; none where it has nothing for it.
    pub(crate) fn list(&self, channel: &Channel, subdir: &str) -> Result<Option<List>> {
        let own = format!("{}/{subdir}/", channel.open);
        mirrors::first(self.ui, channel.places(), |place| self.list_at(place, subdir, &own))
    }

    fn list_at(&self, place: &str, subdir: &str, own: &str) -> Result<Option<List>> {
        if let Some(dir) = channel::dir_of(place) {
            return Ok(of_dir(&dir.join(subdir))?.map(List::Whole));
        }
        let shards = format!("{place}/{subdir}/repodata_shards.msgpack.zst");
        if let Some(bytes) = self.kept_or_fetched(&shards)? {
            let list = unpacked(&bytes, &open(place))?;
            let asked = format!("{place}/{subdir}/");
            return Shards::read(&list, own, &asked).map(List::Shards).map(Some);
        }
        Ok(self.repodata_at(place, subdir)?.map(List::Whole))
    }

    /// A shard: what is in the cache by its hash is it, for ever.
    pub(crate) fn shard(&self, place: &str, hash: &str) -> Result<Vec<u8>> {
        let file = self.kept.with_file_name("shards").join(hash);
        let is_it = |bytes: &Vec<u8>| crate::text::hex(&Sha256::digest(bytes)) == hash;
        if let Some(bytes) = kept(&file).ok().filter(is_it) {
            return unpacked(&bytes, &open(place));
        }
        let url = format!("{place}/{hash}.msgpack.zst");
        if self.is_offline {
            return Err(Error::no(format!("{} was not fetched before", shown(&open(&url))))
                .hint("leave --offline out"));
        }
        let mut bytes = Vec::new();
        let found = self.get(&url, &[], None, &mut Sink::Memory(&mut bytes))?;
        if found.is_none() || !is_it(&bytes) {
            return Err(Error::new(format!("{} is not what its channel says", shown(&open(&url))))
                .hint("try again later: the channel may be changing just now"));
        }
        let dir = file.parent().unwrap_or(&file);
        // A cache that cannot be written to is none the worse for the user.
        let _ = fs::make_dirs(dir, 0o777).and_then(|()| fs::write_cache(&file, &bytes));
        unpacked(&bytes, &open(place))
    }

    /// All of it at once, as JSON.
    fn repodata_at(&self, place: &str, subdir: &str) -> Result<Option<Vec<u8>>> {
        let packed = format!("{place}/{subdir}/repodata.json.zst");
        if let Some(bytes) = self.kept_or_fetched(&packed)? {
            return unpacked(&bytes, &open(place)).map(Some);
        }
        self.kept_or_fetched(&format!("{place}/{subdir}/repodata.json"))
    }

    fn kept_or_fetched(&self, url: &str) -> Result<Option<Vec<u8>>> {
        let name = crate::text::hex(&Sha256::digest(url)[..12]);
        let (file, note_file) = (self.kept.join(&name), self.kept.join(format!("{name}.json")));
        let note = foreign::read(&note_file, FileKind::Note).ok();
        let note: Option<Note> = note.and_then(|text| serde_json::from_slice(&text).ok());
        let note = note.filter(|note| note.url == open(url) && file.is_file()).unwrap_or_default();
        if self.is_offline {
            return if note.url.is_empty() { Ok(None) } else { kept(&file).map(Some) };
        }
        let mut headers = Vec::new();
        headers.extend(note.etag.clone().map(|etag| ("if-none-match", etag)));
        headers.extend(note.modified.clone().map(|modified| ("if-modified-since", modified)));
        let mut bytes = Vec::new();
        let Some(answer) = self.get(url, &headers, None, &mut Sink::Memory(&mut bytes))? else {
            return Ok(None);
        };
        if answer.status == 304 {
            return kept(&file).map(Some);
        }
        let note = Note { url: open(url), etag: answer.etag, modified: answer.modified };
        self.keep(&file, &note_file, &bytes, &note);
        Ok(Some(bytes))
    }

    /// First what is known of it goes, so that an answer never stands with another's note. A cache that cannot be
    /// written to is none the worse for the user.
    fn keep(&self, file: &Path, note_file: &Path, bytes: &[u8], note: &Note) {
        let Ok(note) = serde_json::to_vec(note) else { return };
        let _ = fs::make_dirs(&self.kept, 0o777)
            .and_then(|()| fs::remove_file(note_file))
            .and_then(|()| fs::write_cache(file, bytes))
            .and_then(|()| fs::write_cache(note_file, &note));
    }

    /// Fetches an archive into the empty file `into`, and checks that it is the one that was chosen; none where it is
    /// not there.
    pub(crate) fn archive(
        &self,
        (url, name): (&str, &str),
        (sha256, size): (&str, Option<u64>),
        mut into: File,
    ) -> Result<Option<File>> {
        let found = match channel::dir_of(url) {
            Some(path) => {
                let mut from = foreign::open(&path).attempt("read", &path)?;
                copy(&mut from, &mut into).attempt("copy", &path)?
            }
            None if self.is_offline => {
                return Err(Error::no(format!(
                    "{} is not in the cache, and nothing is fetched",
                    shown(name)
                ))
                .hint("leave --offline out"));
            }
            None => {
                let mut sink = Sink::File(&mut into, Sha256::new());
                if self.get(url, &[], size, &mut sink)?.is_none() {
                    return Ok(None);
                }
                sink.hash()
            }
        };
        if !found.eq_ignore_ascii_case(sha256) {
            return Err(Error::new(format!(
                "{} is not what its channel says: its sha256 is {found}, and should be {}",
                shown(name),
                shown(sha256)
            ))
            .hint("nothing was changed; try again later, and tell who keeps the channel if it stays so"));
        }
        into.rewind().attempt("read", Path::new(name))?;
        Ok(Some(into))
    }

    fn http(&self) -> Result<&Http> {
        if let Some(http) = self.http.get() {
            return Ok(http);
        }
        let settings = condarc::read(self.host, self.env, &self.env.join(BASE_LINK))?;
        if settings.without_tls {
            self.ui.say("`ssl_verify: false` is not followed: name a file of certificates there");
        }
        let http = Http::with(self.host, PATIENCE, Plain::AsAsked, &settings.extra)?;
        Ok(self.http.get_or_init(|| http))
    }

    /// Asks until it is there as a whole; none where there is no such thing. What came of it before a connection broke is
    /// not asked for again where the server can do so.
    fn get(
        &self,
        url: &str,
        headers: &[(&str, String)],
        size: Option<u64>,
        sink: &mut Sink,
    ) -> Result<Option<Had>> {
        let logins = self.logins.get_or_init(|| Logins::read(self.host));
        let (address, authorization) = logins.address(url);
        let address: Uri = address
            .parse()
            .map_err(|_| Error::new(format!("{} is not an address", shown(&open(url)))))?;
        let end = Instant::now() + PATIENCE + Duration::from_secs(size.unwrap_or(LIST) / SPEED);
        let mut pause = PAUSE;
        for attempt in 1.. {
            let mut headers = headers.to_vec();
            headers.extend(authorization.clone().map(|login| ("authorization", login)));
            let had = sink.len();
            if had > 0 {
                headers.push(("range", format!("bytes={had}-")));
            }
            let answered = self.http()?.stream(&address, &headers, end);
            let failure = match answered.and_then(|stream| take(stream, sink, url)) {
                Ok(found) => return Ok(found),
                Err(Failure::Passing(error)) => error,
                Err(failure) => return Err(with_hint(failure.told())),
            };
            if attempt == TRIES || Instant::now() + pause >= end {
                return Err(with_hint(failure));
            }
            std::thread::sleep(pause);
            pause *= 2;
        }
        unreachable!("the last attempt returns")
    }
}

/// Copies and hashes.
fn copy(from: &mut File, into: &mut File) -> io::Result<String> {
    let (mut hash, mut piece) = (Sha256::new(), vec![0; 1 << 16]);
    loop {
        let count = from.read(&mut piece)?;
        if count == 0 {
            return Ok(crate::text::hex(&hash.finalize()));
        }
        hash.update(&piece[..count]);
        into.write_all(&piece[..count])?;
    }
}

fn with_hint(error: Error) -> Error {
    error.hint("nothing was changed; `--offline` does with what was fetched before; behind a proxy set https_proxy")
}

/// An address as it may be shown.
fn open(url: &str) -> String {
    channel_without_secrets(url)
}
