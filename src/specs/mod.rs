//! Names, versions and places of packages in the words of their standards: PEP 440, 503, 508 and 610, and conda's specs.
//! Whatever is handed to a package manager is checked here to be what it claims. Pure.

pub(crate) mod checked;
pub(crate) mod condition;
pub(crate) mod cutoff;
pub(crate) mod direct;
pub(crate) mod need;

pub(crate) use self::direct::Direct;

/// A name as packagers compare it: `Foo.Bar_baz` and `foo-bar-baz` are one.
pub(crate) fn key(name: &str) -> String {
    let mut key = String::new();
    for character in name.chars() {
        if !matches!(character, '-' | '_' | '.') {
            key.push(character.to_ascii_lowercase());
        } else if !key.ends_with('-') {
            key.push('-');
        }
    }
    key
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
    fn names_are_compared_as_pythons_packagers_do() {
        assert_eq!(key("Foo.Bar__baz"), "foo-bar-baz");
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
