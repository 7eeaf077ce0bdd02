//! A whole image as one tar: what its layers come to, in order, as `cvmfs_server ingest` takes it.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;

use tar::{Builder, EntryType, Header};
use walkdir::WalkDir;

use super::tree::Made;
use super::unpack;
use crate::env::leftover::MARK;
use crate::env::stage::Stage;
use crate::error::{Attempt, Error, Result};
use crate::foreign;
use crate::fs;
use crate::image::registry::Registry;
use crate::image::registry::content::ImageContent;
use crate::ui::Ui;

/// Others may read everything, enter directories, and run what the owner may run.
const FOR_OTHERS: u32 = 0o055;

/// Unpacks the image beside `file`, and packs what came of it into `file`, which appears when it is whole.
pub(crate) fn write(
    registry: &mut Registry,
    content: &ImageContent,
    file: &Path,
    ui: Ui,
) -> Result<Made> {
    let parent = file.parent().unwrap_or(Path::new("/"));
    fs::make_dirs(parent, 0o777).attempt("make", parent)?;
    let stage = Stage::new(parent)?;
    let made = unpack::fill(registry, content, (stage.root(), FOR_OTHERS), ui)?;
    fs::write_whole(file, |out| pack(&stage.root().seen(), out, file))?;
    Ok(made)
}

fn pack(dir: &Path, out: &File, file: &Path) -> Result<()> {
    let mut tar = Builder::new(BufWriter::new(out));
    for entry in WalkDir::new(dir).min_depth(1).sort_by_file_name() {
        let entry = entry.map_err(|cause| Error::new(format!("could not look around: {cause}")))?;
        let below = entry.path().strip_prefix(dir).unwrap_or(entry.path());
        if below == Path::new(MARK) {
            continue;
        }
        add(&mut tar, entry.path(), below).attempt("pack", below)?;
    }
    let mut out = tar.into_inner().attempt("write", file)?;
    out.flush().attempt("write", file)
}

/// One entry, of nobody in particular.
fn add<W: Write>(tar: &mut Builder<W>, path: &Path, below: &Path) -> std::io::Result<()> {
    let meta = path.symlink_metadata()?;
    let mut header = Header::new_gnu();
    header.set_mode(meta.permissions().mode() & 0o777);
    header.set_mtime(u64::try_from(meta.mtime()).unwrap_or_default());
    header.set_uid(0);
    header.set_gid(0);
    header.set_size(0);
    if meta.is_symlink() {
        header.set_entry_type(EntryType::Symlink);
        return tar.append_link(&mut header, below, std::fs::read_link(path)?);
    }
    if meta.is_dir() {
        header.set_entry_type(EntryType::Directory);
        return tar.append_data(&mut header, below, std::io::empty());
    }
    header.set_size(meta.len());
    header.set_entry_type(EntryType::Regular);
    tar.append_data(&mut header, below, foreign::open_unfollowed(path)?)
}
