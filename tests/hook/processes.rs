//! Exactly no process at an idle prompt and at a cd that changes nothing; one program on the way in, none on the
//! way out. Counted by the system calls of the shell itself.

use std::path::{Path, PathBuf};

use crate::pty::{Start, Terminal};
use crate::support::shells::Shell;
use crate::world::World;

/// What the shell started between two of its marks.
#[derive(Debug, PartialEq, Eq)]
struct Started {
    programs: usize,
    processes: usize,
}

const NONE: Started = Started { programs: 0, processes: 0 };

struct Counted<'a> {
    terminal: Terminal<'a>,
    log: PathBuf,
}

impl<'a> Counted<'a> {
    fn new(shell: Shell, world: &'a World) -> Self {
        let log = world.sandbox.path(&format!("calls-{}", shell.name()));
        let calls = "trace=execve,clone,clone3,fork,vfork,openat,open,creat";
        let under = ["strace", "-f", "-qq", "-s", "4096", "-e", calls, "-o", log.to_str().unwrap()];
        // fish's own prompt asks git.
        let plain: &[&str] = if shell == Shell::Fish {
            &["function fish_prompt; builtin echo -n '> '; end"]
        } else {
            &[]
        };
        let mut terminal = Terminal::start(
            shell,
            world,
            Start { under: &under, before: plain, ..Start::default() },
        );
        // The first prompts of a shell may do more, and a marker is young for two seconds.
        std::thread::sleep(std::time::Duration::from_millis(2100));
        terminal.line("");
        Self { terminal, log }
    }

    /// What `lines` start, with the prompts behind them.
    fn count(&mut self, lines: impl Fn(&mut Terminal)) -> Started {
        let first = name(&self.terminal.settle());
        lines(&mut self.terminal);
        let last = name(&self.terminal.settle());
        let log = self.until(&last);
        let (from, to) = (place(&log, &first), place(&log, &last));
        between(&log[from..to])
    }

    fn until(&self, mark: &str) -> String {
        let read =
            || String::from_utf8_lossy(&std::fs::read(&self.log).unwrap_or_default()).into_owned();
        self.terminal.wait("the record of calls", || read().contains(mark));
        read()
    }
}

/// The file's name, with the quote that ends it in the record.
fn name(mark: &Path) -> String {
    format!("{}\"", mark.file_name().unwrap().to_str().unwrap())
}

fn place(log: &str, mark: &str) -> usize {
    log.find(mark).unwrap_or_else(|| panic!("{mark} is not in the record"))
}

/// Threads are not processes; an exec that fails on its way along PATH starts no program.
fn between(log: &str) -> Started {
    let started = |line: &&str| !line.contains("CLONE_THREAD") && !line.contains("resumed>");
    let calls = |name: &str| log.lines().filter(started).filter(|line| line.contains(name)).count();
    let programs =
        log.lines().filter(|line| line.contains("execve(") && !line.contains("ENOENT")).count();
    Started {
        programs,
        processes: calls(" clone(") + calls(" clone3(") + calls(" fork(") + calls(" vfork("),
    }
}

#[test]
fn an_idle_prompt_and_a_plain_cd_start_nothing() {
    for shell in Shell::ALL {
        let world = World::new();
        let mut counted = Counted::new(shell, &world);
        let idle = |terminal: &mut Terminal| (0..5).for_each(|_| terminal.line(""));
        let plain = |terminal: &mut Terminal| {
            for dir in ["plain/deep/er", "plain", ""] {
                terminal.cd(dir);
            }
        };
        let within = |terminal: &mut Terminal| {
            for dir in ["one/sub/deep", "one/sub", "one"] {
                terminal.cd(dir);
            }
        };
        assert_eq!(counted.count(idle), NONE, "{shell:?} idle outside");
        assert_eq!(counted.count(plain), NONE, "{shell:?} plain cd");
        counted.terminal.cd("one");
        counted.terminal.line("");
        assert_eq!(counted.count(idle), NONE, "{shell:?} idle inside");
        assert_eq!(counted.count(within), NONE, "{shell:?} cd within");
        counted.terminal.line("mlenv deactivate");
        assert_eq!(counted.count(idle), NONE, "{shell:?} idle after leaving by hand");
        world.write_marker("plain", "env = 'nothing'");
        counted.terminal.cd("plain");
        std::thread::sleep(std::time::Duration::from_millis(2100));
        counted.terminal.line("");
        assert_eq!(counted.count(idle), NONE, "{shell:?} idle where a marker is refused");
    }
}

