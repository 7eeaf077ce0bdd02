//! The ground of an activation: one prefix, what lies behind it, and how tools are to see it.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use crate::activation::place::Place;
use crate::activation::view::without_colon;
use crate::activation::{elsewhere, standing};
use crate::base;
use crate::config::Dirs;
use crate::error::Result;
use crate::host::Host;
use crate::overlay::layout::Layout;
use crate::overlay::plan::BASE_LINK;
use crate::overlay::record::Record;
use crate::plan::prompt::Label;

/// Where a base lies in an image.
const IN_IMAGE: &str = "opt/conda";

/// A prefix to activate, as found on disk. No path in it holds a colon.
pub(super) struct Ground {
    /// What is to be active.
    pub(super) prefix: PathBuf,
    /// The base, where the env has none of its files: a sparse env on a conda base.
    pub(super) behind: Option<PathBuf>,
    /// By what tools recognise it.
    pub(super) kind: Kind,
    /// What the prompt shows.
    pub(super) label: Label,
    /// `CONDA_DEFAULT_ENV`.
    pub(super) conda_name: OsString,
    /// Whether packages in `~/.local` are seen.
    pub(super) user_site: bool,
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
pub(super) enum Kind {
    /// It is a conda prefix, or stands on one.
    Conda,
    /// It has a `pyvenv.cfg`.
    Venv,
    /// Neither.
    Plain,
}

impl Ground {
    /// The prefixes whose files take effect, from below to above.
    pub(super) fn layers(&self) -> Vec<&Path> {
        self.behind.as_deref().into_iter().chain([self.prefix.as_path()]).collect()
    }

    /// What goes on `PATH`, first one first.
    pub(super) fn bins(&self) -> Vec<PathBuf> {
        self.layers().iter().rev().map(|layer| layer.join("bin")).collect()
    }

    /// True for an env on a conda base that can be written: conda clients would unpack packages into the base.
    pub(super) fn lends_cache(&self) -> bool {
        self.kind == Kind::Conda && self.prefix != self.base && crate::fs::is_writable(&self.base)
    }

    /// The base and its micromamba, if one is there: in the base, or beside it in its image.
    pub(super) fn micromamba(&self) -> Option<(&Path, PathBuf)> {
        let places = ["bin", "../../bin", "../../usr/bin", "../../usr/local/bin"];
        let places = if self.in_image { &places[..] } else { &places[..1] };
        let found = places
            .iter()
            .map(|place| self.base.join(place).join("micromamba"))
            .find(|file| file.is_file())?;
        (self.kind == Kind::Conda).then_some((&self.base, found))
    }
}

/// Looks at `place`; an env or base that cannot be activated is an error with its cure.
pub(super) fn of(place: &Place, dirs: &Dirs, host: &Host) -> Result<Ground> {
    match place {
        Place::Env(env) => of_env(env, &standing::record(env)?, host),
        Place::Image(image) => {
            let top = without_colon(image, dirs)?;
            let ground = of_prefix(top.join(IN_IMAGE), &image.join(IN_IMAGE));
            Ok(Ground { top: Some(top), ..ground })
        }
        Place::Base(prefix) => Ok(of_prefix(without_colon(prefix, dirs)?, prefix)),
    }
}

/// The same for an env, by its record.
pub(super) fn of_env(env: &Path, record: &Record, host: &Host) -> Result<Ground> {
    elsewhere::check(record, env, host)?;
    let prefix = standing::checked_prefix(record, env)?;
    let base = prefix.join(BASE_LINK);
    let kind = if record.base.kind == base::Kind::Conda { Kind::Conda } else { Kind::Venv };
    let is_bare = kind == Kind::Conda && record.layout == Layout::Sparse;
    Ok(Ground {
        label: Label::new(prefix.file_name().unwrap_or_default()),
        conda_name: conda_name(&prefix),
        user_site: record.user_site,
        behind: is_bare.then(|| base.clone()),
        remark: standing::remark(record, &prefix),
        top: None,
        in_image: std::fs::read_link(&base).is_ok_and(|target| target.ends_with(IN_IMAGE)),
        kind,
        base,
        prefix,
    })
}

/// `named` is the prefix by the name that the user gave it, which may hold a colon.
fn of_prefix(prefix: PathBuf, named: &Path) -> Ground {
    let kind = match (prefix.join("conda-meta").is_dir(), prefix.join("pyvenv.cfg").is_file()) {
        (true, _) => Kind::Conda,
        (false, true) => Kind::Venv,
        (false, false) => Kind::Plain,
    };
    let in_image = named.ends_with(IN_IMAGE);
    let shown = if in_image { named.ancestors().nth(2).unwrap_or(named) } else { named };
    let is_root = in_image || prefix.join("condabin").is_dir();
    Ground {
        label: Label::new(shown.file_name().unwrap_or(OsStr::new("base"))),
        conda_name: if is_root { "base".into() } else { conda_name(&prefix) },
        user_site: false,
        behind: None,
        remark: None,
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
