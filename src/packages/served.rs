//! Whether a package that the base has does for what another one depends on. Pure.
//!
//! Only the plain forms of conda's specs are understood; of any other the answer is no, which is on the safe side: what
//! needs the package goes with it then.

use std::cmp::Ordering;

use crate::base::installed::Installed;
use crate::specs::{key, name_of};

/// The name of the package that an entry of `depends` is about.
pub(crate) fn subject(depends: &str) -> &str {
    depends.split([' ', '=', '<', '>', '!', '~', '[']).next().unwrap_or(depends)
}

/// True where `package` fulfils an entry of `depends`: `python`, `python >=3.11,<3.12.0a0`, `python 3.11.* *_cp311`.
pub(crate) fn serves(package: &Installed, depends: &str) -> bool {
    let mut words = depends.split_whitespace().skip(1);
    let (versions, build) = (words.next(), words.next());
    let have = package.build.as_deref().unwrap_or_default();
    subject(depends) == depends.split_whitespace().next().unwrap_or_default()
        && words.next().is_none()
        && versions.is_none_or(|all| all.split(',').all(|one| holds(&package.version, one)))
        && build.is_none_or(|pattern| matches_build(have, pattern))
}

/// True where the package does for a conda spec, whatever the channel.
pub(crate) fn serves_spec(package: &Installed, spec: &str) -> bool {
    let spec = spec.rsplit_once("::").map_or(spec, |(_, spec)| spec).trim();
    let Some(name) = name_of(spec).filter(|name| key(name) == package.key()) else { return false };
    let rest: String = spec[name.len()..].trim().to_owned();
    // `=1.26=build` has its build behind a blank in what packages depend on.
    let sign = rest.len() - rest.trim_start_matches('=').len();
    let rest = match rest[sign..]
        .split_once('=')
        .filter(|(version, _)| !version.ends_with(['<', '>', '!', '~', ',']))
    {
        Some((version, build)) if sign > 0 => format!("{}{version} {build}", &rest[..sign]),
        _ => rest,
    };
    serves(package, format!("{} {rest}", package.name).trim())
}

fn matches_build(build: &str, pattern: &str) -> bool {
    match pattern.strip_prefix('*') {
        Some(end) => !end.contains('*') && build.ends_with(end),
        None => match pattern.strip_suffix('*') {
            Some(start) => !start.contains('*') && build.starts_with(start),
            None => build == pattern,
        },
    }
}

fn holds(version: &str, spec: &str) -> bool {
    let at = spec.find(|c: char| !"<>=!".contains(c)).unwrap_or(spec.len());
    let (sign, wanted) = spec.split_at(at);
    if matches!(sign, "" | "=") {
        let start = wanted.strip_suffix('*').map(|start| start.trim_end_matches('.'));
        return match start.or(Some(wanted).filter(|_| sign == "=")) {
            Some("") => true,
            Some(start) => version == start || version.starts_with(&format!("{start}.")),
            None => version == wanted,
        };
    }
    let Some(order) = compared(version, wanted) else { return false };
    match sign {
        ">=" => order != Ordering::Less,
        "<=" => order != Ordering::Greater,
        ">" => order == Ordering::Greater,
        "<" => order == Ordering::Less,
        "==" => order == Ordering::Equal,
        "!=" => order != Ordering::Equal,
        _ => false,
    }
}

/// The order of two versions of numbers; the bound before all of a version, `3.12.0a0`, counts as that.
pub(crate) fn compared(left: &str, right: &str) -> Option<Ordering> {
    let numbers = |version: &str| -> Option<(Vec<u64>, i8)> {
        let (version, rank) = match version.strip_suffix("a0") {
            Some(version) => (version, -1),
            None => (version, 0),
        };
        let parts = version.split('.').map(|part| part.parse().ok());
        let mut parts = parts.collect::<Option<Vec<u64>>>()?;
        while parts.last() == Some(&0) {
            parts.pop();
        }
        Some((parts, rank))
    };
    Some(numbers(left)?.cmp(&numbers(right)?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::installed::Manager;

    #[test]
    fn what_the_base_has_is_held_against_what_is_needed() {
        let python = Installed {
            name: "python".into(),
            version: "3.11.7".into(),
            build: Some("h1_0_cpython".into()),
            by: Manager::Conda,
        };
        for (depends, serves_it) in [
            ("python", true),
            ("python >=3.11,<3.12.0a0", true),
            ("python >=3.9", true),
            ("python 3.11.*", true),
            ("python 3.11.* *_cpython", true),
            ("python 3.11.* *_cp312", false),
            ("python ==3.11.7", true),
            ("python ==3.11.7 h1_0_cpython", true),
            ("python 3.1.*", false),
            ("python <3.11.7a0", false),
            ("python >=3.12", false),
            ("python >3.11.7", false),
            ("python >=3.11|<2", false),
            ("python[version='>=3']", false),
        ] {
            assert_eq!(serves(&python, depends), serves_it, "{depends}");
        }
        assert_eq!(compared("2.0", "2"), Some(Ordering::Equal));
        assert_eq!(compared("2.10", "2.9"), Some(Ordering::Greater));
        assert_eq!(compared("2.0rc1", "2.0"), None);
    }
}
