//! A base that goes along with an env, since the image has none: brought into the form that is always the same, as it lies.

use std::path::Path;

use super::{Wish, compile, records};
use crate::doctor::base_state;
use crate::error::Result;
use crate::fs::Root;

/// Takes from the base at `root` what tells of this machine and of today, and compiles its Python for the image.
pub(super) fn settle(root: &Root, wish: &Wish) -> Result<()> {
    let base = base_state::as_recorded(wish.record);
    let modules = Path::new("lib").join(&base.python.lib);
    records::renew(root, &modules.join("site-packages"))?;
    records::renew_conda(root, true)?;
    compile::compile(root, &base, (wish.base_prefix, &modules))
}
