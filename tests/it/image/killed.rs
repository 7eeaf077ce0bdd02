//! Images that are unpacked, deployed, frozen and pushed, killed at calls all along: what has a name is whole, and the next
//! run does what was asked and takes away what the killed one left.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::freeze::Frozen;
use super::layers::{image_of, layer_of};
use super::upload::Moody;
use crate::env::kills::{calls, some, struck};
use crate::kit::fakeregistry::{Fake, Store};
use crate::kit::forge::hollow_base;
use crate::support::sandbox::{Run, Sandbox};
use crate::support::tree;

/// A link that says to whom an unfinished directory belongs.
const MARK: &str = ".mlenv-stage";

/// What is below a directory, but for marks.
fn names(dir: &Path) -> BTreeSet<PathBuf> {
    if !dir.is_dir() {
        return BTreeSet::new();
    }
    let names = tree::names(dir).into_iter();
    names.filter(|name| !name.ends_with(MARK)).collect()
}

/// The same, or how long a file is.
fn shape(path: &Path) -> (BTreeSet<PathBuf>, Option<u64>) {
    let length = path.metadata().ok().filter(std::fs::Metadata::is_file).map(|meta| meta.len());
    (names(path), length)
}

fn is_litter(path: &Path) -> bool {
    let names = path.components().map(|part| part.as_os_str().to_string_lossy().into_owned());
    names.into_iter().any(|name| name.starts_with(".mlenv-") && name != MARK)
}

/// Kills `words`, which are to make `made` in the directory `w`, at calls all along. `may_refuse`: a second run refuses
/// where the first one had made it.
fn kill(sandbox: &Sandbox, words: &[&str], made: &str, may_refuse: bool) {
    let work = sandbox.path("w");
    let again = || {
        let _ = std::fs::remove_dir_all(&work);
        std::fs::create_dir_all(&work).unwrap();
    };
    let run = || -> Run { sandbox.mlenv(words).cwd(&work) };
    again();
    let all = calls(&run(), &sandbox.path("log"), &["-f"]);
    let whole = names(&work);
    let content = shape(&work.join(made));
    let mut killed = 0;
    for call in some(&all, 10) {
        again();
        let outcome = struck(run(), call, "KILL", &["-f"]);
        killed += usize::from(!outcome.status.success());
        let when = format!("{words:?} killed at {} {}", call.0, call.1);
        let is_there = work.join(made).symlink_metadata().is_ok();
        if is_there && may_refuse {
            assert_eq!(shape(&work.join(made)), content, "{when}");
        }
        let next = run().end();
        let is_right = next.status.success() || is_there && may_refuse;
        assert!(is_right, "{when}: {next}");
        sandbox.mlenv(["prune", "-q"]).ok();
        let mut found = names(&work);
        if !next.status.success() {
            // It refused before it looked around: what is unfinished beside it goes with the next one that is made there.
            found.retain(|path| !is_litter(path));
        }
        assert_eq!(found, whole, "{when}");
    }
    assert!(killed > 0, "no call of {words:?} was met");
    let left: Vec<PathBuf> =
        tree::names(sandbox.root()).into_iter().filter(|path| is_litter(path)).collect();
    assert_eq!(left, [] as [PathBuf; 0]);
}

/// A small image with a base in it.
fn served(sandbox: &Sandbox) -> Fake {
    let base = hollow_base(&sandbox.path("image/opt/conda"));
    for at in 0..9 {
        std::fs::create_dir_all(base.join(format!("include/d{}", at % 3))).unwrap();
        std::fs::write(base.join(format!("include/d{}/f{at}", at % 3)), "x").unwrap();
    }
    image_of_dir(sandbox)
}

/// A registry with an image of what lies in `image`.
pub(super) fn image_of_dir(sandbox: &Sandbox) -> Fake {
    let tar = sandbox.run("tar").args(["-cf", "layer.tar", "-C", "image", "opt"]);
    tar.ok();
    let mut store = Store::default();
    let lower = std::fs::read(sandbox.path("layer.tar")).unwrap();
    image_of(&mut store, &[lower, layer_of("note", "text")]);
    Fake::plain(move |request| store.answer(request))
}

