//! `kernel.json`: what one says, and reading it back. Pure.

use std::path::Path;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::error::{Error, Result};
use crate::text::{PathText, Shown};

/// The file's name.
pub(super) const FILE: &str = "kernel.json";

/// What `/bin/sh` is given.
const SCRIPT: &str = include_str!("../../shell/kernel.sh");

/// Names that Jupyter replaces in the command line by something else.
const REPLACED: [&str; 3] = ["{connection_file}", "{prefix}", "{resource_dir}"];

/// Lets the line in an env's site-packages pass that keeps the user site out (`overlay::skeleton`).
const USER_SITE: &str = "MLENV_USER_SITE=1";

/// The key of the mark in `metadata`.
const MARK: &str = "mlenv";

/// What a kernel of ours says about itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct Mark {
    /// What it starts in: an env, an image directory or a base.
    pub(crate) prefix: PathText,
    /// The mlenv that wrote it, which starts it.
    pub(crate) program: PathText,
    /// Whether packages in `~/.local` are seen.
    pub(crate) user_site: bool,
}

/// The text of a kernel. What stands in `old` and is not ours, such as variables that the user added, stays.
pub(super) fn text(mark: &Mark, display: &str, old: Option<Map<String, Value>>) -> Result<Vec<u8>> {
    let mut map = old.unwrap_or_default();
    let argv = argv(mark)?;
    map.insert("argv".into(), argv.into());
    map.insert("display_name".into(), display.into());
    map.insert("language".into(), "python".into());
    map.entry("interrupt_mode").or_insert_with(|| "signal".into());
    let metadata = map.entry("metadata").or_insert_with(|| json!({ "debugger": true }));
    if let (Some(metadata), Ok(mark)) = (metadata.as_object_mut(), serde_json::to_value(mark)) {
        metadata.insert(MARK.into(), mark);
    }
    written(&map)
}

/// `None` for text that is not a kernel of ours.
pub(super) fn read(text: &[u8]) -> Option<(Mark, Map<String, Value>)> {
    let map: Map<String, Value> = serde_json::from_slice(text).ok()?;
    let mark = map.get("metadata")?.get(MARK)?;
    Some((serde_json::from_value(mark.clone()).ok()?, map))
}

/// A kernel of ours for an env that moved, with all else that it says.
pub(crate) fn moved(text: &[u8], from: &Path, to: &Path) -> Option<Vec<u8>> {
    let (mark, map) = read(text).filter(|(mark, _)| mark.prefix.0 == from)?;
    let mark = Mark { prefix: PathText(to.to_owned()), ..mark };
    self::text(&mark, &display(&map), Some(map)).ok()
}

/// The name that people see.
pub(super) fn display(map: &Map<String, Value>) -> String {
    map.get("display_name").and_then(Value::as_str).unwrap_or_default().to_owned()
}

/// Bare `python3` is the env's own: it is first on PATH by then. For the twin what keeps the user site out of an env is
/// taken away again, behind the activation. Frozen modules stop debuggers; Pythons that know nothing of them pass the
/// option over.
fn argv(mark: &Mark) -> Result<Vec<Value>> {
    let python: &[&str] = if mark.user_site {
        &["/usr/bin/env", "-u", "PYTHONNOUSERSITE", USER_SITE, "python3"]
    } else {
        &["python3", "-s"]
    };
    let mut argv = ["/bin/sh", "-c", SCRIPT].map(Value::from).to_vec();
    argv.push(word(&mark.program.0)?);
    argv.push(word(&mark.prefix.0)?);
    let kernel = ["-Xfrozen_modules=off", "-m", "ipykernel_launcher", "-f", "{connection_file}"];
    argv.extend(["--"].iter().chain(python).chain(&kernel).map(|word| Value::from(*word)));
    Ok(argv)
}

fn word(path: &Path) -> Result<Value> {
    let refusal = |why: &str| {
        Err(Error::new(format!("could not write a kernel for {}: {why}", Shown(path)))
            .hint("give it another path, with `mlenv rename`"))
    };
    match path.to_str() {
        None => refusal("its path is not UTF-8, and Jupyter's files hold nothing else"),
        Some(text) if REPLACED.iter().any(|name| text.contains(name)) => {
            refusal("Jupyter would replace the part of its path that is in braces")
        }
        Some(text) => Ok(Value::from(text)),
    }
}

fn written(map: &Map<String, Value>) -> Result<Vec<u8>> {
    let text = serde_json::to_vec_pretty(map);
    let text = text.map_err(|cause| Error::new(format!("could not write {FILE}: {cause}")))?;
    Ok([text, b"\n".to_vec()].concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mark(prefix: &str, user_site: bool) -> Mark {
        Mark { prefix: PathText(prefix.into()), program: PathText("/m/mlenv".into()), user_site }
    }

    #[test]
    fn what_is_written_is_read_and_what_others_wrote_is_not_ours() {
        let hostile = "/it's \"a\" $HOME `id` \\ \n %s é";
        for user_site in [false, true] {
            let text = text(&mark(hostile, user_site), "Mine", None).unwrap();
            let (read, map) = read(&text).unwrap();
            assert_eq!((read, display(&map).as_str()), (mark(hostile, user_site), "Mine"));
            let argv: Vec<&str> =
                map["argv"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
            assert_eq!(argv[3..6], ["/m/mlenv", hostile, "--"]);
            assert_eq!(argv[6] == "python3" && argv[7] == "-s", !user_site);
        }
        for theirs in ["{}", "[1]", "{", r#"{"metadata": {"mlenv": 1}}"#, r#"{"argv": []}"#] {
            assert_eq!(read(theirs.as_bytes()), None);
        }
    }

    #[test]
    fn what_the_user_added_stays_when_the_env_moves() {
        let old = json!({ "env": { "OMP_NUM_THREADS": "4" }, "metadata": { "x": 1 } });
        let text = text(&mark("/a", true), "Mine", old.as_object().cloned()).unwrap();
        assert_eq!(moved(&text, Path::new("/other"), Path::new("/b")), None);
        let (mark, map) = read(&moved(&text, Path::new("/a"), Path::new("/b")).unwrap()).unwrap();
        assert_eq!(mark, self::mark("/b", true));
        assert_eq!(map["env"]["OMP_NUM_THREADS"], "4");
        assert_eq!((&map["metadata"]["x"], display(&map).as_str()), (&json!(1), "Mine"));
    }

    #[test]
    fn what_jupyter_would_not_hand_on_as_it_is_is_refused() {
        use std::os::unix::ffi::OsStrExt;
        let odd = Path::new(std::ffi::OsStr::from_bytes(b"/\xff"));
        assert!(word(odd).is_err() && word(Path::new("/a{prefix}")).is_err());
        assert!(word(Path::new("/a{b}")).is_ok());
    }
}
