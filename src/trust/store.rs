//! What the user allowed and denied: one small file per marker, in a directory that is the user's alone.
//!
//! The file's name is the hash of the marker's path, so a hook can watch it before there is any: that is how
//! `mlenv allow` in one terminal takes effect at the next prompt of another.

use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use nix::unistd::Uid;
use sha2::{Digest, Sha256};

use super::answer::{Allowed, Answer};
use super::{Subject, Verdict, content, nodes, private_dir};
use crate::config::{Dirs, read_toml};
use crate::error::{Attempt, Error, Result};
use crate::marker::Marker;
use crate::text::{PathText, hex};

/// The answers of one user.
#[derive(Debug)]
pub(crate) struct Store {
    dir: PathBuf,
    /// Whose consent it is.
    pub(crate) user: Uid,
}

impl Store {
    /// The store of the user who runs this process.
    pub(crate) fn new(dirs: &Dirs) -> Self {
        Self { dir: dirs.state.join("trust"), user: Uid::effective() }
    }

    /// The file that holds the user's consent to the marker `path`, or will. It is there while the user consents to
    /// some text of that marker, and a denial takes it away. `path` has no links in it.
    pub(crate) fn answer_path(&self, path: &Path) -> PathBuf {
        self.dir.join(hex(&Sha256::digest(path.as_os_str().as_bytes())))
    }

    /// Where consent to the marker is, and where a denial.
    fn paths(&self, marker: &Path) -> (PathBuf, PathBuf) {
        let yes = self.answer_path(marker);
        let no = yes.with_extension("no");
        (yes, no)
    }

    /// Decides about what `subject` saw.
    #[cfg(test)]
    fn judge(&self, subject: &Subject) -> Result<Verdict> {
        Ok(Answer::verdict(self.answer(&subject.marker)?.as_ref(), subject))
    }

    /// True where the user denied this marker, whatever it says.
    pub(crate) fn denies(&self, marker: &Path) -> Result<bool> {
        Ok(matches!(self.answer(marker)?, Some(Answer::Deny { .. })))
    }

    /// The env that the user allowed `marker`, as it says now, to activate; whatever became of it.
    pub(crate) fn allowed_env(&self, marker: &Marker) -> Option<PathBuf> {
        match self.answer(&marker.path).ok()?? {
            Answer::Allow(allowed) if allowed.content == content(marker) => Some(allowed.env.0),
            _ => None,
        }
    }

    /// Writes the user's consent. `shared` says whether it covers that others can change marker or env.
    pub(crate) fn allow(&self, subject: &Subject, shared: Shared) -> Result<()> {
        if shared == Shared::No && !subject.exposures.is_empty() {
            let exposed = Verdict::Exposed(subject.exposures.iter().cloned().collect());
            return Err(exposed
                .refusal(&subject.marker)
                .unwrap_or_else(|| Error::no("not trusted")));
        }
        self.write(&Answer::Allow(Allowed {
            marker: PathText(subject.marker.clone()),
            content: subject.content.clone(),
            env: PathText(subject.env.clone()),
            identity: subject.identity.clone(),
            shared: subject.exposures.clone(),
        }))
    }

    /// Writes the user's refusal of whatever lies at `marker`.
    pub(crate) fn deny(&self, marker: &Path) -> Result<()> {
        self.write(&Answer::Deny { marker: PathText(marker.to_owned()) })
    }

    /// Reads the answer, if it is the user's own: a file that somebody else put there counts as none.
    pub(super) fn answer(&self, marker: &Path) -> Result<Option<Answer>> {
        let own =
            |meta: &std::fs::Metadata| meta.uid() == self.user.as_raw() && meta.mode() & 0o022 == 0;
        if !nodes::open(&self.dir).is_ok_and(|dir| own(&dir)) {
            return Ok(None);
        }
        let (yes, no) = self.paths(marker);
        for path in [no, yes] {
            if nodes::open(&path).is_ok_and(|file| own(&file) && file.is_file()) {
                let answer: Option<Answer> = read_toml(&path)?;
                return Ok(answer.filter(|answer| answer.marker() == marker));
            }
        }
        Ok(None)
    }

    /// A hook watches whether consent is there: a denial is written first and then takes it away; consent is written
    /// last. Between the two there is a denial, or no answer.
    fn write(&self, answer: &Answer) -> Result<()> {
        private_dir(&self.dir)?;
        let (yes, no) = self.paths(answer.marker());
        let text = toml::to_string(answer)
            .map_err(|cause| Error::new(format!("could not write consent: {cause}")))?;
        let write =
            |path: &Path| crate::fs::write_private(path, text.as_bytes()).attempt("write", path);
        let remove = |path: &Path| crate::fs::remove_file(path).attempt("remove", path);
        match answer {
            Answer::Deny { .. } => write(&no).and_then(|()| remove(&yes)),
            Answer::Allow(_) => remove(&no).and_then(|()| write(&yes)),
        }
    }
}

/// Whether consent covers that others can change what it is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shared {
    /// It does not: an exposed marker or env is refused.
    No,
    /// It does, for those who can now.
    Accepted,
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "tests build worlds of their own")]
mod tests {
    use std::fs::{self, Permissions};
    use std::os::unix::fs::PermissionsExt;

    use super::*;
    use crate::marker::NAME;

    struct World {
        root: tempfile::TempDir,
        store: Store,
    }

    /// A project with an allowed env.
    fn allowed() -> World {
        let root = tempfile::tempdir().unwrap();
        let world = World {
            store: Store { dir: root.path().join("state/trust"), user: Uid::effective() },
            root,
        };
        fs::create_dir_all(world.path("p")).unwrap();
        env(&world.path("p/env"), "first");
        fs::write(world.path("p").join(NAME), "env = './env'\n").unwrap();
        world.store.allow(&world.subject(), Shared::No).unwrap();
        world
    }

    fn env(path: &Path, created: &str) {
        fs::create_dir_all(path.join("bin")).unwrap();
        fs::write(path.join("mlenv.toml"), format!("created = '{created}'")).unwrap();
    }

    impl World {
        fn path(&self, name: &str) -> PathBuf {
            self.root.path().join(name)
        }

        fn subject_of(&self, dir: &str) -> Subject {
            let marker = Marker::read(&self.path(dir)).unwrap().unwrap();
            Subject::of(&marker, &marker.env(Path::new("/none")), self.store.user).unwrap()
        }

        fn subject(&self) -> Subject {
            self.subject_of("p")
        }

        #[track_caller]
        fn check(&self, dir: &str, expected: &Verdict) {
            assert_eq!(self.store.judge(&self.subject_of(dir)).unwrap(), *expected);
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
            assert!(
                matches!(world.store.judge(&world.subject()).unwrap(), Verdict::Exposed(_)),
                "{name}"
            );
            assert!(world.store.allow(&world.subject(), Shared::No).is_err(), "{name}");
            chmod(&world.path(name), usual);
        }
        chmod(&world.path("p/env"), 0o757);
        world.store.allow(&world.subject(), Shared::Accepted).unwrap();
        world.check("p", &Verdict::Trusted);
        // Wider than what was accepted.
        chmod(&world.path("p/env/bin"), 0o757);
        assert!(
            matches!(world.store.judge(&world.subject()).unwrap(), Verdict::Exposed(more) if more.len() == 1)
        );
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
        let other = Store { dir: world.store.dir.clone(), user: Uid::from_raw(4242) };
        assert!(other.answer(&world.subject().marker).unwrap().is_none());
    }
}
