//! What `base check` and `base prepare` tell people.

use std::fmt::Write as _;

use serde::Serialize;

use super::{Changed, Subject};
use crate::base::Base;
use crate::relocate::apply::{Act, Undone};
use crate::relocate::file::Form;
use crate::relocate::smoke_test::Start;
use crate::text::count;
use crate::text::{PathText, Shown};

/// Of many files only so many are printed.
const FEW: usize = 8;

/// What `prepare --undo --json` prints.
#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct Undo {
    path: PathText,
    dry_run: bool,
    undone: Vec<PathText>,
    changed_since: Vec<PathText>,
}

impl Undo {
    pub(super) fn new(base: &Base, done: &Undone, dry_run: bool) -> Self {
        let path = PathText(base.named.clone());
        let texts = |paths: &[std::path::PathBuf]| paths.iter().cloned().map(PathText).collect();
        Self { path, dry_run, undone: texts(&done.undone), changed_since: texts(&done.changed) }
    }
}

/// Findings, files that hold the build path, and what started.
pub(super) fn report(subject: &Subject, starts: &[Start]) -> String {
    let mut text = String::new();
    for finding in &subject.findings {
        let _ = writeln!(text, "found: {}", finding.what);
        some(&mut text, finding.items.iter());
        let _ = writeln!(text, "  breaks: {}", finding.breaks);
        let _ = writeln!(text, "  cure: {}", finding.cure_text());
    }
    holding(&mut text, subject);
    for start in starts {
        let verb = if start.works { "works" } else { "fails" };
        let _ = writeln!(text, "{verb}: {} says {}", Shown(&start.program.0), start.said);
    }
    text
}

/// No findings: most are harmless, and none can be changed safely without knowing them.
fn holding(text: &mut String, subject: &Subject) {
    for (form, word) in [(Form::Text, "text"), (Form::Binary, "binary")] {
        let files = subject.look.holding.iter().filter(|file| file.form == form);
        let paths: Vec<String> = files.map(|file| Shown(&file.path.0).to_string()).collect();
        if !paths.is_empty() {
            let _ = writeln!(
                text,
                "note: {} the build path {}",
                count(paths.len(), &format!("{word} file names"), &format!("{word} files name")),
                Shown(&subject.look.built)
            );
            some(text, paths.iter());
        }
    }
}

/// What was changed, or would be.
pub(super) fn changes(changed: &[Changed], act: Act) -> String {
    let verb = if act == Act::Do { "changed" } else { "would change" };
    let lines = changed.iter().map(|change| format!("{verb}: {}\n", Shown(&change.path.0)));
    if changed.is_empty() { "nothing to change\n".to_owned() } else { lines.collect() }
}

/// What is as it was.
pub(super) fn undone(done: &Undone, act: Act) -> String {
    let verb = if act == Act::Do { "undone" } else { "would undo" };
    let undone = done.undone.iter().map(|path| format!("{verb}: {}\n", Shown(path)));
    let changed = done.changed.iter().map(|path| format!("changed since: {}\n", Shown(path)));
    undone.chain(changed).collect()
}

fn some<'a>(text: &mut String, items: impl ExactSizeIterator<Item = &'a String>) {
    let more = items.len().saturating_sub(FEW);
    for item in items.take(FEW) {
        let _ = writeln!(text, "    {item}");
    }
    if more > 0 {
        let _ = writeln!(text, "    and {more} more (`--json` has all)");
    }
}
