//! The packages of an image's own system, from the databases that are text: dpkg's and apk's.

use std::path::{Path, PathBuf};

use super::installed::{Installed, Manager};
use crate::base::{Base, BaseKind};
use crate::foreign;

/// What was found.
pub(crate) struct System {
    /// Packages, in no order.
    pub(crate) packages: Vec<Installed>,
    /// A database that cannot be read here: rpm's, which is not text.
    pub(crate) unread: Option<PathBuf>,
}

const RPM: [&str; 5] = [
    "var/lib/rpm/rpmdb.sqlite",
    "var/lib/rpm/Packages",
    "var/lib/rpm/Packages.db",
    "usr/lib/sysimage/rpm/rpmdb.sqlite",
    "usr/lib/sysimage/rpm/Packages.db",
];

/// Looks into the image that holds the base, or into this machine for its own Python; nothing for any other prefix.
pub(crate) fn of_base(base: &Base) -> System {
    let root = match base.kind {
        BaseKind::System => Some(PathBuf::from("/")),
        _ => base.image.clone(),
    };
    root.map_or(System { packages: Vec::new(), unread: None }, |root| look(&root))
}

fn look(root: &Path) -> System {
    let text = |path: &str| {
        foreign::read(root.join(path), foreign::FileKind::PackageData).unwrap_or_default()
    };
    let lossy = |path: &str| String::from_utf8_lossy(&text(path)).into_owned();
    let mut packages = dpkg(&lossy("var/lib/dpkg/status"));
    // Images without a shell keep a file for each package.
    for entry in
        std::fs::read_dir(root.join("var/lib/dpkg/status.d")).into_iter().flatten().flatten()
    {
        let text = foreign::read(entry.path(), foreign::FileKind::PackageData).unwrap_or_default();
        packages.extend(dpkg(&String::from_utf8_lossy(&text)));
    }
    packages.extend(apk(&lossy("lib/apk/db/installed")));
    let unread = RPM.iter().map(|path| root.join(path)).find(|path| path.is_file());
    System { packages, unread }
}

/// Paragraphs of `Package:`, `Status:` and `Version:`; what was removed stays in the file with another status.
fn dpkg(text: &str) -> Vec<Installed> {
    let paragraphs = text.split("\n\n").filter(|paragraph| {
        field(paragraph, "Status: ").is_none_or(|status| status.ends_with(" installed"))
    });
    let package = |paragraph| {
        let (name, version) = (field(paragraph, "Package: ")?, field(paragraph, "Version: ")?);
        Some(found(name, version, Manager::Dpkg))
    };
    paragraphs.filter_map(package).collect()
}

/// Paragraphs of `P:` and `V:`.
fn apk(text: &str) -> Vec<Installed> {
    let package =
        |paragraph| Some(found(field(paragraph, "P:")?, field(paragraph, "V:")?, Manager::Apk));
    text.split("\n\n").filter_map(package).collect()
}

fn field<'a>(paragraph: &'a str, name: &str) -> Option<&'a str> {
    paragraph.lines().find_map(|line| line.strip_prefix(name)).map(str::trim)
}

fn found(name: &str, version: &str, by: Manager) -> Installed {
    Installed { name: name.to_owned(), version: version.to_owned(), build: None, by }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_databases_are_read_and_what_was_removed_is_left_out() {
        let status = "Package: zlib1g\nStatus: install ok installed\nArchitecture: amd64\nVersion: 1:1.3-1\n\n\
                      Package: gone\nStatus: deinstall ok config-files\nVersion: 2\n\nPackage: bare\nVersion: 3\n";
        let names: Vec<_> = dpkg(status).into_iter().map(|p| (p.name, p.version)).collect();
        assert_eq!(names, [("zlib1g".into(), "1:1.3-1".into()), ("bare".into(), "3".into())]);
        let installed = "C:Q1\nP:musl\nV:1.2.5-r0\nA:x86_64\n\nP:busybox\nV:1.36-r5\n";
        let names: Vec<_> = apk(installed).into_iter().map(|p| p.name).collect();
        assert_eq!(names, ["musl", "busybox"]);
    }
}
