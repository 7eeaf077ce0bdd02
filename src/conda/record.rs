//! Records of what was put into an env, as conda, micromamba and rattler read and write them: `conda-meta/*.json`, and the
//! block in `conda-meta/history`. Pure.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use serde::Serialize;
use serde_json::Value;
use serde_json::value::{RawValue, to_raw_value};

use super::contents::{Entry, PathType};
use super::offer::Offer;
use super::prefix::Mode;
use crate::error::{Error, Result};

/// A file as it lies in the env.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Placed {
    /// Relative to the env.
    pub(crate) path: PathBuf,
    pub(crate) sort: Sort,
    /// What it is now, where the env's path was put into it.
    pub(crate) sha256_in_prefix: Option<String>,
}

/// Where a file is from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum Sort {
    /// A file of the package, as the package tells of it.
    Packed(Entry),
    /// A script that was made for a command.
    #[default]
    EntryPoint,
    /// Compiled Python.
    Compiled,
}

/// How the files of a package came into the env; the numbers are conda's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    /// The same files as in the cache.
    Tied = 1,
    /// Copies.
    Copied = 3,
}

/// One entry of `paths_data`.
#[derive(Serialize)]
struct PathData<'a> {
    _path: &'a Path,
    path_type: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    prefix_placeholder: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    file_mode: Option<Mode>,
    #[serde(skip_serializing_if = "is_false")]
    no_link: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    sha256: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sha256_in_prefix: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    size_in_bytes: Option<u64>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it so")]
fn is_false(value: &bool) -> bool {
    !value
}

impl Placed {
    fn data(&self) -> PathData<'_> {
        let bare = |path_type| PathData {
            _path: &self.path,
            path_type,
            prefix_placeholder: None,
            file_mode: None,
            no_link: false,
            sha256: None,
            sha256_in_prefix: self.sha256_in_prefix.as_deref(),
            size_in_bytes: None,
        };
        match &self.sort {
            Sort::EntryPoint => bare("unix_python_entry_point"),
            Sort::Compiled => bare("pyc_file"),
            Sort::Packed(entry) => PathData {
                prefix_placeholder: entry.prefix_placeholder.as_deref(),
                file_mode: entry.prefix_placeholder.as_ref().map(|_| entry.file_mode),
                no_link: entry.no_link,
                sha256: entry.sha256.as_deref(),
                size_in_bytes: entry.size_in_bytes,
                ..bare(match entry.path_type {
                    PathType::HardLink => "hardlink",
                    PathType::SoftLink => "softlink",
                    PathType::Directory => "directory",
                })
            },
        }
    }
}

/// Where a package's record lies, relative to the env.
pub(crate) fn path(offer: &Offer) -> PathBuf {
    Path::new("conda-meta").join(offer.stem() + ".json")
}

/// The text of a record.
pub(crate) fn text(
    offer: &Offer,
    placed: &[Placed],
    (from, way): (&Path, Way),
    requested: &[String],
) -> Result<Vec<u8>> {
    written(offer, placed, (from, way), requested).map_err(|cause| {
        Error::new(format!("could not write the record of {}: {cause}", offer.facts.name))
    })
}

fn written(
    offer: &Offer,
    placed: &[Placed],
    (from, way): (&Path, Way),
    requested: &[String],
) -> serde_json::Result<Vec<u8>> {
    // What the channel says of the package stays as it says it.
    let mut fields: BTreeMap<String, Box<RawValue>> = serde_json::from_str(offer.raw.get())?;
    let mut set = |name: &str, value: &Value| {
        fields.insert(name.to_owned(), to_raw_value(value)?);
        Ok::<(), serde_json::Error>(())
    };
    set("fn", &offer.file.as_str().into())?;
    set("url", &offer.url.as_str().into())?;
    set("channel", &offer.channel.as_str().into())?;
    set("subdir", &offer.subdir.as_str().into())?;
    set("extracted_package_dir", &from.to_string_lossy().into())?;
    set("link", &serde_json::json!({"source": from.to_string_lossy(), "type": way as u8}))?;
    if let Some(first) = requested.first() {
        set("requested_spec", &first.as_str().into())?;
        set("requested_specs", &requested.into())?;
    }
    let files: Vec<&Path> = placed.iter().map(|placed| placed.path.as_path()).collect();
    fields.insert("files".to_owned(), to_raw_value(&files)?);
    let paths: Vec<PathData> = placed.iter().map(Placed::data).collect();
    let paths = to_raw_value(&paths)?;
    let data = BTreeMap::from([("paths", paths), ("paths_version", to_raw_value(&1)?)]);
    fields.insert("paths_data".to_owned(), to_raw_value(&data)?);
    let mut text = serde_json::to_vec_pretty(&fields)?;
    text.push(b'\n');
    Ok(text)
}

