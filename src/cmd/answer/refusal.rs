//! What a hook is told once: why a marker does not take effect.

use std::path::Path;

use super::Call;
use crate::config;
use crate::consent::token;
use crate::error::Error;

/// How many refusals a shell remembers.
const MEMORY: usize = 64;

impl Call<'_> {
    /// Says why, once for each text of a marker in each shell. Returns what this shell has heard by then: nothing
    /// more where the user wants quiet, or no terminal shows it yet. A prompt that is drawn before the rc file was
    /// read has stderr in a file.
    pub(super) fn refuse(&self, marker: &Path, bytes: &[u8], why: &Error) -> String {
        if self.host.var(config::QUIET).is_some() {
            return self.told.to_owned();
        }
        let token = token(marker, &[bytes, why.to_string().as_bytes()].concat());
        let mut told: Vec<&str> = self.told.split(' ').filter(|word| !word.is_empty()).collect();
        if told.contains(&token.as_str()) {
            return self.told.to_owned();
        }
        if !self.host.terminal {
            self.untold.set(true);
            return self.told.to_owned();
        }
        self.ui.refuse(why);
        let surplus = (told.len() + 1).saturating_sub(MEMORY);
        told.drain(..surplus);
        told.push(&token);
        told.join(" ")
    }
}
