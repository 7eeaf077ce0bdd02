//! Mixed libraries: the env has a library of its own, and programs or packages of the base load the base's of the same
//! name. What is concerned is pulled up into the env, and taken back when nothing needs it there any more.
//!
//! `web` knows who needs what in a base, `reach` follows it, `pulled` remembers what was pulled up, `wanted` and
//! `back` turn all that into changes.

mod back;
pub(crate) mod pulled;
mod reach;
mod wanted;
mod web;

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use super::conda;
use super::facts::Facts;
use super::finding::{EnvFault, Finding};
use super::snapshot::Thing;
use crate::base::Base;
use crate::env::layout::Layout;
use crate::error::Result;
use crate::foreign;
use crate::text::Shown;
use crate::text::count;
use crate::{base, elf};
use pulled::Pulled;
use reach::{Places, Reach, reach};
use web::Web;

/// The directory of links to modules of the standard library.
const MODULES: &str = "pulled-up";

/// Libraries that concern the base, and what was pulled up for those that do no more.
pub(crate) fn findings(facts: &Facts, base: &Base) -> Result<Vec<Finding>> {
    let pulled = Pulled::read(facts.env).without(&owned(facts));
    let own = own_libraries(facts);
    let clashes: BTreeMap<PathBuf, PathBuf> =
        own.into_iter().filter(|(name, path)| clash(facts, base, name, path)).collect();
    if base.kind == base::BaseKind::System || (clashes.is_empty() && pulled.is_empty()) {
        return Ok(Vec::new());
    }
    let mut reached = Reach::default();
    if !clashes.is_empty() {
        let web = Web::of(base, facts.cache)?;
        let names: BTreeSet<PathBuf> = clashes.keys().cloned().collect();
        let site = site(base);
        let (python, modules) = (Path::new("bin").join(&base.python.executable), modules(base));
        let is_own = facts.own.contains_key("python");
        let python = (!is_own).then_some(python.as_path());
        reached = reach(&web, &names, &Places { python, site: &site, modules: &modules });
        spare_own(facts, &pulled, &mut reached);
        let wanted = wanted::wanted(facts, base, &web, &reached, &pulled)?;
        if !wanted.changes.is_empty() {
            let taken = back::finding(facts, base, &pulled, &reached);
            return Ok([mixed(facts, &clashes, &reached, wanted)]
                .into_iter()
                .chain(taken)
                .collect());
        }
    }
    Ok(back::finding(facts, base, &pulled, &reached).into_iter().collect())
}

fn mixed(
    facts: &Facts,
    clashes: &BTreeMap<PathBuf, PathBuf>,
    reached: &Reach,
    wanted: wanted::Wanted,
) -> Finding {
    let users = reached.programs.len() + reached.packages.len() + reached.modules.len();
    let what = format!(
        "the base has {} in another form, and {} load that one ({} KB to copy, {})",
        count(clashes.len(), "library of the env", "libraries of the env"),
        count(users, "of its programs or packages would", "of its programs and packages would"),
        wanted.bytes.div_ceil(1000),
        count(wanted.links, "link", "links"),
    );
    let breaks = "a process has one library of each name, the first that is loaded: symbols are missing, or old code runs";
    let owners = owners(facts);
    let named = clashes.iter().map(|(name, path)| match owners.get(path) {
        Some(owner) => format!("{} of {owner}", Shown(name)),
        None => format!("{} ({})", Shown(name), Shown(path)),
    });
    let users = reached.programs.iter().chain(&reached.packages).chain(&reached.modules);
    let items = named.chain(users.map(|path| Shown(path).to_string())).collect();
    Finding::mended(EnvFault::MixedLibraries, what, breaks, wanted.changes).about(items)
}

/// The env's own libraries in `lib`: by which name they are loaded, and where they are.
fn own_libraries(facts: &Facts) -> BTreeMap<PathBuf, PathBuf> {
    let files = facts.snapshot.things("lib").filter(|(_, thing)| **thing == Thing::File);
    let libraries = files.filter(|(name, _)| web::is_library(name)).filter_map(|(name, _)| {
        let path = Path::new("lib").join(name);
        let soname = elf::read_at(&facts.env.join(&path))?.soname;
        Some((soname.unwrap_or_else(|| name.clone()).into(), path))
    });
    libraries.collect()
}

/// True where the base has another library of that name.
fn clash(facts: &Facts, base: &Base, name: &Path, path: &Path) -> bool {
    let (theirs, ours) = (base.prefix.join("lib").join(name), facts.env.join(path));
    let (Ok(their), Ok(our)) = (theirs.metadata(), ours.metadata()) else { return false };
    their.is_file() && (their.len() != our.len() || !foreign::same(&theirs, &ours))
}

/// What the records of the env's own packages name, those of the very versions that the base has too among them: a
/// client that puts the base's own interpreter there may leave it with the base's size and time.
fn owned(facts: &Facts) -> HashSet<PathBuf> {
    let is_wanted =
        facts.env.join(pulled::FILE).symlink_metadata().is_ok() || !facts.own.is_empty();
    if !is_wanted {
        return HashSet::new();
    }
    conda::files(facts.env, &conda::own(facts.env, &facts.snapshot))
}

/// Which package of the env brought a file.
fn owners(facts: &Facts) -> BTreeMap<PathBuf, String> {
    let mut owners = BTreeMap::new();
    for (name, package) in &facts.own {
        let one = BTreeMap::from([(name.clone(), package.clone())]);
        let files = conda::files(facts.env, &one).into_iter();
        owners.extend(files.map(|file| (file, package.package.shown())));
    }
    owners
}

/// What the env has of its own is not the base's any more: another program of that name, a package installed anew.
fn spare_own(facts: &Facts, pulled: &Pulled, reached: &mut Reach) {
    let thing = |path: &Path| {
        let dir = path.parent().unwrap_or(Path::new("")).as_os_str();
        facts.snapshot.thing(dir, path.file_name().unwrap_or(OsStr::new(""))).copied()
    };
    let of_client = owned(facts);
    reached.programs.retain(|path| !of_client.contains(path));
    let taken = |path: &PathBuf| {
        let known = pulled.packages.iter().any(|package| package.0 == *path);
        matches!(thing(path), Some(Thing::File)) || (thing(path) == Some(Thing::Dir) && !known)
    };
    reached.packages.retain(|path| !taken(path));
    let shows_programs = facts.layout != Layout::Sparse;
    let is_shown = |path: &PathBuf| shows_programs || thing(path).is_some();
    reached.programs.retain(|path| is_shown(path));
}

/// `lib/python3.11/site-packages`
fn site(base: &Base) -> PathBuf {
    Path::new("lib").join(&base.python.lib).join("site-packages")
}

/// `lib/python3.11/lib-dynload`
fn modules(base: &Base) -> PathBuf {
    Path::new("lib").join(&base.python.lib).join("lib-dynload")
}

/// Where links to modules of the standard library go. Not `lib-dynload`: Python looks for a directory of that name
/// to find out where its library is.
fn modules_in_env(base: &Base) -> PathBuf {
    Path::new("lib").join(&base.python.lib).join(MODULES)
}

/// The file by which Python finds them in front of its own.
fn path_file(base: &Base) -> PathBuf {
    site(base).join("mlenv-pulled-up.pth")
}
