//! The lock of an image, beside what describes it: obeyed where that is asked for, else written once the image is where it was
//! to go.

use std::path::{Path, PathBuf};

use crate::base::Base;
use crate::base::installed::Installed;
use crate::cli::ImageBuild;
use crate::context::Context;
use crate::env::probe::Probe;
use crate::env::record::Record;
use crate::error::{Error, Result};
use crate::image::Reference;
use crate::packages::demand::Demand;
use crate::packages::lock::taken::taken;
use crate::packages::lock::{self, Lock, make};
use crate::packages::{Manner, opened, pins};
use crate::resolve::Env;
use crate::text::{Shown, count};

/// What a build keeps to, or will write down.
pub(super) struct Guide<'a> {
    /// What describes the image, where that is a file.
    file: Option<&'a Path>,
    /// Where its lock lies.
    place: Option<PathBuf>,
    /// The lock, where it is to be obeyed.
    lock: Option<Lock>,
}

impl<'a> Guide<'a> {
    pub(super) fn of(arguments: &ImageBuild, file: Option<&'a Path>) -> Result<Self> {
        let place = file.map(|file| Lock::of_image(file, arguments.spec.variant.as_deref()));
        let lock = match (arguments.locked, &place) {
            (false, _) => None,
            (true, Some(place)) => Some(Lock::read_for_image(place)?),
            (true, None) => {
                return Err(Error::new("a preset has no lock: nothing of it lies on this disk")
                    .hint("write a description with `preset = \"NAME\"`, and build that"));
            }
        };
        Ok(Self { file, place, lock })
    }

    /// Keeps to nothing, and writes nothing.
    pub(super) fn none() -> Self {
        Self { file: None, place: None, lock: None }
    }

    /// The base image: the very one of the lock, else the one that is named.
    pub(super) fn image(&self, named: &Reference) -> Result<Reference> {
        match self.lock.as_ref().and_then(Lock::image) {
            Some(image) => Reference::parse(image),
            None => Ok(named.clone()),
        }
    }

    /// The lock that is to be obeyed, if one is; one that was made for something else is refused.
    pub(super) fn lock(&self, context: &Context, demand: &Demand) -> Result<Option<&Lock>> {
        if let (Some(lock), Some(file), Some(place)) = (&self.lock, self.file, &self.place) {
            lock.check_image(&make::asked(context, demand, self.dir())?, (file, place))?;
        }
        Ok(self.lock.as_ref())
    }

    /// The lock that is to be obeyed, before it is looked at.
    pub(super) fn given(&self) -> Option<&Lock> {
        self.lock.as_ref()
    }

    fn dir(&self) -> &Path {
        self.file.and_then(Path::parent).unwrap_or(Path::new("/"))
    }

    /// Installs into the bare env just what a lock says, and gives its record as it is then.
    pub(super) fn obey(
        &self,
        context: &Context,
        probe: &Probe,
        (demand, lock): (&Demand, &Lock),
    ) -> Result<Record> {
        let env = Env { path: probe.env().to_owned(), record: record(probe)? };
        let site = opened::open(context, env)?;
        pins::lift(&site.env, &demand.shadowing(&site))?;
        Manner::unasked(context, |manner| {
            lock::obey::install(context, site, (demand, lock, self.dir()), manner)
        })?;
        record(probe)
    }

    /// What is in the image, for the next one that is to be the same; of a base that was made for it also what is `below`. None
    /// where a lock is obeyed, or nothing lies anywhere.
    pub(super) fn taken(
        &self,
        context: &Context,
        (probe, base, below): (&Probe, &Base, &[Installed]),
        demand: &Demand,
        image: &Reference,
    ) -> Option<Result<Lock>> {
        let is_wanted = self.place.is_some() && self.lock.is_none();
        let taken = || taken(context, (probe.env(), base, below), (demand, self.dir()), image);
        is_wanted.then(taken)
    }

    /// Writes it down once the image is there: what fails is a warning.
    pub(super) fn keep(&self, context: &Context, taken: Option<Result<Lock>>) {
        let (Some(place), Some(taken)) = (&self.place, taken) else { return };
        let kept = taken.and_then(|lock| {
            let is_known = Lock::read(place)?.is_some_and(|before| before == lock);
            if is_known { Ok(None) } else { lock.write(place).map(|()| Some(lock.len())) }
        });
        match kept {
            Ok(None) => {}
            Ok(Some(number)) => {
                let packages = count(number, "package", "packages");
                let place = Shown(place);
                context.ui.say(format!("wrote {place}: {packages}; --locked builds just them"));
            }
            Err(error) => context.ui.warn(format!("no lock was written: {error}")),
        }
    }
}

/// The record of the bare env.
pub(super) fn record(probe: &Probe) -> Result<Record> {
    Record::read(probe.env())?.ok_or_else(|| Error::new("the env that was made has no record"))
}
