//! Answers of channels as they come: what a status means, and where a body goes: memory for lists, a file for archives,
//! which is hashed meanwhile.

use std::fs::File;
use std::io::{self, Read, Seek, Write};

use sha2::{Digest, Sha256};

use crate::error::{Error, reason};
use crate::http::{Failure, Reply, Stream};
use crate::specs::direct::channel_without_secrets;
use crate::text::shown;

/// Most bytes of a list of packages, as it is fetched.
const MOST: u64 = 1 << 30;

/// Where a body goes.
pub(super) enum Sink<'a> {
    Memory(&'a mut Vec<u8>),
    File(&'a mut File, Sha256),
}

impl Sink<'_> {
    pub(super) fn add(&mut self, piece: &[u8]) -> io::Result<()> {
        match self {
            Self::Memory(bytes) if bytes.len() as u64 + piece.len() as u64 > MOST => {
                Err(io::Error::other("it is larger than any list of packages"))
            }
            Self::Memory(bytes) => {
                bytes.extend_from_slice(piece);
                Ok(())
            }
            Self::File(file, hash) => {
                hash.update(piece);
                file.write_all(piece)
            }
        }
    }

    pub(super) fn len(&mut self) -> u64 {
        match self {
            Self::Memory(bytes) => bytes.len() as u64,
            Self::File(file, _) => file.stream_position().unwrap_or_default(),
        }
    }

    pub(super) fn clear(&mut self) -> io::Result<()> {
        match self {
            Self::Memory(bytes) => bytes.clear(),
            Self::File(file, hash) => {
                file.rewind()?;
                file.set_len(0)?;
                *hash = Sha256::new();
            }
        }
        Ok(())
    }

    pub(super) fn hash(self) -> String {
        match self {
            Self::Memory(bytes) => crate::text::hex(&Sha256::digest(bytes)),
            Self::File(_, hash) => crate::text::hex(&hash.finalize()),
        }
    }
}

/// What came, but for the body.
pub(super) struct Had {
    pub(super) status: u16,
    pub(super) etag: Option<String>,
    pub(super) modified: Option<String>,
}

/// Takes an answer as it comes; none where there is no such thing.
pub(super) fn take(mut stream: Stream, sink: &mut Sink, url: &str) -> Reply<Option<Had>> {
    let host = shown(&host_of(url));
    match stream.status {
        200 => sink.clear().map_err(|cause| Failure::Final(written(&cause)))?,
        206 if continues(&stream, sink.len()) => {}
        304 => {}
        404 | 403 | 410 => return Ok(None),
        401 => {
            return Err(Failure::Final(
                Error::no(format!("{host} wants to know who asks"))
                    .hint("put a token or a login into the channel's address in ~/.condarc, or into ~/.netrc; what `conda auth` keeps in a keyring only conda can read"),
            ));
        }
        status @ (206 | 408 | 416 | 429 | 500..) => {
            if matches!(status, 206 | 416) {
                // It does not go on where we were: from the beginning, then.
                sink.clear().map_err(|cause| Failure::Final(written(&cause)))?;
            }
            return Err(Failure::Passing(Error::new(format!("{host} has trouble ({status})"))));
        }
        status => {
            return Err(Failure::Final(Error::new(format!("{host} answers with {status}"))));
        }
    }
    let text = |name: &str| stream.header(name).map(str::to_owned);
    let (etag, modified) = (text("etag"), text("last-modified"));
    pour(&mut stream, sink, &host)?;
    Ok(Some(Had { status: stream.status, etag, modified }))
}

fn pour(stream: &mut Stream, sink: &mut Sink, host: &str) -> Reply<()> {
    let mut piece = vec![0; 1 << 16];
    loop {
        match stream.body.read(&mut piece) {
            Ok(0) => return Ok(()),
            Ok(count) => {
                sink.add(&piece[..count]).map_err(|cause| Failure::Final(written(&cause)))?;
            }
            Err(cause) if cause.kind() == io::ErrorKind::Interrupted => {}
            Err(cause) => {
                return Err(Failure::Passing(Error::new(format!(
                    "the connection to {host} broke: {}",
                    shown(&reason(&cause))
                ))));
            }
        }
    }
}

/// True for an answer that goes on where the last one ended.
fn continues(stream: &Stream, had: u64) -> bool {
    let begin = format!("bytes {had}-");
    stream.header("content-range").is_some_and(|range| range.starts_with(&begin))
}

fn written(cause: &io::Error) -> Error {
    Error::new(format!("could not keep what is fetched: {}", reason(cause)))
        .hint("is there space left (`df -h`, `quota -s`)?")
}

fn host_of(url: &str) -> String {
    let url = channel_without_secrets(url);
    let host = url.split_once("://").map_or(url.as_str(), |(_, rest)| rest);
    host.split('/').next().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_told_without_who_asks() {
        assert_eq!(host_of("https://me:pw@x:8/t/tk/c"), "x:8");
    }
}
