//! Which ELF files of a base need which others: read once from the files' headers and kept in the user's cache, by the
//! base's content.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use walkdir::WalkDir;

use crate::base::Base;
use crate::elf;
use crate::env::threads;
use crate::error::Result;
use crate::foreign;
use crate::text::PathText;
use crate::{fs, parallel};

/// Changes with what is kept.
const FORMAT: u32 = 1;

/// The files of one base.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Web {
    format: u32,
    /// Search paths may be absolute: they were understood for a base at this place.
    prefix: Option<PathText>,
    /// Programs in `bin`, and everything below `lib`.
    pub(super) files: Vec<Node>,
    /// Links in `bin`, and the program that each leads to.
    pub(super) aliases: Vec<(PathText, PathText)>,
}

/// One dynamically linked file.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Node {
    /// Relative to the base.
    pub(super) path: PathText,
    /// By which name others need it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) soname: Option<PathText>,
    /// The names that it needs.
    pub(super) needed: Vec<PathText>,
    /// How it finds them.
    pub(super) search: Search,
    /// True for what can be started.
    pub(super) is_program: bool,
}

/// Where a file looks for libraries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Search {
    /// Not in the base's `lib`.
    Elsewhere,
    /// There.
    Lib,
    /// There, and so does everything that it loads and that has no path of its own.
    LibForAll,
}

impl Web {
    /// The web of a base, from the cache where that has it.
    pub(super) fn of(base: &Base, cache: &Path) -> Result<Self> {
        let name = format!("{}-libraries.json", base.fingerprint.packages);
        let kept = cache.join("indexes").join(name);
        let read = foreign::read(&kept, foreign::FileKind::PackageData)
            .ok()
            .and_then(|text| serde_json::from_slice(&text).ok());
        let fits = |web: &Self| {
            web.format == FORMAT && web.prefix.as_ref().is_some_and(|kept| kept.0 == base.prefix)
        };
        if let Some(web) = read.filter(fits) {
            return Ok(web);
        }
        let web = Self::read(&base.prefix)?;
        // Remembering is a convenience: a full or read-only home must not stop the work.
        if let (Ok(text), Some(dir)) = (serde_json::to_vec(&web), kept.parent()) {
            let _ = fs::make_dirs(dir, 0o700).and_then(|()| fs::write_cache(&kept, &text));
        }
        Ok(web)
    }

    /// Looks at every file that may be one.
    pub(super) fn read(prefix: &Path) -> Result<Self> {
        let (programs, aliases) = programs(prefix);
        let paths: Vec<PathBuf> = programs.into_iter().chain(libraries(prefix)).collect();
        let threads = threads::for_links(prefix, None);
        let nodes = parallel::map(threads, paths.len(), |at| Ok(Node::read(prefix, &paths[at])))?;
        let files = nodes.into_iter().flatten().collect();
        Ok(Self { format: FORMAT, prefix: Some(PathText(prefix.to_owned())), files, aliases })
    }
}

impl Node {
    fn read(prefix: &Path, path: &Path) -> Option<Self> {
        let full = prefix.join(path);
        let found = elf::read_at(&full)?;
        let there = found.looks_in(full.parent()?).contains(&prefix.join("lib"));
        let search = match there {
            false => Search::Elsewhere,
            true if found.runpath.is_none() => Search::LibForAll,
            true => Search::Lib,
        };
        let text = |name: std::ffi::OsString| PathText(name.into());
        Some(Self {
            path: PathText(path.to_owned()),
            soname: found.soname.map(text),
            needed: found.needed.into_iter().map(text).collect(),
            search,
            is_program: found.is_program,
        })
    }
}

/// Files in `bin`, and links there with what they lead to.
fn programs(prefix: &Path) -> (Vec<PathBuf>, Vec<(PathText, PathText)>) {
    let (mut files, mut aliases) = (Vec::new(), Vec::new());
    for entry in std::fs::read_dir(prefix.join("bin")).into_iter().flatten().flatten() {
        let path = Path::new("bin").join(entry.file_name());
        match entry.file_type() {
            Ok(kind) if kind.is_file() => files.push(path),
            Ok(kind) if kind.is_symlink() => {
                let real = entry.path().canonicalize().ok();
                let real = real.and_then(|real| Some(real.strip_prefix(prefix).ok()?.to_owned()));
                aliases.extend(real.map(|real| (PathText(path), PathText(real))));
            }
            _ => {}
        }
    }
    files.sort();
    aliases.sort();
    (files, aliases)
}

fn libraries(prefix: &Path) -> Vec<PathBuf> {
    let walk = WalkDir::new(prefix.join("lib")).sort_by_file_name().into_iter().flatten();
    let files = walk.filter(|entry| entry.file_type().is_file() && is_library(entry.file_name()));
    files.filter_map(|entry| Some(entry.path().strip_prefix(prefix).ok()?.to_owned())).collect()
}

/// `libz.so`, `libz.so.1.2`, `_ssl.cpython-311-x86_64-linux-gnu.so`.
pub(super) fn is_library(name: &OsStr) -> bool {
    let name = name.as_bytes();
    name.ends_with(b".so") || name.windows(4).any(|part| part == b".so.")
}
