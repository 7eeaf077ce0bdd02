//! `mlenv self-check`: does this program work here? It looks at the directories that it keeps things in, and makes an
//! env on the default base, runs its Python, and removes it again.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use serde::Serialize;

use super::{Context, create, print, print_json};
use crate::cli::SelfCheck;
use crate::error::{Attempt, Error, Result};
use crate::overlay::create::Order;
use crate::overlay::index::{self, Trust};
use crate::overlay::layout::Layout;
use crate::overlay::skeleton;
use crate::overlay::stage::{self, OnExisting};
use crate::resolve::{self, Choice};
use crate::text::Shown;
use crate::{exec, fs};

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
        print(checks.iter().map(line).collect::<String>())?;
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
    let env = context.dirs.cache.join(format!("self-check-{}", std::process::id()));
    let ran = made(context, choice, &env).and_then(|()| prefix_inside(&env));
    if env.exists() {
        stage::discard(&env)?;
    }
    match ran? {
        inside if inside == env => Ok("made on it; its Python runs".to_owned()),
        other => Err(Error::new(format!(
            "the Python of a new env believes to be in {}, not in {}",
            Shown(&other),
            Shown(&env)
        ))
        .hint("is there a `pyvenv.cfg` in the base? It would redirect every env")),
    }
}

fn made(context: &Context, choice: &Choice, env: &Path) -> Result<()> {
    let layout = Layout::Sparse;
    let cache = &context.dirs.cache;
    let mut plan = index::plan(&choice.base, layout, cache, Trust::Any, context.ui)?;
    let record = create::record(env, choice, layout, false);
    skeleton::carry(&mut plan, env, &record)?;
    let order = Order {
        env,
        base: &choice.base,
        plan,
        record: &record,
        on_existing: OnExisting::Fail,
        threads: 1,
        stop: &AtomicBool::new(false),
    };
    order.carry_out().map(drop)
}

fn prefix_inside(env: &Path) -> Result<PathBuf> {
    let code = "import os, sys; os.write(1, os.fsencode(sys.prefix))";
    let told = exec::output(&env.join("bin/python"), &["-I", "-c", code].map(OsStr::new))?;
    Ok(PathBuf::from(OsString::from_vec(told)))
}
