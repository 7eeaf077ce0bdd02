//! A home with projects, each with an env and a marker; and stories about shells in it.

use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::pty::{Start, Terminal};
use crate::support::shells::sandbox::{Layout, Sandbox};
use crate::support::shells::{Shell, get};

pub(crate) struct World {
    pub(crate) sandbox: Sandbox,
    base: PathBuf,
}

/// One thing that happens in a story. Directories are below home.
pub(crate) enum Act<'a> {
    Cd(&'a str),
    /// Words that every one of the four shells understands.
    Type(&'a str),
    /// The return key.
    Enter,
    /// Something happens elsewhere; the return key follows.
    Meanwhile(&'a dyn Fn(&World)),
    /// The env of this project is active.
    Active(&'a str),
    /// Nothing is, and every variable is as it was before.
    Nothing,
    /// The terminal has shown these words that often by now.
    Said(&'a str, usize),
}

impl World {
    /// A home with the projects `one`, `two`, `one/inner` and the directory `plain`.
    pub(crate) fn new() -> Self {
        let sandbox = Sandbox::new();
        let base = sandbox.image("image").join("opt/conda");
        let world = Self { sandbox, base };
        for name in ["one", "two", "one/inner"] {
            world.project(name);
        }
        for dir in ["plain/deep/er", "one/sub/deep"] {
            std::fs::create_dir_all(world.home(dir)).unwrap();
        }
        world
    }

    pub(crate) fn home(&self, below: &str) -> PathBuf {
        self.sandbox.path("home").join(below)
    }

    /// Makes a project with an env and a trusted marker.
    pub(crate) fn project(&self, name: &str) {
        self.env(&format!("{name}/env"));
        self.mlenv(name, &["save", "./env"]);
    }

    pub(crate) fn env(&self, name: &str) -> PathBuf {
        let env = self.sandbox.env(&format!("home/{name}"), &self.base, "conda", Layout::Standard);
        let record = env.join("mlenv.toml");
        let lines = std::fs::read_to_string(&record).unwrap();
        // Any name at all, each byte of it encoded.
        let encoded = env
            .to_str()
            .unwrap()
            .bytes()
            .fold(String::new(), |text, byte| format!("{text}%{byte:02X}"));
        let prefix = format!("prefix = {{ percent = \"{encoded}\" }}");
        let written = lines.lines().find(|line| line.starts_with("prefix = ")).unwrap().to_owned();
        std::fs::write(&record, lines.replacen(&written, &prefix, 1)).unwrap();
        env
    }

    /// Runs mlenv in a directory, past any hook, and returns its words.
    #[track_caller]
    pub(crate) fn mlenv(&self, dir: &str, arguments: &[&str]) -> String {
        let (success, words) = self.try_mlenv(dir, arguments);
        assert!(success, "mlenv {arguments:?} in {dir}: {words}");
        words
    }

    pub(crate) fn try_mlenv(&self, dir: &str, arguments: &[&str]) -> (bool, String) {
        let mut command = self.sandbox.command(env!("CARGO_BIN_EXE_mlenv"));
        let output = command
            .args(arguments)
            .current_dir(self.home(dir))
            .env("PWD", self.home(dir))
            .output()
            .unwrap();
        let words = [output.stdout, output.stderr].concat();
        (output.status.success(), String::from_utf8_lossy(&words).into_owned())
    }

    pub(crate) fn marker(&self, project: &str) -> PathBuf {
        self.home(project).join(".mlenv.toml")
    }

    pub(crate) fn write_marker(&self, project: &str, text: &str) {
        std::fs::write(self.marker(project), text).unwrap();
    }
}

/// Tells the story to each of the four shells, each in a world of its own.
#[track_caller]
pub(crate) fn everywhere(story: &[Act]) {
    for shell in Shell::ALL {
        let world = World::new();
        let mut terminal = Terminal::start(shell, &world, Start::default());
        terminal.play(story);
    }
}

impl Terminal<'_> {
    #[track_caller]
    pub(crate) fn cd(&mut self, below: &str) {
        let path = self.world.home(below);
        self.line(&format!("cd {}", self.shell.quote(path.to_str().unwrap())));
    }

    /// Makes the env of the project `one` active.
    #[track_caller]
    pub(crate) fn enter(&mut self, by_hand: bool) {
        if by_hand {
            self.line("mlenv activate one/env");
        } else {
            self.cd("one");
        }
    }

    #[track_caller]
    pub(crate) fn play(&mut self, story: &[Act]) {
        let before = self.look();
        for act in story {
            match act {
                Act::Cd(below) => self.cd(below),
                Act::Type(words) => self.line(words),
                Act::Enter => self.line(""),
                Act::Meanwhile(change) => {
                    change(self.world);
                    self.line("");
                }
                Act::Active(project) => self.expect_active(project),
                Act::Nothing => {
                    assert_eq!(self.look(), before, "{:?}\n{}", self.shell, self.shown());
                }
                Act::Said(words, count) => self.expect_said(words, *count),
            }
        }
    }

    /// What was printed reaches us a little later than the mark behind it.
    #[track_caller]
    pub(crate) fn expect_said(&mut self, words: &str, count: usize) {
        for _ in 0..20 {
            std::thread::sleep(Duration::from_millis(20));
            if count > 0 && self.said(words) == count {
                return;
            }
        }
        assert_eq!(self.said(words), count, "{:?}: {words}\n{}", self.shell, self.shown());
    }

    #[track_caller]
    pub(crate) fn expect_active(&mut self, project: &str) {
        let env = self.world.home(project).join("env");
        let inside = self.look();
        let seen = self.shown();
        assert_eq!(get(&inside, "CONDA_PREFIX"), text(&env), "{:?}\n{seen}", self.shell);
        let path = get(&inside, "PATH").unwrap_or_default();
        let bin = format!("{}/bin", env.display());
        assert_eq!(
            path.split(':').filter(|dir| *dir == bin).count(),
            1,
            "{:?}: {path}\n{seen}",
            self.shell
        );
    }

    #[track_caller]
    pub(crate) fn expect_nothing(&mut self) {
        let vars = self.look();
        let seen = self.shown();
        for name in ["CONDA_PREFIX", "__MLENV_SESSION"] {
            assert_eq!(get(&vars, name), None, "{:?}\n{seen}", self.shell);
        }
        assert!(!get(&vars, "PATH").unwrap().contains("/env/bin"), "{:?}\n{seen}", self.shell);
    }
}

fn text(path: &Path) -> Option<&str> {
    path.to_str()
}