/// What is added to the history: who did what when, and what was asked for.
pub(crate) struct Deed<'a> {
    /// `2026-11-26 06:20:11`.
    pub(crate) time: String,
    /// The command line.
    pub(crate) command: &'a str,
    pub(crate) come: Vec<String>,
    pub(crate) go: Vec<String>,
    /// `update` or `remove`.
    pub(crate) verb: &'static str,
    pub(crate) specs: &'a [String],
}

/// The history with another block, as conda writes it: conda takes away what nobody asked for there.
pub(crate) fn history(before: &str, deed: &Deed) -> String {
    let mut text = before.to_owned();
    if !text.is_empty() && !text.ends_with('\n') {
        text.push('\n');
    }
    let command: String =
        deed.command.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let _ = writeln!(text, "==> {} <==\n# cmd: {command}", deed.time);
    for stem in &deed.go {
        let _ = writeln!(text, "-{stem}");
    }
    for stem in &deed.come {
        let _ = writeln!(text, "+{stem}");
    }
    if !deed.specs.is_empty() {
        let _ = writeln!(text, "# {} specs: {}", deed.verb, Value::from(deed.specs));
    }
    text
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn offer() -> Offer {
        let raw = r#"{"name": "a", "version": "1", "build": "0", "depends": ["b >1"], "odd": [1, {"x": null}]}"#;
        Offer {
            facts: serde_json::from_str(raw).unwrap(),
            file: "a-1-0.conda".into(),
            url: "https://x/c/noarch/a-1-0.conda".into(),
            channel: "https://x/c".into(),
            subdir: "noarch".into(),
            raw: RawValue::from_string(raw.to_owned()).unwrap(),
        }
    }

    #[test]
    fn a_record_has_what_the_channel_said_and_what_was_done() {
        let entry = Entry {
            path: "site-packages/a.py".into(),
            sha256: Some("1".into()),
            ..Entry::default()
        };
        let placed = [
            Placed { path: "lib/a.py".into(), sort: Sort::Packed(entry), sha256_in_prefix: None },
            Placed {
                path: "bin/a".into(),
                sort: Sort::EntryPoint,
                sha256_in_prefix: Some("2".into()),
            },
        ];
        let text =
            text(&offer(), &placed, (Path::new("/c/a"), Way::Tied), &["a>0".into()]).unwrap();
        let told: Value = serde_json::from_slice(&text).unwrap();
        let expected = json!({
            "name": "a", "version": "1", "build": "0", "depends": ["b >1"], "odd": [1, {"x": null}],
            "fn": "a-1-0.conda", "url": "https://x/c/noarch/a-1-0.conda", "channel": "https://x/c", "subdir": "noarch",
            "extracted_package_dir": "/c/a", "link": {"source": "/c/a", "type": 1},
            "requested_spec": "a>0", "requested_specs": ["a>0"], "files": ["lib/a.py", "bin/a"],
            "paths_data": {"paths_version": 1, "paths": [
                {"_path": "lib/a.py", "path_type": "hardlink", "sha256": "1"},
                {"_path": "bin/a", "path_type": "unix_python_entry_point", "sha256_in_prefix": "2"},
            ]},
        });
        assert_eq!(told, expected);
        assert_eq!(path(&offer()), Path::new("conda-meta/a-1-0.json"));
    }

    #[test]
    fn the_history_gets_a_block_with_what_was_asked_for() {
        let specs = ["a >0".to_owned()];
        let deed = Deed {
            time: "T".into(),
            command: "mlenv install\na",
            come: vec!["a-1-0".into()],
            go: vec!["a-0-0".into()],
            verb: "update",
            specs: &specs,
        };
        assert_eq!(
            history("# x", &deed),
            "# x\n==> T <==\n# cmd: mlenv install a\n-a-0-0\n+a-1-0\n# update specs: [\"a >0\"]\n"
        );
    }
}
