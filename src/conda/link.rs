//! Packages laid ready below one open directory, as they will lie in the env: the cache's own files where the file system
//! can tie them, copies elsewhere; files that name the prefix are written anew.

use std::collections::{BTreeMap, HashMap};
use std::fs::{File, FileTimes};
use std::io::{self, Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use sha2::{Digest, Sha256};

use super::contents::{Contents, Entry, PathType};
use super::offer::Offer;
use super::placement::{self, Rule};
use super::prefix;
use super::record::{Placed, Sort, Way};
use crate::error::{Attempt, Error, Result};
use crate::fs::{How, Root};
use crate::parallel;
use crate::text::{Shown, shown};

/// A package that is to come.
#[derive(Debug)]
pub(crate) struct Coming<'a> {
    pub(crate) offer: &'a Offer,
    /// Where it lies unpacked.
    pub(crate) dir: PathBuf,
    pub(crate) contents: Contents,
    pub(crate) rule: Rule,
}

/// Where packages are laid ready, and for whom.
pub(crate) struct Job<'a> {
    /// The directory that is filled.
    pub(crate) new: &'a Root,
    /// The env's path, as its programs are to know it.
    pub(crate) env: &'a Path,
    pub(crate) way: Way,
    pub(crate) threads: usize,
    /// Set when the user or the system asks us to stop.
    pub(crate) stop: &'a AtomicBool,
}

/// One file to be made: of which package, which of its files, and where it goes.
struct Item<'a> {
    package: usize,
    at: usize,
    entry: &'a Entry,
    target: PathBuf,
}

impl Job<'_> {
    /// Lays all packages ready and tells, for each, what lies where.
    pub(crate) fn lay(&self, packages: &[Coming]) -> Result<Vec<Vec<Placed>>> {
        let (items, mut placed) = items(packages)?;
        let roots =
            packages.iter().map(|package| Root::open(&package.dir).attempt("open", &package.dir));
        let roots: Vec<Root> = roots.collect::<Result<_>>()?;
        let mut dirs: BTreeMap<&Path, Vec<&Item>> = BTreeMap::new();
        for item in &items {
            dirs.entry(item.target.parent().unwrap_or(Path::new(""))).or_default().push(item);
        }
        for dir in dirs.keys() {
            self.new.make_dirs(dir).attempt("make", &self.env.join(dir))?;
        }
        let dirs: Vec<(&Path, Vec<&Item>)> = dirs.into_iter().collect();
        let hashes = parallel::map(self.threads, dirs.len(), |at| {
            let (dir, items) = &dirs[at];
            let to = self.new.below(dir).attempt("open", &self.env.join(dir))?;
            // Files of one directory come from one directory, mostly: it is opened once.
            let mut near: Option<(usize, &Path, Root)> = None;
            let mut hashes = Vec::with_capacity(items.len());
            for item in items {
                let parent = item.entry.path.parent().unwrap_or(Path::new(""));
                let from = match near.take() {
                    Some((of, dir, from)) if of == item.package && dir == parent => from,
                    _ => {
                        let root = &roots[item.package];
                        let path = root.path().join(&item.entry.path);
                        root.below(parent).attempt("copy", &path)?
                    }
                };
                hashes.push(self.put(&to, &from, item)?);
                near = Some((item.package, parent, from));
            }
            Ok(hashes)
        })?;
        let found: Vec<Option<String>> = hashes.into_iter().flat_map(|of: Vec<_>| of).collect();
        for (item, hash) in dirs.iter().flat_map(|(_, items)| items).zip(found) {
            placed[item.package][item.at].sha256_in_prefix = hash;
        }
        for (package, placed) in packages.iter().zip(&mut placed) {
            self.commands(package, placed)?;
        }
        Ok(placed)
    }

    /// Makes one file of the directory `from` in the directory `to`; its hash where that is not the package's own.
    fn put(&self, to: &Root, from: &Root, item: &Item) -> Result<Option<String>> {
        if self.stop.load(Ordering::Relaxed) {
            return Err(Error::interrupted());
        }
        let name = Path::new(item.target.file_name().unwrap_or_default());
        let entry = item.entry;
        let source = Path::new(entry.path.file_name().unwrap_or_default());
        let path = from.path().join(source);
        if let (Some(placeholder), PathType::HardLink) =
            (&entry.prefix_placeholder, entry.path_type)
        {
            let (bytes, meta) = read(from, source).attempt("read", &path)?;
            let bytes = prefix::put(&bytes, placeholder, entry.file_mode, self.env)
                .map_err(|error| error.during(Shown(&item.target)))?;
            let written = write(to, name, &bytes, &meta);
            written.attempt("write", &self.env.join(&item.target))?;
            return Ok(Some(hex(&bytes)));
        }
        let done = match entry.path_type {
            PathType::Directory => to.make_dirs(name).map(drop),
            PathType::SoftLink => match from.read_link(source) {
                Ok(target) => to.link(name, target),
                // Some packages call a file a link.
                Err(_) => self.file((to, name), (from, source), entry),
            },
            PathType::HardLink => self.file((to, name), (from, source), entry),
        };
        done.attempt("copy", &path)?;
        Ok(None)
    }

    fn file(
        &self,
        (to, name): (&Root, &Path),
        (from, source): (&Root, &Path),
        entry: &Entry,
    ) -> io::Result<()> {
        if self.way == Way::Tied && !entry.no_link && to.tie(name, from, source).is_ok() {
            return Ok(());
        }
        match from.read_link(source) {
            Ok(target) => to.link(name, target),
            Err(_) => to.graft(name, from, source),
        }
    }

    /// The scripts for a package's commands.
    fn commands(&self, package: &Coming, placed: &mut Vec<Placed>) -> Result<()> {
        for command in &package.contents.entry_points {
            let (path, script) = (command.path(), command.script(self.env));
            self.new.make_dirs(Path::new("bin")).attempt("make", &self.env.join("bin"))?;
            let written = self.new.write_new(&path, &script, How::PROGRAM);
            written.attempt("write", &self.env.join(&path))?;
            let sha256_in_prefix = Some(hex(&script));
            placed.push(Placed { path, sort: Sort::EntryPoint, sha256_in_prefix });
        }
        Ok(())
    }
}

