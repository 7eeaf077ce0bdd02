//! The bases that have names, the default one, and the images of the catalogue whose packages can be listed without the
//! network.

use std::path::PathBuf;
use std::time::Duration;

#[cfg(feature = "conda")]
use crate::base::BaseKind;
use crate::base::installed::{self, Installed, Manager};
use crate::base::{Base, known};
use crate::context::Context;
use crate::error::{Error, Result};
use crate::image::packages::{LABEL, Listed, of_file, of_text};
use crate::image::registry::{Platform, Registry};
use crate::image::{Catalogue, Reference};
use crate::parallel;
use crate::resolve;
use crate::text::shown;

/// So many registries are asked at once, and each so long.
const SIDE_BY_SIDE: usize = 8;
const PATIENCE: Duration = Duration::from_secs(10);

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

/// All of them, each once, with `labelled` also those whose packages only a registry tells. What cannot be looked at is said.
pub(crate) fn all(context: &Context, labelled: bool) -> Result<Vec<Candidate>> {
    let known: Vec<_> = known::all(&context.dirs)?.into_iter().collect();
    // Each has some hundred files to be read.
    let looked = parallel::map(parallel::for_cpu(), known.len(), |at| {
        let (name, (entry, _)) = &known[at];
        let base = resolve::at(&entry.path.0, &context.dirs);
        Ok((name.clone(), base.and_then(|base| of_base(name, base))))
    })?;
    let (mut found, mut seen) = (Vec::new(), Vec::new());
    let mut keep = |name: String, candidate: Result<(Candidate, PathBuf)>| match candidate {
        Ok((candidate, prefix)) if !seen.contains(&prefix) => {
            seen.push(prefix);
            found.push(candidate);
        }
        Ok(_) => {}
        Err(error) => context.ui.say(format!("{} is left out: {error}", shown(&name))),
    };
    for (name, candidate) in looked {
        keep(name, candidate);
    }
    let mut add = |name: String, base: Result<Base>| {
        let candidate = base.and_then(|base| of_base(&name, base));
        keep(name, candidate);
    };
    if let Ok(choice) = resolve::base(context.host, &context.dirs, None) {
        let name = choice.name.unwrap_or_else(|| choice.base.named.to_string_lossy().into_owned());
        add(name, Ok(choice.base));
    }
    let (mut lists, mut far) = (Vec::new(), Vec::new());
    let catalogue = Catalogue::load(&context.dirs)?;
    for image in catalogue.matching(None)? {
        match (image.here(), &image.packages) {
            (Some(dir), _) => add(image.title(), Base::open(dir, &context.dirs.cache)),
            (None, Some(list)) => lists.push((image.title(), list.clone())),
            (None, None) => far.extend(image.reference.clone().map(|it| (image.title(), it))),
        }
    }
    for (name, list) in lists {
        match of_file(&list) {
            Ok(packages) => found.push(of_list(name, packages)),
            Err(error) => context.ui.say(format!("{} is left out: {error}", shown(&name))),
        }
    }
    if labelled {
        let waiting = context.ui.waiting("asking registries");
        let told = parallel::map(SIDE_BY_SIDE, far.len(), |at| Ok(of_label(context, &far[at].1)))?;
        drop(waiting);
        for ((name, _), packages) in far.into_iter().zip(told) {
            match packages {
                Ok(packages) => found.push(of_list(name, packages)),
                Err(error) => context.ui.say(format!("{} is left out: {error}", shown(&name))),
            }
        }
    }
    Ok(found)
}

/// What an image's label says, as a registry tells it.
fn of_label(context: &Context, reference: &Reference) -> Result<Vec<Listed>> {
    let facts = Registry::new(context.host, reference, PATIENCE)?.facts(&Platform::here())?;
    let text = facts.labels.get(LABEL);
    text.map(|text| of_text(text)).ok_or_else(|| Error::no(format!("it has no label {LABEL}")))
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
