//! A shell on a terminal of its own: lines are typed, and what it prints is kept.

use std::fs::File;
use std::io::{Read, Write};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use crate::support::shells::{Env, Shell};
use crate::world::World;

/// How long a shell may take for one line before the test fails; generous, since machines are shared.
const PATIENCE: Duration = Duration::from_secs(30);

pub(crate) struct Terminal<'a> {
    pub(crate) shell: Shell,
    pub(crate) world: &'a World,
    keys: File,
    shown: Arc<Mutex<Vec<u8>>>,
    child: Child,
}

/// Numbers for files, never used twice.
static MARKS: AtomicUsize = AtomicUsize::new(1);

/// How a shell starts.
#[derive(Clone, Copy, Default)]
pub(crate) struct Start<'a> {
    /// Exported before it starts.
    pub(crate) vars: &'a [(&'a str, &'a str)],
    /// Lines typed before the hook, as an rc file would have them.
    pub(crate) before: &'a [&'a str],
    /// No hook.
    pub(crate) bare: bool,
    /// Below home.
    pub(crate) dir: &'a str,
    /// A command line in front of the shell's.
    pub(crate) under: &'a [&'a str],
}

impl<'a> Terminal<'a> {
    /// A shell with the hook, in the home directory.
    pub(crate) fn new(shell: Shell, world: &'a World) -> Self {
        Self::start(shell, world, Start::default())
    }

    pub(crate) fn start(shell: Shell, world: &'a World, start: Start) -> Self {
        let pty = nix::pty::openpty(None, None).unwrap();
        let (keys, screen) = (File::from(pty.master.try_clone().unwrap()), File::from(pty.master));
        let end = |_| Stdio::from(pty.slave.try_clone().unwrap());
        // setsid makes the terminal the controlling one, which std cannot do without unsafe code.
        let plain = shell.command(&world.sandbox);
        let mut command = world.sandbox.command("setsid");
        command
            .arg("--ctty")
            .args(start.under)
            .arg(plain.get_program())
            .args(plain.get_args())
            .arg("-i");
        command.env("TERM", "xterm").current_dir(world.home(start.dir));
        command.env("PWD", world.home(start.dir)).envs(start.vars.iter().copied());
        let child = spawn(command.stdin(end(0)).stdout(end(1)).stderr(end(2)));
        drop(pty.slave);
        let shown = Arc::new(Mutex::new(Vec::new()));
        keep(screen, Arc::clone(&shown));
        let mut terminal = Self { shell, world, keys, shown, child };
        start.before.iter().for_each(|line| terminal.line(line));
        if !start.bare {
            terminal.line(terminal.hook());
        }
        terminal
    }

    /// What a user has in the rc file.
    pub(crate) fn hook(&self) -> &'static str {
        Self::hook_of(self.shell)
    }

    pub(crate) fn hook_of(shell: Shell) -> &'static str {
        match shell {
            Shell::Bash => "eval \"$(\"$MLENV\" hook bash)\"",
            Shell::Zsh => "eval \"$(\"$MLENV\" hook zsh)\"",
            Shell::Tcsh => "eval \"`\"'\"$MLENV\" hook tcsh'\"`\"", // a path with spaces
            Shell::Fish => "$MLENV hook fish | source",
        }
    }

    /// Types a line and waits until the shell is done with it and with the prompt after it.
    #[track_caller]
    pub(crate) fn line(&mut self, line: &str) {
        self.send(&format!("{line}\n"));
        self.settle();
    }

    /// Types without waiting.
    pub(crate) fn send(&mut self, keys: &str) {
        self.keys.write_all(keys.as_bytes()).unwrap();
    }

    /// Waits until the shell has written a mark, with builtins alone.
    #[track_caller]
    pub(crate) fn settle(&mut self) -> PathBuf {
        let mark = self.mark();
        let echo = match self.shell {
            Shell::Bash | Shell::Zsh => "\\builtin echo",
            Shell::Fish => "builtin echo",
            Shell::Tcsh => "echo", // a quoted name would be the program
        };
        self.send(&format!("{echo} > {}\n", self.shell.quote(mark.to_str().unwrap())));
        self.wait(&mark.display().to_string(), || mark.exists());
        mark
    }

    /// The file that the next mark will be; its name is in the records of `processes`.
    pub(crate) fn mark(&mut self) -> PathBuf {
        let number = MARKS.fetch_add(1, Ordering::Relaxed);
        self.world.sandbox.path(&format!("mark-{}-{number}", self.shell.name()))
    }

    #[track_caller]
    pub(crate) fn wait(&self, what: &str, done: impl Fn() -> bool) {
        let start = Instant::now();
        while !done() {
            assert!(
                start.elapsed() < PATIENCE,
                "{:?}: waited for {what}\n{}",
                self.shell,
                self.shown()
            );
            std::thread::sleep(Duration::from_millis(3));
        }
    }

    /// The variables that a command in this shell would see.
    #[track_caller]
    pub(crate) fn look(&mut self) -> Env {
        let file = self.mark();
        let quoted = self.shell.quote(file.to_str().unwrap());
        self.line(&format!("/usr/bin/env -0 > {quoted}"));
        let dump = std::fs::read(&file).unwrap_or_default();
        let pairs = dump.split(|byte| *byte == 0).filter_map(|pair| {
            let equals = pair.iter().position(|byte| *byte == b'=')?;
            Some((pair[..equals].to_vec(), pair[equals + 1..].to_vec()))
        });
        let own: [&[u8]; 5] = [b"_", b"PWD", b"OLDPWD", b"COLUMNS", b"LINES"];
        pairs.filter(|(name, _)| !own.contains(&name.as_slice())).collect()
    }

    /// What a line prints, read back from a file; `words` is the command.
    #[track_caller]
    pub(crate) fn output(&mut self, words: &str) -> String {
        let file = self.mark();
        let quoted = self.shell.quote(file.to_str().unwrap());
        self.line(&format!("{words} > {quoted}"));
        String::from_utf8_lossy(&std::fs::read(&file).unwrap_or_default()).trim().to_owned()
    }

    /// All that was printed so far.
    pub(crate) fn shown(&self) -> String {
        String::from_utf8_lossy(&self.shown.lock().unwrap()).into_owned()
    }

    /// How often `words` were printed.
    pub(crate) fn said(&self, words: &str) -> usize {
        self.shown().matches(words).count()
    }
}

impl Drop for Terminal<'_> {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn spawn(command: &mut Command) -> Child {
    command.spawn().unwrap_or_else(|cause| panic!("{command:?}: {cause}"))
}

/// Reads what the shell prints until it is gone.
fn keep(mut screen: File, shown: Arc<Mutex<Vec<u8>>>) {
    std::thread::spawn(move || {
        let mut buffer = [0; 4096];
        while let Ok(count @ 1..) = screen.read(&mut buffer) {
            shown.lock().unwrap().extend(&buffer[..count]);
        }
    });
}
