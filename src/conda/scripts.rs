//! Scripts that packages bring for after their installation. They write where they like, so they are named, and run only
//! where the user says so.

use std::collections::HashMap;
use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::atomic::AtomicBool;

use super::Place;
use super::link::Coming;
use crate::error::Result;
use crate::process::{Command, ending};
use crate::text::{Shown, shown};

/// Names the scripts, or runs them; true where one was run. One that fails is told: its package is there all the same, as
/// with micromamba.
pub(crate) fn see_to(place: &Place, coming: &[Coming], stop: &AtomicBool) -> Result<bool> {
    let mut ran = false;
    for one in coming {
        let facts = &one.offer.facts;
        let script = PathBuf::from(format!("bin/.{}-post-link.sh", facts.name));
        if !one.contents.files.iter().any(|entry| entry.path == script) {
            continue;
        }
        let (stem, path) = (shown(&one.offer.stem()), place.env.join(&script));
        let Some(vars) = place.scripts else {
            place.ui.warn(format!(
                "{stem} has a script for after its installation, which is not run: {}",
                Shown(&path)
            ));
            place.ui.hint("`--run-scripts` runs such scripts; they may write anywhere");
            continue;
        };
        ran = true;
        let vars = with_package(vars, place, (&facts.name, &facts.version));
        let status = Command::new("/bin/bash").word(&path).with(vars).attended(stop)?;
        if !status.success() {
            place.ui.warn(format!("the script of {stem} {}", ending(status)));
        }
    }
    Ok(ran)
}

/// What conda tells such scripts.
fn with_package(
    vars: &HashMap<OsString, OsString>,
    place: &Place,
    (name, version): (&str, &str),
) -> HashMap<OsString, OsString> {
    let mut vars = vars.clone();
    vars.insert("PREFIX".into(), place.env.as_os_str().to_owned());
    vars.insert("PKG_NAME".into(), name.into());
    vars.insert("PKG_VERSION".into(), version.into());
    vars
}
