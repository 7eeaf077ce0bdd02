//! Images where everybody finds them: unpacked by digest, and a link per tag that moves in one rename. What a tag meant before
//! stays until somebody prunes it, since envs may stand on it.

use std::collections::{BTreeSet, HashSet};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use super::alike::{self, Shared};
use super::earlier::Earlier;
use super::flat::{self, FLAT};
use super::{noted, tree, unpack};
use crate::base::{Base, BaseKind};
use crate::config::Dirs;
use crate::env::index;
use crate::env::layout::Layout;
use crate::env::leftover::MARK;
use crate::env::record::Record;
use crate::env::registry as envs;
use crate::error::{Attempt, Error, Result};
use crate::fs::{self, Root};
use crate::image::Reference;
use crate::image::digest::Digest;
use crate::image::registry::Registry;
use crate::image::registry::content::ImageContent;
use crate::text::Shown;
use crate::ui::Ui;

/// Others may read everything, enter directories, and run what the owner may run.
const FOR_OTHERS: u32 = 0o055;

/// What came of it.
#[derive(Debug)]
pub(crate) struct Deployed {
    /// Where the image lies.
    pub(crate) place: PathBuf,
    /// The tag's link.
    pub(crate) link: PathBuf,
    /// Whether it was unpacked just now.
    pub(crate) is_new: bool,
    /// What it has in common with the image that the tag meant before.
    pub(crate) shared: Shared,
}

/// Deploys an image below `root`.
pub(crate) fn deploy(
    registry: &mut Registry,
    content: &ImageContent,
    (reference, root): (&Reference, &Path),
    (dirs, ui): (&Dirs, Ui),
) -> Result<Deployed> {
    let below = flat::place(&content.id);
    let place = root.join(&below);
    let is_new = !place.is_dir();
    let (link, before) = flat::links(reference);
    let (link, before) = (link.as_path(), root.join(before));
    let at = root.join(link);
    let shared =
        if is_new { make(registry, content, (&place, root, &at), ui)? } else { Shared::default() };
    // Whoever unpacked it may have been killed before it was finished.
    prepare(&place, dirs, ui);
    let parent = at.parent().unwrap_or(root);
    fs::make_dirs(parent, 0o777).attempt("make", parent)?;
    let target = flat::target(link, &below);
    match std::fs::read_link(&at) {
        Ok(now) if now == target => {}
        Ok(now) => {
            fs::replace_link(&now, &before).attempt("write", &before)?;
            fs::replace_link(&target, &at).attempt("write", &at)?;
        }
        Err(_) if at.symlink_metadata().is_ok() => {
            return Err(Error::no(format!("{} is there, and is not a link", Shown(&at)))
                .hint("move it away: a tag is a link to an image's digest"));
        }
        Err(_) => fs::replace_link(&target, &at).attempt("write", &at)?,
    }
    Ok(Deployed { place, link: at, is_new, shared })
}

/// Unpacks the image into `place` below `root`. What the image at the tag `at` has of it is neither fetched nor there twice.
fn make(
    registry: &mut Registry,
    content: &ImageContent,
    (place, root, at): (&Path, &Path, &Path),
    ui: Ui,
) -> Result<Shared> {
    let old = alike::image_before(at, &root.join(FLAT));
    // There a publication fails where one file has names in several directories.
    let may_link = !root.canonicalize().is_ok_and(|root| root.starts_with("/cvmfs"));
    let mut earlier = old.as_deref().and_then(|old| {
        let id = Digest::parse(&format!("sha256:{}", old.file_name()?.to_str()?)).ok()?;
        let layers = noted::read(&root.join(flat::notes(&id)))?;
        let mode = |mode| tree::final_mode(mode, FOR_OTHERS);
        let old = Root::open(old).ok()?;
        Some(Earlier::new(old, layers, &content.layers, (may_link, mode)))
    });
    let mut shared = Shared::default();
    let notes = root.join(flat::notes(&content.id));
    let to = (place, FOR_OTHERS);
    let common = earlier.as_ref().map_or_else(HashSet::new, Earlier::places);
    let settle = |new: &Root, layers: &[noted::NotedLayer]| {
        let old = old.as_deref().and_then(|old| Root::open(old).ok());
        shared = old.map_or_else(Shared::default, |old| {
            alike::share(new, &old, may_link, &|path| !common.contains(path))
        });
        // Without it the next one is fetched whole, and no worse for it.
        let _ = noted::packed(layers).and_then(|text| fs::write_atomic(&notes, &text));
    };
    unpack::unpack_beside(registry, content, to, ui, (earlier.as_mut(), settle))?;
    Ok(match &mut earlier {
        Some(earlier) => shared.and(&earlier.shared()),
        None => shared,
    })
}

