//! Looks at one file of a base: what it should be, and whether it names the build path.

use serde::Serialize;
use std::collections::HashSet;
use std::fs::{File, Metadata};
use std::io::Read;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::{Path, PathBuf};

use memchr::memmem::Finder;

use super::edit::{Edit, Splice};
use super::finding::BaseFault;
use super::{script, search, text};
use crate::base::conda;
use crate::base::contents::contents;
use crate::elf;
use crate::env::script::MAX_SIZE;
use crate::foreign;

/// How much of a file is searched at a time.
const PIECE: usize = 1 << 20;

/// Where a path stands in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Form {
    /// It could be edited.
    Text,
    /// Lengths matter.
    Binary,
}

/// What one file tells.
#[derive(Debug, Default)]
pub(super) struct Seen {
    pub(super) edit: Option<(BaseFault, Edit)>,
    pub(super) odd: Option<(BaseFault, &'static str)>,
    pub(super) holds: Option<Form>,
    pub(super) has_links: bool,
}

/// What conda's records say about who names the build path.
#[derive(Default)]
struct Known {
    /// Files of packages.
    owned: HashSet<PathBuf>,
    /// Those into which the path was put at installation.
    prefixed: HashSet<PathBuf>,
}

impl Known {
    /// Where no record tells of any path, as where other tools wrote them, they are not believed.
    fn read(prefix: &Path) -> Self {
        let mut known = Self::default();
        for package in conda::packages(prefix).unwrap_or_default() {
            let Some(read) = contents(&prefix.join(package.record())) else { continue };
            for entry in read.paths_data.paths {
                if entry.prefix_placeholder.is_some() {
                    known.prefixed.insert(entry.path.clone());
                }
                known.owned.insert(entry.path);
            }
        }
        if known.prefixed.is_empty() { Self::default() } else { known }
    }

    fn may_hold(&self, path: &Path) -> bool {
        !self.owned.contains(path) || self.prefixed.contains(path)
    }
}

pub(super) struct Scanner<'a> {
    prefix: &'a Path,
    homes: &'a [&'a Path],
    finders: Vec<Finder<'a>>,
    known: Known,
}

