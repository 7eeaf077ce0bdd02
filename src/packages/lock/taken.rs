//! The lock of an image: what an env that was just filled has besides its base, by what its own packages tell of themselves.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::entry::Entry;
use super::{Lock, make};
use crate::base::Base;
use crate::base::conda::Package;
use crate::base::installed::{self, Installed, Manager};
use crate::context::Context;
use crate::error::{Attempt, Error, Result};
use crate::foreign::{self, FileKind};
use crate::image::Reference;
use crate::packages::demand::Demand;
use crate::specs::direct::without_secrets;
use crate::text::{Shown, shown};

/// Where a conda package's archive was.
#[derive(Deserialize)]
struct Origin {
    #[serde(default)]
    url: Option<String>,
    #[serde(default)]
    sha256: Option<String>,
}

impl Lock {
    /// Where the lock lies of an image that `file` describes, or of a variant: `pylock.lab.toml`, `pylock.lab-gpu.toml`, by the
    /// rule that PEP 751 has for names.
    pub(crate) fn of_image(file: &Path, variant: Option<&str>) -> PathBuf {
        let stem = file.file_stem().unwrap_or_default().to_string_lossy().replace('.', "-");
        let variant = variant.map(|name| format!("-{}", name.replace('.', "-")));
        file.with_file_name(format!("pylock.{stem}{}.toml", variant.unwrap_or_default()))
    }

    /// The base image, with its digest.
    pub(crate) fn image(&self) -> Option<&str> {
        self.tool.mlenv.image.as_deref()
    }

    /// Reads the lock of an image; one that is not there is an error.
    pub(crate) fn read_for_image(path: &Path) -> Result<Self> {
        Self::read(path)?.ok_or_else(|| {
            Error::no(format!("there is no lock {}", Shown(path)))
                .hint("`mlenv image build` without --locked writes it, once it is done")
        })
    }

    /// Refuses a lock that was made for something else than what `file` asks for by now.
    pub(crate) fn check_image(&self, asked: &str, (file, path): (&Path, &Path)) -> Result<()> {
        if self.answers(asked) {
            return Ok(());
        }
        Err(Error::no(format!(
            "{} asks for something else than when {} was made",
            Shown(file),
            Shown(path)
        ))
        .hint("leave --locked out once: that writes the lock anew"))
    }
}

/// What the env at `env` has besides `base`, asked for by `demand` in the directory `dir`, on the image `image`. Of a base that
/// this image has not, but that was made for it, also what is `below`.
pub(crate) fn taken(
    context: &Context,
    (env, base, below): (&Path, &Base, &[Installed]),
    (demand, dir): (&Demand, &Path),
    image: &Reference,
) -> Result<Lock> {
    let own = installed::of_env(env, &base.python.lib)?;
    let direct = installed::direct(env, &base.python.lib);
    let of = |by: Manager| own.iter().filter(move |package| package.by == by);
    let pip = of(Manager::Pip).map(|package| match direct.get(&package.key()) {
        Some(direct) => Entry::placed(direct, BTreeMap::new(), dir),
        None => Entry::exact(&package.name, &package.version, None),
    });
    let below = below.iter().filter(|package| package.by == Manager::Conda);
    let conda = of(Manager::Conda).map(|package| archive(env, package));
    let conda = conda.chain(below.map(|package| archive(&base.prefix, package)));
    let conda = conda.collect::<Result<_>>()?;
    let mut lock = Lock::new(base, make::asked(context, demand, dir)?, pip.collect(), conda);
    lock.tool.mlenv.image = Some(image.to_string());
    Ok(lock)
}

/// Its archive, as an explicit list has it.
fn archive(env: &Path, package: &Installed) -> Result<String> {
    let Installed { name, version, build, .. } = package.clone();
    let package = Package { name, version, build: build.unwrap_or_default() };
    let record = env.join(package.record());
    let bytes = foreign::read(&record, FileKind::PackageData).attempt("read", &record)?;
    let origin: Option<Origin> = serde_json::from_slice(&bytes).ok();
    let (url, hash) = origin.map_or((None, None), |origin| (origin.url, origin.sha256));
    match (url, hash) {
        (Some(url), Some(hash)) => Ok(format!("{}#sha256:{hash}", without_secrets(&url))),
        _ => Err(Error::new(format!(
            "{} does not say which archive it is from",
            shown(&package.name)
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn locks_of_images_are_named_for_their_descriptions() {
        for (file, variant, lock) in [
            ("/a/lab.toml", None, "/a/pylock.lab.toml"),
            ("/a/lab.v2.toml", Some("gpu"), "/a/pylock.lab-v2-gpu.toml"),
            ("/a/environment.yml", None, "/a/pylock.environment.toml"),
        ] {
            assert_eq!(Lock::of_image(Path::new(file), variant), Path::new(lock));
        }
    }
}
