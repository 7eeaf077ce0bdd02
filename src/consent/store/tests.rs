//! Consent as the store keeps it.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;

use super::*;
use crate::consent::consider;
use crate::consent::marker::NAME;
use crate::env::record::tests::SAMPLE;

struct World {
    root: tempfile::TempDir,
    store: Store,
}

/// A project with an allowed env.
fn allowed() -> World {
    let root = tempfile::tempdir().unwrap();
    let world =
        World { store: Store { dir: root.path().join("state/trust"), judge: Judge::new() }, root };
    fs::create_dir_all(world.path("p")).unwrap();
    env(&world.path("p/env"), "first");
    fs::write(world.path("p").join(NAME), "env = './env'\n").unwrap();
    world.store.allow(&world.subject(), Shared::No).unwrap();
    world
}

fn env(path: &Path, created: &str) {
    fs::create_dir_all(path.join("bin")).unwrap();
    let record = SAMPLE.replace("2026-01-01T00:00:00Z", created);
    assert!(record.contains(created));
    fs::write(path.join("mlenv.toml"), record).unwrap();
}

impl World {
    fn path(&self, name: &str) -> PathBuf {
        self.root.path().join(name)
    }

    fn subject_of(&self, dir: &str) -> Subject {
        let marker = Marker::read(&self.path(dir)).unwrap().unwrap();
        Subject::of(&marker, &marker.env(Path::new("/none")), &self.store.judge).unwrap()
    }

    fn subject(&self) -> Subject {
        self.subject_of("p")
    }

    /// What an activation is told.
    fn told(&self, dir: &str) -> Option<String> {
        let considered = consider(&self.path(dir), Path::new("/none"), &self.store);
        considered.unwrap().unwrap().verdict.err().map(|refusal| refusal.to_string())
    }

    #[track_caller]
    fn check(&self, dir: &str, expected: &Verdict) {
        let marker = self.subject_of(dir).marker;
        let refusal = expected.refusal(&marker).map(|refusal| refusal.to_string());
        assert_eq!(self.told(dir), refusal);
    }
}

fn chmod(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}

#[test]
fn consent_holds_for_these_bytes_at_this_place_only() {
    let world = allowed();
    world.check("p", &Verdict::Trusted);
    fs::write(world.path("p").join(NAME), "env = './env' \n").unwrap();
    world.check("p", &Verdict::Edited);
    // The same bytes elsewhere, under a name that only looks alike.
    fs::create_dir(world.path("p-evil")).unwrap();
    env(&world.path("p-evil/env"), "first");
    fs::write(world.path("p-evil").join(NAME), "env = './env'\n").unwrap();
    world.check("p-evil", &Verdict::Unknown);
}

#[test]
fn a_link_to_the_project_is_the_project() {
    let world = allowed();
    std::os::unix::fs::symlink(world.path("p"), world.path("link")).unwrap();
    world.check("link", &Verdict::Trusted);
    assert_eq!(world.subject_of("link").env, world.path("p/env").canonicalize().unwrap());
}

#[test]
fn another_env_at_the_same_path_is_not_the_one_allowed() {
    let world = allowed();
    fs::rename(world.path("p/env"), world.path("p/old")).unwrap();
    env(&world.path("p/env"), "first");
    world.check("p", &Verdict::Replaced);
    // Made anew where the inode may come back: the birth date tells.
    fs::remove_dir_all(world.path("p/env")).unwrap();
    fs::rename(world.path("p/old"), world.path("p/env")).unwrap();
    world.check("p", &Verdict::Trusted);
    env(&world.path("p/env"), "second");
    world.check("p", &Verdict::Replaced);
}

#[test]
fn what_others_can_write_needs_consent_that_says_so() {
    let world = allowed();
    for (name, usual) in
        [("p", 0o755), ("p/env", 0o755), ("p/env/bin", 0o755), ("p/.mlenv.toml", 0o644)]
    {
        chmod(&world.path(name), usual | 0o002);
        let told = world.told("p").unwrap_or_default();
        assert!(told.contains("can be written by everybody"), "{name}: {told}");
        assert!(world.store.allow(&world.subject(), Shared::No).is_err(), "{name}");
        chmod(&world.path(name), usual);
    }
    chmod(&world.path("p/env"), 0o757);
    world.store.allow(&world.subject(), Shared::Accepted).unwrap();
    world.check("p", &Verdict::Trusted);
    // It is about who, not where.
    chmod(&world.path("p/env/bin"), 0o757);
    world.check("p", &Verdict::Trusted);
}

#[test]
fn a_denial_stands_until_it_is_taken_back() {
    let world = allowed();
    let marker = world.subject().marker;
    world.store.deny(&marker).unwrap();
    world.check("p", &Verdict::Denied);
    fs::write(&marker, "env = \"./env\"\n").unwrap();
    world.check("p", &Verdict::Denied);
    world.store.allow(&world.subject(), Shared::No).unwrap();
    world.check("p", &Verdict::Trusted);
}

#[test]
fn an_answer_that_others_could_have_written_counts_as_none() {
    let world = allowed();
    chmod(&world.store.dir, 0o770);
    world.check("p", &Verdict::Unknown);
    assert!(world.store.allow(&world.subject(), Shared::No).is_err());
    chmod(&world.store.dir, 0o700);
    let judge = Judge::of(nix::unistd::Uid::from_raw(4242));
    let other = Store { dir: world.store.dir.clone(), judge };
    assert!(other.answer(&world.subject().marker).unwrap().is_none());
}
