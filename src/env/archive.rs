//! The archive of a plan: a standard tar in independent zstd frames, with a table of the frames at its end.
//!
//! Any `tar --zstd -xf` unpacks it. The first frame holds the directories, the others whole entries, so that
//! threads decode side by side. Behind the tar come two skippable frames, which zstd passes over: what the
//! archive is (TOML), and the seek table of zstd's seekable format, found from the end of the file.

use std::ffi::{OsStr, OsString};
use std::io::{Cursor, Read};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::Path;

use serde::{Deserialize, Serialize};
use tar::{Entry, EntryType, Header};

use super::content::{Content, Dir, File, FileMode, Link, split};
use super::layout::Layout;
use super::limits::{self, Entries};
use super::seekable::{self, Frames};
use crate::error::{Error, Result};
use crate::parallel;

/// How much tar goes into one frame: enough to compress well, small enough to share out among threads.
const FRAME_SIZE: usize = 256 * 1024;

/// A frame that claims more than this is damaged or hostile.
const MAX_FRAME: usize = 64 * 1024 * 1024;

/// Level 3 packs 300 MB/s; 19 would save a sixth of 300 KB and take seconds.
const LEVEL: i32 = 3;

/// What an archive says about itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct About {
    /// The format; readers refuse what they do not know.
    pub(crate) format: u32,
    /// Which layout it holds.
    pub(crate) layout: Layout,
    /// The content fingerprint of the base it was made from.
    pub(crate) packages: String,
}

/// The format written and read here.
pub(crate) const FORMAT: u32 = 1;

/// Packs a plan. The same plan gives the same bytes.
pub(crate) fn pack(plan: &Content, about: &About) -> Result<Vec<u8>> {
    let mut frames = Frames::new(Vec::new(), LEVEL);
    let mut tar = Tar::new(&mut frames);
    for dir in plan.dirs.keys().filter(|dir| !dir.is_empty()) {
        tar.dir(Path::new(dir))?;
    }
    tar.end_frame()?;
    for (path, dir) in &plan.dirs {
        for file in &dir.files {
            tar.file(Path::new(path), file)?;
        }
        for link in &dir.links {
            tar.link(Path::new(path), link)?;
        }
    }
    tar.finish()?;
    let about = toml::to_string(about)
        .map_err(|cause| Error::new(format!("could not describe the archive: {cause}")))?;
    frames.finish(about.as_bytes())
}

/// Reads an archive's description; `None` where the bytes are not an archive of this format.
pub(crate) fn about(bytes: &[u8]) -> Option<About> {
    let (_, text) = seekable::parse(bytes)?;
    let about: About = toml::from_str(std::str::from_utf8(&text).ok()?).ok()?;
    (about.format == FORMAT).then_some(about)
}

/// Unpacks an archive into a plan, frames side by side. The plan is not checked yet.
pub(crate) fn unpack(bytes: &[u8], threads: usize) -> Result<Content> {
    let (frames, _) = seekable::parse(bytes)
        .ok_or_else(|| damaged("its table of frames is missing or broken"))?;
    if seekable::total(&frames) > limits::tar_in_index(bytes.len()) as u64 {
        return Err(damaged("it would unpack to more than any index holds"));
    }
    let count = Entries::default();
    let parts = parallel::map(threads, frames.len(), |at| {
        let tar = seekable::decode(bytes, frames[at], MAX_FRAME)
            .ok_or_else(|| damaged("a frame cannot be decoded"))?;
        // Told to seek, the tar reader does not clear a buffer for every entry it passes.
        let mut tar = tar::Archive::new(Cursor::new(tar));
        entries(tar.entries_with_seek(), &count)
    })?;
    let mut plan = Content::default();
    for (path, mut dir) in parts.into_iter().flatten() {
        let whole = plan.dirs.entry(path).or_default();
        whole.links.append(&mut dir.links);
        whole.files.append(&mut dir.files);
    }
    Ok(plan)
}

