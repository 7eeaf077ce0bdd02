//! A newcomer's first hour, typed into each of the four shells on a terminal (tmux): make an env for a clone, enter it by going
//! there, add a package, bring it up to date, hand it on, take it away. What the screen shows in the end is kept as a file.

use std::process::Command;
use std::time::{Duration, Instant};

use crate::support::machine;
use crate::support::sandbox::{PATH, Sandbox};
use crate::support::testbase::base;
use crate::support::wheel;

/// How each is started bare, and what stands in its rc file here: a short prompt, and the hook.
const SHELLS: [(&str, &str, &str); 4] = [
    ("bash", "bash --norc --noprofile", "PS1='$ '; eval \"$(mlenv hook bash)\""),
    ("zsh", "zsh -f", "PROMPT='$ '; unsetopt prompt_sp; eval \"$(mlenv hook zsh)\""),
    ("tcsh", "tcsh -f", "set prompt = '$ '; eval \"`mlenv hook tcsh`\""),
    (
        "fish",
        "fish --no-config",
        "function fish_prompt; printf '$ '; end; function fish_greeting; end; mlenv hook fish | source",
    ),
];

/// What is typed. Every shell takes these lines.
const LINES: [&str; 14] = [
    "cd analysis",
    "cat requirements.txt",
    "mlenv create --base ml",
    "python -c 'import fresh; print(fresh.__version__)'",
    "mlenv install -y --pip more",
    "mlenv packages --added",
    "cp ../later/* ../wheels",
    "mlenv outdated",
    "mlenv update -y",
    "mlenv export -o shared.toml",
    "cd ..",
    "mlenv create -q -p copy --no-save -f analysis/shared.toml --base ml",
    "mlenv list",
    "mlenv remove -y copy analysis/.venv",
];

/// A terminal of tmux with a shell in it.
struct Screen<'s> {
    sandbox: &'s Sandbox,
    socket: String,
}

impl Screen<'_> {
    fn tmux(&self, words: &[&str]) -> String {
        let mut command = Command::new("tmux");
        command.args(["-f", "/dev/null", "-S", &self.socket]).args(words);
        let output = command.current_dir(self.sandbox.root()).output().unwrap();
        assert!(output.status.success(), "{words:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    fn all(&self) -> String {
        self.tmux(&["capture-pane", "-p", "-S", "-"])
    }

    /// What is on the screen and above it, once the shell waits for a line again.
    fn settled(&self) -> String {
        let until = Instant::now() + Duration::from_secs(60);
        let mut before = String::new();
        loop {
            std::thread::sleep(Duration::from_millis(150));
            let now = self.all();
            let last = now.trim_end().lines().next_back().unwrap_or_default();
            if now == before && last.trim_end().ends_with('$') {
                return now;
            }
            assert!(Instant::now() < until, "the shell does not come back: {now}");
            before = now;
        }
    }

    fn types(&self, line: &str) {
        let before = self.all().matches(line).count();
        self.tmux(&["send-keys", "-l", line]);
        let until = Instant::now() + Duration::from_secs(60);
        while self.all().matches(line).count() == before {
            assert!(Instant::now() < until, "the shell does not show {line}: {}", self.all());
            std::thread::sleep(Duration::from_millis(50));
        }
        self.tmux(&["send-keys", "Enter"]);
        std::thread::sleep(Duration::from_millis(100));
        self.settled();
    }
}

impl Drop for Screen<'_> {
    fn drop(&mut self) {
        let _ = Command::new("tmux").args(["-S", &self.socket, "kill-server"]).output();
    }
}

fn world() -> Sandbox {
    let sandbox = Sandbox::new();
    for name in ["fresh", "more"] {
        wheel::build(&sandbox.path("wheels"), name, "1.0");
    }
    // What is published while the newcomer works.
    wheel::build(&sandbox.path("later"), "more", "1.1");
    sandbox.write("analysis/requirements.txt", "click>=8\nfresh\n");
    sandbox.mlenv(["base", "add", "--name", "ml"]).arg(&base().prefix).ok();
    sandbox
}

/// The screen with places, times and versions of this run left out.
fn tidy(sandbox: &Sandbox, screen: &str) -> String {
    let text = screen.replace(sandbox.root().to_str().unwrap(), "/ROOT");
    let text = text.replace(base().prefix.to_str().unwrap(), "/BASE");
    let text = text.replace(&machine::python().version, "PYTHON");
    let lines = text.trim_end().lines().map(|line| {
        // `in 12 ms`, and how much there is to be linked.
        let words: Vec<&str> = line.split(' ').collect();
        let is_count = |at: usize| {
            let unit = words
                .get(at + 1)
                .is_some_and(|unit| ["ms", "links,", "files,", "directories"].contains(unit));
            unit && words[at].parse::<u64>().is_ok()
        };
        let words =
            words.iter().enumerate().map(|(at, word)| if is_count(at) { "N" } else { word });
        words.collect::<Vec<_>>().join(" ").trim_end().to_owned()
    });
    lines.collect::<Vec<_>>().join("\n")
}

#[test]
fn a_newcomer_gets_through_in_every_shell() {
    if !machine::has("tmux") {
        machine::lacks("tmux");
        return;
    }
    let program = std::path::Path::new(env!("CARGO_BIN_EXE_mlenv")).parent().unwrap();
    for (name, start, rc) in SHELLS {
        let sandbox = world();
        let screen = Screen { sandbox: &sandbox, socket: sandbox.path("s").display().to_string() };
        let vars = [
            ("HOME", sandbox.path("home").display().to_string()),
            ("PATH", format!("{}:{PATH}", program.display())),
            ("LC_ALL", "C.UTF-8".to_owned()),
            ("MLENV_SITE", sandbox.path("site").display().to_string()),
            ("PIP_NO_INDEX", "1".to_owned()),
            ("PIP_FIND_LINKS", sandbox.path("wheels").display().to_string()),
            ("NO_COLOR", "1".to_owned()),
        ];
        let pairs: Vec<String> =
            vars.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let mut words = vec!["new-session", "-d", "-x", "400", "-y", "50"];
        words.extend(["env", "-i", "TERM=screen"]);
        words.extend(pairs.iter().map(String::as_str));
        words.extend(start.split(' '));
        screen.tmux(&words);
        screen.tmux(&["set-option", "-g", "history-limit", "5000"]);
        std::thread::sleep(Duration::from_millis(300));
        screen.types(rc);
        screen.tmux(&["send-keys", "C-l"]);
        screen.settled();
        screen.tmux(&["clear-history"]);
        for line in LINES {
            screen.types(line);
        }
        let text = tidy(&sandbox, &screen.settled());
        let mut settings = insta::Settings::new();
        settings.set_prepend_module_to_snapshot(false);
        settings.set_omit_expression(true);
        settings.bind(|| insta::assert_snapshot!(format!("walk-{name}"), text));
        assert!(
            !sandbox.path("analysis/.venv").exists() && !sandbox.path("copy").exists(),
            "{text}"
        );
    }
}
