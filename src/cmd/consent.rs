//! `mlenv allow` and `mlenv deny`: the user's answer about the marker that speaks for a directory.

use std::path::{Path, PathBuf};

use crate::cli::{Allow, Deny};
use crate::config::Dirs;
use crate::error::{Attempt, Error, Result};
use crate::host::Host;
use crate::marker::{self, Marker, NAME};
use crate::text::Shown;
use crate::trust::{Shared, Store, Subject};
use crate::ui::Ui;

/// Lets the marker take effect, as it is now.
pub(super) fn allow(arguments: &Allow, host: &Host, ui: Ui) -> Result<()> {
    let dirs = Dirs::new(host)?;
    let store = Store::new(&dirs);
    let dir = dir_of(arguments.dir.as_deref(), host)?;
    let marker = Marker::read(&dir)?.ok_or_else(|| none(&dir))?;
    let subject = Subject::of(&marker, &marker.env(&dirs.envs), store.user)?;
    let shared = if arguments.shared { Shared::Accepted } else { Shared::No };
    store.allow(&subject, shared)?;
    ui.say(format!("allowed {}: it activates {}", Shown(&subject.marker), Shown(&subject.env)));
    for exposure in &subject.exposures {
        ui.warn(format!("you allowed this although {exposure}"));
    }
    Ok(())
}

/// Keeps the marker from taking effect, whatever it will say.
pub(super) fn deny(arguments: &Deny, host: &Host, ui: Ui) -> Result<()> {
    let dir = dir_of(arguments.dir.as_deref(), host)?;
    let path = dir.canonicalize().attempt("find", &dir)?.join(NAME);
    Store::new(&Dirs::new(host)?).deny(&path)?;
    ui.say(format!("denied {}: `mlenv allow` takes that back", Shown(&path)));
    Ok(())
}

/// The directory that is meant: as named (its marker may be named too), else that of the nearest marker.
fn dir_of(named: Option<&Path>, host: &Host) -> Result<PathBuf> {
    match named {
        Some(path) if path.file_name() == Some(NAME.as_ref()) => {
            Ok(host.absolute(path)?.parent().unwrap_or(Path::new("/")).to_owned())
        }
        Some(path) => host.absolute(path),
        None => {
            let here = host.cwd()?;
            marker::nearest(&here, marker::ceiling(host).as_deref()).ok_or_else(|| none(&here))
        }
    }
}

fn none(dir: &Path) -> Error {
    Error::no(format!("there is no {NAME} in or above {}", Shown(dir)))
        .hint("write one with `mlenv save ENV`")
}
