//! Where processes start. Argument vectors, never shell text.

use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::Path;
use std::process::{Child, ExitStatus, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::command::Command;
use super::find;
use crate::error::{Attempt, Error, Result};
use crate::foreign;
use crate::text::{Shown, shown};

/// Where the words of a program go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Words {
    /// They are kept for us to read.
    Kept,
    /// To our stderr as they come.
    Shown,
    /// Nowhere.
    Dropped,
}

/// What became of a command.
pub(crate) struct Ran {
    /// How it ended.
    pub(crate) status: ExitStatus,
    /// What it printed.
    pub(crate) out: Vec<u8>,
    /// What it said, where that was kept.
    pub(crate) words: String,
}

impl Command {
    /// Runs it to its end, without input, and takes what it prints.
    pub(crate) fn run(&self, words: Words) -> Result<Ran> {
        self.run_on(Stdio::null(), words)
    }

    /// Runs it to its end with `input` as what it reads.
    pub(crate) fn run_with(&self, words: Words, input: &Path) -> Result<Ran> {
        self.run_on(foreign::open(input).attempt("read", input)?.into(), words)
    }

    fn run_on(&self, input: Stdio, words: Words) -> Result<Ran> {
        let stderr = match words {
            Words::Kept => Stdio::piped(),
            Words::Shown => Stdio::inherit(),
            Words::Dropped => Stdio::null(),
        };
        let output = self.process().stdin(input).stdout(Stdio::piped()).stderr(stderr).output();
        let output = output.attempt("start", self.path())?;
        let words = String::from_utf8_lossy(&output.stderr).into_owned();
        Ok(Ran { status: output.status, out: output.stdout, words })
    }

    /// Runs it and gives what it printed; its last words are those of the error where it fails.
    pub(crate) fn output(&self, words: Words) -> Result<Vec<u8>> {
        let ran = self.run(words)?;
        if ran.status.success() {
            return Ok(ran.out);
        }
        let failed = format!("{} failed ({})", Shown(self.path()), ran.status);
        if words != Words::Kept {
            return Err(Error::new(failed));
        }
        let last = ran.words.lines().rfind(|line| !line.trim().is_empty()).unwrap_or("no message");
        Err(Error::new(format!("{failed}: {}", shown(last))))
    }

    /// Tells it `input` and gives what it answers; `None` where it says no. Its stderr is the user's, whom it may want
    /// to ask something.
    pub(crate) fn converse(&self, input: &[u8]) -> Result<Option<Vec<u8>>> {
        let mut process = self.process();
        process.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = process.spawn().attempt("start", self.path())?;
        if let Some(mut pipe) = child.stdin.take() {
            // One that does not listen is none the worse for it: its answer decides.
            let _ = pipe.write_all(input);
        }
        let output = child.wait_with_output().attempt("wait for", self.path())?;
        Ok(output.status.success().then_some(output.stdout))
    }

    /// Runs it on the user's terminal. Its words go to stderr: our stdout is for results.
    ///
    /// Ctrl-C reaches it by itself. Once `stop` is set, by a signal that was sent to us alone, that is handed on, and
    /// we wait all the same: it may be in the midst of its work.
    pub(crate) fn attended(&self, stop: &AtomicBool) -> Result<ExitStatus> {
        let stderr = std::io::stderr().as_fd().try_clone_to_owned();
        let words = stderr.map(Stdio::from).attempt("write for", self.path())?;
        let mut child = self.process().stdout(words).spawn().attempt("start", self.path())?;
        let mut told = false;
        loop {
            if let Some(status) = child.try_wait().attempt("wait for", self.path())? {
                return Ok(status);
            }
            if stop.load(Ordering::Relaxed) && !std::mem::replace(&mut told, true) {
                terminate(&child);
            }
            std::thread::sleep(PATIENCE);
        }
    }

