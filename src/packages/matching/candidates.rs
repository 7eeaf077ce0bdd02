//! The bases that have names, the default one, and the images of the catalogue whose packages can be listed without the
//! network.

use std::path::PathBuf;

#[cfg(feature = "conda")]
use crate::base::BaseKind;
use crate::base::installed::{self, Installed, Manager};
use crate::base::{Base, known};
use crate::context::Context;
use crate::error::Result;
use crate::image::Catalogue;
use crate::image::packages::{Listed, of_file};
use crate::resolve;
use crate::text::shown;

/// A base, or an image.
#[derive(Clone, Debug)]
pub(crate) struct Candidate {
    pub(crate) name: String,
    /// Where it can be taken for a base.
    pub(crate) path: Option<PathBuf>,
    /// Its prefix, where it is conda's and here.
    #[cfg(feature = "conda")]
    pub(crate) conda: Option<PathBuf>,
    pub(crate) python: Option<String>,
    pub(crate) packages: Vec<Installed>,
}

/// All of them, each once. What cannot be looked at is said.
pub(crate) fn all(context: &Context) -> Result<Vec<Candidate>> {
    let (mut found, mut seen) = (Vec::new(), Vec::new());
    let mut add =
        |name: String, base: Result<Base>| match base.and_then(|base| of_base(&name, base)) {
            Ok((candidate, prefix)) if !seen.contains(&prefix) => {
                seen.push(prefix);
                found.push(candidate);
            }
            Ok(_) => {}
            Err(error) => context.ui.say(format!("{} is left out: {error}", shown(&name))),
        };
    for (name, (entry, _)) in known::all(&context.dirs)? {
        add(name, resolve::at(&entry.path.0, &context.dirs));
    }
    if let Ok(choice) = resolve::base(context.host, &context.dirs, None) {
        let name = choice.name.unwrap_or_else(|| choice.base.named.to_string_lossy().into_owned());
        add(name, Ok(choice.base));
    }
    let mut lists = Vec::new();
    let catalogue = Catalogue::load(&context.dirs)?;
    for image in catalogue.matching(None)? {
        match (image.here(), &image.packages) {
            (Some(dir), _) => add(image.title(), Base::open(dir, &context.dirs.cache)),
            (None, Some(list)) => lists.push((image.title(), list.clone())),
            (None, None) => {}
        }
    }
    for (name, list) in lists {
        match of_file(&list) {
            Ok(packages) => found.push(of_list(name, packages)),
            Err(error) => context.ui.say(format!("{} is left out: {error}", shown(&name))),
        }
    }
    Ok(found)
}

fn of_base(name: &str, base: Base) -> Result<(Candidate, PathBuf)> {
    let packages = installed::of_base(&base)?;
    let candidate = Candidate {
        name: name.to_owned(),
        path: Some(base.named),
        #[cfg(feature = "conda")]
        conda: (base.kind == BaseKind::Conda).then(|| base.prefix.clone()),
        python: Some(base.python.version),
        packages,
    };
    Ok((candidate, base.prefix))
}

fn of_list(name: String, packages: Vec<Listed>) -> Candidate {
    let package = |Listed { name, version, build, by }| Installed {
        name,
        version,
        build,
        by: by.unwrap_or(Manager::Conda),
    };
    let packages = packages.into_iter().map(package).collect();
    Candidate {
        name,
        path: None,
        #[cfg(feature = "conda")]
        conda: None,
        python: None,
        packages,
    }
}
