//! later
use super::super::Context;
use crate::error::Result;
pub(super) fn run(_c: &Context, _a: &crate::cli::Jupyter) -> Result<()> {
    Ok(())
}
