//! The bases that a description names, where they stand in its text: all else in it, comments too, stays as it is. Pure.

use std::collections::BTreeMap;
use std::ops::Range;

use serde::Deserialize;
use toml::Spanned;

use super::source::one_line;
use crate::error::{Error, Result};

/// A base, and the bytes of the text that name it, quotes included.
pub(crate) type Place = (Range<usize>, String);

#[derive(Deserialize)]
struct Bases {
    base: Option<Spanned<String>>,
    #[serde(default)]
    variant: BTreeMap<String, Variant>,
}

#[derive(Deserialize)]
struct Variant {
    base: Option<Spanned<String>>,
}

/// The description's own base, and those of its variants, in the order of the text.
pub(crate) fn bases(text: &str) -> Result<Vec<Place>> {
    let found: Bases = toml::from_str(text).map_err(|cause| Error::new(one_line(&cause)))?;
    let variants = found.variant.into_values().filter_map(|variant| variant.base);
    let all = found.base.into_iter().chain(variants);
    let mut all: Vec<Place> = all.map(|base| (base.span(), base.into_inner())).collect();
    all.sort_by_key(|(span, _)| span.start);
    Ok(all)
}

/// The text with these values in the places of those that it has.
pub(crate) fn replaced(text: &str, values: &[Place]) -> String {
    let (mut out, mut at) = (String::new(), 0);
    for (span, value) in values {
        out += &text[at..span.start];
        out += &toml::Value::from(value.as_str()).to_string();
        at = span.end;
    }
    out + &text[at..]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_bases_change_in_a_text() {
        let text = "# the lab's\nbase = 'a:1'   # \u{e9}, base = 'a:1'\nrun = [\"echo base = 'a:1'\"]\n\
                    [variant.gpu]\n\"base\" = \"\"\"b:1\"\"\"\n[variant.other]\nworkdir = '/x'\n";
        let found = bases(text).unwrap();
        let names: Vec<&str> = found.iter().map(|(_, name)| name.as_str()).collect();
        assert_eq!(names, ["a:1", "b:1"]);
        let new: Vec<Place> =
            found.into_iter().map(|(span, name)| (span, name + "@sha256:0")).collect();
        assert_eq!(
            replaced(text, &new),
            "# the lab's\nbase = \"a:1@sha256:0\"   # \u{e9}, base = 'a:1'\nrun = [\"echo base = 'a:1'\"]\n\
             [variant.gpu]\n\"base\" = \"b:1@sha256:0\"\n[variant.other]\nworkdir = '/x'\n"
        );
        assert!(bases("preset = 'torch'\n").unwrap().is_empty());
        assert!(bases("base = 5\n").is_err());
    }
}
