//! A conda prefix that stands on nothing: made from channels alone, where an image has no conda.

use std::path::Path;

use super::conda::Errand;
use super::explicit::{self, Listed};
use super::lock::Lock;
use super::project::Wanted;
use super::project::python::PythonWish;
use crate::context::Context;
use crate::error::{Error, Result};
use crate::fs::Root;
use crate::specs::name_of;

/// What is to be in it: what files ask for, or just what their lock says.
pub(crate) fn errands(wanted: &[Wanted], lock: Option<&Lock>) -> Result<Vec<Errand>> {
    if let Some(lock) = lock {
        let text = lock.explicit().unwrap_or_default();
        return Ok(vec![explicit::errand(explicit::listed(&text)?.unwrap_or_default())]);
    }
    let archives = wanted.iter().flat_map(|file| &file.archives);
    let archives: Vec<Listed> = archives.map(|one| one.listed.clone()).collect();
    let asked = wanted.iter().flat_map(|file| &file.conda).cloned();
    let mut specs: Vec<String> = asked.collect();
    specs.extend(wanted.iter().filter_map(|file| file.python.as_ref()).map(python));
    let mut errands = Vec::new();
    // What a lock of conda's has is whole.
    if archives.is_empty() {
        specs.extend(unnamed(wanted, &specs));
    } else {
        errands.push(explicit::errand(archives));
    }
    if !specs.is_empty() {
        errands.push(Errand::Install { channels: Wanted::channels(wanted), specs });
    }
    Ok(errands)
}

/// What every prefix needs that envs stand on, and what pip's part needs, where nobody names it.
fn unnamed(wanted: &[Wanted], specs: &[String]) -> Vec<String> {
    let needed = [("python", true), ("pip", wanted.iter().any(Wanted::asks_pip))];
    let lacks = |name| !specs.iter().any(|spec| name_of(spec) == Some(name));
    let needed = needed.into_iter().filter(|(name, is_wanted)| *is_wanted && lacks(name));
    needed.map(|(name, _)| name.to_owned()).collect()
}

/// Conda's spec for the Pythons that a project can do with.
fn python(wish: &PythonWish) -> String {
    let text = &wish.text;
    let is_fuzzy = text.starts_with(|c: char| c.is_ascii_digit()) && !text.contains(' ');
    if is_fuzzy { format!("python={text}") } else { format!("python {text}") }
}

/// Makes it in the empty directory `dir`, for the place `prefix` of the system whose root is `root`; or only says what would
/// come.
#[cfg(feature = "conda")]
pub(crate) fn make(
    context: &Context,
    dir: &Root,
    (root, prefix): (&Path, &Path),
    errands: Vec<Errand>,
    dry_run: bool,
) -> Result<()> {
    use super::run::{Signals, Site, Task};
    use super::transaction::Outlook;
    use crate::conda::{self, Inside};
    use crate::error::Attempt;
    use crate::plan::Vars;
    if conda::glibc(root).is_none() {
        let it = if root == Path::new("/") { "this system" } else { "the image" };
        return Err(Error::no(format!("{it} has no glibc, which packages of conda need"))
            .hint("take an image of a distribution that has it: debian, almalinux, ubuntu"));
    }
    let records = Path::new("conda-meta");
    dir.make_dir(records).attempt("make", &dir.path().join(records))?;
    let until = context.cutoff()?;
    let site = Site {
        env: dir.path(),
        inside: Some(Inside { root, prefix }),
        vars: &Vars::default(),
        host: context.host,
        cache: &context.dirs.cache,
        channels: &[],
        is_offline: false,
        until: until.as_ref(),
        runs_scripts: false,
        ui: context.ui,
    };
    for task in errands.into_iter().map(Task::Own) {
        let told = task.tell(&site)?;
        let outlook = Outlook::new(&told.transaction, &[], &[]);
        outlook.lines().iter().for_each(|line| context.ui.say(line));
        if !dry_run {
            task.fetch(&site, &told)?;
            task.act(&site, &told, &Signals::listen()?)?;
        }
    }
    Ok(())
}

/// Without an installer of its own mlenv makes none.
#[cfg(not(feature = "conda"))]
pub(crate) fn make(
    _: &Context,
    _: &Root,
    _: (&Path, &Path),
    _: Vec<Errand>,
    _: bool,
) -> Result<()> {
    Err(Error::new(
        "the image has no conda, and this mlenv was built without an installer of its packages",
    )
    .hint("name an image that has conda, or build mlenv with its default features"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn python_and_pip_come_along_where_no_file_names_them() {
        let specs = |wanted: Wanted| match errands(&[wanted], None).unwrap().as_slice() {
            [Errand::Install { specs, .. }] => specs.join(" | "),
            other => panic!("{other:?}"),
        };
        let conda = || vec!["root=6.32".to_owned()];
        assert_eq!(specs(Wanted { conda: conda(), ..Wanted::default() }), "root=6.32 | python");
        let python = |text| PythonWish::of_conda(text);
        let pip = vec!["uproot".to_owned()];
        let wanted = Wanted { conda: conda(), pip, python: python("=3.11"), ..Wanted::default() };
        assert_eq!(specs(wanted), "root=6.32 | python=3.11 | pip");
        let wanted = Wanted { python: python(" >=3.9,<3.12"), ..Wanted::default() };
        assert_eq!(specs(wanted), "python >=3.9,<3.12");
    }
}
