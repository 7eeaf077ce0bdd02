//! The ground of an activation: one prefix, what lies behind it, and how tools are to see it.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use crate::activation::place::Place;
use crate::activation::view::without_colon;
use crate::activation::{elsewhere, unchanged};
use crate::base::{self, IN_IMAGE};
use crate::config::Dirs;
use crate::env::content::BASE_LINK;
use crate::env::layout::{self, Layout};
use crate::env::record::Record;
use crate::error::Result;
use crate::host::Host;
use crate::plan::prompt::Label;

/// A prefix to activate, as found on disk. No path in it holds a colon.
pub(super) struct ActivePrefix {
    /// What is to be active.
    pub(super) prefix: PathBuf,
    /// The base, where the env has none of its files: a sparse env on a conda base.
    pub(super) behind: Option<PathBuf>,
    /// What goes on `PATH`, first one first.
    pub(super) bins: Vec<PathBuf>,
    /// By what tools recognise it.
    pub(super) kind: PrefixKind,
    /// What the prompt shows.
    pub(super) label: Label,
    /// `CONDA_DEFAULT_ENV`.
    pub(super) conda_name: OsString,
    /// Whether packages in `~/.local` are seen.
    pub(super) user_site: bool,
    /// Whether it is an env, and no base.
    pub(super) is_env: bool,
    /// The image directory, when that is what is activated.
    pub(super) top: Option<PathBuf>,
    /// What is to be said about the base.
    pub(super) remark: Option<String>,
    base: PathBuf,
    /// Whether the base lies in an image, with programs of the image beside it.
    in_image: bool,
}

/// By what tools recognise a prefix.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PrefixKind {
    /// It is a conda prefix, or stands on one.
    Conda,
    /// It has a `pyvenv.cfg`.
    Venv,
    /// Neither.
    Plain,
}

impl ActivePrefix {
    /// The prefixes whose files take effect, from below to above.
    pub(super) fn layers(&self) -> Vec<&Path> {
        self.behind.as_deref().into_iter().chain([self.prefix.as_path()]).collect()
    }

    /// True for an env on a conda base that can be written: conda clients would unpack packages into the base.
    pub(super) fn lends_cache(&self) -> bool {
        self.kind == PrefixKind::Conda
            && self.prefix != self.base
            && crate::fs::is_writable(&self.base)
    }

    /// The base and its micromamba, if one is there: in the base, or beside it in its image.
    pub(super) fn micromamba(&self) -> Option<(&Path, PathBuf)> {
        let places = ["bin", "../../bin", "../../usr/bin", "../../usr/local/bin"];
        let places = if self.in_image { &places[..] } else { &places[..1] };
        let found = places
            .iter()
            .map(|place| self.base.join(place).join("micromamba"))
            .find(|file| file.is_file())?;
        (self.kind == PrefixKind::Conda).then_some((&self.base, found))
    }
}

/// Looks at `place`; an env or base that cannot be activated is an error with its cure.
pub(super) fn of(place: &Place, dirs: &Dirs, host: &Host) -> Result<ActivePrefix> {
    match place {
        Place::Env(env) => of_env(env, &unchanged::record(env)?, host),
        Place::Image(image) => {
            let top = without_colon(image, dirs)?;
            // Links in an image may lead elsewhere from outside of it.
            let named = base::place::of(image)?.prefix;
            let inside = named.strip_prefix(image).unwrap_or(Path::new(IN_IMAGE));
            let ground = of_prefix(top.join(inside), &image.join(IN_IMAGE));
            Ok(ActivePrefix { top: Some(top), ..ground })
        }
        Place::Base(prefix) => Ok(of_prefix(without_colon(prefix, dirs)?, prefix)),
    }
}

/// As `of`, but for an env, by its record.
pub(super) fn of_env(env: &Path, record: &Record, host: &Host) -> Result<ActivePrefix> {
    elsewhere::check(record, env, host)?;
    let prefix = unchanged::checked_prefix(record, env)?;
    let base = prefix.join(BASE_LINK);
    let kind = if record.base.kind == base::BaseKind::Conda {
        PrefixKind::Conda
    } else {
        PrefixKind::Venv
    };
    let is_bare = kind == PrefixKind::Conda && record.layout == Layout::Sparse;
    Ok(ActivePrefix {
        label: Label::new(prefix.file_name().unwrap_or_default()),
        conda_name: conda_name(&prefix),
        user_site: record.user_site,
        behind: is_bare.then(|| base.clone()),
        bins: layout::search_path(record.base.kind).iter().map(|bin| prefix.join(bin)).collect(),
        remark: unchanged::remark(record, &prefix),
        is_env: true,
        top: None,
        in_image: std::fs::read_link(&base).is_ok_and(|target| target.ends_with(IN_IMAGE)),
        kind,
        base,
        prefix,
    })
}

/// `named` is the prefix by the name that the user gave it, which may hold a colon.
fn of_prefix(prefix: PathBuf, named: &Path) -> ActivePrefix {
    let kind = match (prefix.join("conda-meta").is_dir(), prefix.join("pyvenv.cfg").is_file()) {
        (true, _) => PrefixKind::Conda,
        (false, true) => PrefixKind::Venv,
        (false, false) => PrefixKind::Plain,
    };
    let in_image = named.ends_with(IN_IMAGE);
    let shown = if in_image { named.ancestors().nth(2).unwrap_or(named) } else { named };
    let is_root = in_image || prefix.join("condabin").is_dir();
    ActivePrefix {
        label: Label::new(shown.file_name().unwrap_or(OsStr::new("base"))),
        conda_name: if is_root { "base".into() } else { conda_name(&prefix) },
        user_site: false,
        behind: None,
        bins: vec![prefix.join("bin")],
        remark: None,
        is_env: false,
        top: None,
        in_image,
        kind,
        base: prefix.clone(),
        prefix,
    }
}

/// conda's rule: the name alone under a directory called `envs`, else the path.
fn conda_name(prefix: &Path) -> OsString {
    match (prefix.parent().and_then(Path::file_name), prefix.file_name()) {
        (Some(parent), Some(name)) if parent == "envs" => name.to_owned(),
        _ => prefix.as_os_str().to_owned(),
    }
}