#[test]
fn unpack_comes_right_after_a_kill_at_any_call() {
    let sandbox = Sandbox::new();
    let fake = served(&sandbox);
    let image = fake.image("lab/app:v1");
    kill(&sandbox, &["image", "unpack", "-q", &image, "out"], "out", true);
    kill(&sandbox, &["image", "unpack", "-q", &image, "--tar", "all.tar"], "all.tar", false);
}

#[test]
fn deploy_comes_right_after_a_kill_at_any_call() {
    let sandbox = Sandbox::new();
    let fake = served(&sandbox);
    let image = fake.image("lab/app:v1");
    let words = ["image", "deploy", "-q", &image, "images", "--wishlist", "list.yaml"];
    kill(&sandbox, &words, "images", false);
    let link = sandbox.path("w/images").join(fake.address.to_string()).join("lab/app:v1");
    assert!(link.join("opt/conda/mlenv-standard.tar.zst").is_file(), "the index is made");
    assert!(link.join(MARK).symlink_metadata().is_err(), "nothing of a stage is left in it");
}

/// What the tag means and what it meant before are both known at any moment.
#[test]
fn a_deployment_that_is_undone_forgets_nothing_when_it_is_killed() {
    let sandbox = Sandbox::new();
    let fake = served(&sandbox);
    let image = fake.image("lab/app:v1");
    let deploy =
        |words: &[&str]| sandbox.mlenv(["image", "deploy", "-q", &image, "images"]).args(words);
    deploy(&[]).ok();
    let link = sandbox.path("images").join(fake.address.to_string()).join("lab/app:v1");
    let before = link.with_file_name(".app:v1.before");
    let (one, other) = (std::fs::read_link(&link).unwrap(), PathBuf::from("../other"));
    std::os::unix::fs::symlink(&other, &before).unwrap();
    let both = || {
        let read = |link: &Path| std::fs::read_link(link).unwrap();
        BTreeSet::from([read(&link), read(&before)])
    };
    let all = calls(&deploy(&["--undo"]), &sandbox.path("log"), &["-f"]);
    let mut killed = 0;
    for call in &all {
        let outcome = struck(deploy(&["--undo"]), call, "KILL", &["-f"]);
        killed += usize::from(!outcome.status.success());
        assert_eq!(both(), BTreeSet::from([one.clone(), other.clone()]), "{call:?}");
    }
    assert!(killed > 0, "{all:?}");
}

#[test]
fn freeze_comes_right_after_a_kill_at_any_call() {
    let frozen = Frozen::new(201);
    for (output, made) in [("env.oci.tar", "env.oci.tar"), ("oci:out", "out")] {
        let env = frozen.sandbox.path("env");
        let words = ["image", "freeze", "-q", env.to_str().unwrap(), "-o", output];
        kill(&frozen.sandbox, &words, made, true);
    }
}

/// What it tells the registry is what counts: the kill is at the requests.
#[test]
fn push_comes_right_after_a_kill_at_any_request() {
    let moody = Moody::new(|_| None);
    let log = moody.sandbox.path("log");
    let front = ["strace", "-f", "-qq", "-e", "trace=sendto", "-o", log.to_str().unwrap()];
    moody.push().behind(front).ok();
    let sends = std::fs::read_to_string(&log).unwrap();
    let sends = sends.lines().filter(|line| line.contains("sendto(")).count();
    assert!(sends > 5, "{sends}");
    let last = sends.saturating_sub(4)..=sends;
    let mut killed = 0;
    for at in (1..=4).chain((1..4).map(|part| part * sends / 4)).chain(last) {
        moody.forget();
        let told = struck(moody.push(), &("sendto".to_owned(), at), "KILL", &["-f"]);
        killed += usize::from(!told.status.success());
        if moody.has_tag() {
            moody.has_all();
        }
        moody.push().ok();
        moody.has_all();
    }
    assert!(killed > 5, "{killed}");
}