/// Refuses packages with files that no package may have, and packages that bring the same file.
pub(crate) fn check(packages: &[Coming]) -> Result<()> {
    items(packages).map(drop)
}

/// Every file of every package with its place. Two packages may bring the same file, but not two of one name.
fn items<'a>(packages: &'a [Coming]) -> Result<(Vec<Item<'a>>, Vec<Vec<Placed>>)> {
    let mut taken: HashMap<PathBuf, (usize, Option<&str>)> = HashMap::new();
    let (mut items, mut placed) = (Vec::new(), Vec::new());
    for (package, coming) in packages.iter().enumerate() {
        let mut own = Vec::new();
        for (at, entry) in coming.contents.files.iter().enumerate() {
            let target = coming.rule.place(&entry.path).map_err(|error| of(coming, error))?;
            let hash = entry.sha256.as_deref().filter(|_| entry.prefix_placeholder.is_none());
            own.push(Placed {
                path: target.clone(),
                sort: Sort::Packed(entry.clone()),
                sha256_in_prefix: None,
            });
            match taken.insert(target.clone(), (package, hash)) {
                None => items.push(Item { package, at, entry, target }),
                Some((_, before)) if before.is_some() && before == hash => {}
                Some((other, _)) => return Err(both(&packages[other], coming, &target)),
            }
        }
        for command in &coming.contents.entry_points {
            placement::check(&command.path()).map_err(|error| of(coming, error))?;
            if let Some((other, _)) = taken.insert(command.path(), (package, None)) {
                return Err(both(&packages[other], coming, &command.path()));
            }
        }
        placed.push(own);
    }
    Ok((items, placed))
}

fn of(coming: &Coming, error: Error) -> Error {
    error.during(shown(&coming.offer.stem()))
}

fn both(one: &Coming, other: &Coming, path: &Path) -> Error {
    let names = [one, other].map(|coming| shown(&coming.offer.stem()));
    Error::no(format!("{} and {} both bring {}", names[0], names[1], Shown(path)))
        .hint("nothing was changed; leave one of them out, or ask for another version")
}

fn read(from: &Root, path: &Path) -> io::Result<(Vec<u8>, std::fs::Metadata)> {
    let mut file = from.open_file(path)?;
    let meta = file.metadata()?;
    let mut bytes = Vec::with_capacity(usize::try_from(meta.len()).unwrap_or_default());
    file.read_to_end(&mut bytes)?;
    Ok((bytes, meta))
}

/// With the right to run it, and the time that compiled Python goes by.
fn write(to: &Root, name: &Path, bytes: &[u8], meta: &std::fs::Metadata) -> io::Result<()> {
    let is_program = meta.permissions().mode() & 0o111 != 0;
    let mut file: File = to.create(name, if is_program { 0o777 } else { 0o666 })?;
    file.write_all(bytes)?;
    file.set_times(FileTimes::new().set_modified(meta.modified()?))
}

fn hex(bytes: &[u8]) -> String {
    crate::text::hex(&Sha256::digest(bytes))
}
