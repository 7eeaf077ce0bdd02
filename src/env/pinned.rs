//! `conda-meta/pinned`: which packages of the base conda clients may not replace. Pure.
//!
//! A pin of ours is a line of three words, `name ==version build`. Lines of the user's own stay as they are.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use crate::base::conda::Package;

/// The names that are pinned, by whatever words.
pub(crate) fn names(text: &str) -> BTreeSet<String> {
    text.lines().filter_map(name).map(str::to_owned).collect()
}

/// The text without pins on packages of these names, and the names that had one.
pub(crate) fn without(text: &str, names: &[String]) -> (String, Vec<String>) {
    let is_named = |line: &str| name(line).is_some_and(|name| names.iter().any(|n| n == name));
    let (gone, kept): (Vec<&str>, Vec<&str>) = text.lines().partition(|line| is_named(line));
    let kept = kept.iter().fold(String::new(), |text, line| text + line + "\n");
    (kept, gone.into_iter().filter_map(name).map(str::to_owned).collect())
}

/// The text with pins on these packages, in place of any other pins on them.
pub(crate) fn with(text: &str, packages: &[&Package]) -> String {
    let names: Vec<String> = packages.iter().map(|package| package.name.clone()).collect();
    let (mut text, _) = without(text, &names);
    for Package { name, version, build } in packages {
        let _ = writeln!(text, "{name} =={version} {build}");
    }
    text
}

/// The package that a line is about; none for blank lines and comments.
fn name(line: &str) -> Option<&str> {
    let spec = line.trim_start();
    let end = spec.find(|c: char| !(c.is_ascii_alphanumeric() || "-_.".contains(c)));
    Some(&spec[..end.unwrap_or(spec.len())]).filter(|name| !name.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pins_are_lifted_and_put_back_by_name() {
        let text = "# mine\nnumpy ==1.26 0\nnumpy-base 1.*\nsix>=1\n\n";
        assert_eq!(names(text).into_iter().collect::<Vec<_>>(), ["numpy", "numpy-base", "six"]);
        let (kept, lifted) = without(text, &["numpy".into(), "nothing".into()]);
        assert_eq!(kept, "# mine\nnumpy-base 1.*\nsix>=1\n\n");
        assert_eq!(lifted, ["numpy"]);
        let package = Package::from_record_name("six-1.16.0-0.json").unwrap();
        assert_eq!(with(&kept, &[&package]), "# mine\nnumpy-base 1.*\n\nsix ==1.16.0 0\n");
    }
}
