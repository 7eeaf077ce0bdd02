//! What the user asked for: kept in the env's record, so that an env can be made again. Pure.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::error::Result;
use crate::specs::direct::{channel_without_secrets, without_secrets};
use crate::specs::{checked, key};

/// Requests by the package's name, in the words of the tool that is to fulfil them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct Requests {
    /// Channels that conda packages were asked for from.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) channels: Vec<String>,
    /// `cowsay` or `numpy>=2`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) conda: BTreeMap<String, String>,
    /// `uproot`, `click==8.2`, `-e /a/directory`, or `demo @ https://...`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) pip: BTreeMap<String, String>,
}

/// Whose request it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    /// A conda client's.
    Conda,
    /// pip's.
    Pip,
}

impl Requests {
    /// Refuses requests that no tool may be given.
    pub(crate) fn check(&self) -> Result<()> {
        self.channels.iter().try_for_each(|channel| checked::channel(channel))?;
        self.conda.values().try_for_each(|spec| checked::match_spec(spec))?;
        self.pip.values().try_for_each(|words| checked::request(words))
    }

    /// True where nothing was asked for.
    pub(crate) fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Adds a request; one for the same package, in whatever spelling, gives way. Passwords and tokens are not kept:
    /// others may read the record.
    pub(crate) fn add(&mut self, side: Side, name: &str, spec: &str) {
        let name = without_secrets(name);
        self.forget(side, &name);
        self.of(side).insert(key(&name), without_secrets(spec));
    }

    /// As `add`, but without passwords and tokens, which earlier versions kept.
    pub(crate) fn without_secrets(&self) -> Self {
        let bare = |specs: &BTreeMap<String, String>| {
            specs
                .iter()
                .map(|(name, spec)| (without_secrets(name), without_secrets(spec)))
                .collect()
        };
        let channels = self.channels.iter().map(|channel| channel_without_secrets(channel));
        Self { channels: channels.collect(), conda: bare(&self.conda), pip: bare(&self.pip) }
    }

    /// Takes a request out.
    pub(crate) fn forget(&mut self, side: Side, name: &str) {
        let gone = key(name);
        self.of(side).retain(|known, _| key(known) != gone);
    }

    /// Adds channels that are not known yet.
    pub(crate) fn add_channels(&mut self, channels: &[String]) {
        for channel in channels.iter().map(|channel| channel_without_secrets(channel)) {
            if !self.channels.contains(&channel) {
                self.channels.push(channel);
            }
        }
    }

    /// Adds all of these; they count where there is one for the same package.
    pub(crate) fn join(&mut self, more: Self) {
        self.add_channels(&more.channels);
        for (side, specs) in [(Side::Conda, more.conda), (Side::Pip, more.pip)] {
            for (name, spec) in specs {
                self.add(side, &name, &spec);
            }
        }
    }

    fn of(&mut self, side: Side) -> &mut BTreeMap<String, String> {
        match side {
            Side::Conda => &mut self.conda,
            Side::Pip => &mut self.pip,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_replaces_the_one_for_the_same_package() {
        let mut requests = Requests::default();
        requests.add(Side::Pip, "Foo_bar", "Foo_bar==1");
        requests.add(Side::Pip, "foo.bar", "foo.bar>=2");
        requests.add(Side::Conda, "foo-bar", "foo-bar");
        assert_eq!(requests.pip, [("foo-bar".into(), "foo.bar>=2".into())].into());
        requests.forget(Side::Pip, "FOO-BAR");
        assert!(requests.pip.is_empty() && !requests.is_empty());
    }
}