#[test]
fn one_program_on_the_way_in_and_none_on_the_way_out() {
    for shell in Shell::ALL {
        let world = World::new();
        let mut counted = Counted::new(shell, &world);
        let one = Started { programs: 1, processes: 1 };
        assert_eq!(counted.count(|terminal| terminal.cd("one")), one, "{shell:?} in");
        assert_eq!(counted.count(|terminal| terminal.cd("two")), one, "{shell:?} across");
        assert_eq!(counted.count(|terminal| terminal.cd("")), NONE, "{shell:?} out");
    }
}

/// What packages' scripts change is found out with builtins; tcsh needs a process on both ways.
#[test]
fn scripts_of_packages_cost_no_process_more() {
    for shell in [Shell::Bash, Shell::Zsh, Shell::Fish] {
        let world = World::new();
        crate::scripts::careless(&world, "one");
        let mut counted = Counted::new(shell, &world);
        let one = Started { programs: 1, processes: 1 };
        assert_eq!(counted.count(|terminal| terminal.cd("one")), one, "{shell:?} in");
        let idle = |terminal: &mut Terminal| (0..3).for_each(|_| terminal.line(""));
        assert_eq!(counted.count(idle), NONE, "{shell:?} idle");
        assert_eq!(counted.count(|terminal| terminal.cd("")), NONE, "{shell:?} out");
    }
}

#[test]
fn a_script_is_left_alone() {
    for shell in Shell::ALL {
        let world = World::new();
        let hook = match shell {
            Shell::Bash | Shell::Zsh => {
                format!("eval \"$(\"$MLENV\" hook {})\"\ntrue", shell.name())
            }
            Shell::Tcsh => "eval \"`'$MLENV' hook tcsh`\"\ntrue".to_owned(),
            Shell::Fish => "\"$MLENV\" hook fish | source\ntrue".to_owned(),
        };
        let script = world.sandbox.write("home/one/script", &(hook + "\ncd .\n/usr/bin/env\n"));
        let output = shell
            .command(&world.sandbox)
            .arg(&script)
            .current_dir(world.home("one"))
            .output()
            .unwrap();
        let words = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success() && output.stderr.is_empty(), "{shell:?} {output:?}");
        assert!(
            !words.contains("MLENV_SESSION") && !words.contains("__mlenv"),
            "{shell:?} {words}"
        );
    }
}

/// The program's whole work in a hook that finds nothing to do is bounded; see `bench` for its time.
#[test]
fn the_hook_is_printed_without_reading_anything_of_the_user() {
    let world = World::new();
    let log = world.sandbox.path("calls");
    for shell in Shell::ALL {
        let mut command = world.sandbox.command("strace");
        command.args(["-f", "-e", "trace=openat,open", "-o"]).arg(&log);
        command.arg(env!("CARGO_BIN_EXE_mlenv")).args(["hook", shell.name()]);
        assert!(command.output().unwrap().status.success());
        let calls = std::fs::read_to_string(&log).unwrap();
        let files = calls
            .lines()
            .filter(|line| line.contains(home(&world.home(""))) && !line.contains(".cache"));
        assert_eq!(files.count(), 0, "{calls}");
    }
}

/// Enough of the name to know it by; strace writes the rest of it in escapes.
fn home(_home: &Path) -> &'static str {
    "/home/."
}
