//! What was changed in a container, file by file: the layer that its engine makes of that, on the layers of the image that it was made
//! of, with that image's own settings. What mlenv put there stays out.

use std::collections::{BTreeMap, HashSet};
use std::io::{Read, Write};
use std::path::{Component, Path, PathBuf};

use tar::{Archive, Builder, Entry, EntryType};

use super::layer::{self, NewLayer};
use super::{Frozen, config, told};
use crate::error::{Attempt, Error, Result};
use crate::fs::Root;
use crate::image::Reference;
use crate::image::packages::Listed;
use crate::image::registry::content::ImageContent;
use crate::layers::saved::SavedImage;

/// Who made the last layer, in an image's history.
const MADE_BY: &str = "mlenv image freeze --as-is";

/// Makes the image of what an engine wrote to the file `saved`, beside which it works. `left_out` are places of the container that are not the user's.
pub(crate) fn freeze(
    saved: &Path,
    (content, image): (&ImageContent, &Reference),
    left_out: &[PathBuf],
    packages: &[Listed],
) -> Result<Frozen> {
    let made = SavedImage::open(saved)?;
    let base: Vec<_> = content.layers.iter().map(|layer| &layer.diff).collect();
    let diffs: Vec<_> = made.diffs.iter().collect();
    if diffs.len() != base.len() + 1 || diffs[..base.len()] != base {
        return Err(Error::no(format!(
            "the container was not made of the image that {image} is in its registry"
        ))
        .hint("push that image there first, with the engine"));
    }
    let left_out: Vec<PathBuf> = left_out.iter().map(|path| inside(path)).collect();
    let known = kept(&made, &left_out)?;
    let dir = saved.parent().unwrap_or(Path::new("/"));
    let scratch = Root::open(dir).attempt("open", dir)?;
    let layer = filtered(&made, &known, &scratch)?;
    let labels: BTreeMap<_, _> = told((image, content), packages).into_iter().collect();
    let (config, manifest) = config::made((image, content), (&layer, MADE_BY), &labels, |_| ())?;
    let media_type = config::manifest_type(content);
    Ok(Frozen { config, manifest, media_type, layer, left: Vec::new() })
}

fn inside(path: &Path) -> PathBuf {
    path.components().filter(|part| matches!(part, Component::Normal(_))).collect()
}

fn entries<T>(
    made: &SavedImage,
    mut each: impl FnMut(&mut Entry<&mut dyn Read>, PathBuf) -> std::io::Result<T>,
) -> Result<Vec<T>> {
    made.read_top(|tar| {
        let mut archive = Archive::new(tar);
        let mut read = |archive: &mut Archive<&mut dyn Read>| {
            let mut all = Vec::new();
            for entry in archive.entries()? {
                let mut entry = entry?;
                let path = inside(&entry.path()?);
                all.push(each(&mut entry, path)?);
            }
            Ok::<_, std::io::Error>(all)
        };
        read(&mut archive).attempt("read", Path::new("the container's changes"))
    })
}

/// The paths of the layer that stay: all but `left_out` and what is below, and directories that lead to these alone.
fn kept(made: &SavedImage, left_out: &[PathBuf]) -> Result<HashSet<PathBuf>> {
    let all = entries(made, |entry, path| Ok((path, entry.header().entry_type())))?;
    Ok(of_these(&all, left_out))
}

fn of_these(all: &[(PathBuf, EntryType)], left_out: &[PathBuf]) -> HashSet<PathBuf> {
    let is_out = |path: &Path| left_out.iter().any(|out| path.starts_with(out));
    let leads = |path: &Path| left_out.iter().any(|out| out.starts_with(path));
    let is_plain = |(path, kind): &&(PathBuf, EntryType)| {
        let is_way = *kind == EntryType::Directory && leads(path);
        !is_out(path) && !is_way
    };
    let plain: HashSet<PathBuf> =
        all.iter().filter(is_plain).map(|(path, _)| path.clone()).collect();
    let above: HashSet<PathBuf> =
        plain.iter().flat_map(|path| path.ancestors().skip(1)).map(Path::to_owned).collect();
    let is_kept = |path: &&PathBuf| plain.contains(*path) || above.contains(*path);
    all.iter().map(|(path, _)| path).filter(is_kept).cloned().collect()
}

/// The layer with these paths alone.
fn filtered(made: &SavedImage, kept: &HashSet<PathBuf>, scratch: &Root) -> Result<NewLayer> {
    layer::packed(scratch, |tar| {
        entries(made, |entry, path| if kept.contains(&path) { copy(tar, entry) } else { Ok(()) })
            .map(drop)
    })
}

/// One entry as it is, with what is said of it beside its header: long names, capabilities.
fn copy<W: Write>(tar: &mut Builder<W>, entry: &mut Entry<&mut dyn Read>) -> std::io::Result<()> {
    let mut said: Vec<(String, Vec<u8>)> = Vec::new();
    for one in entry.pax_extensions()?.into_iter().flatten() {
        let one = one?;
        let key = one.key().unwrap_or_default();
        if !["path", "linkpath", "size"].contains(&key) && !key.starts_with("GNU.sparse") {
            said.push((key.to_owned(), one.value_bytes().to_owned()));
        }
    }
    let said = said.iter().map(|(key, value)| (key.as_str(), value.as_slice()));
    tar.append_pax_extensions(said)?;
    let mut header = entry.header().clone();
    let path = entry.path()?.into_owned();
    match header.entry_type() {
        EntryType::Link | EntryType::Symlink => {
            let target = entry.link_name()?.unwrap_or_default().into_owned();
            tar.append_link(&mut header, path, target)
        }
        EntryType::GNUSparse => {
            header.set_entry_type(EntryType::Regular);
            header.set_size(entry.size());
            tar.append_data(&mut header, path, entry)
        }
        _ => tar.append_data(&mut header, path, entry),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_of_mounts_go_and_the_users_own_files_beside_them_stay() {
        let dir = |path: &str| (PathBuf::from(path), EntryType::Directory);
        let file = |path: &str| (PathBuf::from(path), EntryType::Regular);
        let all = [
            dir("home"),
            dir("home/me"),
            dir("srv"),
            dir("srv/data"),
            file("srv/note"),
            file("usr/bin/mlenv"),
            dir("opt"),
        ];
        let out = ["home/me", "srv/data", "usr/bin/mlenv"].map(PathBuf::from);
        let mut kept: Vec<_> = of_these(&all, &out).into_iter().collect();
        kept.sort();
        assert_eq!(kept, ["opt", "srv", "srv/note"].map(PathBuf::from));
    }
}
