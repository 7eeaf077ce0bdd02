//! How a verb is killed at a system call that changes something: its calls, one run for each, and what has to be there
//! after it. No clock is involved.
//!
//! `MLENV_TEST_KILLS` says how many calls of each verb are tried; spread evenly over all that it makes.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use crate::kit::forge::hollow_base;
use crate::support::sandbox::{Outcome, Run, Sandbox};
use crate::support::tree;

type Names = BTreeSet<PathBuf>;

/// What changes something on disk.
const CALLS: &str = "mkdir,mkdirat,symlink,symlinkat,link,linkat,rename,renameat,renameat2,unlink,unlinkat,rmdir,\
                     write,fsync,fdatasync,ftruncate,fchmod,fchmodat,chmod,flock,utimensat,copy_file_range,sendfile";

/// A home with envs and a project, which is put back before each kill.
pub(crate) struct World {
    pub(crate) sandbox: Sandbox,
}

impl World {
    pub(crate) fn new() -> Self {
        let world = Self { sandbox: Sandbox::new() };
        for name in ["base", "other"] {
            let base = hollow_base(&world.sandbox.path(name));
            for at in 0..12 {
                std::fs::create_dir_all(base.join(format!("include/d{}", at % 3))).unwrap();
                std::fs::write(base.join(format!("include/d{}/f{at}", at % 3)), "").unwrap();
            }
            let files: Vec<_> = (0..12).map(|at| format!("include/d{}/f{at}", at % 3)).collect();
            let record = serde_json::json!({
                "name": "numbers", "version": "1", "build": "0", "build_number": 0, "files": files
            });
            std::fs::write(base.join("conda-meta/numbers-1-0.json"), record.to_string()).unwrap();
        }
        std::fs::create_dir_all(world.path("home")).unwrap();
        world
    }

    pub(crate) fn path(&self, below: &str) -> PathBuf {
        self.sandbox.path("w").join(below)
    }

    pub(crate) fn mlenv(&self, words: &[&str]) -> Run {
        let run = self.sandbox.mlenv(words).cwd(self.path("")).var("HOME", self.path("home"));
        run.var("PIP_NO_INDEX", "1").var("PIP_FIND_LINKS", self.sandbox.path("wheels"))
    }

    /// Envs that are in the world, by their records.
    fn envs(&self) -> Vec<PathBuf> {
        let names = tree::names(&self.path("")).into_iter();
        let records = names.filter(|name| name.ends_with("mlenv.toml"));
        let envs = records.map(|record| self.path("").join(record.parent().unwrap()));
        let is_litter = |env: &PathBuf| env.to_string_lossy().contains("/.mlenv-new-");
        envs.filter(|env| !is_litter(env)).collect()
    }

    /// What the next runs make of it. Some have nothing to do any more, and say so. A `create` that finds its env there
    /// leaves the marker to `save`.
    fn settle(&self, words: &[&str]) {
        self.mlenv(words).end();
        if words == MAKE {
            self.mlenv(&["save", "-q", "env"]).ok();
        }
        for env in self.envs() {
            self.mlenv(&["doctor", "-q", "--fix"]).arg(env).end();
        }
        self.mlenv(&["prune", "-q"]).ok();
    }

    /// What is in each of them, but for temporary files.
    pub(crate) fn contents(&self) -> BTreeMap<PathBuf, Names> {
        let is_temporary = |path: &Path| path.to_string_lossy().contains(".mlenv-");
        let names = |env: &Path| {
            tree::names(env).into_iter().filter(|path| !is_temporary(path)).collect::<Names>()
        };
        self.envs().into_iter().map(|env| (env.clone(), names(&env))).collect()
    }

    fn shape(&self) -> (Vec<PathBuf>, BTreeMap<PathBuf, PathBuf>) {
        let is_index = |path: &Path| path.to_string_lossy().contains("/cache/");
        let (mut names, mut links) =
            (tree::names(self.sandbox.root()), tree::links(self.sandbox.root()));
        // A `doctor --fix` that had something to mend makes an env known, as `list` shows; temporary files are seen.
        let is_memory = |path: &Path| {
            path.parent().is_some_and(|dir| dir.ends_with("state/mlenv/envs"))
                && !path.file_name().unwrap().to_string_lossy().starts_with('.')
        };
        let is_kept = |path: &Path| path.starts_with("kept") || is_index(path) || is_memory(path);
        names.retain(|path| !is_kept(path));
        links.retain(|path, _| !is_kept(path));
        (names, links)
    }

    pub(crate) fn keep(&self) {
        for name in ["w", "base", "other"] {
            copy(&self.sandbox.path(name), &self.sandbox.path("kept").join(name), &self.sandbox);
        }
    }

    pub(crate) fn put_back(&self) {
        for name in ["w", "base", "other"] {
            copy(&self.sandbox.path("kept").join(name), &self.sandbox.path(name), &self.sandbox);
        }
    }
}

fn copy(from: &Path, to: &Path, sandbox: &Sandbox) {
    let _ = std::fs::remove_dir_all(to);
    std::fs::create_dir_all(to.parent().unwrap()).unwrap();
    sandbox.run("cp").arg("-a").arg(from).arg(to).ok();
}