/// Makes the index that lets everybody make envs there in milliseconds, unless one of this state of the base is there. An image without
/// a base needs none.
fn prepare(place: &Path, dirs: &Dirs, ui: Ui) {
    if let Ok(root) = Root::open(place)
        && root.read_link(Path::new(MARK)).is_ok()
    {
        let _ = root.remove_file(Path::new(MARK));
    }
    let Ok(base) = Base::open(place, &dirs.cache) else { return };
    if base.kind != BaseKind::Conda || index::is_fresh(&base, Layout::Standard) {
        return;
    }
    let made = index::look_through(&base, Layout::Standard, ui)
        .and_then(|survey| index::pack(&survey.plan, &base, Layout::Standard))
        .and_then(|bytes| {
            let path = index::in_base(&base, Layout::Standard);
            fs::write_atomic(&path, &bytes).attempt("write", &path)
        });
    if let Err(error) = made {
        ui.warn(format!("{} has no index: {error}", Shown(&base.prefix)));
    }
}

/// Lets a tag mean again what it meant before. The other way round the next time.
pub(crate) fn undo(reference: &Reference, root: &Path) -> Result<PathBuf> {
    let (link, before) = flat::links(reference);
    let (link, before) = (root.join(link), root.join(before));
    let then = std::fs::read_link(&before).map_err(|_| {
        Error::no(format!("nothing is known of what {} meant before", Shown(&link)))
            .hint("deploy the image by its digest: `REPO@sha256:...`")
    })?;
    let now = std::fs::read_link(&link).attempt("read", &link)?;
    if !is_swapped(&link, &before) {
        fs::replace_link(&then, &link).attempt("write", &link)?;
        fs::replace_link(&now, &before).attempt("write", &before)?;
    }
    Ok(link.parent().unwrap_or(root).join(then))
}

/// Two links of one directory swap their names in one step, where the file system can.
fn is_swapped(link: &Path, other: &Path) -> bool {
    let names = link.file_name().zip(other.file_name());
    let (Some(above), Some((link, other))) = (link.parent(), names) else { return false };
    Root::open(above).and_then(|above| above.swap(link.as_ref(), other.as_ref())).is_ok()
}

/// An image that nothing leads to.
pub(crate) struct Unused {
    /// Where it lies.
    pub(crate) place: PathBuf,
    /// The first env known here that stands on it, if one does.
    pub(crate) env: Option<PathBuf>,
}

/// Images below `root` that no tag means and that were unpacked before so long; but for the `keep` newest ones.
pub(crate) fn unused(root: &Path, keep: usize, age: Duration, dirs: &Dirs) -> Result<Vec<Unused>> {
    let meant = meant(root)?;
    let stands: Vec<(PathBuf, PathBuf)> = envs::all(dirs)
        .into_iter()
        .filter_map(|env| Some((Record::read(&env).ok()??.base.prefix.0, env)))
        .collect();
    let mut found: Vec<(SystemTime, PathBuf)> = Vec::new();
    let flat = root.join(FLAT);
    for group in flat.read_dir().attempt("read", &flat)?.flatten() {
        for image in group.path().read_dir().into_iter().flatten().flatten() {
            let (path, meta) = (image.path(), image.metadata());
            let is_digest = image.file_name().len() >= 64;
            if let (true, Ok(meta)) = (is_digest, meta)
                && meta.is_dir()
                && !meant.contains(&path.canonicalize().unwrap_or_default())
            {
                // When it was put there; the image's own times are older.
                let made = meta.created().or_else(|_| meta.modified());
                found.push((made.unwrap_or(SystemTime::UNIX_EPOCH), path));
            }
        }
    }
    found.sort_by_key(|(made, _)| std::cmp::Reverse(*made));
    let is_old = |made: &SystemTime| made.elapsed().is_ok_and(|since| since >= age);
    let old = found.into_iter().skip(keep).filter(|(made, _)| is_old(made));
    Ok(old
        .map(|(_, place)| {
            let real = place.canonicalize().unwrap_or_else(|_| place.clone());
            let env = stands.iter().find(|(base, _)| base.starts_with(&real));
            Unused { env: env.map(|(_, env)| env.clone()), place }
        })
        .collect())
}

/// What tags lead to, and what they led to before.
fn meant(root: &Path) -> Result<BTreeSet<PathBuf>> {
    let mut found = BTreeSet::new();
    let walk = walkdir::WalkDir::new(root).into_iter();
    for entry in walk.filter_entry(|entry| entry.file_name() != FLAT) {
        let entry = entry.map_err(|cause| Error::new(format!("could not look around: {cause}")))?;
        if entry.file_type().is_symlink() {
            found.extend(entry.path().canonicalize().ok());
        }
    }
    Ok(found)
}

/// Removes an image that `unused` named: out of sight first.
pub(crate) fn remove(unused: &Unused) -> Result<()> {
    let parent = unused.place.parent().unwrap_or(Path::new("/"));
    let above = Root::open(parent).attempt("open", parent)?;
    let name = Path::new(unused.place.file_name().unwrap_or_default());
    above.remove_tree(name).attempt("remove", &unused.place)?;
    let digest = Digest::parse(&format!("sha256:{}", name.display()));
    let notes = digest.ok().and_then(|id| flat::notes(&id).file_name().map(PathBuf::from));
    if let Some(notes) = notes {
        let _ = above.remove_file(&notes);
    }
    Ok(())
}
