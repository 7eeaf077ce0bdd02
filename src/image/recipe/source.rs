//! From a description's text to what it describes: a preset below it, a variant above it. Pure.

use std::collections::BTreeSet;

use toml::{Table, Value};

use super::Recipe;
use crate::error::{Error, Result};
use crate::text::shown;

/// Descriptions that are in the program, by name.
const PRESETS: [(&str, &str); 4] = [
    ("ml-base", include_str!("presets/ml-base.toml")),
    ("pyroot", include_str!("presets/pyroot.toml")),
    ("tensorflow", include_str!("presets/tensorflow.toml")),
    ("torch", include_str!("presets/torch.toml")),
];

const VARIANT: &str = "variant";

/// Reads a description. `variant` is one of its own, or of the preset that it names.
pub(crate) fn read(text: &str, variant: Option<&str>) -> Result<Recipe> {
    let own: Table = toml::from_str(text).map_err(|cause| Error::new(one_line(&cause)))?;
    whole(own, variant)
}

/// A description of the program's own.
pub(crate) fn preset(name: &str, variant: Option<&str>) -> Result<Recipe> {
    whole(Table::from_iter([("preset".to_owned(), Value::from(name))]), variant)
}

/// What is set further above takes the place of the same key below.
fn whole(mut own: Table, variant: Option<&str>) -> Result<Recipe> {
    let below = match own.remove("preset") {
        None => Table::new(),
        Some(Value::String(name)) => text_of(&name)?,
        Some(_) => return Err(Error::new("`preset` has to be a name")),
    };
    let (mut merged, mut known) = (Table::new(), Vec::new());
    let mut found = variant.is_none();
    for mut layer in [below, own] {
        let variants = match layer.remove(VARIANT) {
            None => Table::new(),
            Some(Value::Table(variants)) => variants,
            Some(_) => return Err(Error::new("`variant` has to be tables, as in [variant.gpu]")),
        };
        merged.extend(layer);
        known.extend(variants.keys().cloned());
        let wanted = variant.and_then(|name| variants.get(name).cloned());
        if let Some(wanted) = wanted {
            let Value::Table(table) = wanted else {
                return Err(Error::new("a variant has to be a table, as in [variant.gpu]"));
            };
            found = true;
            merged.extend(table);
        }
    }
    if !found {
        let hint = match known.as_slice() {
            [] => "it has no variants: leave --variant out".to_owned(),
            known => format!("its variants: {}", shown(&known.join(", "))),
        };
        let name = shown(variant.unwrap_or_default());
        return Err(Error::no(format!("there is no variant {name}")).hint(hint));
    }
    let recipe: Recipe = Value::Table(merged)
        .try_into()
        .map_err(|cause: toml::de::Error| Error::new(one_line(&cause)))?;
    recipe.check_tasks()?;
    Ok(recipe)
}

/// The variants that a description has itself, or by the preset that it names.
pub(crate) fn variants(text: &str) -> Result<Vec<String>> {
    let own: Table = toml::from_str(text).map_err(|cause| Error::new(one_line(&cause)))?;
    let below = match own.get("preset").and_then(Value::as_str) {
        Some(name) => text_of(name)?,
        None => Table::new(),
    };
    let of = |layer: &Table| {
        let table = layer.get(VARIANT).and_then(Value::as_table).cloned().unwrap_or_default();
        table.keys().cloned().collect::<BTreeSet<_>>()
    };
    Ok(of(&own).union(&of(&below)).cloned().collect())
}

fn text_of(name: &str) -> Result<Table> {
    let names = || PRESETS.map(|(name, _)| name).join(", ");
    let found = PRESETS.iter().find(|(preset, _)| *preset == name);
    let (_, text) = found.ok_or_else(|| {
        Error::no(format!("there is no preset {}", shown(name)))
            .hint(format!("those in the program: {}", names()))
    })?;
    toml::from_str(text).map_err(|cause| Error::new(one_line(&cause)))
}

pub(super) fn one_line(cause: &toml::de::Error) -> String {
    let what = cause.message().lines().collect::<Vec<_>>().join(" ");
    format!("could not understand the description: {}", shown(&what))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_variant_takes_the_place_of_keys_and_a_preset_lies_below() {
        let text = "base = 'a'\npip = ['x.txt']\n[env]\nA = '1'\n[variant.gpu]\nbase = 'b'\n[variant.gpu.env]\nB = '2'\n";
        let (plain, gpu) = (read(text, None).unwrap(), read(text, Some("gpu")).unwrap());
        assert_eq!((plain.base.as_str(), gpu.base.as_str()), ("a", "b"));
        assert_eq!((plain.env.len(), gpu.env.contains_key("A")), (1, false));
        let own = read("preset = 'torch'\npackages = ['pytorch-cpu']\n", Some("gpu")).unwrap();
        assert!(
            own.packages == ["pytorch-cpu"] && own.build_env.contains_key("CONDA_OVERRIDE_CUDA")
        );
        for (text, variant, why) in [
            (text, Some("cpu"), "there is no variant cpu"),
            ("preset = 'x'", None, "there is no preset x"),
            ("preset = 1", None, "has to be a name"),
            ("base = 'a'\nunknown = 1", None, "unknown field"),
            ("pip = ['x']", None, "missing field `base`"),
        ] {
            let error = read(text, variant).expect_err(text);
            assert!(error.to_string().contains(why), "{text}: {error}");
        }
    }

    #[test]
    fn every_preset_is_a_description() {
        for (name, _) in PRESETS {
            assert!(preset(name, None).unwrap().packages.len() > 5, "{name}");
        }
        assert!(preset("torch", Some("gpu")).unwrap().packages.contains(&"pytorch-gpu".to_owned()));
    }
}
