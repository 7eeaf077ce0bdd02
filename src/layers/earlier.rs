//! Layers that an image has in common with one that is there already: they are not fetched, since what they brought lies there. Only
//! where it still does, untouched: files that a later layer of that image took away or wrote anew are fetched with their layer.

use std::collections::{BTreeMap, HashSet};
use std::fs::{FileTimes, Permissions};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use nix::libc::{S_IFMT, S_IFREG};

use super::alike::Shared;
use super::noted::{Kind, Noted, NotedLayer};
use crate::fs::Root;
use crate::image::registry::content::LayerContent;

/// An entry: the layer, and which of its entries.
type Spot = (usize, usize);

/// Entries by their places.
type Living<'a> = BTreeMap<&'a [u8], Spot>;

/// The image that is there.
pub(super) struct Earlier {
    old: Root,
    layers: Vec<NotedLayer>,
    /// Of the layers in common, by their order: which files are wanted, where all of these lie there; none where the layer has to
    /// be fetched.
    whole: Vec<Option<HashSet<usize>>>,
    may_link: bool,
    can_clone: bool,
    /// The directories that the last file was taken from and put into.
    dirs: Option<(PathBuf, Root, Root)>,
    shared: Shared,
}

impl Earlier {
    /// Compares the layers of a new image with the `layers` of the one that lies at `old`. `extra` tells which permissions a file
    /// got besides its own.
    pub(super) fn new(
        old: Root,
        layers: Vec<NotedLayer>,
        new: &[LayerContent],
        (may_link, mode): (bool, impl Fn(u32) -> u32),
    ) -> Self {
        let common = layers.iter().zip(new).take_while(|(old, new)| old.diff == new.diff).count();
        let whole = {
            let (wanted, there) = (living(&layers[..common]), living(&layers));
            let files = |at: usize| files(&old, (&layers, at), (&wanted, &there), &mode);
            (0..common).map(files).collect()
        };
        let shared = Shared::default();
        Self { old, layers, whole, may_link, can_clone: true, dirs: None, shared }
    }

    /// Where files lie that will be taken from there.
    pub(super) fn places(&self) -> HashSet<PathBuf> {
        let whole = self.whole.iter().zip(&self.layers);
        let files = whole.filter_map(|(wanted, layer)| Some((wanted.as_ref()?, layer)));
        let files = files.flat_map(|(wanted, layer)| wanted.iter().map(|at| &layer.entries[*at]));
        files.map(|noted| noted.at.0.clone()).collect()
    }

    /// The entries of a layer that need not be fetched.
    pub(super) fn take(&mut self, layer: usize) -> Option<(Vec<Noted>, HashSet<usize>)> {
        let wanted = self.whole.get_mut(layer)?.take()?;
        Some((std::mem::take(&mut self.layers[layer].entries), wanted))
    }

    /// Forgets which directories are open: one of them may be another now.
    pub(super) fn turn(&mut self) {
        self.dirs = None;
    }

    /// Makes the file `noted` at its place below `new`.
    pub(super) fn give(&mut self, new: &Root, noted: &Noted, mode: u32) -> io::Result<()> {
        let at = &noted.at.0;
        let above = at.parent().unwrap_or(Path::new(""));
        if self.dirs.as_ref().is_none_or(|(path, ..)| path != above) {
            self.dirs = Some((above.to_owned(), self.old.below(above)?, new.below(above)?));
        }
        let Some((_, from, to)) = &self.dirs else { return Ok(()) };
        let name = Path::new(at.file_name().unwrap_or_default());
        if self.can_clone {
            match to.clone_file(name, (from, name), (from, name)) {
                Ok(()) => {
                    self.shared.clones += 1;
                    self.shared.bytes += noted.size;
                    return Ok(());
                }
                Err(cause) if is_taken(&cause) => return Err(cause),
                Err(_) => self.can_clone = false,
            }
            let _ = to.remove_file(name);
        }
        if self.may_link {
            match to.tie(name, from, name) {
                Ok(()) => {
                    self.shared.links += 1;
                    self.shared.bytes += noted.size;
                    return Ok(());
                }
                Err(cause) if is_taken(&cause) => return Err(cause),
                Err(_) => {}
            }
        }
        let mut file = to.create(name, 0o600)?;
        io::copy(&mut from.open_file(name)?, &mut file)?;
        file.set_permissions(Permissions::from_mode(mode))?;
        let time = SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(noted.time));
        file.set_times(FileTimes::new().set_modified(time.unwrap_or(SystemTime::UNIX_EPOCH)))
    }

    /// What came to be there once.
    pub(super) fn shared(&mut self) -> Shared {
        std::mem::take(&mut self.shared)
    }
}

