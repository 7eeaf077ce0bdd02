//! Everything that is known about an env before it is judged.

use std::collections::BTreeMap;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use super::conda::{self, Own};
use super::ground::{self, Ground};
use super::sight::Sight;
use crate::base::{Base, Kind};
use crate::config::Dirs;
use crate::error::{Error, Result};
use crate::overlay::layout::Layout;
use crate::overlay::plan::Plan;
use crate::overlay::record::Record;
use crate::overlay::{index, skeleton, threads};
use crate::parallel;
use crate::text::Shown;
use crate::ui::Ui;

/// What is to be looked at.
pub(crate) struct Order<'a> {
    /// The env, as the user named it.
    pub(crate) env: &'a Path,
    /// Its record.
    pub(crate) record: &'a Record,
    /// The layout that it is to have, if that is not the one it has.
    pub(crate) layout: Option<Layout>,
    /// Known bases and the cache.
    pub(crate) dirs: &'a Dirs,
    /// For what is said while looking.
    pub(crate) ui: Ui,
}

/// The facts.
pub(crate) struct Facts<'a> {
    /// The env.
    pub(crate) env: &'a Path,
    /// The env's path as its programs are to name it.
    pub(crate) place: PathBuf,
    /// Its record.
    pub(crate) record: &'a Record,
    /// The layout that it is to have.
    pub(crate) layout: Layout,
    /// Its base.
    pub(crate) ground: Ground,
    /// What it should hold; empty where there is no base.
    pub(crate) plan: Plan,
    /// What it holds.
    pub(crate) sight: Sight,
    /// Packages that a conda client put into it.
    pub(crate) own: BTreeMap<String, Own>,
    /// The user's cache.
    pub(crate) cache: &'a Path,
}

impl<'a> Facts<'a> {
    /// Looks at base and env. Writes nothing but the cache's index of the base.
    pub(crate) fn take(order: &Order<'a>) -> Result<Self> {
        let record = order.record;
        let layout = wanted(order)?;
        let walk = || Sight::take(order.env, threads::for_walk(order.env));
        let (sight, (ground, plan)) = parallel::both(walk, || {
            let ground = ground::find(order.env, record, order.dirs);
            let plan = match &ground {
                Ground::Here(base) | Ground::Moved(base) => plan(base, layout, order)?,
                _ => Plan::default(),
            };
            Ok((ground, plan))
        })?;
        let place = place(order.env, record);
        let own = if place == record.prefix.0 {
            conda::own_beside(order.env, &sight, &plan)
        } else {
            conda::own(order.env, &sight)
        };
        Ok(Self {
            env: order.env,
            place,
            record,
            layout,
            ground,
            plan,
            sight,
            own,
            cache: &order.dirs.cache,
        })
    }

    /// The base, where there is one to stand on.
    pub(crate) fn base(&self) -> Option<&Base> {
        match &self.ground {
            Ground::Here(base) | Ground::Moved(base) => Some(base),
            Ground::Other(_) | Ground::OtherPython(_) | Ground::Gone | Ground::Unfit(_) => None,
        }
    }

    /// When the env was made; long ago where its record does not tell.
    pub(crate) fn made(&self) -> SystemTime {
        let made = self.record.created.parse::<jiff::Timestamp>().map(SystemTime::from);
        made.unwrap_or(SystemTime::UNIX_EPOCH + Duration::from_secs(7 * 24 * 60 * 60))
    }

    /// True where the base has other packages, or another Python, than when the env was made.
    pub(crate) fn base_changed(&self) -> bool {
        let then = &self.record.base;
        self.base().is_some_and(|base| {
            base.fingerprint.packages != then.fingerprint.packages
                || base.python.version != then.python
        })
    }
}

/// The path that the env was made at, where that is still this very directory: links in a path are no move.
fn place(env: &Path, record: &Record) -> PathBuf {
    let identity = |path: &Path| path.metadata().map(|meta| (meta.dev(), meta.ino())).ok();
    let same = identity(env).is_some() && identity(env) == identity(&record.prefix.0);
    if same { record.prefix.0.clone() } else { env.to_owned() }
}

/// An env can be filled, never thinned: what a smaller layout lacks may be what the user's packages stand on.
fn wanted(order: &Order) -> Result<Layout> {
    let rank = |layout| match layout {
        Layout::Sparse => 0,
        Layout::Standard => 1,
        Layout::Full => 2,
    };
    let has = order.record.layout;
    match order.layout {
        Some(wanted) if rank(wanted) < rank(has) => Err(Error::new(format!(
            "{} has the layout {}, and cannot be thinned to {}",
            Shown(order.env),
            has.name(),
            wanted.name()
        ))
        .hint("make a new env with that layout")),
        wanted => Ok(wanted.unwrap_or(has)),
    }
}

fn plan(base: &Base, layout: Layout, order: &Order) -> Result<Plan> {
    if base.kind == Kind::System && layout != Layout::Sparse {
        return Err(Error::new("nothing of this machine's own Python is ever linked")
            .hint("leave --layout out, or make an env on another base"));
    }
    let mut plan = index::plan(base, layout, &order.dirs.cache, index::Trust::Any, order.ui)?;
    skeleton::add(&mut plan, base, order.record.user_site());
    let record = Record { layout, ..order.record.clone() };
    skeleton::carry(&mut plan, &place(order.env, order.record), &record)?;
    Ok(plan)
}
