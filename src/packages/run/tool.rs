//! A tool at work: what it says, and who may stop it.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::ExitStatus;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::flag;

use super::Site;
use crate::error::{Error, Result};
use crate::process::{Command, Ran, Words, ending};
use crate::text::{Shown, shown};

impl Site<'_> {
    pub(super) fn python(&self) -> PathBuf {
        self.env.join("bin/python")
    }

    fn command(&self, program: &Path, arguments: &[OsString]) -> Command {
        Command::new(program).words(arguments).with(self.vars.clone())
    }

    /// What a tool answers. Its own words are for those who want all of them, or where it fails.
    pub(super) fn asked(&self, program: &Path, arguments: &[OsString]) -> Result<Ran> {
        let bar = self.ui.waiting("working out what is needed");
        let words = if self.ui.is_verbose() { Words::Shown } else { Words::Kept };
        let signals = Signals::listen_for_interrupt()?;
        let ran = self.command(program, arguments).run(words);
        drop(bar);
        let ran = ran?;
        if signals.any() {
            return Err(Error::interrupted());
        }
        if !ran.status.success() {
            self.ui.repeat(ran.words.as_bytes());
        }
        Ok(ran)
    }

    /// Lets a tool work: what it says is one line that changes, all of it where that is wanted, or where it fails.
    pub(super) fn run(
        &self,
        program: &Path,
        arguments: &[OsString],
        signals: &Signals,
    ) -> Result<()> {
        let status = if self.ui.is_verbose() {
            self.command(program, arguments).attended(&signals.end)?
        } else {
            let bar = self.ui.waiting("installing");
            let mut command = self.command(program, arguments);
            command.set.push(("PIP_NO_INPUT".into(), "1".into())); // a question would not be seen
            let told = &mut |line: &str| bar.say(shown(line));
            let done = command.watched(&signals.end, told);
            drop(bar);
            let (status, words) = done?;
            // Whoever stopped it knows why it failed.
            if !status.success() && !signals.any() {
                self.ui.repeat(&words);
            }
            status
        };
        if status.success() { Ok(()) } else { Err(failure(program, arguments, status, signals)) }
    }
}

fn failure(program: &Path, words: &[OsString], status: ExitStatus, signals: &Signals) -> Error {
    let is_pip = words.first().is_some_and(|word| word == "-c");
    let name = if is_pip { Path::new("pip") } else { program };
    let what = format!("{} {}", Shown(name), ending(status));
    if signals.any() { Error::stopped(what) } else { Error::new(what) }
}

/// What was asked of this process while a tool works. The tool is waited for in any case. Once this goes, whatever asks
/// the process to end ends it again.
pub(crate) struct Signals {
    /// An end, asked of us alone.
    end: Arc<AtomicBool>,
    /// Either that or Ctrl-C, which reaches the tool as well.
    stop: Arc<AtomicBool>,
    /// Set where Ctrl-C, and where an end, does what it does to any process.
    rest: [Arc<AtomicBool>; 2],
}

/// Signals are listened for once: what is registered stays.
static LISTENING: OnceLock<[Arc<AtomicBool>; 4]> = OnceLock::new();

impl Signals {
    /// Listens from now on for Ctrl-C alone: nothing is lost where an end ends us.
    pub(super) fn listen_for_interrupt() -> Result<Self> {
        let signals = Self::listen()?;
        signals.rest[1].store(true, Ordering::Relaxed);
        Ok(signals)
    }

    /// Listens from now on.
    pub(crate) fn listen() -> Result<Self> {
        if LISTENING.get().is_none() {
            let new = register()
                .map_err(|cause| Error::new(format!("could not prepare for Ctrl-C: {cause}")))?;
            let _ = LISTENING.set(new);
        }
        let [end, stop, interrupts, ends] = LISTENING.get().cloned().unwrap_or_default();
        for flag in [&end, &stop, &interrupts, &ends] {
            flag.store(false, Ordering::Relaxed);
        }
        Ok(Self { end, stop, rest: [interrupts, ends] })
    }

    pub(crate) fn any(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    /// Set once anything is asked.
    #[cfg(feature = "conda")]
    pub(super) fn stop(&self) -> &AtomicBool {
        &self.stop
    }
}

impl Drop for Signals {
    fn drop(&mut self) {
        self.rest.iter().for_each(|flag| flag.store(true, Ordering::Relaxed));
    }
}

fn register() -> std::io::Result<[Arc<AtomicBool>; 4]> {
    let [end, stop, interrupts, ends]: [Arc<AtomicBool>; 4] = Default::default();
    for (signal, rest) in [(SIGINT, &interrupts), (SIGTERM, &ends), (SIGHUP, &ends)] {
        flag::register_conditional_default(signal, Arc::clone(rest))?;
        flag::register(signal, Arc::clone(&stop))?;
        if signal != SIGINT {
            flag::register(signal, Arc::clone(&end))?;
        }
    }
    Ok([end, stop, interrupts, ends])
}