/// Reads a stream of tar entries from its beginning; it was compressed to `packed` bytes.
pub(crate) fn stream(tar: impl Read, packed: usize) -> Result<Vec<(OsString, Dir)>> {
    let tar = Bounded { tar, left: limits::tar_in_index(packed) };
    entries(tar::Archive::new(tar).entries(), &Entries::default())
}

/// A stream that must end in time.
struct Bounded<R> {
    tar: R,
    left: usize,
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let read = self.tar.read(buffer)?;
        let why = "it would unpack to more than any index holds";
        self.left = self.left.checked_sub(read).ok_or_else(|| std::io::Error::other(why))?;
        Ok(read)
    }
}

/// Reads tar entries, those of one directory together as long as they follow each other. A directory without
/// entries stands for itself.
fn entries<R: Read>(
    entries: std::io::Result<tar::Entries<'_, R>>,
    count: &Entries,
) -> Result<Vec<(OsString, Dir)>> {
    let mut found: Vec<(OsString, Dir)> = Vec::new();
    for entry in entries.map_err(|cause| damaged(&cause.to_string()))? {
        let mut entry = entry.map_err(|cause| damaged(&cause.to_string()))?;
        let path = entry.path_bytes();
        count.one_more().and_then(|()| limits::path(&path)).map_err(damaged)?;
        let (dir, name) = split(OsStr::from_bytes(path.strip_suffix(b"/").unwrap_or(&path)));
        let kind = entry.header().entry_type();
        if kind == EntryType::Directory {
            let path = OsStr::from_bytes(path.strip_suffix(b"/").unwrap_or(&path)).to_owned();
            found.push((path, Dir::default()));
            continue;
        }
        if found.last().is_none_or(|(last, _)| last != dir) {
            found.push((dir.to_owned(), Dir::default()));
        }
        let name = name.to_owned();
        drop(path);
        let Some((_, into)) = found.last_mut() else { continue };
        match kind {
            EntryType::Symlink => into.links.push(Link { name, target: target_of(&entry)? }),
            EntryType::Regular => into.files.push(file_of(&mut entry, name)?),
            other => return Err(damaged(&format!("it holds an entry of type {other:?}"))),
        }
    }
    Ok(found)
}

fn target_of(entry: &Entry<'_, impl Read>) -> Result<OsString> {
    let target = entry.link_name_bytes().ok_or_else(|| damaged("a link has no target"))?;
    Ok(OsString::from_vec(target.into_owned()))
}

fn file_of(entry: &mut Entry<'_, impl Read>, name: OsString) -> Result<File> {
    let program = entry.header().mode().is_ok_and(|mode| mode & 0o100 != 0);
    let size = usize::try_from(entry.size()).map_or(FRAME_SIZE, |size| size.min(FRAME_SIZE));
    let mut bytes = Vec::with_capacity(size);
    entry.read_to_end(&mut bytes).map_err(|cause| damaged(&cause.to_string()))?;
    Ok(File { name, bytes, mode: if program { FileMode::Program } else { FileMode::Data } })
}

fn damaged(why: &str) -> Error {
    Error::new(format!("the archive is not fit for use: {}", crate::text::shown(why)))
        .hint("make a new one with `mlenv base index`; nothing was written")
}

/// Writes tar entries, cutting frames between them.
struct Tar<'a> {
    frames: &'a mut Frames<Vec<u8>>,
    builder: tar::Builder<Vec<u8>>,
}

impl<'a> Tar<'a> {
    fn new(frames: &'a mut Frames<Vec<u8>>) -> Self {
        Self { frames, builder: tar::Builder::new(Vec::with_capacity(FRAME_SIZE + 4096)) }
    }

    fn dir(&mut self, path: &Path) -> Result<()> {
        let mut header = header(EntryType::Directory, 0o755);
        let result = self.builder.append_data(&mut header, path, std::io::empty());
        self.cut(path, result)
    }

