//! An env made of a parcel: its entries, and what an env gets anew at every place.

use std::path::Path;
use std::sync::atomic::AtomicBool;

use super::{Arrival, Parcel};
use crate::base::Base;
use crate::doctor::{base_state, relocate};
use crate::env::content::BASE_LINK;
use crate::env::limits::Entries;
use crate::env::record::Record;
use crate::env::{interpreter, pyvenv};
use crate::error::{Attempt, Result};
use crate::fs::{How, Root};

/// Fills the open directory `root` with what the parcel holds, as an env that will be at `env`, on the base that `record`
/// names. That base need not be here.
pub(crate) fn settle(
    parcel: &Parcel,
    record: &Record,
    (root, env): (&Root, &Path),
    threads: usize,
    stop: &AtomicBool,
) -> Result<()> {
    let base: Base = base_state::as_recorded(record);
    root.link(Path::new(BASE_LINK), &base.prefix).attempt("link", &env.join(BASE_LINK))?;
    let (base_dir, count) = (&*base.prefix, Entries::default());
    Arrival { parcel, root, env, base: base_dir, count, threads, stop }.fill()?;
    let library = pyvenv::library_of(parcel.pyvenv(), &record.prefix.0);
    let text = pyvenv::renewed(parcel.pyvenv(), &base, env, &library);
    root.write_new(Path::new(pyvenv::FILE), &text, How::DATA)
        .attempt("write", &env.join(pyvenv::FILE))?;
    interpreter::settle(root, &base).attempt("link", &env.join(interpreter::path(&base)))?;
    relocate::settle(root, record, env).map(drop)
}
