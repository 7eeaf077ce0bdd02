//! What a tool would do to an env, before it does so, and what that means for the base. Pure.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use serde::{Deserialize, Serialize};

use crate::base::installed::Installed;
use crate::specs::key;
use crate::text::table::table;
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
    /// The channel or index that it comes from, where the tool tells.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) from: Option<String>,
}

impl Item {
    /// One of which no more is known.
    pub(crate) fn of(name: &str, version: &str) -> Self {
        Self { name: name.to_owned(), version: version.to_owned(), size: None, from: None }
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
    /// The bytes of its archive, where the tool tells.
    #[serde(skip_serializing_if = "Option::is_none")]
    size: Option<u64>,
    /// The channel or index that it comes from, where the tool tells.
    #[serde(skip_serializing_if = "Option::is_none")]
    from: Option<String>,
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
                size: item.size,
                from: item.from.clone(),
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

    /// One line for each sort, for people, or, of many packages, a table.
    pub(crate) fn lines(&self) -> Vec<String> {
        let mut lines = match self.rows() {
            rows if rows.len() > FEW => vec![self.counted() + &below(&rows)],
            _ => self.sorted(),
        };
        if let Some(Load { packages, bytes }) = self.fetch.filter(|load| load.packages > 0) {
            let packages = count(packages, "package", "packages");
            let bytes =
                Some(bytes).filter(|bytes| *bytes > 0).map(|bytes| format!(", {}", size(bytes)));
            lines.push(format!("to fetch: {packages}{}", bytes.unwrap_or_default()));
        }
        lines
    }

    fn sorted(&self) -> Vec<String> {
        let items = |items: &[Item]| list(items.iter().map(Item::shown));
        let lines = [
            ("will add", list(self.add.iter().map(Item::with_size))),
            ("will replace in the env", swaps(&self.replace)),
            ("will shadow packages of the base", self.shadow_text()),
            ("will remove", items(&self.remove)),
            ("would take packages of the base out of the env", items(&self.remove_of_base)),
        ];
        let lines = lines.into_iter().filter(|(_, items)| !items.is_empty());
        lines.map(|(what, items)| format!("{what}: {items}")).collect()
    }

    /// How many packages of each sort there are.
    fn counted(&self) -> String {
        let sorts = [
            ("will add", self.add.len()),
            ("will replace in the env", self.replace.len()),
            ("will shadow of the base", self.shadow.len()),
            ("will remove", self.remove.len()),
            ("would take out of the env of the base", self.remove_of_base.len()),
        ];
        let sorts = sorts.into_iter().filter(|(_, number)| *number > 0);
        sorts.map(|(what, number)| format!("{what}: {number}")).collect::<Vec<_>>().join("; ")
    }

    /// A row for each package: name, version, what becomes of it, where it comes from, how large it is.
    fn rows(&self) -> Vec<Vec<String>> {
        let items = |items: &[Item], what: &str| -> Vec<Vec<String>> {
            let row = |it: &Item| row((&it.name, &it.version), what, it.from.as_deref(), it.size);
            items.iter().map(row).collect()
        };
        let swaps = |swaps: &[Swap], whose: &str| -> Vec<Vec<String>> {
            let what = |it: &Swap| format!("for {} {whose}", it.instead_of);
            let row =
                |it: &Swap| row((&it.name, &it.version), &what(it), it.from.as_deref(), it.size);
            swaps.iter().map(row).collect()
        };
        let mut rows = items(&self.add, "new");
        rows.extend(swaps(&self.replace, "in the env"));
        rows.extend(swaps(&self.shadow, "of the base"));
        rows.sort();
        rows.extend(items(&self.remove, "goes"));
        rows.extend(items(&self.remove_of_base, "goes, of the base"));
        rows
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
        let Swap { name, version, instead_of, .. } = swap;
        shown(&format!("{name} {version} (for {instead_of})"))
    }))
}

/// More than so many are a table.
const FEW: usize = 5;

fn list(items: impl Iterator<Item = String>) -> String {
    items.collect::<Vec<_>>().join(", ")
}

fn row(
    (name, version): (&str, &str),
    what: &str,
    from: Option<&str>,
    bytes: Option<u64>,
) -> Vec<String> {
    let bytes = bytes.map(size).unwrap_or_default();
    vec![shown(name), shown(version), shown(what), shown(from.unwrap_or_default()), bytes]
}

/// The rows as a table, behind a line.
fn below(rows: &[Vec<String>]) -> String {
    let rows: Vec<_> = rows.iter().map(|row| (false, row.clone())).collect();
    let table = table(&["PACKAGE", "VERSION", "WHAT", "FROM", "SIZE"], &rows, None);
    format!("\n{}", table.trim_end())
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
