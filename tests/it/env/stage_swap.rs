//! Somebody who may write in the directory where an env is made puts something else in the place of the unfinished env,
//! again and again: nothing lands elsewhere, and nothing of elsewhere is taken.
//!
//! `MLENV_TEST_SWAPS` says how many envs are tried.

use std::fs::Permissions;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;

use crate::kit::forge::busy_base;
use crate::support::sandbox::{Run, Sandbox};
use crate::support::tree;

/// What takes the place of a stage.
#[derive(Clone, Copy, Debug)]
enum Bait {
    /// A link to a directory of the user's.
    Link,
    /// That directory itself.
    Directory,
}

struct Attack<'a> {
    /// Where envs are made; anybody may write there.
    shared: &'a Path,
    /// The user's own directory, with something in it.
    victim: &'a Path,
    bait: Bait,
    swaps: AtomicUsize,
    stop: AtomicBool,
}

impl Attack<'_> {
    /// The attacker: the tests' own user, who may do all that another one may, and more.
    fn go_on(&self) {
        let mut number = 0;
        while !self.stop.load(Ordering::Relaxed) {
            for stage in stages(self.shared) {
                number += 1;
                self.swap(&stage, &self.shared.join(format!("away{number}")));
            }
        }
    }

    fn swap(&self, stage: &Path, away: &Path) {
        if std::fs::rename(stage, away).is_err() {
            return;
        }
        let placed = match self.bait {
            Bait::Link => symlink(self.victim, stage),
            Bait::Directory => std::fs::rename(self.victim, stage),
        };
        self.swaps.fetch_add(usize::from(placed.is_ok()), Ordering::Relaxed);
        thread::yield_now();
        let _ = match self.bait {
            Bait::Link => std::fs::remove_file(stage),
            Bait::Directory => std::fs::rename(stage, self.victim),
        };
        let _ = std::fs::rename(away, stage);
    }
}

/// Ends the attack, however the work ends.
struct End<'a>(&'a AtomicBool);

impl Drop for End<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// What lies at the env's place may be what the attacker put in the stage's, in the moment of the renaming: as it was.
fn clear(env: &Path, victim: &Path) {
    if env.is_symlink() {
        std::fs::remove_file(env).unwrap();
    } else if env.join("deep").exists() {
        std::fs::rename(env, victim).unwrap();
    } else {
        let _ = std::fs::remove_dir_all(env);
    }
}

fn stages(dir: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(dir).into_iter().flatten().flatten();
    let is_stage = |path: &PathBuf| path.to_string_lossy().contains("/.mlenv-new-");
    entries.map(|entry| entry.path()).filter(is_stage).collect()
}

/// Runs `work` many times while it is attacked. Slowed down at the calls that make things, so that every moment is met.
fn attacked(bait: Bait, work: impl Fn(&Sandbox) -> Run) {
    let sandbox = Sandbox::new();
    busy_base(&sandbox, &sandbox.path("base"), 30);
    sandbox.env("source", &sandbox.path("base"));
    sandbox.mlenv(["pack", "-q", "source", "-o", "parcel"]).ok();
    let (shared, victim) = (sandbox.path("shared"), sandbox.path("shared/victim"));
    std::fs::create_dir_all(victim.join("deep")).unwrap();
    std::fs::write(victim.join("deep/mine"), "").unwrap();
    std::fs::set_permissions(&shared, Permissions::from_mode(0o777)).unwrap();
    let before = tree::names(&victim);
    let attack = Attack {
        shared: &shared,
        victim: &victim,
        bait,
        swaps: AtomicUsize::new(0),
        stop: AtomicBool::new(false),
    };
    let count = std::env::var("MLENV_TEST_SWAPS").map_or(12, |count| count.parse().unwrap());
    thread::scope(|scope| {
        scope.spawn(|| attack.go_on());
        let _end = End(&attack.stop);
        for _ in 0..count {
            let slow = "inject=symlinkat,mkdirat,openat,openat2,renameat,unlinkat:delay_enter=300";
            let outcome =
                work(&sandbox).behind(["strace", "-f", "-qq", "-o", "/dev/null", "-e", slow]).end();
            assert!(!outcome.err.contains("panicked"), "{outcome}");
            let env = shared.join("env");
            if outcome.status.success() {
                assert!(env.join("mlenv.toml").is_file(), "{outcome}");
                assert!(!env.symlink_metadata().unwrap().is_symlink(), "{outcome}");
            }
            clear(&env, &victim);
        }
    });
    assert!(attack.swaps.load(Ordering::Relaxed) > 0, "no stage was met");
    assert_eq!(tree::names(&victim), before, "{bait:?}");
}

#[test]
fn a_swapped_stage_sends_nothing_elsewhere_and_takes_nothing_along() {
    for bait in [Bait::Link, Bait::Directory] {
        attacked(bait, |sandbox| {
            let words = ["create", "-q", "--no-save", "--threads", "1", "-p", "shared/env"];
            sandbox.mlenv(words).arg("--base").arg(sandbox.path("base"))
        });
    }
}

#[test]
fn neither_does_that_of_a_clone_or_a_parcel() {
    attacked(Bait::Link, |sandbox| sandbox.mlenv(["clone", "-q", "source", "-p", "shared/env"]));
    attacked(Bait::Link, |sandbox| sandbox.mlenv(["unpack", "-q", "parcel", "-p", "shared/env"]));
}
