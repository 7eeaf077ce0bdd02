//! A marker that is swapped between the look and the deed: what was judged is what takes effect.

use std::fs;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::world::World;

#[test]
fn a_marker_swapped_between_check_and_use_never_takes_effect() {
    let world = World::new();
    let evil = world.env("evil/env");
    let (marker, good) = (world.marker("one"), world.home("one/good.toml"));
    let bad = world.home("one/bad.toml");
    fs::copy(&marker, &good).unwrap();
    let stop = AtomicBool::new(false);
    let (mut entered, mut refused) = (0, 0);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            // By rename, so that there is always a whole one; as fast as it goes.
            while !stop.load(Ordering::Relaxed) {
                fs::write(&bad, "env = '../evil/env'\n").unwrap();
                fs::rename(&bad, &marker).unwrap();
                fs::copy(&good, &bad).unwrap();
                fs::rename(&bad, &marker).unwrap();
            }
        });
        for _ in 0..300 {
            let path = marker.to_str().unwrap();
            let (success, words) =
                world.try_mlenv("one", &["answer", "--shell", "bash", "--marker", path]);
            assert!(success, "{words}");
            assert!(!words.contains(evil.to_str().unwrap()), "{words}");
            assert!(!words.contains("evil/env"), "{words}");
            if words.contains("export __MLENV_SESSION=") { entered += 1 } else { refused += 1 }
        }
        stop.store(true, Ordering::Relaxed);
    });
    assert!(
        entered > 0 && refused > 0,
        "entered {entered} times, refused {refused} times: no race was run"
    );
}

#[test]
fn an_env_swapped_between_check_and_use_is_another_env() {
    let world = World::new();
    let (env, other, kept) =
        (world.home("one/env"), world.env("one/other"), world.home("one/kept"));
    let record = fs::read_to_string(other.join("mlenv.toml")).unwrap();
    let evil = "2001-01-01T00:00:00Z";
    fs::write(other.join("mlenv.toml"), record.replace("2026-01-01T00:00:00Z", evil)).unwrap();
    fs::create_dir_all(other.join("conda-meta")).unwrap();
    fs::write(other.join("conda-meta/state"), r#"{"env_vars": {"EVIL": "1"}}"#).unwrap();
    // It is there when the shell looks, and swapped before the program does.
    fs::rename(&env, &kept).unwrap();
    fs::rename(&other, &env).unwrap();
    let path = world.marker("one");
    let (success, words) =
        world.try_mlenv("one", &["answer", "--shell", "bash", "--marker", path.to_str().unwrap()]);
    assert!(success && !words.contains("EVIL"), "{words}");
    fs::rename(&env, &other).unwrap();
    fs::rename(&kept, &env).unwrap();
    let (success, words) =
        world.try_mlenv("one", &["answer", "--shell", "bash", "--marker", path.to_str().unwrap()]);
    assert!(success && words.contains("export __MLENV_SESSION="), "{words}");
}
