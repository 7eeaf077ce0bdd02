//! What a tool would do to an env, before it does so, and what that means for the base. Pure.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use serde::{Deserialize, Serialize};

use crate::base::installed::Installed;
use crate::specs::key;
use crate::text::{count, shown, size};

/// From so many bytes on the size of a package is told.
const LARGE: u64 = 1_000_000;

/// A package that would come or go.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Item {
    /// As the tool spells it.
    pub(crate) name: String,
    /// Its version.
    pub(crate) version: String,
    /// The bytes of its archive, where the tool tells.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) size: Option<u64>,
}

impl Item {
    /// One of which no more is known.
    pub(crate) fn of(name: &str, version: &str) -> Self {
        Self { name: name.to_owned(), version: version.to_owned(), size: None }
    }

    /// `numpy 2.0`, for people.
    pub(crate) fn shown(&self) -> String {
        shown(&format!("{} {}", self.name, self.version))
    }

    /// The same with its size, where that is one to think about.
    fn with_size(&self) -> String {
        match self.size.filter(|bytes| *bytes >= LARGE) {
            Some(bytes) => format!("{} ({})", self.shown(), size(bytes)),
            None => self.shown(),
        }
    }
}

/// What a tool says it would do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Transaction {
    /// What would come.
    pub(crate) come: Vec<Item>,
    /// What would go.
    pub(crate) go: Vec<Item>,
    /// What of it has to be fetched, where the tool tells.
    pub(crate) fetch: Option<Load>,
}

/// What has to be fetched.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Load {
    pub(crate) packages: usize,
    pub(crate) bytes: u64,
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

impl Swap {
    /// What is there, as pip would ask for it.
    pub(crate) fn kept(&self) -> String {
        format!("{}=={}", self.name, self.instead_of)
    }
}

/// How it concerns the user.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Outlook {
    /// New packages.
    pub(crate) add: Vec<Item>,
    /// The env's own that change their version.
    pub(crate) replace: Vec<Swap>,
    /// The base's packages that would no longer be seen.
    pub(crate) shadow: Vec<Swap>,
    /// The env's own that go.
    pub(crate) remove: Vec<Item>,
    /// The base's that a conda client would take out of the env.
    #[serde(rename = "remove-of-base")]
    pub(crate) remove_of_base: Vec<Item>,
    /// What of it has to be fetched, where the tool tells.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) fetch: Option<Load>,
}

impl Outlook {
    /// Sorts a transaction by what is there today: `own` in the env, `base` below it.
    pub(crate) fn new(transaction: &Transaction, own: &[Installed], base: &[Installed]) -> Self {
        let mut outlook = Self { fetch: transaction.fetch, ..Self::default() };
        let there = |packages: &[Installed], item: &Item| {
            let key = key(&item.name);
            packages.iter().find(|package| package.key() == key).map(|found| found.version.clone())
        };
        for item in &transaction.come {
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
        let coming: BTreeSet<String> =
            transaction.come.iter().map(|item| key(&item.name)).collect();
        for item in transaction.go.iter().filter(|item| !coming.contains(&key(&item.name))) {
            let is_own = there(own, item).is_some();
            if is_own { &mut outlook.remove } else { &mut outlook.remove_of_base }
                .push(item.clone());
        }
        outlook
    }

    /// True where nothing would be done.
    pub(crate) fn is_empty(&self) -> bool {
        *self == Self { fetch: self.fetch, ..Self::default() }
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
            ("will add", list(self.add.iter().map(Item::with_size))),
            ("will replace in the env", swaps(&self.replace)),
            ("will shadow packages of the base", self.shadow_text()),
            ("will remove", items(&self.remove)),
            ("would take packages of the base out of the env", items(&self.remove_of_base)),
        ];
        let lines = lines.into_iter().filter(|(_, items)| !items.is_empty());
        let mut lines: Vec<String> =
            lines.map(|(what, items)| format!("{what}: {items}")).collect();
        if let Some(Load { packages, bytes }) = self.fetch.filter(|load| load.packages > 0) {
            let packages = count(packages, "package", "packages");
            let bytes =
                Some(bytes).filter(|bytes| *bytes > 0).map(|bytes| format!(", {}", size(bytes)));
            lines.push(format!("to fetch: {packages}{}", bytes.unwrap_or_default()));
        }
        lines
    }

    /// As `lines`, as the text of a result.
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

/// More than so many stand below each other.
const MANY: usize = 12;

fn list(items: impl Iterator<Item = String>) -> String {
    let items: Vec<String> = items.collect();
    if items.len() > MANY { format!("\n  {}", items.join("\n  ")) } else { items.join(", ") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::installed::Manager;

    #[test]
    fn what_comes_and_goes_is_sorted_by_what_is_there() {
        let there = |name: &str| Installed {
            name: name.into(),
            version: "1".into(),
            build: None,
            by: Manager::Conda,
        };
        let item = |name: &str| Item::of(name, "2");
        let transaction = Transaction {
            come: vec![item("new"), item("My_own"), item("below")],
            go: vec![item("below"), item("gone"), item("base-gone")],
            fetch: Some(Load { packages: 2, bytes: 12_345_678 }),
        };
        let (own, base) = ([there("my-own"), there("gone")], [there("below"), there("base-gone")]);
        let outlook = Outlook::new(&transaction, &own, &base);
        assert_eq!(
            outlook.lines(),
            [
                "will add: new 2",
                "will replace in the env: My_own 2 (for 1)",
                "will shadow packages of the base: below 2 (for 1)",
                "will remove: gone 2",
                "would take packages of the base out of the env: base-gone 2",
                "to fetch: 2 packages, 12.3 MB",
            ]
        );
        assert!(Outlook::new(&Transaction::default(), &own, &base).is_empty());
    }
}
