//! Whatever a shell shows without the hook it shows with it: one script of prompts, failures, pipes, traps, jobs and cds,
//! under every option of each shell, one at a time and in named pairs, with and without the hook. A difference counts if
//! five sessions with the hook agree, and five without it.

use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::AsFd;
use std::process::Stdio;
use std::sync::Mutex;

use nix::pty::Winsize;
use nix::sys::termios::{LocalFlags, SetArg, tcgetattr, tcsetattr};

use crate::compare_options::{Case, cases};
use crate::support::shells::Shell;
use crate::support::shells::sandbox::Sandbox;

/// bash and zsh. `B>` and `Z>` mark the lines that one of them gets.
const POSIX: &str = r#"B>trap 'echo "err $?"' ERR
Z>trap 'echo "zerr $?"' ZERR
false
(exit 3) | true
B>echo "${PIPESTATUS[@]}" $? $_
Z>echo "${pipestatus[@]}" $? $_
RANDOM=7
cd plain
pwd
cd nosuch
B>echo $? $RANDOM $LINENO
Z>echo $? $RANDOM
B>trap - ERR
Z>trap - ZERR
cd - >/dev/null
pushd other
popd
trap 'echo usr' USR1
kill -USR1 $$
B>trap 'echo "dbg $BASH_COMMAND"' DEBUG
true x y
B>trap - DEBUG
echo $_ "$-"
B>sleep 0.05 & wait $!
B>echo ${!:+started}
x=$(cd plain; pwd); echo $x
cd plain && echo in && cd ..
env > seen$$; grep '^_*mlenv_' seen$$; rm -f seen$$
B>opts=$(shopt -p; set +o); echo ${#opts}
Z>opts=$(setopt); echo ${#opts}
f() { echo f $#; return 4; }
f a b
echo $?
echo $? > out$$; cat out$$; rm -f out$$
echo [x]* *.nosuch
cd plain nosuch2
B>h=$(history); echo ${#h}
trap
true"#;

const TCSH: &str = r"false
cd plain
pwd
cd nosuch
echo $status
cd ..
pushd other
popd
sh -c 'exit 3'
echo $status
true x y
env > seen$$; grep '^_*mlenv_' seen$$; rm -f seen$$
( cd plain; pwd )
cd plain && echo in && cd ..
false
echo $status
true";

const FISH: &str = r"false
cd plain
pwd
cd nosuch
echo $status $pipestatus
cd ..
pushd other
popd
false | true | sh -c 'exit 3'
echo $status $pipestatus
true x y
env > seen$fish_pid; grep '^_*mlenv_' seen$fish_pid; rm -f seen$fish_pid
cd plain; and echo in; and cd ..
set -l x (cd plain; pwd); echo $x
function f --on-signal USR1; echo usr; end
kill -USR1 $fish_pid
false
true";

/// A prompt that is the same everywhere, and tells of what came before it where the shell can.
fn first(shell: Shell) -> &'static str {
    match shell {
        Shell::Bash | Shell::Zsh => "PS1='> '",
        Shell::Tcsh => "set prompt = '> '",
        Shell::Fish => "function fish_prompt; echo -n \"[$status:$pipestatus]> \"; end",
    }
}

/// The file `hook` has what the hook's line prints, the file `none` nothing: both lines are of one length.
fn line(shell: Shell, file: &str) -> String {
    match shell {
        Shell::Bash | Shell::Zsh => format!("eval \"$(<{file})\""),
        Shell::Tcsh => format!("source {file}"),
        Shell::Fish => format!("cat {file} | source"),
    }
}

fn script(shell: Shell) -> String {
    let (own, other) = match shell {
        Shell::Bash => ("B>", "Z>"),
        Shell::Zsh => ("Z>", "B>"),
        Shell::Tcsh => return TCSH.into(),
        Shell::Fish => return FISH.into(),
    };
    let lines = POSIX.lines().filter(|line| !line.starts_with(other));
    lines.map(|line| line.strip_prefix(own).unwrap_or(line)).collect::<Vec<_>>().join("\n")
}

/// Sandboxes are told apart by their names, processes and jobs by their numbers.
fn shown(sandbox: &Sandbox, shell: Shell, case: &Case, file: &str) -> String {
    let hook = line(shell, file);
    let start = if case.after {
        [hook.as_str(), &case.set].join("\n")
    } else {
        [case.set.as_str(), &hook].join("\n")
    };
    let text = [first(shell), &start, &script(shell), "exit 0", ""].join("\n");
    let all = session(sandbox, shell, &text).replace('\r', "");
    // fish shows a line as it is typed, piece by piece.
    let all = all.replace("hook", "none");
    let lines = all.lines().map(|line| line.trim_end().to_owned() + "\n");
    numbers_gone(&lines.collect::<String>())
}

fn numbers_gone(text: &str) -> String {
    let mut out = String::new();
    for run in
        text.as_bytes().chunk_by(|left, right| left.is_ascii_digit() == right.is_ascii_digit())
    {
        let is_long = run.len() > 3 && run[0].is_ascii_digit();
        out.push_str(if is_long { "N" } else { std::str::from_utf8(run).unwrap_or("?") });
    }
    out
}

/// All that a shell writes on a terminal of a fixed size that does not echo, without a line editor.
fn session(sandbox: &Sandbox, shell: Shell, text: &str) -> String {
    let size = Winsize { ws_row: 50, ws_col: 200, ws_xpixel: 0, ws_ypixel: 0 };
    let pty = nix::pty::openpty(&size, None).unwrap();
    let mut modes = tcgetattr(pty.slave.as_fd()).unwrap();
    modes.local_flags.remove(LocalFlags::ECHO);
    tcsetattr(pty.slave.as_fd(), SetArg::TCSANOW, &modes).unwrap();
    let plain = shell.command(sandbox);
    let mut command = sandbox.command("setsid");
    let editor: &[&str] = match shell {
        Shell::Bash => &["--noediting"],
        Shell::Zsh => &["+Z", "+o", "promptsp", "+o", "promptcr"],
        Shell::Tcsh | Shell::Fish => &[],
    };
    command.arg("--ctty").arg("--wait").arg(plain.get_program()).args(plain.get_args());
    command.args(editor).arg("-i").env("TERM", "dumb").current_dir(sandbox.path("home"));
    command.env("PWD", sandbox.path("home"));
    let end = || Stdio::from(pty.slave.try_clone().unwrap());
    let mut child = command.stdin(end()).stdout(end()).stderr(end()).spawn().unwrap();
    drop(command);
    drop(pty.slave);
    let (mut keys, mut screen) =
        (File::from(pty.master.try_clone().unwrap()), File::from(pty.master));
    let bytes = text.as_bytes().to_vec();
    let typist = std::thread::spawn(move || {
        // A terminal takes a few thousand bytes ahead; a shell that has ended takes none.
        bytes.chunks(512).all(|part| keys.write_all(part).is_ok())
    });
    let mut all = Vec::new();
    let mut buffer = [0; 4096];
    while let Ok(count @ 1..) = screen.read(&mut buffer) {
        all.extend(&buffer[..count]);
    }
    drop(screen);
    let _ = typist.join();
    let _ = child.kill();
    let _ = child.wait();
    String::from_utf8_lossy(&all).into_owned()
}

/// What differs under this option, if it does so reliably.
fn difference(sandbox: &Sandbox, shell: Shell, case: &Case) -> Option<String> {
    let run = |file: &str| shown(sandbox, shell, case, file);
    let (bare, hooked) = (run("none"), run("hook"));
    // What a shell is told before it reads shows or not, as chance will have it.
    let agree = |file: &str, first: &str| (0..4).all(|_| run(file) == first);
    if bare == hooked || !agree("none", &bare) || !agree("hook", &hooked) {
        return None;
    }
    let (left, right): (Vec<_>, Vec<_>) = (bare.lines().collect(), hooked.lines().collect());
    let at = left.iter().zip(&right).take_while(|(left, right)| left == right).count();
    let part = |lines: &[&str]| {
        let shown = lines.iter().skip(at).take(4);
        shown.fold(String::new(), |text, line| text + "\n    " + line)
    };
    Some(format!("{}\n  without:{}\n  with:{}", case.set, part(&left), part(&right)))
}

#[test]
fn a_shell_shows_with_the_hook_what_it_shows_without_it_under_every_option() {
    for shell in Shell::ALL {
        let sandbox = Sandbox::new();
        for dir in ["home/plain", "home/other"] {
            std::fs::create_dir_all(sandbox.path(dir)).unwrap();
        }
        let mut hook = sandbox.command(env!("CARGO_BIN_EXE_mlenv"));
        let text = hook.args(["hook", shell.name()]).output().unwrap().stdout;
        std::fs::write(sandbox.path("home/hook"), text).unwrap();
        std::fs::write(sandbox.path("home/none"), "").unwrap();
        let cases = Mutex::new(cases(&sandbox, shell));
        let found = Mutex::new(Vec::new());
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    loop {
                        let next = cases.lock().unwrap().pop();
                        let Some(case) = next else { break };
                        found.lock().unwrap().extend(difference(&sandbox, shell, &case));
                    }
                });
            }
        });
        let found = found.into_inner().unwrap();
        assert!(found.is_empty(), "{shell:?}: {} differences\n{}", found.len(), found.join("\n"));
    }
}
