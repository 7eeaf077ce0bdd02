//! Links of hostile archives: a thousand random chains, each unpacked by the program, and the ones that were thought
//! of. What is taken leads nowhere but into the env, or to a file of the base.

use std::path::{Path, PathBuf};

use walkdir::WalkDir;

use crate::kit::forge::{self, Entry};
use crate::pack::story::{hollow, pack};
use crate::support::sandbox::Sandbox;
use crate::support::tree;

/// Numbers that look random, the same ones each time.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 33).unwrap() % sides
    }

    fn one_of<'a>(&mut self, all: &[&'a str]) -> &'a str {
        all[self.roll(all.len())]
    }
}

const DIRS: [&str; 5] = ["", "a/", "a/b/", "a/b/c/", "lib/"];

/// Entries with a few links whose texts go up, down, through each other and through the base.
fn chain(dice: &mut Dice) -> Vec<Entry> {
    let mut entries: Vec<Entry> = ["a", "a/b", "a/b/c", "lib"].map(Entry::dir).into();
    let up = ["", "..", "..", "../..", "../..", "../../.."];
    let names =
        ["l0", "l1", "l2", "l3", "a", "b", "c", "lib", "x", "victim", "..", ".", "", "baseEnv_dir"];
    for at in 0..2 + dice.roll(5) {
        let dir = dice.one_of(&DIRS);
        let mut target = vec![dice.one_of(&up)];
        target.extend((0..=dice.roll(4)).map(|_| dice.one_of(&names)));
        let target = target.join("/");
        entries.push(Entry::link(&format!("{dir}l{at}"), target.trim_start_matches('/')));
    }
    entries
}

/// Every link of an env leads into the env, to a file of the base, or nowhere; whatever is written through one stays there.
fn is_tame(sandbox: &Sandbox, env: &Path, base: &Path) {
    for entry in WalkDir::new(env).into_iter().map(Result::unwrap) {
        if !entry.path_is_symlink() || entry.path() == env.join("baseEnv_dir") {
            continue;
        }
        let Ok(real) = entry.path().canonicalize() else { continue };
        let target = std::fs::read_link(entry.path()).unwrap();
        let shown =
            format!("{} -> {}: {}", entry.path().display(), target.display(), real.display());
        let inside = real.starts_with(env) && real != env;
        assert!(inside || (real.starts_with(base) && real.is_file()), "{shown}");
        let _ = std::fs::write(entry.path().join("written"), "through it");
    }
    let victims = ["victim", "place/victim", "base/victim"];
    for victim in victims.map(|dir| sandbox.path(dir)) {
        assert_eq!(std::fs::read_dir(victim).unwrap().count(), 0);
    }
}

/// Directories that a link which leads out would find.
fn set_out(sandbox: &Sandbox) -> tree::Listing {
    for dir in ["victim", "place/victim", "place/x", "base/victim", "base/a/b", "base/x"] {
        std::fs::create_dir_all(sandbox.path(dir)).unwrap();
    }
    snapshot(sandbox)
}

/// All but the times of directories that the program may write to, and its own memory.
fn snapshot(sandbox: &Sandbox) -> tree::Listing {
    let mut all = tree::snapshot(sandbox.root());
    all.retain(|path, _| {
        !path.starts_with("home") && path != Path::new("place") && path != Path::new("base")
    });
    all
}

#[test]
fn no_chain_of_links_in_an_index_leads_out_of_the_env_or_to_a_directory_of_the_base() {
    let sandbox = Sandbox::new();
    let base = forge::hollow_base(&sandbox.path("base"));
    let state = forge::state(&sandbox, &base);
    let (mut dice, mut taken) = (Dice(88_172_645_463_325_252), 0);
    let before = set_out(&sandbox);
    let index = base.join("mlenv-standard.tar.zst");
    for _ in 0..500 {
        let tar = forge::tar(&chain(&mut dice));
        std::fs::write(&index, forge::index(&tar, &state)).unwrap();
        let env = sandbox.path("place/env");
        let told = sandbox
            .mlenv(["create", "-q", "--no-save", "-p"])
            .arg(&env)
            .arg("--base")
            .arg(&base)
            .end();
        assert!(told.status.success() == env.exists() && !told.err.contains("panicked"), "{told}");
        if told.status.success() {
            taken += 1;
            is_tame(&sandbox, &env, &base);
            std::fs::remove_dir_all(env).unwrap();
        }
    }
    assert!((20..480).contains(&taken), "{taken}");
    std::fs::remove_file(index).unwrap();
    tree::assert_same(&before, &snapshot(&sandbox), "what there was");
}

/// Makes parcels of entries by the description of a real one.
fn parcels(sandbox: &Sandbox, env: &Path) -> impl Fn(&[Entry]) -> Vec<u8> + use<> {
    pack(sandbox, env);
    let about = forge::about_parcel(sandbox);
    move |entries| {
        let tar = forge::tar(entries);
        forge::framed(&tar, &about, u32::try_from(tar.len()).unwrap())
    }
}

