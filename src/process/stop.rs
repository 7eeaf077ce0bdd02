//! Ctrl-C and its like, for work that cleans up before it ends.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};

use crate::error::{Error, Result};

/// A flag that Ctrl-C, a batch system's termination or a closed terminal sets, so that we clean up and go.
pub(crate) fn stop_flag() -> Result<Arc<AtomicBool>> {
    let stop = Arc::new(AtomicBool::new(false));
    for signal in [SIGINT, SIGTERM, SIGHUP] {
        signal_hook::flag::register(signal, Arc::clone(&stop))
            .map_err(|cause| Error::new(format!("could not prepare for Ctrl-C: {cause}")))?;
    }
    Ok(stop)
}