    fn link(&mut self, dir: &Path, link: &Link) -> Result<()> {
        let path = dir.join(&link.name);
        let mut header = header(EntryType::Symlink, 0o777);
        let result = self.builder.append_link(&mut header, &path, &link.target);
        self.cut(&path, result)
    }

    fn file(&mut self, dir: &Path, file: &File) -> Result<()> {
        let path = dir.join(&file.name);
        let mode = if file.mode == FileMode::Program { 0o755 } else { 0o644 };
        let mut header = header(EntryType::Regular, mode);
        header.set_size(file.bytes.len() as u64);
        let result = self.builder.append_data(&mut header, &path, file.bytes.as_slice());
        self.cut(&path, result)
    }

    /// Ends the frame once it is full.
    fn cut(&mut self, path: &Path, appended: std::io::Result<()>) -> Result<()> {
        appended.map_err(|cause| Error::io("put into the archive", path, &cause))?;
        if self.builder.get_ref().len() >= FRAME_SIZE { self.end_frame() } else { Ok(()) }
    }

    fn end_frame(&mut self) -> Result<()> {
        let empty = Vec::with_capacity(FRAME_SIZE + 4096);
        self.frames.push(&[std::mem::replace(self.builder.get_mut(), empty)], 1)
    }

    /// The last frame ends the tar with two empty blocks.
    fn finish(self) -> Result<()> {
        let rest = self.builder.into_inner().map_err(|cause| damaged(&cause.to_string()))?;
        self.frames.push(&[rest], 1)
    }
}

/// Owner and time are left at zero: who unpacks owns, and the same base gives the same bytes.
fn header(kind: EntryType, mode: u32) -> Header {
    let mut header = Header::new_gnu();
    header.set_entry_type(kind);
    header.set_mode(mode);
    header.set_size(0);
    header.set_mtime(0);
    header.set_uid(0);
    header.set_gid(0);
    header
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(count: usize) -> Content {
        let mut plan = Content::default();
        for at in 0..count {
            let long = [b"n\xff ".as_slice(), format!("{at:04}").as_bytes(), &[b'x'; 90]].concat();
            plan.link_to_base(&Path::new("lib").join(OsString::from_vec(long)));
        }
        plan.file(Path::new("bin/x"), b"hello".to_vec(), FileMode::Program);
        plan
    }

    fn about_sample() -> About {
        About { format: FORMAT, layout: Layout::Standard, packages: "abc".into() }
    }

    #[test]
    fn plans_come_back_whole_from_one_frame_or_many() {
        for count in [0, 1, 2000] {
            let plan = sample(count);
            let bytes = pack(&plan, &about_sample()).unwrap();
            assert_eq!(unpack(&bytes, 3).unwrap(), plan);
            assert_eq!(about(&bytes), Some(about_sample()));
            assert_eq!(pack(&plan, &about_sample()).unwrap(), bytes);
        }
    }

    #[test]
    fn damage_anywhere_is_an_error_or_harmless_but_never_another_plan() {
        let plan = sample(50);
        let bytes = pack(&plan, &about_sample()).unwrap();
        for at in (0..bytes.len()).step_by(7) {
            let mut broken = bytes.clone();
            broken[at] ^= 0x55;
            if let Ok(read) = unpack(&broken, 1) {
                assert_eq!(read, plan, "byte {at}");
            }
        }
        for length in (0..bytes.len()).step_by(31) {
            assert!(unpack(&bytes[..length], 1).is_err(), "cut at {length}");
        }
    }

    #[test]
    fn devices_and_hard_links_are_refused() {
        let mut builder = tar::Builder::new(Vec::new());
        let mut header = header(EntryType::Char, 0o600);
        builder.append_data(&mut header, "dev", std::io::empty()).unwrap();
        let tar = builder.into_inner().unwrap();
        assert!(stream(tar.as_slice(), tar.len()).unwrap_err().to_string().contains("type Char"));
    }
}
