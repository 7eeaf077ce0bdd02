//! An env that an older script made, without a record: what it tells of itself. Its base may not be seen from here,
//! so nobody knows what was in it.

use std::path::Path;

use super::content::BASE_LINK;
use super::layout::Layout;
use super::record::{BaseRecord, Record, SCHEMA};
use crate::base::{BaseKind, Fingerprint};
use crate::env::requests::Requests;
use crate::error::{Attempt, Error, Result};
use crate::foreign::claim;
use crate::text::{PathText, Shown};

/// A record for the env at `env`.
pub(crate) fn record(env: &Path) -> Result<Record> {
    let base = std::fs::read_link(env.join(BASE_LINK)).map_err(|_| {
        Error::no(format!(
            "{} is not an env: it has neither mlenv.toml nor {BASE_LINK}",
            Shown(env)
        ))
        .hint("name the script of an env that `create-newEnv-on-base.sh` or mlenv made")
    })?;
    let lib = library(env)?;
    let is_conda = env.join("conda-meta").is_dir();
    Ok(Record {
        schema: SCHEMA,
        mlenv: env!("CARGO_PKG_VERSION").to_owned(),
        created: jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
        layout: Layout::Standard,
        user_site: false,
        prefix: PathText(env.to_owned()),
        parcel: None,
        base: BaseRecord {
            name: None,
            path: PathText(base.clone()),
            prefix: PathText(base),
            kind: if is_conda { BaseKind::Conda } else { BaseKind::Python },
            python: lib.trim_start_matches("python").to_owned(),
            python_lib: lib,
            fingerprint: Fingerprint::unknown(),
        },
        requests: Requests::default(),
        project: None,
        container: None,
    })
}

fn library(env: &Path) -> Result<String> {
    let lib = env.join("lib");
    let entries = lib.read_dir().attempt("read", &lib)?;
    let mut names = entries.flatten().filter_map(|entry| entry.file_name().into_string().ok());
    names.find(|name| claim::is_python_lib(name)).ok_or_else(|| {
        Error::no(format!("{} is not an env: there is no python3.* in {}", Shown(env), Shown(&lib)))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fs;

    #[test]
    fn an_env_tells_its_base_and_its_python() {
        let root = tempfile::tempdir().unwrap();
        assert!(record(root.path()).unwrap_err().to_string().contains("is not an env"));
        fs::make_link(Path::new("/opt/conda"), &root.path().join(BASE_LINK)).unwrap();
        fs::make_dirs(&root.path().join("lib/python3.11"), 0o755).unwrap();
        fs::make_dirs(&root.path().join("conda-meta"), 0o755).unwrap();
        let record = record(root.path()).unwrap();
        assert_eq!(record.base.python_lib, "python3.11");
        assert_eq!(record.base.prefix.0, Path::new("/opt/conda"));
        assert!(!record.base.fingerprint.is_known());
    }
}
