//! `mlenv allow` and `mlenv deny`: the user's answer about the marker that speaks for a directory.

use std::path::{Path, PathBuf};

use crate::cli::{Allow, Deny};
use crate::consent::marker::{self, Marker, NAME};
use crate::consent::{Shared, Store, Subject};
use crate::context::Context;
use crate::error::{Attempt, Error, Result};
use crate::host::Host;
use crate::text::Shown;

/// Lets the marker take effect, as it is now.
pub(super) fn allow(context: &Context, arguments: &Allow) -> Result<()> {
    let Context { host, dirs, ui, .. } = context;
    let store = Store::new(dirs);
    let dir = dir_of(arguments.dir.as_deref(), host)?;
    let marker = Marker::read(&dir)?.ok_or_else(|| none(&dir))?;
    let subject = Subject::of(&marker, &marker.env(&dirs.envs), &store.judge)?;
    let shared = if arguments.shared { Shared::Accepted } else { Shared::No };
    store.allow(&subject, shared)?;
    ui.say(format!("allowed {}: it activates {}", Shown(&subject.marker), Shown(&subject.env)));
    for exposure in &subject.exposures {
        ui.warn(format!("you allowed this although {exposure}"));
    }
    Ok(())
}

/// Keeps the marker from taking effect, whatever it will say.
pub(super) fn deny(context: &Context, arguments: &Deny) -> Result<()> {
    let dir = dir_of(arguments.dir.as_deref(), context.host)?;
    let path = dir.canonicalize().attempt("find", &dir)?.join(NAME);
    Store::new(&context.dirs).deny(&path)?;
    context.ui.say(format!("denied {}: `mlenv allow` takes that back", Shown(&path)));
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
