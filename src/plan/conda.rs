//! The variables by which tools recognise what is active, as conda and venv set them.
//!
//! Inside a shell where conda has something active we stack on it, as `conda activate --stack` does: then
//! `conda deactivate` takes ours off and finds its own again.

use std::ffi::{OsStr, OsString};

use crate::plan::draft::Draft;
use crate::plan::name::Name;
use crate::plan::{Identity, Target};

/// What `target` wants of these variables in the surrounding `outside`.
pub(super) fn identity(outside: &Draft<'_>, target: &Target) -> Vec<(Name, Option<OsString>)> {
    let prefix = target.prefix.as_os_str();
    match &target.identity {
        Identity::Conda { env, modifier } => {
            // uv and others believe VIRTUAL_ENV first: one that is left from outside would win over this prefix.
            let mut vars = vec![unset("VIRTUAL_ENV"), unset("VIRTUAL_ENV_PROMPT")];
            if outside.get("CONDA_PREFIX") != Some(prefix) {
                vars.extend(level(outside));
                vars.extend([set("CONDA_PREFIX", prefix), set("CONDA_DEFAULT_ENV", env)]);
                vars.push(set("CONDA_PROMPT_MODIFIER", modifier.as_str()));
            }
            vars
        }
        Identity::Venv { name } => {
            vec![set("VIRTUAL_ENV", prefix), set("VIRTUAL_ENV_PROMPT", name)]
        }
        Identity::Plain => vec![unset("VIRTUAL_ENV"), unset("VIRTUAL_ENV_PROMPT")],
    }
}

/// conda's count of what is active, one deeper than outside.
fn level(outside: &Draft<'_>) -> Vec<(Name, Option<OsString>)> {
    let count = outside
        .get("CONDA_SHLVL")
        .and_then(OsStr::to_str)
        .and_then(|text| text.trim().parse::<u16>().ok());
    let prefix = outside.get("CONDA_PREFIX").filter(|prefix| !prefix.is_empty());
    match (count.unwrap_or(0), prefix) {
        (1.., Some(outer)) => {
            let count = count.unwrap_or(0);
            let deeper = u32::from(count) + 1;
            vec![
                set(&format!("CONDA_PREFIX_{count}"), outer),
                set(&format!("CONDA_STACKED_{deeper}"), "true"),
                set("CONDA_SHLVL", deeper.to_string()),
            ]
        }
        _ => vec![set("CONDA_SHLVL", "1")],
    }
}

fn set(name: &str, value: impl AsRef<OsStr>) -> (Name, Option<OsString>) {
    (Name::known(name), Some(value.as_ref().to_owned()))
}

fn unset(name: &str) -> (Name, Option<OsString>) {
    (Name::known(name), None)
}
