//! What mlenv's own installer needs of an env, and what it does of an errand.

#[cfg(feature = "conda")]
use super::{Signals, Trace};
use super::{Site, Task, Told};
#[cfg(feature = "conda")]
use crate::conda;
use crate::error::Result;
#[cfg(feature = "conda")]
use crate::packages::conda::Errand;
#[cfg(feature = "conda")]
use crate::packages::transaction::{Item, Load, Transaction};

impl Task {
    /// True for what mlenv does itself: it says all that is to be said.
    pub(crate) fn is_own(&self) -> bool {
        #[cfg(feature = "conda")]
        return matches!(self, Self::Own(_));
        #[cfg(not(feature = "conda"))]
        false
    }

    /// Fetches what is to be put in place, where that is ours to do.
    pub(crate) fn fetch(&self, site: &Site, told: &Told) -> Result<()> {
        #[cfg(feature = "conda")]
        if let (Self::Own(_), Some(change)) = (self, &told.change) {
            return conda::fetch(&site.place(), change);
        }
        let _ = (site, told);
        Ok(())
    }
}

impl Told {
    /// The newest versions that there are of what an update is about, whether they fit or not, where that is known.
    pub(crate) fn newest(&self) -> Vec<(String, String)> {
        #[cfg(feature = "conda")]
        return self.change.as_ref().map(|change| change.newest.clone()).unwrap_or_default();
        #[cfg(not(feature = "conda"))]
        Vec::new()
    }
}

/// A change of mlenv's own, as any tool would tell it.
#[cfg(feature = "conda")]
pub(super) fn told(place: &conda::Place, change: &conda::Change) -> Transaction {
    let item = |found: conda::Named| Item {
        size: found.size,
        from: found.from,
        ..Item::of(found.name, found.version)
    };
    let (packages, bytes) = conda::to_fetch(place, change);
    Transaction {
        come: change.come().map(item).collect(),
        go: change.go().map(item).collect(),
        fetch: Some(Load { packages, bytes }),
    }
}

#[cfg(feature = "conda")]
impl Site<'_> {
    pub(super) fn place(&self) -> conda::Place<'_> {
        conda::Place {
            env: self.env,
            host: self.host,
            inside: self.inside,
            cache: self.cache,
            ui: self.ui,
            channels: self.channels,
            is_offline: self.is_offline,
            until: self.until.cloned(),
            scripts: self.runs_scripts.then_some(self.vars),
        }
    }

    /// Puts it in place.
    pub(super) fn carry(&self, errand: &Errand, told: &Told, signals: &Signals) -> Result<Trace> {
        let place = self.place();
        let reach = match &told.change {
            Some(change) => conda::carry(&place, change, signals.stop())?,
            None => conda::carry(&place, &self.decide(errand)?, signals.stop())?,
        };
        Ok(if reach == conda::Reach::Apart { Trace::Known } else { Trace::Anything })
    }

    /// What mlenv itself would do.
    pub(super) fn decide(&self, errand: &Errand) -> Result<conda::Change> {
        let place = self.place();
        match errand {
            Errand::Install { channels, specs } => conda::install(&place, channels, specs),
            Errand::Again { channels, specs } => conda::again(&place, channels, specs),
            Errand::Exactly { archives, .. } => conda::exactly(&place, archives),
            Errand::Update { channels, specs, names } => {
                conda::update(&place, channels, (specs, names))
            }
            Errand::Remove(names) | Errand::RemoveOnly(names) => conda::uninstall(&place, names),
        }
    }
}

impl Told {
    /// The archives that mlenv's own installer would put in place, as explicit lists have them; none where a client does
    /// that.
    pub(crate) fn archives(&self) -> Option<Vec<String>> {
        #[cfg(feature = "conda")]
        return self.change.as_ref().map(conda::Change::archives);
        #[cfg(not(feature = "conda"))]
        None
    }
}
