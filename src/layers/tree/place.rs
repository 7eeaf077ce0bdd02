//! Where an entry goes: links of the image are followed inside of it, as a container would.

use std::collections::VecDeque;
use std::ffi::OsString;
use std::io;
use std::path::{Component, Path, PathBuf};

use nix::libc::{S_IFDIR, S_IFLNK, S_IFMT};

use super::Tree;

/// As many links are followed on the way to one entry.
const LINKS: usize = 40;

impl Tree<'_> {
    /// Where the directory really is that an entry calls `path`: links on the way are followed inside the root, what is
    /// missing is made.
    pub(super) fn place(&mut self, path: &Path) -> io::Result<PathBuf> {
        if let Some(known) = self.places.get(path) {
            return Ok(known.clone());
        }
        let mut todo: VecDeque<OsString> = parts(path);
        let (mut at, mut links) = (PathBuf::new(), 0);
        while let Some(name) = todo.pop_front() {
            if name == ".." {
                at.pop(); // above the root is the root
                continue;
            }
            let next = at.join(&name);
            match self.root.stat(&next) {
                Err(_) => self.root.make_dir(&next)?,
                Ok(meta) if meta.st_mode & S_IFMT == S_IFDIR => {}
                Ok(meta) if meta.st_mode & S_IFMT == S_IFLNK => {
                    links += 1;
                    if links > LINKS {
                        return Err(io::Error::other("too many links lead to each other"));
                    }
                    let target = PathBuf::from(self.root.read_link(&next)?);
                    if target.is_absolute() {
                        at = PathBuf::new();
                    }
                    for part in parts(&target).into_iter().rev() {
                        todo.push_front(part);
                    }
                    continue;
                }
                Ok(_) => {
                    self.remove(&next)?;
                    self.root.make_dir(&next)?;
                }
            }
            at = next;
        }
        self.places.insert(path.to_owned(), at.clone());
        Ok(at)
    }
}

fn parts(path: &Path) -> VecDeque<OsString> {
    let part = |part| match part {
        Component::Normal(name) => Some(name.to_owned()),
        Component::ParentDir => Some(OsString::from("..")),
        _ => None,
    };
    path.components().filter_map(part).collect()
}
