//! Everything that is known about an env before it is judged.

use std::collections::BTreeMap;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use super::anchor::{self, Mark};
use super::base_state::{self, BaseState};
use super::conda::{self, Own};
use super::snapshot::Snapshot;
use crate::base::{Base, BaseKind};
use crate::config::Dirs;
use crate::env::content::{BASE_LINK, Content};
use crate::env::layout::Layout;
use crate::env::record::Record;
use crate::env::{index, skeleton, threads};
use crate::error::{Error, Result};
use crate::parallel;
use crate::text::Shown;
use crate::ui::Ui;

/// What is to be looked at.
pub(crate) struct Examination<'a> {
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
    pub(crate) ground: BaseState,
    /// What it should hold; empty where there is no base.
    pub(crate) plan: Content,
    /// What it holds.
    pub(crate) snapshot: Snapshot,
    /// Packages that a conda client put into it.
    pub(crate) own: BTreeMap<String, Own>,
    /// The user's cache.
    pub(crate) cache: &'a Path,
    /// Known bases.
    dirs: &'a Dirs,
    /// Where the env's link led to when the look began.
    mark: Option<Mark>,
}

impl<'a> Facts<'a> {
    /// Looks at base and env. Writes nothing but the cache's index of the base.
    pub(crate) fn take(order: &Examination<'a>) -> Result<Self> {
        let record = order.record;
        let layout = wanted(order)?;
        let mark = Mark::of(&order.env.join(BASE_LINK));
        let walk = || Snapshot::take(order.env, threads::for_walk(order.env));
        let (snapshot, (ground, plan)) = parallel::both(walk, || {
            let ground = base_state::find(order.env, record, order.dirs);
            let plan = match &ground {
                BaseState::Here(base) | BaseState::Moved(base) => plan(base, layout, order)?,
                _ => Content::default(),
            };
            Ok((ground, plan))
        })?;
        let place = place(order.env, record);
        let own = if place == record.prefix.0 {
            conda::own_beside(order.env, &snapshot, &plan)
        } else {
            conda::own(order.env, &snapshot)
        };
        Ok(Self {
            env: order.env,
            place,
            record,
            layout,
            ground,
            plan,
            snapshot,
            own,
            cache: &order.dirs.cache,
            dirs: order.dirs,
            mark,
        })
    }

    /// Fails where the base is not, or was not all the time, what the look began with: what was found of it may have been
    /// found of half a base, and is nothing to act on.
    pub(crate) fn check(&self) -> Result<()> {
        let Some(base) = self.base() else { return Ok(()) };
        let now = base_state::find(self.env, self.record, self.dirs);
        let is_same = now == self.ground && Mark::of(&self.env.join(BASE_LINK)) == self.mark;
        if is_same { Ok(()) } else { Err(anchor::changed(&base.prefix)) }
    }

    /// The base, where there is one to stand on.
    pub(crate) fn base(&self) -> Option<&Base> {
        match &self.ground {
            BaseState::Here(base) | BaseState::Moved(base) => Some(base),
            BaseState::Other(_)
            | BaseState::OtherPython(_)
            | BaseState::Gone
            | BaseState::Unfit(_) => None,
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

/// The path that the env was made at, where that is still this very directory: links in a path are not a move.
fn place(env: &Path, record: &Record) -> PathBuf {
    let identity = |path: &Path| path.metadata().map(|meta| (meta.dev(), meta.ino())).ok();
    let same = identity(env).is_some() && identity(env) == identity(&record.prefix.0);
    if same { record.prefix.0.clone() } else { env.to_owned() }
}

/// An env can be filled, never thinned: what a smaller layout lacks may be what the user's packages stand on.
fn wanted(order: &Examination) -> Result<Layout> {
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

fn plan(base: &Base, layout: Layout, order: &Examination) -> Result<Content> {
    if base.kind == BaseKind::System && layout != Layout::Sparse {
        return Err(Error::new("files of this machine's own Python are never linked")
            .hint("leave --layout out, or make an env on another base"));
    }
    let mut plan = index::plan(base, layout, &order.dirs.cache, index::Trust::Any, order.ui)?;
    skeleton::add(&mut plan, base, order.record.user_site());
    let record = Record { layout, ..order.record.clone() };
    skeleton::carry(&mut plan, &place(order.env, order.record), &record)?;
    Ok(plan)
}
