//! What a tool would do to an env, before it does so, and what that means for the base. Pure.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use serde::{Deserialize, Serialize};

use crate::care::installed::{Installed, key};
use crate::text::shown;

/// A package that would come or go.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Item {
    /// As the tool spells it.
    pub(crate) name: String,
    /// Its version.
    pub(crate) version: String,
}

impl Item {
    /// `numpy 2.0`, for people.
    pub(crate) fn shown(&self) -> String {
        shown(&format!("{} {}", self.name, self.version))
    }
}

/// What a tool says it would do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Forecast {
    /// What would come.
    pub(crate) come: Vec<Item>,
    /// What would go.
    pub(crate) go: Vec<Item>,
}

/// One package in the place of another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Swap {
    /// Its name.
    name: String,
    /// The version that comes.
    version: String,
    /// The one that is there.
    instead_of: String,
}

/// The same as it concerns the user.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Outlook {
    /// New packages.
    pub(crate) add: Vec<Item>,
    /// The env's own that change their version.
    pub(crate) replace: Vec<Swap>,
    /// The base's that would no more be seen.
    pub(crate) shadow: Vec<Swap>,
    /// The env's own that go.
    pub(crate) remove: Vec<Item>,
    /// The base's that a conda client would take out of the env.
    #[serde(rename = "remove-of-base")]
    pub(crate) remove_of_base: Vec<Item>,
}

impl Outlook {
    /// Sorts a forecast by what is there today: `own` in the env, `base` below it.
    pub(crate) fn new(forecast: &Forecast, own: &[Installed], base: &[Installed]) -> Self {
        let mut outlook = Self::default();
        let there = |packages: &[Installed], item: &Item| {
            let key = key(&item.name);
            packages.iter().find(|package| package.key() == key).map(|found| found.version.clone())
        };
        for item in &forecast.come {
            let swap = |instead_of| Swap {
                name: item.name.clone(),
                version: item.version.clone(),
                instead_of,
            };
            match (there(own, item), there(base, item)) {
                (Some(version), _) => outlook.replace.push(swap(version)),
                (None, Some(version)) => outlook.shadow.push(swap(version)),
                (None, None) => outlook.add.push(item.clone()),
            }
        }
        let coming: BTreeSet<String> = forecast.come.iter().map(|item| key(&item.name)).collect();
        for item in forecast.go.iter().filter(|item| !coming.contains(&key(&item.name))) {
            let is_own = there(own, item).is_some();
            if is_own { &mut outlook.remove } else { &mut outlook.remove_of_base }
                .push(item.clone());
        }
        outlook
    }

    /// True where nothing would be done.
    pub(crate) fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// The names of the base's packages that would be shadowed.
    pub(crate) fn shadowed(&self) -> impl Iterator<Item = &str> {
        self.shadow.iter().map(|swap| swap.name.as_str())
    }

    /// What of the base would be shadowed, for people.
    pub(crate) fn shadow_text(&self) -> String {
        swaps(&self.shadow)
    }

    /// One line for each sort, for people.
    pub(crate) fn lines(&self) -> Vec<String> {
        let items = |items: &[Item]| list(items.iter().map(Item::shown));
        let lines = [
            ("will add", items(&self.add)),
            ("will replace in the env", swaps(&self.replace)),
            ("will shadow packages of the base", self.shadow_text()),
            ("will remove", items(&self.remove)),
            ("would take packages of the base out of the env", items(&self.remove_of_base)),
        ];
        lines
            .into_iter()
            .filter(|(_, items)| !items.is_empty())
            .map(|(what, items)| format!("{what}: {items}"))
            .collect()
    }

    /// The same as the text of a result.
    pub(crate) fn text(&self) -> String {
        self.lines().iter().fold(String::new(), |mut text, line| {
            let _ = writeln!(text, "{line}");
            text
        })
    }
}

fn swaps(swaps: &[Swap]) -> String {
    list(swaps.iter().map(|swap| {
        let Swap { name, version, instead_of } = swap;
        shown(&format!("{name} {version} (for {instead_of})"))
    }))
}

fn list(items: impl Iterator<Item = String>) -> String {
    items.collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::care::installed::Manager;

    #[test]
    fn what_comes_and_goes_is_sorted_by_what_is_there() {
        let there = |name: &str| Installed {
            name: name.into(),
            version: "1".into(),
            build: None,
            by: Manager::Conda,
        };
        let item = |name: &str| Item { name: name.into(), version: "2".into() };
        let forecast = Forecast {
            come: vec![item("new"), item("My_own"), item("below")],
            go: vec![item("below"), item("gone"), item("base-gone")],
        };
        let (own, base) = ([there("my-own"), there("gone")], [there("below"), there("base-gone")]);
        let outlook = Outlook::new(&forecast, &own, &base);
        assert_eq!(
            outlook.lines(),
            [
                "will add: new 2",
                "will replace in the env: My_own 2 (for 1)",
                "will shadow packages of the base: below 2 (for 1)",
                "will remove: gone 2",
                "would take packages of the base out of the env: base-gone 2",
            ]
        );
        assert!(Outlook::new(&Forecast::default(), &own, &base).is_empty());
    }
}
