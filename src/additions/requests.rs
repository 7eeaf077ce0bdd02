//! What the user asked for: kept in the env's record, so that an env can be made again. Pure.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::care::installed::key;

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
    /// True where nothing was asked for.
    pub(crate) fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Adds a request; one for the same package, in whatever spelling, gives way.
    pub(crate) fn add(&mut self, side: Side, name: &str, spec: &str) {
        self.forget(side, name);
        self.of(side).insert(key(name), spec.to_owned());
    }

    /// Takes a request out.
    pub(crate) fn forget(&mut self, side: Side, name: &str) {
        let gone = key(name);
        self.of(side).retain(|known, _| key(known) != gone);
    }

    /// Adds channels that are not known yet.
    pub(crate) fn add_channels(&mut self, channels: &[String]) {
        for channel in channels {
            if !self.channels.contains(channel) {
                self.channels.push(channel.clone());
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

/// The package that a spec is about: `conda-forge::numpy>=2` is about `numpy`. None for a path or an address alone.
pub(crate) fn name_of(spec: &str) -> Option<&str> {
    let spec = spec.rsplit_once("::").map_or(spec, |(_, spec)| spec).trim_start();
    let is_part = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    let end = spec.bytes().position(|byte| !is_part(byte)).unwrap_or(spec.len());
    let (name, rest) = spec.split_at(end);
    let is_place = rest.starts_with(['/', ':', '+']) || name.starts_with('.');
    (!is_place && name.starts_with(|first: char| first.is_ascii_alphanumeric())).then_some(name)
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

    #[test]
    fn specs_are_about_packages_and_paths_are_not() {
        for (spec, name) in [
            ("numpy", Some("numpy")),
            ("numpy>=2,<3", Some("numpy")),
            ("conda-forge::numpy=2.0=py311_0", Some("numpy")),
            ("uproot[http]==5.7; python_version>'3'", Some("uproot")),
            ("demo @ https://x/y.whl", Some("demo")),
            ("https://x/y.whl", None),
            ("git+https://x/y", None),
            ("./here", None),
            ("/there", None),
            ("some/where", None),
            ("-e", None),
        ] {
            assert_eq!(name_of(spec), name, "{spec}");
        }
    }
}
