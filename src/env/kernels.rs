//! The base's Jupyter kernels in an env: real files that start the env's interpreter.
//!
//! A link would start the base's: a `kernel.json` names an absolute interpreter as a script's first line does, and a
//! bare `python3` is whatever Python the Jupyter runs on. Jupyter replaces `{resource_dir}` by the kernel's own
//! directory, so that the text names no place. Kernels that are not Python (R, ROOT's C++, bash) stay what they are.

use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

use super::content::{Content, FileMode};
use super::script;
use crate::base::{Base, BaseKind};
use crate::foreign;

/// Where kernels lie in a prefix.
const KERNELS: &str = "share/jupyter/kernels";

/// The directory of a prefix, as a kernel in it names it.
const PREFIX: &str = "{resource_dir}/../../../../";

/// Adds to `plan` every kernel of the base that starts a Python, in place of a link to it. Sparse envs have them too:
/// Jupyter looks into the base's directory behind the env's.
pub(crate) fn add(plan: &mut Content, base: &Base) {
    let Ok(entries) = base.prefix.join(KERNELS).read_dir() else { return };
    let mut names: Vec<_> = entries.flatten().map(|entry| entry.file_name()).collect();
    names.sort();
    for name in names {
        let path = Path::new(KERNELS).join(name).join("kernel.json");
        let text = foreign::read(base.prefix.join(&path), foreign::FileKind::Settings);
        if let Some(text) = text.ok().and_then(|text| for_env(&text, plan, base)) {
            plan.file_instead(&path, text, FileMode::Data);
        }
    }
}

/// The text of a kernel as an env has it; `None` for one that starts no Python.
fn for_env(text: &[u8], plan: &Content, base: &Base) -> Option<Vec<u8>> {
    let mut map: Map<String, Value> = serde_json::from_slice(text).ok()?;
    let argv: Vec<String> = serde_json::from_value(map.get("argv")?.clone()).ok()?;
    let words = match argv.first()?.as_str() {
        // `env python3` is found on PATH, which is the server's.
        "env" | "/usr/bin/env" if argv.get(1).is_some_and(|word| is_bare(word)) => &argv[1..],
        _ => &argv[..],
    };
    let is_text = |at: usize| at > 1 && is_shell(&words[0]) && takes_text(&words[at - 1]);
    let rewrite = |(at, word): (usize, &String)| match at {
        0 if is_bare(word) => Some(format!("{PREFIX}bin/python3")),
        _ if is_text(at) => shell_text(word, base),
        _ => program(word, plan, base),
    };
    let new: Vec<Option<String>> = words.iter().enumerate().map(rewrite).collect();
    if new.iter().all(Option::is_none) {
        return None;
    }
    let words = new.into_iter().zip(words).map(|(new, old)| new.unwrap_or_else(|| old.clone()));
    map.insert("argv".into(), words.map(Value::from).collect());
    let text = serde_json::to_vec_pretty(&map).ok()?;
    Some([text, b"\n".to_vec()].concat())
}

fn is_bare(word: &str) -> bool {
    script::is_python(word.as_bytes())
}

/// What a word that names a program of the base by its path is in an env; `None` for any other word. A prefix is seen by
/// many paths, so that it is the end of the path which tells.
fn program(word: &str, plan: &Content, base: &Base) -> Option<String> {
    let path = Path::new(word);
    let name = path.file_name()?.to_str()?;
    let is_of_prefix = path.is_absolute() || word.starts_with('{');
    if !is_of_prefix || !path.parent()?.ends_with("bin") {
        return None;
    }
    if script::is_python(name.as_bytes()) {
        return (!is_of_machine(path, base)).then(|| format!("{PREFIX}bin/python3"));
    }
    let inside = Path::new("bin").join(name);
    let is_there = base.prefix.join(&inside).is_file() && !path.starts_with("/usr");
    if is_there && plan.file_at(&inside).is_some() {
        return Some(format!("{PREFIX}bin/{name}"));
    }
    // Wrappers such as `python3-nohome`: beside the env's interpreter they start that.
    let wraps = is_there && name.starts_with("python");
    let known = if plan.link_at(&inside).is_some() { name } else { "python3" };
    wraps.then(|| format!("{PREFIX}bin/{known}"))
}

/// The machine's own interpreter is meant where its directory is named.
fn is_of_machine(path: &Path, base: &Base) -> bool {
    let dirs = ["/usr/bin", "/bin", "/usr/local/bin"];
    let is_named = dirs.iter().any(|dir| path.parent() == Some(Path::new(dir)));
    is_named && base.kind != BaseKind::System && !path.starts_with(&base.prefix)
}

fn is_shell(word: &str) -> bool {
    let name = Path::new(word).file_name().and_then(|name| name.to_str());
    name.is_some_and(|name| ["sh", "bash", "dash", "zsh"].contains(&name))
}

/// True for `-c`, `-lc` and the like.
fn takes_text(word: &str) -> bool {
    word.starts_with('-') && !word.starts_with("--") && word.ends_with('c')
}

