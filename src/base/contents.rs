//! What a conda record says of its package: its files, and what it needs.

use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::foreign::{self, claim};
use crate::specs::direct::channel_without_secrets;

/// The part of a record that names files.
#[derive(Deserialize)]
pub(crate) struct Files {
    /// Every file of the package, relative to the prefix.
    #[serde(default)]
    pub(crate) files: Vec<PathBuf>,
    /// As `files`, with what was done to each file.
    #[serde(default)]
    pub(crate) paths_data: Paths,
}

/// Files, one by one.
#[derive(Default, Deserialize)]
pub(crate) struct Paths {
    /// Each once.
    #[serde(default)]
    pub(crate) paths: Vec<FileEntry>,
}

/// One file.
#[derive(Deserialize)]
pub(crate) struct FileEntry {
    /// Relative to the prefix.
    #[serde(rename = "_path")]
    pub(crate) path: PathBuf,
    /// What the prefix was put in the place of, where the file names it.
    #[serde(default)]
    pub(crate) prefix_placeholder: Option<String>,
    /// `text` or `binary`.
    #[serde(default)]
    pub(crate) file_mode: Option<String>,
}

/// The part of a record that names what a package needs.
#[derive(Deserialize)]
struct Needs {
    #[serde(default)]
    depends: Vec<String>,
}

/// What the package of a record needs, in conda's words; nothing where it cannot be read.
pub(crate) fn depends(record: &Path) -> Vec<String> {
    let read = foreign::read(record, foreign::FileKind::PackageData).ok();
    let needs: Option<Needs> = read.and_then(|bytes| serde_json::from_slice(&bytes).ok());
    needs.map(|needs| needs.depends).unwrap_or_default()
}

/// Where the package of a record came from, as conda's history names it: `conda-forge/linux-64`. Empty where the record
/// does not tell.
pub(crate) fn origin(record: &Path) -> String {
    #[derive(Default, Deserialize)]
    struct From {
        #[serde(default)]
        channel: String,
        #[serde(default)]
        subdir: String,
    }
    let read = foreign::read(record, foreign::FileKind::PackageData).unwrap_or_default();
    let From { channel, subdir } = serde_json::from_slice(&read).unwrap_or_default();
    origin_of(&channel, &subdir)
}

/// The same of a channel and a subdirectory, however they are written.
pub(crate) fn origin_of(channel: &str, subdir: &str) -> String {
    let channel = channel_without_secrets(channel.trim_end_matches('/'));
    let channel = channel.strip_suffix(subdir).unwrap_or(&channel).trim_end_matches('/');
    let channel = channel.strip_prefix("https://conda.anaconda.org/").unwrap_or(channel);
    let is_line = |text: &str| !text.is_empty() && !text.contains(char::is_control);
    if is_line(channel) && is_line(subdir) { format!("{channel}/{subdir}") } else { String::new() }
}

/// True where somebody asked for the package by its name.
pub(crate) fn is_requested(record: &Path) -> bool {
    #[derive(Deserialize)]
    struct Asked {
        #[serde(default)]
        requested_spec: Option<String>,
        #[serde(default)]
        requested_specs: Vec<String>,
    }
    let read = foreign::read(record, foreign::FileKind::PackageData).ok();
    let asked: Option<Asked> = read.and_then(|bytes| serde_json::from_slice(&bytes).ok());
    let by_one = |asked: &Asked| asked.requested_spec.as_ref().is_some_and(|it| !it.is_empty());
    asked.is_some_and(|asked| by_one(&asked) || !asked.requested_specs.is_empty())
}

/// What a record says; `None` where it cannot be read.
pub(crate) fn contents(record: &Path) -> Option<Files> {
    let bytes = foreign::read(record, foreign::FileKind::PackageData).ok()?;
    let mut found: Files = serde_json::from_slice(&bytes).ok()?;
    found.files.retain(|path| claim::is_inside(path));
    found.paths_data.paths.retain(|entry| claim::is_inside(&entry.path));
    Some(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn channels_are_named_as_conda_names_them() {
        for (channel, subdir, expected) in [
            ("https://conda.anaconda.org/conda-forge/linux-64", "linux-64", "conda-forge/linux-64"),
            ("https://conda.anaconda.org/conda-forge/", "noarch", "conda-forge/noarch"),
            ("conda-forge", "noarch", "conda-forge/noarch"),
            ("https://me:pw@h/t/TOKEN/lab", "noarch", "https://h/lab/noarch"),
            ("", "noarch", ""),
            ("x\ny", "noarch", ""),
        ] {
            assert_eq!(origin_of(channel, subdir), expected, "{channel}");
        }
    }
}
