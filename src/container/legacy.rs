//! The files of older scripts, `runML-here.sh`, `runMe-here.sh` and `setup-UserEnv-in-container.sh`: shell text that
//! used to be sourced. Here only assignments at the beginning of a line are read, and nothing of it is ever run.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use super::engine::Engine;
use super::mount::{self, Mount};
use crate::error::{Attempt, Error, Result};
use crate::foreign;

/// What such a file assigns.
#[derive(Debug, Default)]
pub(crate) struct LegacyScript(BTreeMap<String, Vec<String>>);

/// Names that older scripts use; all else in the files is passed over.
const NAMES: [&str; 15] = [
    "contCmd",
    "contName",
    "imageName",
    "imageCompressedSize",
    "imageLastUpdate",
    "imageDigest",
    "dockerPath",
    "linesCondaHistory",
    "runOpt",
    "jupyterOpt",
    "sandboxPath",
    "Image",
    "BindPaths",
    "myDir",
    "imagePath",
];

impl LegacyScript {
    /// Reads such a file.
    pub(crate) fn read(path: &Path) -> Result<Self> {
        Ok(Self::parse(
            &foreign::read_text(path, foreign::FileKind::Settings).attempt("read", path)?,
        ))
    }

    /// Reads the assignments. Words of a list in brackets and of a quoted text are both the value's words.
    pub(crate) fn parse(text: &str) -> Self {
        let mut found = BTreeMap::new();
        for line in text.lines() {
            let Some((name, value)) = line.trim_end().split_once('=') else { continue };
            let name = name.strip_prefix("export ").unwrap_or(name);
            if NAMES.contains(&name) {
                let value = value.trim().trim_end_matches(';');
                let value = value
                    .strip_prefix('(')
                    .and_then(|list| list.strip_suffix(')'))
                    .unwrap_or(value);
                // What is not a complete literal is taken as it stands.
                let words = shell_words::split(value).unwrap_or_else(|_| vec![value.to_owned()]);
                found.insert(name.to_owned(), words);
            }
        }
        Self(found)
    }

    /// The value of `name`; one that is empty, or that a shell would expand, is none.
    pub(crate) fn get(&self, name: &str) -> Option<String> {
        let value = self.0.get(name)?.join(" ");
        (!value.is_empty() && !value.contains(['$', '`'])).then_some(value)
    }

    /// The engine.
    pub(crate) fn engine(&self) -> Result<Engine> {
        let word = self.get("contCmd").ok_or_else(|| lacks("contCmd"))?;
        let name = Path::new(&word).file_name().unwrap_or_default();
        Engine::from_word(name)
    }

    /// The image, by the most exact name that is there.
    pub(crate) fn image(&self) -> Result<String> {
        let found = ["dockerPath", "imagePath", "Image", "imageName"]
            .into_iter()
            .find_map(|name| self.get(name));
        found.ok_or_else(|| lacks("dockerPath or imageName"))
    }

    /// What was bound: in `BindPaths`, and behind `-v`, `-B` and their long forms in `runOpt`.
    pub(crate) fn binds(&self, absolute: impl Fn(&Path) -> Result<PathBuf>) -> Result<Vec<Mount>> {
        let mut lists: Vec<String> = self.get("BindPaths").into_iter().collect();
        let options = self.get("runOpt").unwrap_or_default();
        let words = shell_words::split(&options).unwrap_or_default();
        let mut words = words.iter();
        while let Some(word) = words.next() {
            let glued = ["--volume=", "--bind=", "-v", "-B"]
                .iter()
                .find_map(|flag| word.strip_prefix(flag));
            match (word.as_str(), glued) {
                ("-v" | "-B" | "--volume" | "--bind", _) => lists.extend(words.next().cloned()),
                (_, Some(list)) => lists.push(list.to_owned()),
                _ => {}
            }
        }
        let mut mounts: Vec<Mount> = Vec::new();
        for list in lists {
            for mount in mount::parse(OsStr::new(&list), &absolute)? {
                if !mounts.contains(&mount) {
                    mounts.push(mount);
                }
            }
        }
        Ok(mounts)
    }

    /// How many lines conda's history had when the container was made.
    pub(crate) fn history_lines(&self) -> usize {
        self.get("linesCondaHistory").and_then(|text| text.trim().parse().ok()).unwrap_or(0)
    }
}

fn lacks(name: &str) -> Error {
    Error::no(format!("the file does not set {name}"))
        .hint("only what `run-ml` and the setup scripts of the ML images write is understood")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn assignments_are_read_and_nothing_is_run() {
        let old = LegacyScript::parse(
            "contCmd=podman\nimageName=ml-base:alma9\ndockerPath='docker.io/u/ml base:1'\nlinesCondaHistory=12\n\
             runOpt=\"-v /data:/data -B /a,/b:/c:ro --bind=/x\"\nimageDigest=$(touch /tmp/pwned)\n  contName=indented\nrm -rf /\n",
        );
        assert_eq!(old.engine().unwrap(), Engine::Podman);
        assert_eq!(old.image().unwrap(), "docker.io/u/ml base:1");
        assert_eq!(old.history_lines(), 12);
        assert_eq!(old.get("imageDigest"), None);
        assert_eq!(old.get("contName"), None);
        let binds = old.binds(|path| Ok(path.to_owned())).unwrap();
        let targets: Vec<_> = binds.iter().map(|bind| bind.target.0.to_str().unwrap()).collect();
        assert_eq!(targets, ["/data", "/a", "/c", "/x"]);
    }

    #[test]
    fn an_envs_script_names_image_and_binds() {
        let old = LegacyScript::parse(
            "Image=/cvmfs/x/ml:1\nBindPaths=/data,/scratch:/s\ncreateCmd=( singularity exec )\n",
        );
        assert_eq!(old.image().unwrap(), "/cvmfs/x/ml:1");
        assert_eq!(old.binds(|path| Ok(path.to_owned())).unwrap().len(), 2);
        assert!(LegacyScript::parse("").image().is_err());
    }
}
