//! Exact versions put into a project's file: a line about the same package is replaced, any other is added, and all else stays as
//! it is, comments too. Pure text.

use crate::error::{Error, Result};
use crate::specs::{key, name_of};

/// `text` of a requirements file with these lines in it.
pub(crate) fn requirements(text: &str, wanted: &[String]) -> String {
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    for spec in wanted {
        let name = name_of(spec).map(key);
        match lines.iter_mut().find(|line| subject(line) == name && name.is_some()) {
            Some(line) => *line = with_comment(spec, line),
            None => lines.push(spec.clone()),
        }
    }
    joined(&lines)
}

/// `text` of an environment file with these packages of conda's and of pip's in it. An empty text becomes a whole file.
pub(crate) fn environment(
    text: &str,
    conda: &[String],
    pip: &[String],
    channels: &[String],
) -> Result<String> {
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    if lines.iter().all(|line| line.trim().is_empty()) {
        lines = Vec::new();
        if !channels.is_empty() {
            lines.push("channels:".to_owned());
            lines.extend(channels.iter().map(|channel| format!("  - {channel}")));
        }
        lines.push("dependencies:".to_owned());
    }
    let wrong = || {
        Error::new("its dependencies are not a list of lines, as `- NAME` below `dependencies:`")
            .hint("put them one below the other, or name another file with -o")
    };
    let at = lines.iter().position(|line| line.trim_end() == "dependencies:").ok_or_else(wrong)?;
    put(&mut lines, at, conda);
    if !pip.is_empty() {
        let head = pips(&lines, at).unwrap_or_else(|| {
            let (indent, end) = list(&lines, at);
            let has_pip = items(&lines, at).any(|(_, line)| subject(&line) == Some("pip".into()));
            let new = [format!("{indent}- pip"), format!("{indent}- pip:")];
            let new = &new[usize::from(has_pip)..];
            lines.splice(end..end, new.iter().cloned());
            end + new.len() - 1
        });
        put(&mut lines, head, pip);
    }
    let text = joined(&lines);
    let whole: Option<serde_yaml::Value> = serde_yaml::from_str(&text).ok();
    let is_list = whole
        .is_some_and(|whole| whole.get("dependencies").is_some_and(serde_yaml::Value::is_sequence));
    if is_list { Ok(text) } else { Err(wrong()) }
}

/// Replaces or adds items of the list below the line `at`.
fn put(lines: &mut Vec<String>, at: usize, wanted: &[String]) {
    for spec in wanted {
        let name = name_of(spec).map(key);
        let there = items(lines, at).find(|(_, line)| subject(line) == name);
        if let Some((number, _)) = there {
            let old = lines[number].clone();
            let indent = &old[..indent(&old)];
            lines[number] = with_comment(&format!("{indent}- {spec}"), &old);
            continue;
        }
        let (indent, end) = list(lines, at);
        // What has a list of its own stays last.
        let end = pips(lines, at).filter(|head| *head != at).unwrap_or(end);
        lines.insert(end, format!("{indent}- {spec}"));
    }
}

/// The indent of the items below the line `at`, and the line behind the last of them.
fn list(lines: &[String], at: usize) -> (String, usize) {
    let own = indent(&lines[at]) + usize::from(lines[at].trim_start().starts_with("- ")) * 2;
    let mut found = None;
    let mut end = at + 1;
    for (number, line) in lines.iter().enumerate().skip(at + 1) {
        let bare = line.trim_start();
        if bare.is_empty() || bare.starts_with('#') {
            continue;
        }
        let is_item = bare.starts_with("- ");
        if indent(line) < own || !is_item && indent(line) <= own {
            break;
        }
        if is_item && found.is_none() {
            found = Some(indent(line));
        }
        if indent(line) < found.unwrap_or(own) {
            break;
        }
        end = number + 1;
    }
    let is_item = lines[at].trim_start().starts_with("- ");
    (" ".repeat(found.unwrap_or(if is_item { own } else { own + 2 })), end)
}

/// The items of that list, without those of lists in it.
fn items(lines: &[String], at: usize) -> impl Iterator<Item = (usize, String)> {
    let (indented, end) = list(lines, at);
    let start = format!("{indented}- ");
    let found: Vec<(usize, String)> = lines[..end]
        .iter()
        .enumerate()
        .skip(at + 1)
        .filter_map(|(number, line)| Some((number, line.strip_prefix(&start)?.trim().to_owned())))
        .collect();
    found.into_iter()
}

/// The line of pip's own list.
fn pips(lines: &[String], at: usize) -> Option<usize> {
    items(lines, at).find(|(_, line)| line == "pip:").map(|(number, _)| number)
}

fn indent(line: &str) -> usize {
    line.len() - line.trim_start().len()
}

/// The package that a line is about.
fn subject(line: &str) -> Option<String> {
    let bare = line.trim().trim_matches(['"', '\'']);
    name_of(bare).filter(|_| !bare.starts_with('#') && !bare.ends_with(':')).map(key)
}

fn with_comment(new: &str, old: &str) -> String {
    old.find(" #").map_or_else(|| new.to_owned(), |at| format!("{new} {}", old[at..].trim_start()))
}

fn joined(lines: &[String]) -> String {
    lines.iter().fold(String::new(), |text, line| text + line + "\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn specs(words: &[&str]) -> Vec<String> {
        words.iter().map(|word| (*word).to_owned()).collect()
    }

    #[test]
    fn requirements_are_replaced_by_name_and_the_rest_stays() {
        let text = "# ours\nNumPy>=1  # for x\n-r more.txt\nsix\n";
        let new = requirements(text, &specs(&["numpy==2.0", "uproot==5.1"]));
        assert_eq!(new, "# ours\nnumpy==2.0 # for x\n-r more.txt\nsix\nuproot==5.1\n");
        assert_eq!(requirements("", &specs(&["six==1"])), "six==1\n");
    }

    #[test]
    fn an_environment_file_keeps_its_form() {
        let text = "name: x\ndependencies:\n  # first\n  - python=3.11\n  - root >=6 # big\n  - pip\n  - pip:\n    - six\n# end\nvariables:\n  A: 1\n";
        let new = environment(
            text,
            &specs(&["root=6.32", "zstd=1.5"]),
            &specs(&["six==1.16", "uproot==5"]),
            &[],
        );
        let expected = "name: x\ndependencies:\n  # first\n  - python=3.11\n  - root=6.32 # big\n  - pip\n  - zstd=1.5\n  - pip:\n    - six==1.16\n    - uproot==5\n# end\nvariables:\n  A: 1\n";
        assert_eq!(new.unwrap(), expected);
        let flat = "dependencies:\n- numpy\n";
        let new = environment(flat, &specs(&["numpy=2"]), &specs(&["six==1"]), &[]).unwrap();
        assert_eq!(new, "dependencies:\n- numpy=2\n- pip\n- pip:\n  - six==1\n");
        let new =
            environment("", &specs(&["root=6"]), &specs(&["six==1"]), &specs(&["conda-forge"]))
                .unwrap();
        assert_eq!(
            new,
            "channels:\n  - conda-forge\ndependencies:\n  - root=6\n  - pip\n  - pip:\n    - six==1\n"
        );
        for text in ["dependencies: [a]\n", "name: x\n"] {
            assert!(environment(text, &specs(&["a=1"]), &[], &[]).is_err(), "{text}");
        }
    }
}
