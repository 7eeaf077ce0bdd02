//! A `doctor --fix` that is killed at any moment harms nothing, and the next one ends its work.

use std::process::Stdio;
use std::time::{Duration, Instant};

use crate::care::Patient;
use crate::tree;

#[test]
fn a_repair_that_is_killed_is_ended_by_the_next_one() {
    let patient = Patient::with_layout("sparse");
    patient.pip(&["install", "-q", "fresh"]);
    let sick = patient.sandbox.path("sick");
    let copy = || {
        let _ = std::fs::remove_dir_all(&sick);
        patient.sandbox.run("cp").arg("-a").arg(&patient.env).arg(&sick).ok();
    };
    let words = ["doctor", "-q", "--fix", "--layout", "standard", "sick"];
    copy();
    let began = Instant::now();
    patient.sandbox.mlenv(words).ok();
    let whole = began.elapsed();
    let expected = tree::shape(&sick);
    let mut interrupted = 0;
    for part in 0..20_u32 {
        copy();
        let mut child =
            patient.sandbox.mlenv(words).command().stdout(Stdio::null()).spawn().unwrap();
        std::thread::sleep(whole * part / 18 + Duration::from_micros(100));
        child.kill().unwrap();
        interrupted += u32::from(!child.wait().unwrap().success());
        assert!(sick.join("mlenv.toml").is_file());
        let code = "import fresh, click";
        patient.python(&sick, code); // its links to the base are never missing
        patient.sandbox.mlenv(words).ok();
        let mut found = tree::shape(&sick);
        found.retain(|path, _| !path.file_name().unwrap().to_string_lossy().starts_with(".mlenv-"));
        tree::assert_same(&expected, &found, "the mended env");
    }
    assert!(interrupted > 3, "the kills came too late to show anything");
}
