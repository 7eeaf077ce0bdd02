//! Ended at any moment: either the whole env is there or nothing of its name, and the next create cleans up.

use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use crate::forge::busy_base;
use crate::sandbox::Sandbox;

/// Links in the env that is interrupted: some tens of milliseconds of work for one thread.
const LINKS: usize = 6000;

/// Memory is quick and forgets deleted files at once; else the build directory.
fn quick_sandbox() -> Sandbox {
    let memory = Path::new("/dev/shm");
    if tempfile::tempfile_in(memory).is_ok() { Sandbox::below(memory) } else { Sandbox::new() }
}

struct Scene {
    sandbox: Sandbox,
    base: PathBuf,
    /// How long an undisturbed create takes here.
    whole: Duration,
}

impl Scene {
    fn new() -> Self {
        let sandbox = quick_sandbox();
        let base = busy_base(&sandbox, &sandbox.path("base"), LINKS);
        let began = Instant::now();
        sandbox.mlenv(["create", "-q", "--threads", "1", "-p", "first", "--base"]).arg(&base).ok();
        Self { whole: began.elapsed(), base, sandbox }
    }

    fn start(&self, words: &[&str]) -> Child {
        let run = self
            .sandbox
            .mlenv(["create", "-q", "--threads", "1", "-p", "env", "--base"])
            .arg(&self.base);
        run.args(words).command().stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap()
    }

    fn env(&self) -> PathBuf {
        self.sandbox.path("env")
    }

    /// A whole env, or nothing of that name.
    fn check_env(&self, when: &str) -> bool {
        let there = self.env().symlink_metadata().is_ok();
        if there {
            assert!(self.env().join("mlenv.toml").is_file(), "half an env, {when}");
            let links = (0..LINKS).step_by(499).chain([LINKS - 1]);
            for at in links {
                let link = self.env().join(format!("share/d{}/f{at}", at / 100));
                assert!(link.symlink_metadata().is_ok(), "{} is missing, {when}", link.display());
            }
            self.sandbox.mlenv(["info", "env"]).ok();
        }
        there
    }

    fn litter(&self) -> Vec<String> {
        let names = std::fs::read_dir(self.sandbox.root()).unwrap();
        let names = names.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        names.filter(|name| name.starts_with(".mlenv-")).collect()
    }
}

fn send(signal: &str, child: &Child) {
    use std::process::Command;
    let sent =
        Command::new("sh").args(["-c", "kill -$0 $1", signal, &child.id().to_string()]).status();
    assert!(sent.unwrap().success() || signal == "0");
}

/// Sends `signal` at growing times of an undisturbed create's length, beyond its end.
fn at_many_moments(
    scene: &Scene,
    signal: &str,
    words: &[&str],
    after: impl Fn(&str, Option<i32>, bool),
) {
    let mut interrupted = 0;
    for part in 0..30_u32 {
        let child = scene.start(words);
        std::thread::sleep(scene.whole * part / 24);
        send(signal, &child); // a process that has ended waits for us and takes a signal quietly
        let output = child.wait_with_output().unwrap();
        let when = format!("{signal} at {part}/24: {}", String::from_utf8_lossy(&output.stderr));
        let there = scene.check_env(&when);
        interrupted += u32::from(!there);
        after(&when, output.status.code(), there);
    }
    assert!(interrupted > 3, "the signals came too late to show anything");
}

#[test]
fn a_kill_leaves_nothing_that_looks_like_an_env_and_the_next_create_cleans_up() {
    let scene = Scene::new();
    at_many_moments(&scene, "KILL", &[], |when, code, there| {
        assert!(there || code.is_none(), "{when}");
        let run = scene
            .sandbox
            .mlenv(["create", "-q", "--force", "-p", "env", "--base"])
            .arg(&scene.base);
        run.ok();
        assert!(scene.check_env(when));
        assert_eq!(scene.litter(), [""; 0], "after the next create, {when}");
        scene.sandbox.mlenv(["remove", "-q", "env"]).ok();
    });
}

#[test]
fn ctrl_c_and_termination_clean_up_at_once_and_end_with_130() {
    for signal in ["INT", "TERM", "HUP"] {
        let scene = Scene::new();
        at_many_moments(&scene, signal, &[], |when, code, there| {
            if there {
                assert_eq!(code, Some(0), "{when}");
                scene.sandbox.mlenv(["remove", "-q", "env"]).ok();
            } else {
                // Before the signals are taken over, at the very start, the process just ends.
                assert!(matches!(code, Some(130) | None), "{code:?} {when}");
            }
            assert_eq!(scene.litter(), [""; 0], "{when}");
        });
    }
}

#[test]
fn a_replacement_that_is_killed_leaves_the_old_env_or_the_new_one() {
    let scene = Scene::new();
    for part in 0..24_u32 {
        scene
            .sandbox
            .mlenv(["create", "-q", "--force", "-p", "env", "--base"])
            .arg(&scene.base)
            .ok();
        std::fs::write(scene.env().join("mine"), "").unwrap();
        let mut child = scene.start(&["--force"]);
        std::thread::sleep(scene.whole * part / 16);
        send("KILL", &child);
        child.wait().unwrap();
        assert!(scene.check_env("a replacement"), "no env is left, {part}");
    }
    scene.sandbox.mlenv(["create", "-q", "--force", "-p", "env", "--base"]).arg(&scene.base).ok();
    assert_eq!(scene.litter(), [""; 0]);
}

#[test]
fn a_removal_that_is_killed_leaves_the_env_or_nothing() {
    let scene = Scene::new();
    let mut gone = 0;
    for part in 0..24_u32 {
        scene
            .sandbox
            .mlenv(["create", "-q", "--force", "-p", "env", "--base"])
            .arg(&scene.base)
            .ok();
        let run = scene.sandbox.mlenv(["remove", "-q", "env"]);
        let mut child = run.command().stderr(Stdio::null()).spawn().unwrap();
        std::thread::sleep(scene.whole * part / 24);
        send("KILL", &child);
        child.wait().unwrap();
        gone += u32::from(!scene.check_env("a removal"));
    }
    assert!(gone > 0);
    scene.sandbox.mlenv(["create", "-q", "--force", "-p", "env", "--base"]).arg(&scene.base).ok();
    assert_eq!(scene.litter(), [""; 0]);
}
