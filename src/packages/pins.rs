//! Pins: which packages of the base nothing may replace in an env.

use std::path::Path;

use super::run;
use crate::doctor::change::Change;
use crate::doctor::repair;
use crate::env::pinned;
use crate::error::Result;

/// Where they stand, below the env.
pub(crate) const PINNED: &str = "conda-meta/pinned";

/// Lifts pins without a word, for packages that are about to be replaced.
pub(crate) fn lift(env: &Path, names: &[String]) -> Result<()> {
    if names.is_empty() {
        return Ok(());
    }
    let (text, _) = pinned::without(&run::read(&env.join(PINNED))?, names);
    repair::apply(env, vec![Change::rewrite(PINNED, text.into_bytes())])
}
