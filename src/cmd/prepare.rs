//! `mlenv base check` and `mlenv base prepare`: whether a base works from any path, and making it so.

mod words;

use std::path::{Path, PathBuf};

use serde::Serialize;

use super::{print_json, print_words};
use crate::base::{Base, BaseKind};
use crate::cli::{BaseCheck, BasePrepare};
use crate::context::Context;
use crate::env::index;
use crate::env::layout::Layout;
use crate::error::{Attempt, Error, Result};
use crate::fs::{self, Lock};
use crate::hint::command;
use crate::relocate::apply::{self, Act};
use crate::relocate::finding::{BaseFault, Finding};
use crate::relocate::findings::{Missing, judge};
use crate::relocate::inuse;
use crate::relocate::list::PackageList;
use crate::relocate::record::Prepared;
use crate::relocate::scan::{Holding, Scan, scan};
use crate::relocate::smoke_test::{Start, starts};
use crate::resolve;
use crate::text::{PathText, Shown};

/// What `--json` prints.
#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct PrepareReport<'a> {
    path: PathText,
    built_at: PathText,
    findings: &'a [Finding],
    holding: &'a [Holding],
    starts: &'a [Start],
}

/// What `prepare --json` prints.
#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct Changes<'a> {
    path: PathText,
    built_at: PathText,
    dry_run: bool,
    changed: &'a [Changed],
    findings: &'a [Finding],
}

#[derive(Serialize)]
struct Changed {
    kind: BaseFault,
    path: PathText,
}

/// A base, looked at.
struct Subject {
    base: Base,
    list: PackageList,
    look: Scan,
    findings: Vec<Finding>,
}

pub(super) fn check(context: &Context, arguments: &BaseCheck) -> Result<()> {
    let base = resolve::base(context.host, &context.dirs, arguments.base.as_deref())?.base;
    refuse_system(&base)?;
    let built =
        arguments.built_at.as_deref().map(|path| context.host.absolute(path)).transpose()?;
    let subject = Subject::scan(context, base, built, None)?;
    let starts = starts(&subject.base, &context.host.temporary_dir()?)?;
    if arguments.json {
        print_json(&PrepareReport {
            path: PathText(subject.base.named.clone()),
            built_at: PathText(subject.look.built.clone()),
            findings: &subject.findings,
            holding: &subject.look.holding,
            starts: &starts,
        })?;
    } else {
        print_words(words::report(&subject, &starts))?;
    }
    verdict(context, &subject, &starts)
}

pub(super) fn prepare(context: &Context, arguments: &BasePrepare) -> Result<()> {
    let base = resolve::base(context.host, &context.dirs, Some(&arguments.base))?.base;
    refuse_system(&base)?;
    if !arguments.force && !arguments.dry_run {
        inuse::refuse(&base.prefix, &context.dirs)?;
    }
    let _lock = match fs::try_lock_dir(&base.prefix).attempt("open", &base.prefix)? {
        Lock::Held => return Err(fs::at_work(Shown(&base.prefix))),
        lock => lock,
    };
    if arguments.undo {
        return undo(context, &base, arguments);
    }
    let before = subject(context, base, arguments)?;
    let changed = changed(&before);
    if arguments.dry_run {
        return tell(context, arguments, &before, &changed);
    }
    let (prefix, built) = (&before.base.prefix, &before.look.built);
    apply::edit(prefix, built, &before.look.edits)?;
    apply::sweep(prefix, &before.look.leftovers)?;
    write(context, &before)?;
    if before.look.linked > 0 {
        context.ui.say(format!(
            "{} of the changed files had other names by hard links, as in a package cache: those keep the old text",
            before.look.linked
        ));
    }
    // Looked at again: only what is seen to be whole counts as done.
    let again = Base::of_prefix(prefix, &context.dirs.cache)?;
    let again = Base { named: before.base.named.clone(), ..again };
    let after =
        Subject::scan(context, again, Some(built.clone()), list_place(context, arguments)?)?;
    tell(context, arguments, &after, &changed)
}

fn subject(context: &Context, base: Base, arguments: &BasePrepare) -> Result<Subject> {
    let built =
        arguments.built_at.as_deref().map(|path| context.host.absolute(path)).transpose()?;
    Subject::scan(context, base, built, list_place(context, arguments)?)
}

fn refuse_system(base: &Base) -> Result<()> {
    if base.kind == BaseKind::System {
        return Err(Error::new("this machine's own Python is used where it is, and never changed")
            .hint("name a conda prefix, an image directory, or another Python's prefix"));
    }
    Ok(())
}

fn list_place(context: &Context, arguments: &BasePrepare) -> Result<Option<PathBuf>> {
    arguments.list.as_deref().map(|path| context.host.absolute(path)).transpose()
}

