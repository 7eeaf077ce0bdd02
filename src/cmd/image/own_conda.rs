//! Conda for an image that has none: made from the channels, outside of the image, for the place where conda is in others.

use std::path::Path;

use crate::base::{Base, IN_IMAGE};
use crate::context::Context;
use crate::env::stage::Stage;
use crate::error::{Attempt, Error, Result};
use crate::fs::{self, Root};
use crate::packages::lock::Lock;
use crate::packages::prefix;
use crate::packages::project::Wanted;

/// Where in the user's cache it is made.
const DIR: &str = "made";

/// A prefix of conda, which is gone with this.
pub(super) struct OwnConda {
    /// As an image that has nothing else: what it has is found as anywhere.
    _stage: Stage,
    root: Root,
}

impl OwnConda {
    /// Makes one where conda's packages are wanted of the image that is unpacked at `image`, and it has no conda.
    pub(super) fn of(
        context: &Context,
        image: &Path,
        (wanted, lock): (&[Wanted], Option<&Lock>),
    ) -> Result<Option<Self>> {
        let place = image.join(IN_IMAGE);
        if place.join("conda-meta").is_dir() || !wanted.iter().any(Wanted::asks_conda) {
            return Ok(None);
        }
        if place.read_dir().is_ok_and(|mut entries| entries.next().is_some()) {
            return Err(Error::no(format!(
                "the image has no conda, and something else at /{IN_IMAGE}"
            ))
            .hint("name an image that has conda there, or nothing"));
        }
        let dir = context.dirs.cache.join(DIR);
        fs::make_dirs(&dir, 0o700).attempt("make", &dir)?;
        let stage = Stage::new(&dir)?;
        let root = stage.root().make_dirs(Path::new(IN_IMAGE)).attempt("make", &stage.path())?;
        context.ui.say(format!("the image has no conda: it gets one at /{IN_IMAGE}"));
        let prefix = Path::new("/").join(IN_IMAGE);
        let errands = prefix::errands(wanted, lock)?;
        prefix::make(context, &root, (image, &prefix), errands, false)?;
        Ok(Some(Self { _stage: stage, root }))
    }

    /// What envs stand on.
    pub(super) fn base(&self, context: &Context) -> Result<Base> {
        Base::of_prefix(self.root.path(), &context.dirs.cache)
    }

    /// Its directory.
    pub(super) fn root(&self) -> &Root {
        &self.root
    }
}
