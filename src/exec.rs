//! The only place where processes start. Argument vectors, never shell text.

use std::collections::HashMap;
use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::Write;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::container::Invocation;
use crate::error::{Attempt, Error, Result};
use crate::launch::Launch;
use crate::plan::Vars;
use crate::text::Shown;

/// Runs a program and returns what it wrote to stdout; its stderr is kept for the error.
pub(crate) fn output(program: &Path, arguments: &[&OsStr]) -> Result<Vec<u8>> {
    finish(program, command(program).args(arguments))
}

/// The same in a directory of choice.
pub(crate) fn output_in(dir: &Path, program: &Path, arguments: &[&OsStr]) -> Result<Vec<u8>> {
    finish(program, command(program).args(arguments).current_dir(dir))
}

/// Where the words of a helper go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Words {
    /// Nowhere.
    Dropped,
    /// To our stderr, as they come.
    Shown,
}

/// The same with exactly the variables `vars` in the program's environment.
pub(crate) fn output_with(
    program: &Path,
    arguments: &[&OsStr],
    vars: &Vars,
    words: Words,
) -> Result<Vec<u8>> {
    let stderr = if words == Words::Shown { Stdio::inherit() } else { Stdio::null() };
    let mut command = command(program);
    let command = command.args(arguments).env_clear().envs(vars).stderr(stderr);
    let output = command.stdin(Stdio::null()).output().attempt("start", program)?;
    if output.status.success() {
        return Ok(output.stdout);
    }
    Err(Error::new(format!("{} failed ({})", Shown(program), output.status)))
}

/// The same; its words are kept for the error.
pub(crate) fn output_alone(program: &Path, arguments: &[&OsStr], vars: &Vars) -> Result<Vec<u8>> {
    finish(program, command(program).args(arguments).env_clear().envs(vars))
}

/// Lets a program take the place of this process: the same process number, no parent left behind, nothing of ours in
/// between. Comes back only where that fails.
pub(crate) fn replace(launch: Launch) -> Error {
    let mut command = command(&launch.program);
    command.arg0(&launch.argv[0]).args(&launch.argv[1..]).env_clear().envs(&launch.vars);
    if let Some(dir) = &launch.dir {
        command.current_dir(dir);
    }
    let cause = command.exec();
    let refusal = launch.refusal(&cause);
    drop(launch.held); // open until here
    refusal
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

/// What became of a call.
pub(crate) struct Called {
    /// How it ended.
    pub(crate) status: ExitStatus,
    /// What it printed.
    pub(crate) out: Vec<u8>,
    /// What it said, where that was kept.
    pub(crate) words: String,
}

/// Where the words of a called program go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Progress {
    /// They are kept for us to read.
    Kept,
    /// To our stderr as they come, for work that takes time.
    Shown,
}

/// Carries out a call to its end; `input` is the file that it reads from.
pub(crate) fn call(call: &Invocation, progress: Progress, input: Option<&Path>) -> Result<Called> {
    let mut command = invoked(call);
    let input = match input {
        Some(path) => Stdio::from(File::open(path).attempt("read", path)?),
        None => Stdio::null(),
    };
    let stderr = if progress == Progress::Shown { Stdio::inherit() } else { Stdio::piped() };
    let output = command.stdin(input).stdout(Stdio::piped()).stderr(stderr).output();
    let output = output.attempt("start", Path::new(&call.program))?;
    let words = String::from_utf8_lossy(&output.stderr).into_owned();
    Ok(Called { status: output.status, out: output.stdout, words })
}

/// Lets the called program take the place of this process. Comes back only where that fails.
pub(crate) fn become_called(call: &Invocation) -> Error {
    Error::io("start", Path::new(&call.program), &invoked(call).exec())
}

fn invoked(call: &Invocation) -> Command {
    let mut command = command(Path::new(&call.program));
    command.args(&call.arguments);
    for name in &call.unset {
        command.env_remove(name);
    }
    command.envs(call.set.iter().map(|(name, value)| (name, value)));
    command
}

/// Runs a program, tells it `input`, and returns what it wrote to stdout; `None` where it says no. Its stderr is the
/// user's, whom it may want to ask something.
pub(crate) fn converse(
    program: &Path,
    arguments: &[&OsStr],
    input: &[u8],
) -> Result<Option<Vec<u8>>> {
    let mut command = command(program);
    command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.spawn().attempt("start", program)?;
    if let Some(mut pipe) = child.stdin.take() {
        // One that does not listen is none the worse for it: its answer decides.
        let _ = pipe.write_all(input);
    }
    let output = child.wait_with_output().attempt("wait for", program)?;
    Ok(output.status.success().then_some(output.stdout))
}

#[expect(clippy::disallowed_methods, reason = "the one place that starts processes")]
fn command(program: &Path) -> Command {
    Command::new(program)
}

fn finish(program: &Path, command: &mut Command) -> Result<Vec<u8>> {
    let output = command.stdin(Stdio::null()).output().attempt("start", program)?;
    if output.status.success() {
        return Ok(output.stdout);
    }
    let words = String::from_utf8_lossy(&output.stderr);
    let last = words.lines().rfind(|line| !line.trim().is_empty()).unwrap_or("no message");
    Err(Error::new(format!(
        "{} failed ({}): {}",
        Shown(program),
        output.status,
        crate::text::shown(last)
    )))
}

/// A program that works for a while, and may talk to the user meanwhile.
pub(crate) struct Call<'a> {
    /// The program.
    pub(crate) program: &'a Path,
    /// Its arguments.
    pub(crate) arguments: &'a [OsString],
    /// Its environment, all of it.
    pub(crate) vars: &'a HashMap<OsString, OsString>,
}

impl Call<'_> {
    /// Runs it on the user's terminal. Its words go to stderr: our stdout is for results.
    ///
    /// Ctrl-C reaches it by itself. Once `stop` is set, by a signal that was sent to us alone, that is handed on, and
    /// we wait all the same: it may be in the midst of its work.
    pub(crate) fn attended(&self, stop: &AtomicBool) -> Result<ExitStatus> {
        let stderr = std::io::stderr().as_fd().try_clone_to_owned();
        let words = stderr.map(Stdio::from).attempt("write for", self.program)?;
        let mut child = self.command().stdout(words).spawn().attempt("start", self.program)?;
        let mut told = false;
        loop {
            if let Some(status) = child.try_wait().attempt("wait for", self.program)? {
                return Ok(status);
            }
            if stop.load(Ordering::Relaxed) && !std::mem::replace(&mut told, true) {
                terminate(&child);
            }
            std::thread::sleep(PATIENCE);
        }
    }

    /// Runs it and gives what it wrote to stdout, however it ended. Its stderr is the user's.
    pub(crate) fn answer(&self) -> Result<(ExitStatus, Vec<u8>)> {
        let mut command = self.command();
        let child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn();
        let output = child.and_then(Child::wait_with_output).attempt("run", self.program)?;
        Ok((output.status, output.stdout))
    }

    fn command(&self) -> Command {
        let mut command = command(self.program);
        command.args(self.arguments).env_clear().envs(self.vars);
        command
    }
}

fn terminate(child: &Child) {
    if let Ok(id) = i32::try_from(child.id()) {
        let _ = kill(Pid::from_raw(id), Signal::SIGTERM); // gone already is as good
    }
}

/// How often is looked whether a program ended: nothing beside the seconds that it takes.
const PATIENCE: Duration = Duration::from_millis(10);

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
