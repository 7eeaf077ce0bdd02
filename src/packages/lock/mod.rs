//! A lock: what a project's env has besides one base, exactly. `pylock.mlenv.toml` is a file of PEP 751, so that other tools
//! can read pip's part of it; conda's part and the base stand in its `[tool.mlenv]`. `entry` are its packages, `make` finds
//! out what belongs into one, `obey` installs just that, and `keep` looks after the file.

pub(crate) mod entry;
pub(crate) mod keep;
pub(crate) mod make;
pub(crate) mod obey;
pub(crate) mod taken;

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use self::entry::Entry;
use crate::base::Base;
use crate::error::{Attempt, Error, Result};
use crate::foreign::{self, FileKind};
use crate::fs;
use crate::text::{Shown, shown};

/// The file's name; it lies beside the project's file.
pub(crate) const FILE: &str = "pylock.mlenv.toml";

/// The version of PEP 751's format that is written; later minor versions are read.
const FORMAT: &str = "1.0";

/// The version of `[tool.mlenv]`.
const SCHEMA: u32 = 1;

/// The file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct Lock {
    #[serde(rename = "lock-version")]
    format: String,
    created_by: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    requires_python: Option<String>,
    /// pip's part, by name.
    #[serde(default)]
    pub(crate) packages: Vec<Entry>,
    tool: Tools,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Tools {
    mlenv: Own,
}

/// What mlenv has to know.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Own {
    schema: u32,
    /// What the base holds, as a hash: the same base seen elsewhere has the same.
    base: String,
    /// The base's Python.
    python: String,
    /// For an image: the one that it stands on, with its digest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    image: Option<String>,
    /// What was asked for, as a hash.
    asked: String,
    /// conda's part: addresses of archives, each with its hash, as in explicit lists.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    conda: Vec<String>,
}

impl Lock {
    /// The lock of what was `asked` for of `base`.
    fn new(base: &Base, asked: String, mut packages: Vec<Entry>, mut conda: Vec<String>) -> Self {
        packages.sort_by(|one, other| one.name.cmp(&other.name));
        conda.sort();
        let minor: Vec<&str> = base.python.version.split('.').take(2).collect();
        Self {
            format: FORMAT.to_owned(),
            created_by: "mlenv".to_owned(),
            requires_python: Some(format!("=={}.*", minor.join("."))),
            packages,
            tool: Tools {
                mlenv: Own {
                    schema: SCHEMA,
                    base: base.fingerprint.packages.clone(),
                    python: base.python.version.clone(),
                    image: None,
                    asked,
                    conda,
                },
            },
        }
    }

    /// Where the lock of a project's `file` lies.
    pub(crate) fn beside(file: &Path) -> PathBuf {
        file.with_file_name(FILE)
    }

    /// Reads the lock at `path`; none where there is none. A file of that name that somebody else wrote is refused.
    pub(crate) fn read(path: &Path) -> Result<Option<Self>> {
        let text = match foreign::read_text(path, FileKind::PackageData) {
            Err(cause) if foreign::is_missing(&cause) => return Ok(None),
            other => other.attempt("read", path)?,
        };
        let lock = Self::parse(&text)
            .map_err(|error| error.during(format_args!("could not use {}", Shown(path))))?;
        Ok(Some(lock))
    }

    fn parse(text: &str) -> Result<Self> {
        let table: toml::Table = toml::from_str(text).map_err(|cause| {
            let (what, _) = foreign::format::misread(text, &cause);
            Error::new(what).hint("`mlenv lock --relock` writes it anew")
        })?;
        let own = table.get("tool").and_then(|tool| tool.get("mlenv"));
        let Some(own) = own else {
            return Err(Error::new("it has no [tool.mlenv]: another tool wrote it, and it stays")
                .hint("move it away; `mlenv install -f FILE` installs what it says"));
        };
        if own.get("schema").and_then(toml::Value::as_integer) > Some(i64::from(SCHEMA)) {
            return Err(
                Error::new("a newer mlenv wrote it").hint("use that version, or a later one")
            );
        }
        let lock: Self = toml::from_str(text).map_err(|cause| {
            Error::new(shown(cause.message())).hint("`mlenv lock --relock` writes it anew")
        })?;
        lock.packages.iter().try_for_each(Entry::check)?;
        Ok(lock)
    }

    /// The file's text.
    fn text(&self) -> Result<String> {
        toml::to_string(self)
            .map_err(|cause| Error::new(format!("could not write down the lock: {cause}")))
    }

    /// Writes it, all or nothing.
    pub(crate) fn write(&self, path: &Path) -> Result<()> {
        fs::write_atomic(path, self.text()?.as_bytes()).attempt("write", path)
    }

    /// True where it was made for a base with the same content.
    pub(crate) fn is_for(&self, base: &Base) -> bool {
        self.tool.mlenv.base == base.fingerprint.packages
    }

    /// True where it was made for the same requests.
    pub(crate) fn answers(&self, asked: &str) -> bool {
        self.tool.mlenv.asked == asked
    }

    /// conda's part, as the text of an explicit list; none where there is nothing.
    pub(crate) fn explicit(&self) -> Option<String> {
        let lines = &self.tool.mlenv.conda;
        (!lines.is_empty()).then(|| format!("@EXPLICIT\n{}\n", lines.join("\n")))
    }

    /// The versions in it, as a file of constraints; none where there are none.
    fn constraints(&self) -> Option<String> {
        let exact = |entry: &Entry| Some(format!("{}=={}\n", entry.name, entry.version()?));
        let text: String = self.packages.iter().filter_map(exact).collect();
        (!text.is_empty()).then_some(text)
    }

    /// How many packages are in it.
    pub(crate) fn len(&self) -> usize {
        self.packages.len() + self.tool.mlenv.conda.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::tests::at;

    #[test]
    fn what_is_written_is_read_again() {
        let base = at(Path::new("/b"));
        let entry = Entry::exact("six", "1.16.0", None);
        let lock = Lock::new(&base, "abc".into(), vec![entry], vec!["https://x/a".into()]);
        let text = lock.text().unwrap();
        assert_eq!(Lock::parse(&text).unwrap(), lock);
        assert!(text.starts_with("lock-version = \"1.0\"\n") && !text.contains("/b"), "{text}");
        assert!(lock.is_for(&base) && lock.answers("abc") && !lock.answers("x"));
        assert_eq!(lock.explicit().unwrap(), "@EXPLICIT\nhttps://x/a\n");
    }

    #[test]
    fn what_is_not_a_lock_of_ours_is_refused() {
        let whole = Lock::new(&at(Path::new("/b")), String::new(), Vec::new(), Vec::new());
        let text = whole.text().unwrap();
        for (text, why) in [
            ("lock-version = '1.0'\n".to_owned(), "another tool wrote it"),
            ("lock-version = ".to_owned(), "line 1"),
            (text.replace("schema = 1", "schema = 9"), "newer mlenv"),
            (text.replace("packages = []", "[[packages]]\nname = '--target=/x'"), "--target"),
        ] {
            let error = Lock::parse(&text).unwrap_err();
            assert!(error.to_string().contains(why), "{error}");
            assert!(error.cure().is_some(), "{error}");
        }
    }
}