impl<'a> Scanner<'a> {
    /// For the base at `prefix`; `homes` are the paths that mean it.
    pub(super) fn new(prefix: &'a Path, homes: &'a [&'a Path]) -> Self {
        let finders = homes.iter().map(|home| Finder::new(home.as_os_str().as_bytes())).collect();
        Self { prefix, homes, finders, known: Known::read(prefix) }
    }

    pub(super) fn scan(&self, path: &Path) -> std::io::Result<Seen> {
        let mut file = foreign::open_unfollowed(&self.prefix.join(path))?;
        let meta = file.metadata()?;
        let mut magic = [0; 4];
        let is_elf = file.read_exact_at(&mut magic, 0).is_ok() && &magic == b"\x7fELF";
        let mut seen = Seen { has_links: meta.nlink() > 1, ..Seen::default() };
        if is_elf {
            self.see_elf(path, &file, &mut seen)?;
        } else if let Some(old) = whole(path, &mut file, &meta)? {
            return Ok(self.see_text(path, &old, seen));
        }
        if self.known.may_hold(path) {
            let splices = seen.edit.as_ref().map_or(&[][..], |(_, edit)| &edit.splices);
            seen.holds = self.search(&file, splices)?;
        }
        Ok(seen)
    }

    fn see_text(&self, path: &Path, old: &[u8], mut seen: Seen) -> Seen {
        let mut new = old.to_vec();
        let mut kind = None;
        if path.ends_with("kernel.json") {
            kind = text::kernel(old, self.homes).map(|text| (BaseFault::Kernels, text));
        } else if path == Path::new("bin/root-config") {
            kind = text::root_config(old).map(|text| (BaseFault::RootConfig, text));
            if kind.is_none() && text::lacks_zlib(old) {
                seen.odd = Some((
                    BaseFault::RootConfig,
                    "prints libraries without -lz in a way that is not known",
                ));
            }
        } else {
            match script::judge(old, self.homes, &|path| path.exists()) {
                script::ScriptVerdict::Fine => {}
                script::ScriptVerdict::Python(text) => kind = Some((BaseFault::Scripts, text)),
                script::ScriptVerdict::Other(text) => kind = Some((BaseFault::OtherScripts, text)),
                script::ScriptVerdict::Odd(why) => seen.odd = Some((BaseFault::OddScripts, why)),
            }
        }
        if let Some((kind, text)) = kind {
            seen.edit = Some((kind, Edit::of_text(path.to_owned(), old, &text)));
            new = text;
        }
        let holds = self.finders.iter().any(|finder| finds(finder, &new, 0, &[]));
        let form = if new.contains(&0) { Form::Binary } else { Form::Text };
        seen.holds = holds.then_some(form);
        seen
    }

    fn see_elf(&self, path: &Path, file: &File, seen: &mut Seen) -> std::io::Result<()> {
        let Some(found) = elf::read(file)? else { return Ok(()) };
        let mut edit = Edit { path: path.to_owned(), splices: Vec::new() };
        let dir = path.parent().unwrap_or(Path::new(""));
        for old in found.rpath.iter().chain(&found.runpath) {
            match search::judge(&old.bytes, dir, self.homes) {
                search::SearchVerdict::Fine => {}
                search::SearchVerdict::NoRoom => {
                    seen.odd =
                        Some((BaseFault::FixedSearchPaths, "has no room for a relative path"));
                }
                search::SearchVerdict::Mended(_) if !elf::is_alone(file, old)? => {
                    seen.odd = Some((
                        BaseFault::FixedSearchPaths,
                        "shares the bytes of its path with another string",
                    ));
                }
                search::SearchVerdict::Mended(new) => {
                    edit.splices.push(Splice { offset: old.offset, old: old.bytes.clone(), new });
                }
            }
        }
        edit.splices.sort_by_key(|splice| splice.offset);
        edit.splices.dedup();
        if !edit.splices.is_empty() && seen.odd.is_none() {
            seen.edit = Some((BaseFault::SearchPaths, edit));
        }
        Ok(())
    }

    /// Looks for the build path in the whole file, but for what will be replaced.
    fn search(&self, file: &File, splices: &[Splice]) -> std::io::Result<Option<Form>> {
        let longest = self.homes.iter().map(|home| home.as_os_str().len()).max().unwrap_or(0);
        let mut piece = Vec::with_capacity(
            PIECE.min(usize::try_from(file.metadata()?.len()).unwrap_or(PIECE)) + 1,
        );
        let (mut offset, mut form) = (0_u64, Form::Text);
        loop {
            piece.clear();
            let mut reader = At { file, offset }.take(PIECE as u64);
            let read = reader.read_to_end(&mut piece)?;
            if piece.contains(&0) {
                form = Form::Binary;
            }
            if self.finders.iter().any(|finder| finds(finder, &piece, offset, splices)) {
                return Ok(Some(form));
            }
            if read < PIECE {
                return Ok(None);
            }
            // What stands across the border is in the next piece whole, with the byte behind it.
            offset += (read - longest - 1) as u64;
        }
    }
}

/// The text of a file that is judged as a whole.
fn whole(path: &Path, file: &mut File, meta: &Metadata) -> std::io::Result<Option<Vec<u8>>> {
    let is_kernel = path.starts_with("share/jupyter/kernels") && path.ends_with("kernel.json");
    if meta.len() > MAX_SIZE || !(path.parent() == Some(Path::new("bin")) || is_kernel) {
        return Ok(None);
    }
    let mut text = Vec::new();
    file.read_to_end(&mut text)?;
    Ok(Some(text))
}

/// True where the path stands as a whole path or in front of a `/`, outside of what is replaced.
fn finds(finder: &Finder, text: &[u8], offset: u64, splices: &[Splice]) -> bool {
    finder.find_iter(text).any(|at| {
        let next = text.get(at + finder.needle().len());
        let ends = next.is_none_or(|byte| {
            !byte.is_ascii_alphanumeric() && !matches!(byte, b'-' | b'_' | b'.' | 0x80..)
        });
        let place = offset + at as u64;
        let replaced = |splice: &Splice| {
            place >= splice.offset && place < splice.offset + splice.old.len() as u64
        };
        ends && !splices.iter().any(replaced)
    })
}

/// A file from a position on.
struct At<'a> {
    file: &'a File,
    offset: u64,
}

impl Read for At<'_> {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        let read = self.file.read_at(into, self.offset)?;
        self.offset += read as u64;
        Ok(read)
    }
}