/// The files of a layer that are wanted in the end; none where one of them is not there.
fn files(
    old: &Root,
    (layers, layer): (&[NotedLayer], usize),
    (wanted, there): (&Living, &Living),
    mode: &impl Fn(u32) -> u32,
) -> Option<HashSet<usize>> {
    let mut found = HashSet::new();
    let mut dir: Option<(&Path, Root)> = None;
    let user = nix::unistd::geteuid().as_raw();
    for (at, noted) in layers[layer].entries.iter().enumerate() {
        if noted.kind == Kind::HardLink {
            // What it is a name of has to be there when it is made.
            let source = noted.target.as_ref()?;
            let (of, place) = wanted.get(source.0.as_os_str().as_bytes())?;
            if *of != layer || *place > at {
                return None;
            }
        }
        let (spot, place) = ((layer, at), noted.at.0.as_os_str().as_bytes());
        if noted.kind != Kind::File || wanted.get(place) != Some(&spot) {
            continue;
        }
        if there.get(place) != Some(&spot) {
            return None;
        }
        let above = noted.at.0.parent()?;
        if dir.as_ref().is_none_or(|(path, _)| *path != above) {
            dir = Some((above, old.below(above).ok()?));
        }
        let meta = dir.as_ref()?.1.stat(Path::new(noted.at.0.file_name()?)).ok()?;
        let is_it = meta.st_mode & S_IFMT == S_IFREG
            && meta.st_uid == user
            && meta.st_mode & 0o7777 == mode(noted.mode)
            && u64::try_from(meta.st_size).ok() == Some(noted.size)
            && u64::try_from(meta.st_mtime).ok() == Some(noted.time);
        if !is_it {
            return None;
        }
        found.insert(at);
    }
    Some(found)
}

fn is_taken(cause: &io::Error) -> bool {
    cause.kind() == io::ErrorKind::AlreadyExists
}

/// What is there when all these layers lie on each other: files and links, by their places, and the entry that brought each.
fn living(layers: &[NotedLayer]) -> Living<'_> {
    // By bytes, which are compared much quicker than parts of paths.
    let mut alive = Living::new();
    for (layer, noted) in layers.iter().enumerate() {
        for (at, entry) in noted.entries.iter().enumerate() {
            let place = entry.at.0.as_os_str().as_bytes();
            match entry.kind {
                Kind::Gone => {
                    if alive.get(place).is_some_and(|(of, _)| *of < layer) {
                        alive.remove(place);
                    }
                    end(&mut alive, place, layer);
                }
                Kind::Emptied => end(&mut alive, place, layer),
                Kind::Dir => drop(alive.remove(place)),
                Kind::File | Kind::Link | Kind::HardLink => {
                    if alive.insert(place, (layer, at)).is_none() {
                        end(&mut alive, place, usize::MAX);
                    }
                }
                Kind::Other => {}
            }
        }
    }
    alive
}

/// Takes away what layers before `layer` have below `place`.
fn end(alive: &mut Living, place: &[u8], layer: usize) {
    let below = [place, b"/"].concat();
    let all = alive.range(below.as_slice()..).take_while(|(path, _)| path.starts_with(&below));
    let gone: Vec<&[u8]> = all.filter(|(_, (of, _))| *of < layer).map(|(path, _)| *path).collect();
    for path in gone {
        alive.remove(path);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::image::digest::Digest;
    use crate::text::PathText;

    fn noted(path: &str, kind: Kind) -> Noted {
        let path = PathText(PathBuf::from(path));
        Noted { at: path.clone(), path, kind, mode: 0o644, time: 1, size: 1, target: None }
    }

    #[test]
    fn what_lies_on_top_is_alive() {
        let layer = |entries: &[(&str, Kind)]| NotedLayer {
            diff: Digest::of(b"x"),
            entries: entries.iter().map(|(path, kind)| noted(path, *kind)).collect(),
        };
        let layers = [
            layer(&[
                ("a", Kind::Dir),
                ("a/one", Kind::File),
                ("a/two", Kind::File),
                ("b", Kind::File),
                ("c/d", Kind::File),
                ("e.txt", Kind::File),
                ("e/f", Kind::File),
            ]),
            layer(&[
                ("a/one", Kind::Gone),
                ("b", Kind::File),
                ("c", Kind::Emptied),
                ("c/new", Kind::File),
                ("e", Kind::Link),
            ]),
        ];
        let alive: Vec<_> = living(&layers).into_iter().collect();
        let expected =
            [("a/two", (0, 2)), ("b", (1, 1)), ("c/new", (1, 3)), ("e", (1, 4)), ("e.txt", (0, 5))];
        assert_eq!(alive, expected.map(|(path, spot)| (path.as_bytes(), spot)));
    }
}