/// A text for a shell, with each interpreter of the base in it as the env's; `None` where there is none.
fn shell_text(text: &str, base: &Base) -> Option<String> {
    let is_of_path = |c: char| c.is_ascii_alphanumeric() || "/._+{}@-".contains(c);
    let (mut out, mut rest) = (String::new(), text);
    while let Some(start) = rest.find(is_of_path) {
        let (before, word) = rest.split_at(start);
        let (word, behind) = word.split_at(word.find(|c| !is_of_path(c)).unwrap_or(word.len()));
        out.push_str(before);
        let is_quoted = before.ends_with(['"', '\'']);
        match interpreter(word, base) {
            Some(new) if is_quoted => out.push_str(&new),
            Some(new) => out.extend(["\"", &new, "\""]),
            None => out.push_str(word),
        }
        rest = behind;
    }
    out.push_str(rest);
    (out != text).then_some(out)
}

fn interpreter(word: &str, base: &Base) -> Option<String> {
    let path = Path::new(word);
    let is_python = script::is_python(path.file_name()?.to_str()?.as_bytes());
    let is_of_prefix = path.is_absolute() || word.starts_with('{');
    let is_ours = is_python && is_of_prefix && path.parent()?.ends_with("bin");
    (is_ours && !is_of_machine(path, base)).then(|| format!("{PREFIX}bin/python3"))
}

/// True for a kernel that `add` wrote, as an env may still have it whose base is gone.
pub(crate) fn is_ours(path: &Path, text: &[u8]) -> bool {
    path.starts_with(KERNELS)
        && std::str::from_utf8(text).is_ok_and(|text| text.contains(&format!("{PREFIX}bin/")))
}

/// Where Python scripts of the base lie beside `bin`: an env has them as real files too.
pub(crate) fn scripts(plan: &Content) -> Vec<PathBuf> {
    let dirs = plan.dirs.iter().filter(|(dir, _)| {
        let dir = Path::new(dir);
        dir == "sbin" || dir.starts_with("libexec") || dir.starts_with(KERNELS)
    });
    dirs.flat_map(|(dir, inside)| {
        inside.links.iter().map(move |link| Path::new(dir).join(&link.name))
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn base() -> (tempfile::TempDir, Base) {
        let root = tempfile::tempdir().unwrap();
        crate::fs::make_dirs(&root.path().join("bin"), 0o755).unwrap();
        for name in ["python3-nohome", "R", "papermill-kernel"] {
            crate::fs::write_new(&root.path().join("bin").join(name), b"").unwrap();
        }
        let base = crate::base::tests::at(root.path());
        (root, base)
    }

    #[track_caller]
    fn check(argv: &[&str], expected: Option<&[&str]>) {
        let (root, base) = base();
        let mut plan = Content::default();
        plan.link_to_base(Path::new("bin/python3-nohome"));
        plan.link_to_base(Path::new("bin/R"));
        plan.file(Path::new("bin/papermill-kernel"), Vec::new(), FileMode::Program);
        let here = root.path().to_str().unwrap();
        let argv: Vec<String> = argv.iter().map(|word| word.replace("BASE", here)).collect();
        let text = serde_json::json!({ "argv": argv, "display_name": "x", "env": {"A": "1"} });
        let new = for_env(text.to_string().as_bytes(), &plan, &base);
        let new: Option<Value> = new.map(|text| serde_json::from_slice(&text).unwrap());
        let words = |words: &[&str]| -> Vec<String> {
            words.iter().map(|word| word.replace("ENV/", PREFIX)).collect()
        };
        assert_eq!(
            new.as_ref().map(|new| new["argv"].clone()),
            expected.map(|argv| words(argv).into())
        );
        assert!(new.is_none_or(|new| new["env"]["A"] == "1"));
    }

    #[test]
    fn every_way_to_name_a_python_becomes_the_envs() {
        let rest = ["-m", "ipykernel_launcher", "-f", "{connection_file}"];
        let with = |first: &[&'static str]| [first, &rest].concat();
        let env = with(&["ENV/bin/python3"]);
        for first in [
            &["BASE/bin/python3.11"][..],
            &["/opt/conda/bin/python"],
            &["python3"],
            &["python"],
            &["/usr/bin/env", "python3"],
            &["{prefix}/bin/python"],
            &["{resource_dir}/../../../../bin/python3"],
        ] {
            check(&with(first), Some(&env));
        }
        check(&["BASE/bin/python3-nohome", "-s"], Some(&["ENV/bin/python3-nohome", "-s"]));
        check(&["BASE/bin/papermill-kernel"], Some(&["ENV/bin/papermill-kernel"]));
        check(
            &["/bin/bash", "{resource_dir}/run.sh", "BASE/bin/python"],
            Some(&["/bin/bash", "{resource_dir}/run.sh", "ENV/bin/python3"]),
        );
        check(&["env", "A=1", "BASE/bin/python"], Some(&["env", "A=1", "ENV/bin/python3"]));
        check(
            &["bash", "-lc", "X=1; exec BASE/bin/python3.11 -m k '/opt/conda/bin/python' -f {c}"],
            Some(&["bash", "-lc", "X=1; exec \"ENV/bin/python3\" -m k 'ENV/bin/python3' -f {c}"]),
        );
    }

    #[test]
    fn other_kernels_stay() {
        check(&["BASE/bin/R", "--slave", "-e", "IRkernel::main()"], None);
        check(&["BASE/lib/R/bin/R", "--slave"], None);
        check(&["R"], None);
        check(&["/usr/bin/python3", "-m", "x"], None);
        check(&["{resource_dir}/start.sh", "{connection_file}"], None);
        check(&["bash", "-c", "exec /other/python"], None);
        check(&["bash", "-c", "exec /usr/bin/python3 -m x"], None);
    }
}