    /// Runs it to its end as `attended` does, but keeps what it says: each line is `told`, and all of it is given back. Its
    /// input is empty, so it asks nothing.
    pub(crate) fn watched(
        &self,
        stop: &AtomicBool,
        told: &mut dyn FnMut(&str),
    ) -> Result<(ExitStatus, Vec<u8>)> {
        let (from, to) = std::io::pipe().attempt("hear", self.path())?;
        let also = to.try_clone().attempt("hear", self.path())?;
        let mut child = {
            // What writes is closed here with this: else its end would never be heard.
            let mut process = self.process();
            process.stdin(Stdio::null()).stdout(to).stderr(also);
            process.spawn().attempt("start", self.path())?
        };
        let (words, heard) = mpsc::channel();
        // Not waited for: what the program left running may hold its end open.
        std::thread::spawn(move || {
            let mut lines = BufReader::new(from);
            let mut line = Vec::new();
            while lines.read_until(b'\n', &mut line).is_ok_and(|count| count > 0) {
                if words.send(std::mem::take(&mut line)).is_err() {
                    break;
                }
            }
        });
        let (mut all, mut asked, mut ended) = (Vec::new(), false, None);
        loop {
            match heard.recv_timeout(if ended.is_some() { LAST_WORDS } else { PATIENCE }) {
                Ok(line) => {
                    let text = String::from_utf8_lossy(&line);
                    told(text.trim().rsplit('\r').next().unwrap_or_default());
                    all.extend(line);
                    continue;
                }
                Err(mpsc::RecvTimeoutError::Disconnected) if ended.is_none() => {
                    std::thread::sleep(PATIENCE);
                }
                Err(_) => {}
            }
            if let Some(status) = ended {
                return Ok((status, all));
            }
            ended = child.try_wait().attempt("wait for", self.path())?;
            if stop.load(Ordering::Relaxed) && !std::mem::replace(&mut asked, true) {
                terminate(&child);
            }
        }
    }

    /// Lets it take the place of this process: the same process number, no parent left behind, nothing of ours in
    /// between. It finds `held` open. Comes back only where that fails.
    pub(crate) fn replace(&self, held: Vec<OwnedFd>) -> Error {
        let cause = self.process().exec();
        drop(held); // open until here
        find::refusal(self.path(), &cause)
    }

    fn path(&self) -> &Path {
        Path::new(&self.program)
    }

    #[expect(clippy::disallowed_methods, reason = "the one place that starts processes")]
    fn process(&self) -> std::process::Command {
        let mut process = std::process::Command::new(&self.program);
        process.args(&self.arguments);
        if let Some(name) = &self.name {
            process.arg0(name);
        }
        if let Some(dir) = &self.dir {
            process.current_dir(dir);
        }
        if let Some(vars) = &self.vars {
            process.env_clear().envs(vars);
        }
        for name in &self.unset {
            process.env_remove(name);
        }
        process.envs(self.set.iter().map(|(name, value)| (name, value)));
        process
    }
}

/// The end of a pipe from which the program that takes our place can read `text`. Texts are short: nobody reads
/// while we write.
pub(crate) fn held(text: &str) -> Result<OwnedFd> {
    debug_assert!(text.len() <= PIPE, "longer than a pipe");
    let failed = |cause: std::io::Error| Error::new(format!("could not make a pipe: {cause}"));
    // Kept open by exec, unlike those of std.
    let (read, write) = nix::unistd::pipe().map_err(|cause| failed(cause.into()))?;
    File::from(write).write_all(text.as_bytes()).map_err(failed)?;
    Ok(read)
}

/// What every pipe of Linux holds at least.
const PIPE: usize = 4096;

fn terminate(child: &Child) {
    if let Ok(id) = i32::try_from(child.id()) {
        let _ = kill(Pid::from_raw(id), Signal::SIGTERM); // gone already is as good
    }
}

/// How often is looked whether a program ended: nothing beside the seconds that it takes.
const PATIENCE: Duration = Duration::from_millis(10);

/// How long is listened for more after a program has ended.
const LAST_WORDS: Duration = Duration::from_millis(100);

/// `ended with code 1`, `was ended by signal 15`, for a sentence about a program.
pub(crate) fn ending(status: ExitStatus) -> String {
    match (status.code(), status.signal()) {
        (Some(code), _) => format!("ended with code {code}"),
        (None, Some(signal)) => format!("was ended by signal {signal}"),
        (None, None) => "ended in an unknown way".to_owned(),
    }
}

/// Ends this process after so many seconds, whatever it waits for.
pub(crate) fn end_after(seconds: u32) {
    nix::unistd::alarm::set(seconds);
}
