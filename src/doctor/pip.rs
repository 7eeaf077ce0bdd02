//! Whether a pip of the env installs into the env: its settings file, and what the environment here would outdo it by.

use std::ffi::OsString;
use std::path::PathBuf;

use super::change::Change;
use super::facts::Facts;
use super::finding::{EnvFault, Finding};
use crate::env::pip_conf;
use crate::foreign;
use crate::plan::Vars;
use crate::text::Shown;

const BREAKS: &str = "`pip install` puts packages where the env does not look for them";

/// `ENV/pip.conf` must outdo the user's own settings.
pub(super) fn settings(facts: &Facts) -> Option<Finding> {
    let path = facts.env.join(pip_conf::FILE);
    let text = foreign::read_if_there(&path, foreign::FileKind::Note).ok()?.unwrap_or_default();
    let wanted = pip_conf::settled(&text);
    (text != wanted).then(|| {
        let what = "the env's pip.conf does not keep a user's settings from leading pip elsewhere";
        Finding::mended(
            EnvFault::PipElsewhere,
            what,
            BREAKS,
            vec![Change::rewrite(pip_conf::FILE, wanted)],
        )
    })
}

/// What a pip of the env that is started without activation would follow. An activation takes these variables away.
pub(crate) fn environment(vars: &Vars) -> Option<Finding> {
    let names = pip_conf::of_environment(vars.iter());
    if !names.is_empty() {
        let what = format!(
            "{} set here",
            names.join(" and ") + if names.len() == 1 { " is" } else { " are" }
        );
        let cure = "activate the env, or use `mlenv run` or `mlenv install`; or unset them";
        return Some(Finding::told(EnvFault::PipElsewhere, what, BREAKS, cure).about(names));
    }
    let file = vars.get(&OsString::from("PIP_CONFIG_FILE")).map(PathBuf::from)?;
    let keys = pip_conf::leads_elsewhere(&foreign::read(&file, foreign::FileKind::Note).ok()?);
    (!keys.is_empty()).then(|| {
        let what =
            format!("PIP_CONFIG_FILE names {}, which sets {}", Shown(&file), keys.join(" and "));
        let cure = "take that out of the file, or unset PIP_CONFIG_FILE";
        Finding::told(EnvFault::PipElsewhere, what, BREAKS, cure).about(keys)
    })
}
