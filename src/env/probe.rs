//! A bare env on a base, made to ask a question of and then gone: what would be installed there, whether it runs.

use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use super::create::NewEnv;
use super::index::{self, Trust};
use super::layout::Layout;
use super::record::Record;
use super::skeleton;
use super::stage::{OnExisting, Stage};
use crate::base::Base;
use crate::error::{Attempt, Result};
use crate::fs;
use crate::ui::Ui;

/// Where in the user's cache they are made.
const DIR: &str = "probes";

/// A bare env. It goes away with this; one that a killed process left goes when the next one is made.
pub(crate) struct Probe {
    env: PathBuf,
    /// The directory around it, which is removed on drop.
    _around: Stage,
}

impl Probe {
    /// Makes one on `base`, in the user's `cache`.
    pub(crate) fn new(base: &Base, layout: Layout, cache: &Path, ui: Ui) -> Result<Self> {
        let dir = cache.join(DIR);
        fs::make_dirs(&dir, 0o700).attempt("make", &dir)?;
        let around = Stage::new(&dir)?;
        let env = around.path().join("env");
        let mut plan = index::plan(base, layout, cache, Trust::Any, ui)?;
        let record = Record::new(&env, (base, None), layout, false);
        skeleton::carry(&mut plan, &env, &record)?;
        let order = NewEnv {
            env: &env,
            base,
            plan,
            record: &record,
            on_existing: OnExisting::Fail,
            threads: 1,
            stop: &AtomicBool::new(false),
        };
        order.carry_out()?;
        Ok(Self { env, _around: around })
    }

    /// Where it is.
    pub(crate) fn env(&self) -> &Path {
        &self.env
    }
}
