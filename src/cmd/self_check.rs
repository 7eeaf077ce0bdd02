//! `mlenv self-check`: does this program work here? It looks at the directories that it keeps things in, and makes an
//! env on the default base, runs its Python, and removes it again.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::{print_json, print_words};
use crate::cli::SelfCheck;
use crate::context::Context;
use crate::env::layout::Layout;
use crate::env::probe::Probe;
use crate::error::{Attempt, Error, Result};
use crate::fs;
use crate::process::{Command, Words};
use crate::resolve::{self, Choice};
use crate::text::Shown;

/// One thing that was tried.
#[derive(Serialize)]
struct Check {
    what: &'static str,
    works: bool,
    /// What was found, or why it does not work.
    found: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    hint: Option<String>,
}

pub(super) fn run(context: &Context, arguments: &SelfCheck) -> Result<()> {
    let checks = checks(context);
    if arguments.json {
        print_json(&checks)?;
    } else {
        print_words(checks.iter().map(line).collect::<String>())?;
    }
    match checks.iter().filter(|check| !check.works).count() {
        0 => Ok(()),
        count => Err(Error::no(format!("{count} of {} checks failed", checks.len()))
            .hint("the lines with `FAILS` say what and why")),
    }
}

fn checks(context: &Context) -> Vec<Check> {
    let dirs = &context.dirs;
    let version = env!("CARGO_PKG_VERSION");
    let program = context.host.program();
    let mut checks = vec![
        check("program", program.map(|path| format!("mlenv {version}, {}", Shown(&path)))),
        check("state", writable(&dirs.state)),
        check("cache", writable(&dirs.cache)),
    ];
    match resolve::base(context.host, dirs, None) {
        Err(why) => checks.push(check("base", Err(why))),
        Ok(choice) => {
            checks.push(check("base", Ok(described(&choice))));
            checks.push(check("env", tried(context, &choice)));
        }
    }
    checks
}

fn check(what: &'static str, result: Result<String>) -> Check {
    match result {
        Ok(found) => Check { what, works: true, found, hint: None },
        Err(why) => {
            let hint = why.cure().map(str::to_owned);
            Check { what, works: false, found: why.to_string(), hint }
        }
    }
}

fn line(Check { what, works, found, hint }: &Check) -> String {
    let fails = if *works { "" } else { "FAILS: " };
    let hint = hint.as_ref().map(|hint| format!("\n         hint: {hint}")).unwrap_or_default();
    format!("{what:<8} {fails}{found}{hint}\n")
}

/// Writing tells more than permissions do: quotas, read-only homes, a full disk.
fn writable(dir: &Path) -> Result<String> {
    fs::make_dirs(dir, 0o700).attempt("make", dir)?;
    let probe = dir.join(format!("self-check-{}", std::process::id()));
    fs::write_new(&probe, b"x").attempt("write", &probe)?;
    fs::remove_file(&probe).attempt("remove", &probe)?;
    Ok(Shown(dir).to_string())
}

fn described(Choice { base, source, .. }: &Choice) -> String {
    let (named, kind, python) = (Shown(&base.named), base.kind.name(), &base.python.version);
    format!("{named} ({kind}, Python {python}, {source})")
}

/// Makes a sparse env on the base, runs it, and removes it whatever came of that.
fn tried(context: &Context, choice: &Choice) -> Result<String> {
    let probe = Probe::new(&choice.base, Layout::Sparse, &context.dirs.cache, context.ui)?;
    match prefix_inside(probe.env())? {
        inside if inside == probe.env() => Ok("made on it; its Python runs".to_owned()),
        other => Err(Error::new(format!(
            "the Python of a new env thinks that it is in {}, not in {}",
            Shown(&other),
            Shown(probe.env())
        ))
        .hint("is there a `pyvenv.cfg` in the base? It would redirect every env")),
    }
}

fn prefix_inside(env: &Path) -> Result<PathBuf> {
    let code = "import os, sys; os.write(1, os.fsencode(sys.prefix))";
    let told =
        Command::new(env.join("bin/python")).words(["-I", "-c", code]).output(Words::Kept)?;
    Ok(PathBuf::from(OsString::from_vec(told)))
}