impl Subject {
    fn scan(
        context: &Context,
        base: Base,
        built: Option<PathBuf>,
        list: Option<PathBuf>,
    ) -> Result<Self> {
        let waiting = context.ui.waiting("reading the base");
        let look = scan(&base.prefix, &base.named, built)?;
        drop(waiting);
        let list = PackageList::of(&base, list)?;
        let missing = Missing {
            list: !list.is_there(),
            index: has_index(&base) && !index::is_fresh(&base, Layout::Standard),
        };
        let findings = judge(&base, &look, &missing);
        Ok(Self { base, list, look, findings })
    }
}

/// Envs of any other base link a handful of files.
fn has_index(base: &Base) -> bool {
    base.kind == BaseKind::Conda
}

/// What is written beside the edits: the list, and the index, which holds the text of scripts and comes last.
fn write(context: &Context, subject: &Subject) -> Result<()> {
    let Subject { base, list, look, findings } = subject;
    let found = |kind| findings.iter().any(|finding| finding.kind == kind);
    if found(BaseFault::PackageList) {
        add(base, look, &list.path, list.bytes())?;
    }
    if has_index(base) && (found(BaseFault::Index) || !look.edits.is_empty()) {
        let survey = index::look_through(base, Layout::Standard, context.ui)?;
        let bytes = index::pack(&survey.plan, base, Layout::Standard)?;
        add(base, look, &index::in_base(base, Layout::Standard), &bytes)?;
    }
    Ok(())
}

fn add(base: &Base, look: &Scan, path: &Path, bytes: &[u8]) -> Result<()> {
    match path.strip_prefix(&base.prefix) {
        Ok(inside) => apply::add(&base.prefix, &look.built, inside, bytes),
        // The user named another place for it, and looks after it.
        Err(_) => fs::write_atomic(path, bytes).attempt("write", path),
    }
}

/// What `prepare` changes, as the findings before it tell.
fn changed(subject: &Subject) -> Vec<Changed> {
    let mut changed = Vec::new();
    for finding in subject.findings.iter().filter(|finding| finding.is_fixable()) {
        let add = |path: PathBuf| Changed { kind: finding.kind, path: PathText(path) };
        match finding.kind {
            BaseFault::PackageList => changed.push(add(subject.list.path.clone())),
            BaseFault::Index => changed.push(add(index::in_base(&subject.base, Layout::Standard))),
            BaseFault::Leftovers => changed.extend(subject.look.leftovers.iter().cloned().map(add)),
            _ => changed.extend(finding.edits().iter().map(|edit| add(edit.path.clone()))),
        }
    }
    changed
}

fn tell(
    context: &Context,
    arguments: &BasePrepare,
    subject: &Subject,
    changed: &[Changed],
) -> Result<()> {
    let act = if arguments.dry_run { Act::Tell } else { Act::Do };
    if arguments.json {
        print_json(&Changes {
            path: PathText(subject.base.named.clone()),
            built_at: PathText(subject.look.built.clone()),
            dry_run: arguments.dry_run,
            changed,
            findings: &subject.findings,
        })?;
    } else {
        print_words(words::changes(changed, act))?;
        if act == Act::Do {
            print_words(words::report(subject, &[]))?;
        }
    }
    match act {
        Act::Tell => Ok(()),
        Act::Do => verdict(context, subject, &[]),
    }
}

fn undo(context: &Context, base: &Base, arguments: &BasePrepare) -> Result<()> {
    let Some(record) = Prepared::read(&base.prefix)? else {
        return Err(Error::no(format!("nothing was prepared in {}", Shown(&base.named)))
            .hint("`mlenv base prepare` keeps what it did in the base's mlenv-prepared.json"));
    };
    let act = if arguments.dry_run { Act::Tell } else { Act::Do };
    let done = apply::undo(&base.prefix, &record, act)?;
    if arguments.json {
        print_json(&words::Undo::new(base, &done, arguments.dry_run))?;
    } else {
        print_words(words::undone(&done, act))?;
    }
    if done.changed.is_empty() {
        return Ok(());
    }
    context.ui.hint("what was changed since stays, and stays in mlenv-prepared.json");
    Err(Error::no(format!("{} files were changed by others since", done.changed.len())))
}

fn verdict(context: &Context, subject: &Subject, starts: &[Start]) -> Result<()> {
    let path = Shown(&subject.base.named);
    let failed = starts.iter().filter(|start| !start.works).count();
    if subject.findings.is_empty() && failed == 0 {
        context.ui.say(format!("{path} is fit for use from any path"));
        return Ok(());
    }
    let fixable = subject.findings.iter().filter(|finding| finding.is_fixable()).count();
    let error = Error::no(format!("{path} is not fit for use from any path"));
    Err(match (fixable, failed) {
        (0, 0) => error.hint("the cures are given with what was found"),
        (0, _) => error.hint("see why its programs did not start"),
        _ => error.hint(format!(
            "{}, where images are built",
            command("mlenv base prepare {}", &[&subject.base.named])
        )),
    })
}