#[test]
fn no_chain_of_links_in_a_parcel_does_either() {
    let (sandbox, env) = hollow(&[]);
    let parcel = parcels(&sandbox, &env);
    let base = sandbox.path("base");
    let (mut dice, mut taken) = (Dice(362_436_069_521_288_629), 0);
    let before = set_out(&sandbox);
    for _ in 0..500 {
        std::fs::write(sandbox.path("bad"), parcel(&chain(&mut dice))).unwrap();
        let told = sandbox.mlenv(["unpack", "-q", "bad", "--to", "place"]).end();
        let made = sandbox.path("place/env");
        assert!(told.status.success() == made.exists() && !told.err.contains("panicked"), "{told}");
        if told.status.success() {
            taken += 1;
            is_tame(&sandbox, &made, &base);
            std::fs::remove_dir_all(made).unwrap();
        }
    }
    assert!((20..480).contains(&taken), "{taken}");
    std::fs::remove_file(sandbox.path("bad")).unwrap();
    tree::assert_same(&before, &snapshot(&sandbox), "what there was");
}

/// Links that were thought of, and why each is refused.
fn thought_of() -> Vec<(Vec<Entry>, &'static str)> {
    let (dir, link) = (Entry::dir, Entry::link);
    let lib = || vec![dir("lib"), dir("lib/python3.11")];
    let with = |link: Entry| lib().into_iter().chain([link]).collect::<Vec<_>>();
    let site = "lib/python3.11/site-packages";
    let base = "is a directory of the base";
    vec![
        (
            vec![
                dir("a"),
                dir("a/b"),
                link("a/b/l", "../../x"),
                link("a/b/e", "l/../../../outside"),
            ],
            "leads out",
        ),
        (with(link(site, "../../baseEnv_dir/lib/python3.11/site-packages")), base),
        (with(link(site, "../../baseEnv_dir/lib/./python3.11//site-packages/")), base),
        (vec![dir("lib"), link("lib/python3.11", "../baseEnv_dir/lib/python3.11")], base),
        (vec![link("lib", "baseEnv_dir/lib")], base),
        (vec![dir("share"), link("share/x", "../baseEnv_dir/conda-meta")], base),
        (
            vec![link("up", "down/up"), link("down", "baseEnv_dir/lib"), dir("a")],
            "directory of the base",
        ),
        (vec![dir("a"), link("a/up", ".."), link("e", "a/up/baseEnv_dir/lib")], "env itself"),
        (
            vec![
                dir("a"),
                dir("a/b"),
                link("a/b/up", ".."),
                link("e", "a/b/up/../baseEnv_dir/bin"),
            ],
            base,
        ),
        (vec![link("round", "other"), link("other", "round")], "in a circle"),
        (vec![link("l", "baseEnv_dir/lib"), link("e", "l/../../x")], "climbs about"),
        (vec![dir("a"), Entry::file("a/./x", "x")], "not fit for use"),
        (vec![dir("a"), Entry::file("a//x", "x")], "not fit for use"),
    ]
}

#[test]
fn a_link_to_a_directory_of_the_base_or_out_of_the_env_is_refused_by_name() {
    let (sandbox, env) = hollow(&[]);
    let parcel = parcels(&sandbox, &env);
    let base = sandbox.path("base");
    let state = forge::state(&sandbox, &base);
    for (entries, why) in thought_of() {
        let index = base.join("mlenv-standard.tar.zst");
        std::fs::write(&index, forge::index(&forge::tar(&entries), &state)).unwrap();
        sandbox.mlenv(["create", "-p", "made", "--base", "base"]).fails(2, why).hints("--reindex");
        std::fs::remove_file(index).unwrap();
        std::fs::write(sandbox.path("bad"), parcel(&entries)).unwrap();
        let told = sandbox.mlenv(["unpack", "bad", "--to", "node"]).end();
        assert!(!told.status.success() && !sandbox.path("node").exists(), "{why}: {told}");
        old_archive(&base, &entries);
        let _ = std::fs::remove_dir_all(sandbox.path("home/.cache")); // where the index of `hollow`'s base is
        let told = sandbox.mlenv(["create", "-p", "made", "--base", "base"]).end();
        assert!(!told.status.success() && !sandbox.path("made").exists(), "{why}: {told}");
        std::fs::remove_file(base.join("newEnv-base.tgz")).unwrap();
    }
}

fn old_archive(base: &Path, entries: &[Entry]) -> PathBuf {
    let file = base.join("newEnv-base.tgz");
    let mut gz = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    std::io::Write::write_all(&mut gz, &forge::tar(entries)).unwrap();
    std::fs::write(&file, gz.finish().unwrap()).unwrap();
    file
}

#[test]
fn links_of_the_users_own_that_lead_to_a_directory_of_the_base_stay_behind() {
    let (sandbox, env) = hollow(&[("share/mine", b"mine")]);
    for (target, name) in
        [("../baseEnv_dir/lib", "whole"), ("mine", "near"), ("whole/..", "through")]
    {
        std::os::unix::fs::symlink(target, env.join("share").join(name)).unwrap();
    }
    pack(&sandbox, &env).says("share/whole");
    sandbox.mlenv(["unpack", "parcel", "--to", "node"]).ok();
    let share = sandbox.path("node/env/share");
    assert!(share.join("near").is_file());
    assert!(
        share.join("whole").symlink_metadata().is_err()
            && share.join("through").symlink_metadata().is_err()
    );
}
