//! What channels have, judged against an env or a base.

use std::ffi::{OsStr, OsString};
use std::path::PathBuf;

use crate::base::{Base, BaseKind};
use crate::conda::Place;
use crate::conda::here::Here;
use crate::conda::search;
use crate::context::Context;
use crate::error::Result;
use crate::resolve;

pub(crate) use crate::conda::search::{Answer, Builds, Fit, Found, Named, Query};

/// What a package has to fit.
pub(crate) struct Ground {
    prefix: PathBuf,
    /// Nothing, where its packages are not conda's.
    here: Option<Here>,
    /// Channels that an env's packages were asked for from.
    channels: Vec<String>,
}

impl Ground {
    /// A base: the one that is named, else the default one.
    pub(crate) fn base(context: &Context, asked: Option<&OsString>) -> Result<Self> {
        let base = resolve::base(context.host, &context.dirs, asked.map(OsString::as_os_str))?.base;
        Self::of_base(base)
    }

    fn of_base(base: Base) -> Result<Self> {
        let is_condas = base.kind == BaseKind::Conda;
        let here = is_condas.then(|| Here::of_base(&base.prefix)).transpose()?;
        Ok(Self { prefix: base.prefix, here, channels: Vec::new() })
    }

    /// The env that a word means; without a word the active one, else the default base, else nothing.
    pub(crate) fn find(context: &Context, word: Option<&OsStr>) -> Result<Self> {
        let env = match resolve::env(context.host, &context.dirs, word) {
            Ok(env) => env,
            Err(error) if word.is_some() => return Err(error),
            Err(_) => {
                let none = Self { prefix: "/".into(), here: None, channels: Vec::new() };
                return Ok(Self::base(context, None).unwrap_or(none));
            }
        };
        let prefix = env.record.prefix.0.clone();
        let here = prefix.join("conda-meta").is_dir().then(|| Here::read(&prefix)).transpose()?;
        Ok(Self { prefix, here, channels: env.record.requests.channels })
    }
}

/// Asks channels.
pub(crate) fn search(
    context: &Context,
    ground: &Ground,
    is_offline: bool,
    query: Query,
) -> Result<Answer> {
    let place = Place {
        env: &ground.prefix,
        inside: None,
        host: context.host,
        cache: &context.dirs.cache,
        ui: context.ui,
        channels: &ground.channels,
        is_offline,
        until: context.cutoff()?,
        scripts: None,
    };
    search::search(&place, ground.here.as_ref(), query)
}
