//! What a distribution says of itself: name, version, and what it needs.

use std::path::{Path, PathBuf};

use crate::base::installed;
use crate::foreign;
use crate::parallel;
use crate::specs::condition::World;
use crate::specs::key;
use crate::specs::need::Need;

/// Most metadata has its fields in this many bytes; what follows is a description.
const HEAD: u64 = 16 * 1024;

/// A distribution as Python sees it.
#[derive(Clone, Debug)]
pub(super) struct Distribution {
    /// As it is written.
    pub(super) name: String,
    /// Its version.
    pub(super) version: String,
    /// What it needs here.
    pub(super) needs: Vec<Need>,
}

impl Distribution {
    /// The name by which packagers compare.
    pub(super) fn key(&self) -> String {
        key(&self.name)
    }
}

/// All distributions in a directory, whoever put them there.
pub(super) fn all(site: &Path, world: &World) -> Vec<Distribution> {
    let infos: Vec<PathBuf> = installed::infos(site);
    let read = parallel::map(parallel::for_cpu(), infos.len(), |at| Ok(read(&infos[at], world)));
    read.unwrap_or_default().into_iter().flatten().collect()
}

fn read(info: &Path, world: &World) -> Option<Distribution> {
    let files = [info.join("METADATA"), info.join("PKG-INFO"), info.to_owned()];
    let text = files.iter().find_map(|file| fields(file))?;
    let lines = || text.lines().take_while(|line| !line.is_empty());
    let field = |name: &str| lines().find_map(|line| line.strip_prefix(name)).map(str::trim);
    let (name, version) = (field("Name:")?.to_owned(), field("Version:")?.to_owned());
    let lines = lines().filter_map(|line| line.strip_prefix("Requires-Dist:"));
    let mut needs: Vec<Need> = lines.filter_map(|line| Need::parse(line, world)).collect();
    let old = foreign::read_text(info.join("requires.txt"), foreign::FileKind::PackageData);
    needs.extend(
        old.iter()
            .flat_map(|text| of_setuptools(text))
            .filter_map(|line| Need::parse(&line, world)),
    );
    Some(Distribution { name, version, needs })
}

/// The text as far as the fields go.
fn fields(file: &Path) -> Option<String> {
    let mut bytes = foreign::head(file, HEAD).ok()?;
    let ends = |bytes: &[u8]| bytes.windows(2).any(|two| two == b"\n\n");
    if bytes.len() as u64 == HEAD && !ends(&bytes) {
        bytes = foreign::read(file, foreign::FileKind::PackageData).ok()?;
    }
    Some(String::from_utf8_lossy(&bytes).replace('\r', ""))
}

/// The lines of `requires.txt` in front of its sections, and those of sections that are conditions alone: `[:python_version < "3"]`.
fn of_setuptools(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut section = Some("");
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
        match line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
            Some(name) => section = name.strip_prefix(':'),
            None => found.extend(section.map(|condition| {
                if condition.is_empty() { line.to_owned() } else { format!("{line}; {condition}") }
            })),
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_old_format_has_conditions_and_extras_as_sections() {
        let text = "six\n\n[:python_version < \"3\"]\nenum34\n\n[dev]\npytest\n";
        assert_eq!(of_setuptools(text), ["six", "enum34; python_version < \"3\""]);
    }
}
