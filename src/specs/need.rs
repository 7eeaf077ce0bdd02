//! A requirement as packages write it (PEP 508): a name, versions, and a condition. Pure.
//!
//! Versions are the field's crate's (`pep440_rs`); its sister for whole requirements brings URLs, regular expressions and
//! a solver along, for a grammar of a page. What is not understood requires nothing: a false alarm costs more.

use std::str::FromStr;

use pep440_rs::{Version, VersionSpecifiers};

use super::condition::{self, World};
use crate::specs::key;

/// What a package needs.
#[derive(Clone, Debug)]
pub(crate) struct Need {
    /// The name by which packagers compare.
    pub(crate) key: String,
    /// As it is written, without the condition.
    pub(crate) text: String,
    versions: VersionSpecifiers,
}

impl Need {
    /// Reads one line; `None` where it holds for an extra or another machine, or is not understood.
    pub(crate) fn parse(line: &str, world: &World) -> Option<Self> {
        let (text, condition) = line.split_once(';').map_or((line, None), |(a, b)| (a, Some(b)));
        if condition.is_some_and(|condition| !condition::holds(condition, world).unwrap_or(false)) {
            return None;
        }
        let text = text.trim();
        let is_name = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
        let end = text.find(|c| !is_name(c)).unwrap_or(text.len());
        let (name, rest) = text.split_at(end);
        let rest = rest.trim_start();
        let rest = rest
            .strip_prefix('[')
            .and_then(|rest| rest.split_once(']'))
            .map_or(rest, |(_, rest)| rest);
        let rest = rest.trim().trim_start_matches('(').trim_end_matches(')').trim();
        let versions = if rest.starts_with('@') { "" } else { rest };
        let versions = VersionSpecifiers::from_str(versions).ok()?;
        (!name.is_empty()).then(|| Self { key: key(name), text: text.to_owned(), versions })
    }

    /// True where this version will do, as pip's own check has it: a version before a release counts.
    pub(crate) fn is_met_by(&self, version: &str) -> bool {
        let Ok(version) = Version::from_str(version) else { return true };
        self.versions.contains(&version)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn need(line: &str) -> Option<Need> {
        Need::parse(line, &World::new("3.11.7"))
    }

    #[test]
    fn requirements_are_read_in_every_form_that_packages_write() {
        for (line, name, good, bad) in [
            ("numpy>=1.26,<2", "numpy", "1.26.4", "2.0"),
            ("Zope.Interface (>=5)", "zope-interface", "5.0", "4.9"),
            ("requests[socks] ~= 2.31", "requests", "2.32.1", "3.0"),
            ("traitlets==5.0.*", "traitlets", "5.0.5", "5.1"),
            ("x!=1.0; python_version >= '3.8'", "x", "1.1", "1.0"),
            ("torch==2.1.0", "torch", "2.1.0+cu118", "2.1.1"),
            ("a>=2", "a", "2.1.dev3", "2.0rc1"),
            ("b===1.x; sys_platform == 'linux'", "b", "not a version", ""),
        ] {
            let Some(need) = need(line) else {
                assert!(line.starts_with('b'), "{line}");
                continue;
            };
            assert_eq!(need.key, name);
            assert!(need.is_met_by(good), "{line} {good}");
            assert!(bad.is_empty() || !need.is_met_by(bad), "{line} {bad}");
        }
        assert!(need("x @ https://e/x.whl").unwrap().is_met_by("1"));
    }

    #[test]
    fn what_holds_elsewhere_or_for_an_extra_requires_nothing() {
        for line in [
            "x; extra == 'dev'",
            "x>=1; sys_platform == 'win32'",
            "x; python_version < '3.9'",
            "",
            "x; nonsense",
        ] {
            assert!(need(line).is_none(), "{line}");
        }
        assert!(need("x ; (python_version > '3' and extra == '') or os_name == 'nt'").is_some());
    }
}
