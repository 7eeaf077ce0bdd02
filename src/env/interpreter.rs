//! The env's interpreter: `bin/pythonX.Y`, the one absolute link of an env, and the names that lead to it.
//!
//! CPython takes the directory that this link leads to for the place where it is installed, and gives it to every venv
//! that is made in the env as `home` (`sys._base_executable`, 3.11 to 3.14; before that `sys.base_prefix`). Were it
//! inside of the env, such a venv would die with the env's rename or removal. So the link changes together with `home`
//! and `baseEnv_dir`. No index holds it: there it is a link through `baseEnv_dir` as all others are.

use std::ffi::{OsStr, OsString};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use super::content::{BASE_LINK, Content, into_base};
use crate::base::{Base, fits_pyvenv};
use crate::fs::Root;

/// The names that every env has for it.
const NAMES: [&str; 2] = ["python", "python3"];

/// Where it is in an env: `bin/python3.11`.
pub(crate) fn path(base: &Base) -> PathBuf {
    Path::new("bin").join(&base.python.executable)
}

/// What the link says. A base whose path cannot stand in `pyvenv.cfg` cannot stand in that of a venv either: there the
/// link goes through the env's own, and a venv that is made in the env stands on the env.
pub(crate) fn target(base: &Base) -> OsString {
    if fits_pyvenv(&base.prefix) {
        base.prefix.join(path(base)).into_os_string()
    } else {
        into_base(&path(base))
    }
}

/// Puts the link and its names into a plan, in place of the links that an index has there.
pub(crate) fn add(plan: &mut Content, base: &Base) {
    let executable = OsStr::new(&base.python.executable);
    let bin = plan.dir(Path::new("bin"));
    let others = bin.links.iter().map(|link| link.name.clone());
    let mut names: Vec<OsString> = others.filter(|name| is_name_of(name, base)).collect();
    bin.links.retain(|link| link.name != executable && !names.contains(&link.name));
    bin.files
        .retain(|file| file.name != executable && !NAMES.iter().any(|name| file.name == *name));
    names.extend(NAMES.map(OsString::from));
    names.sort();
    names.dedup();
    for name in names {
        plan.link(&Path::new("bin").join(name), executable.to_owned());
    }
    plan.link(&path(base), target(base));
}

/// True for another name of the base's interpreter: `python`, `python3`, conda's `python3.1`.
fn is_name_of(name: &OsStr, base: &Base) -> bool {
    let Some(rest) = name.as_bytes().strip_prefix(b"python") else { return false };
    let is_version = rest.iter().all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b't'));
    let real = |name: &OsStr| base.prefix.join("bin").join(name).canonicalize().ok();
    let executable = OsStr::new(&base.python.executable);
    let is_same = || real(name).is_some() && real(name) == real(executable);
    NAMES.iter().any(|known| name == *known) || (is_version && name != executable && is_same())
}

/// The links in `bin` of the env at `root` that should say something else, and what. Links of the user's stay, but for
/// the one of the interpreter itself: wherever else it leads, another Python runs than the env's.
pub(crate) fn astray(root: &Path, base: &Base) -> Vec<(PathBuf, OsString)> {
    let executable = OsString::from(&base.python.executable);
    let mut wanted = vec![(path(base), target(base))];
    wanted.extend(NAMES.map(|name| (Path::new("bin").join(name), executable.clone())));
    wanted.retain(|(place, target)| {
        let text = std::fs::read_link(root.join(place)).map(PathBuf::into_os_string);
        text.is_ok_and(|text| text != *target && (*place == path(base) || is_through_env(&text)))
    });
    wanted
}

/// Writes them anew, in an env that nobody uses yet.
pub(crate) fn settle(root: &Root, base: &Base) -> io::Result<()> {
    let astray = astray(&root.seen(), base);
    astray.iter().try_for_each(|(place, target)| root.replace_link(place, target))
}

/// True for a link in an env's `bin` that is mlenv's, whatever base it leads to.
pub(crate) fn is_ours(place: &Path, text: &OsStr, base: &Base) -> bool {
    *place == path(base) && text == target(base)
        || NAMES.iter().any(|name| place == Path::new("bin").join(name))
            && text == OsStr::new(&base.python.executable)
}

/// True where a venv that is made in the env at `env` stands on the env itself, and not on its base.
pub(crate) fn carries_venvs(env: &Path, base: &Base) -> bool {
    std::fs::read_link(env.join(path(base))).is_ok_and(|text| is_through_env(text.as_os_str()))
}

fn is_through_env(text: &OsStr) -> bool {
    Path::new(text).starts_with(Path::new("..").join(BASE_LINK))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_link_is_absolute_unless_no_pyvenv_cfg_could_hold_it() {
        for (prefix, expected) in
            [("/b", "/b/bin/python3.12"), ("/ml-base:alma9", "../baseEnv_dir/bin/python3.12")]
        {
            let base = crate::base::tests::at(Path::new(prefix));
            let mut plan = Content::default();
            for name in ["python", "python3", "python3.12", "python3-config"] {
                plan.link_to_base(&Path::new("bin").join(name));
            }
            add(&mut plan, &base);
            let text = |name: &str| &plan.link_at(&Path::new("bin").join(name)).unwrap().target;
            assert_eq!(text("python3.12"), expected);
            assert_eq!(
                (text("python").to_str(), text("python3").to_str()),
                (Some("python3.12"), Some("python3.12"))
            );
            assert_eq!(text("python3-config"), "../baseEnv_dir/bin/python3-config");
            assert_eq!(plan.count().links, 4);
        }
    }
}