/// The calls that a verb makes: each call's name, and which one of that name, in the thread or process that makes it.
pub(crate) fn calls(run: &Run, log: &Path, flags: &[&str]) -> Vec<(String, usize)> {
    let trace = format!("trace={CALLS}");
    let log = log.to_str().unwrap();
    let front = [&["strace", "-qq", "-o", log, "-e", &trace], flags].concat();
    run.clone().behind(front).ok();
    let mut counts: BTreeMap<(String, String), usize> = BTreeMap::new();
    let mut found = Vec::new();
    for line in std::fs::read_to_string(log).unwrap().lines() {
        let is_number = |word: &str| word.bytes().all(|byte| byte.is_ascii_digit());
        let (who, call) =
            line.split_once(' ').filter(|(who, _)| is_number(who)).unwrap_or(("", line));
        let call = call.trim_start();
        let Some((name, _)) = call.split_once('(').filter(|_| !call.starts_with('<')) else {
            continue;
        };
        let count = counts.entry((who.to_owned(), name.to_owned())).or_default();
        *count += 1;
        let call = (name.to_owned(), *count);
        if !found.contains(&call) {
            found.push(call);
        }
    }
    found
}

/// So many of them, spread evenly.
pub(crate) fn some(calls: &[(String, usize)], usual: usize) -> Vec<&(String, usize)> {
    let wanted = std::env::var("MLENV_TEST_KILLS").map_or(usual, |count| count.parse().unwrap());
    let count = calls.len().min(wanted);
    (0..count).map(|at| &calls[at * calls.len() / count]).collect()
}

/// What becomes of a run that gets a signal at such a call.
pub(crate) fn struck(run: Run, call: &(String, usize), signal: &str, flags: &[&str]) -> Outcome {
    let inject = format!("inject={}:signal={signal}:when={}", call.0, call.1);
    run.behind([&["strace", "-qq", "-o", "/dev/null", "-e", &inject], flags].concat()).end()
}

/// Prepares a world with `before`, kills `words` at many of its calls, and looks at what is there each time.
pub(crate) fn kill(before: &[&[&str]], words: &[&str]) {
    let world = World::new();
    for words in before {
        world.mlenv(words).ok();
    }
    kill_in(&world, words, &["-f"]);
}

/// The same in a world that is prepared. `flags` are strace's: what it follows, and calls that fail in this world.
pub(crate) fn kill_in(world: &World, words: &[&str], flags: &[&str]) {
    world.keep();
    let before = world.contents();
    let mut all = calls(&world.mlenv(words), &world.sandbox.path("kept/log"), flags);
    all.retain(|(name, _)| !flags.iter().any(|flag| flag.contains(name.as_str())));
    world.settle(words);
    let (expected, after) = (world.shape(), world.contents());
    let mut killed = 0;
    for call in some(&all, 10) {
        world.put_back();
        let outcome = struck(world.mlenv(words), call, "KILL", flags);
        killed += usize::from(!outcome.status.success());
        let when = format!("{words:?} killed at {} {}", call.0, call.1);
        for (env, names) in world.contents() {
            is_as_promised(words[0], &names, (before.get(&env), after.get(&env)), &when);
        }
        for env in world.envs() {
            world.mlenv(&["info"]).arg(&env).ok();
            let listed = world.mlenv(&["list"]).ok().out;
            // An unpacked env is a job's, on a disk of its own: no list has it.
            assert!(
                words[0] == "unpack" || listed.contains(env.to_str().unwrap()),
                "{} is forgotten: {when}",
                env.display()
            );
        }
        world.settle(words);
        let found = world.shape();
        assert_eq!(difference(&found.0, &expected.0), [] as [String; 0], "{when}");
        assert_eq!(found.1, expected.1, "{when}");
    }
    assert!(killed > 0, "no call of {words:?} was met");
}

/// What makes or replaces a whole env leaves the old one or the new one, whatever else is left; what changes one takes
/// nothing away that it has before and after.
#[track_caller]
fn is_as_promised(
    verb: &str,
    names: &Names,
    (before, after): (Option<&Names>, Option<&Names>),
    when: &str,
) {
    if ["create", "clone", "remove", "rename", "rebase", "unpack"].contains(&verb) {
        let is_whole = Some(names) == before || Some(names) == after;
        assert!(is_whole, "half an env: {when}\n{names:?}\n{before:?}\n{after:?}");
    } else if let (Some(before), Some(after)) = (before, after) {
        let lost: Vec<_> =
            before.intersection(after).filter(|name| !names.contains(*name)).collect();
        assert!(lost.is_empty(), "lost {lost:?}: {when}");
    }
}

fn difference(found: &[PathBuf], expected: &[PathBuf]) -> Vec<String> {
    let more = found.iter().filter(|path| !expected.contains(path));
    let less = expected.iter().filter(|path| !found.contains(path));
    let more = more.map(|path| format!("+ {}", path.display()));
    more.chain(less.map(|path| format!("- {}", path.display()))).collect()
}

pub(crate) const MAKE: &[&str] =
    &["create", "-q", "-p", "env", "--threads", "1", "--base", "../base"];
pub(crate) const BARE: &[&str] = &["create", "-q", "--no-save", "-p", "env", "--base", "../base"];
