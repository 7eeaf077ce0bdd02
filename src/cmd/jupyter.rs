//! `mlenv jupyter`: kernels for envs, and JupyterLab in one.

mod room;

use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use serde::Serialize;

use self::room::{Asked, Room, settled};
use super::{print_json, print_words};
use crate::activation::{self, Place};
use crate::cli::{At, Jupyter};
use crate::context::Context;
use crate::engine::reenter;
use crate::env::registry;
use crate::error::{Error, Result};
use crate::kernel::{self, Kernel, KernelState, Kernelspecs, Module};
use crate::process::Command;
use crate::text::table::table;

use crate::text::{PathText, Shown, shown};

/// JupyterLab.
const LAB: Module = Module { name: "jupyterlab", package: "jupyterlab" };

pub(super) fn run(context: &Context, verb: &Jupyter) -> Result<()> {
    match verb {
        Jupyter::Install { env, name, display_name, at } => {
            let asked = Asked { name: name.as_deref(), display: display_name.as_deref() };
            install(context, env.as_deref(), &asked, at)
        }
        Jupyter::List { json } => list(context, *json),
        Jupyter::Remove { env, at } => remove(context, env, at),
        Jupyter::Lab { env, arguments } => lab(context, env.as_deref(), arguments),
    }
}

fn install(context: &Context, env: Option<&OsStr>, asked: &Asked, at: &At) -> Result<()> {
    let room = Room::enter(context, env)?;
    let shelf = room.shelf(context, at)?;
    let (names, written) = room.put(context, &shelf, asked)?;
    let [name, twin] = names;
    let place = Shown(room.place.path());
    context.ui.say(if written {
        format!("registered the kernels {name} and {twin} for {place}")
    } else {
        format!("the kernels {name} and {twin} for {place} already exist")
    });
    Ok(())
}

/// What `list --json` prints.
#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct KernelRow {
    name: String,
    display_name: String,
    env: PathText,
    user_site: bool,
    state: KernelState,
    path: PathText,
}

fn list(context: &Context, json: bool) -> Result<()> {
    let rows: Vec<KernelRow> = kernels(context).into_iter().map(row).collect();
    if json {
        return print_json(&rows);
    }
    let line = |row: &KernelRow| {
        let state = match row.state {
            KernelState::Ready => "",
            KernelState::EnvGone => {
                "(the env is gone: `mlenv jupyter remove` it, or `mlenv doctor --fix` the env where it is)"
            }
            KernelState::ProgramGone => "(mlenv has moved: `mlenv jupyter install` it again)",
        };
        let env = Shown(&row.env.0).to_string();
        (false, vec![shown(&row.name), shown(&row.display_name), env, state.to_owned()])
    };
    let lines: Vec<_> = rows.iter().map(line).collect();
    print_words(table(&["NAME", "SHOWN AS", "ENV", ""], &lines, context.host.columns))
}

fn row(kernel: Kernel) -> KernelRow {
    KernelRow {
        display_name: kernel.display(),
        state: kernel.state(),
        env: kernel.mark.prefix,
        user_site: kernel.mark.user_site,
        path: PathText(kernel.dir),
        name: kernel.name,
    }
}

/// Those of the user, of the user's envs, and of the system.
fn kernels(context: &Context) -> Vec<Kernel> {
    let envs: BTreeSet<PathBuf> = registry::all(&context.dirs);
    kernel::places(&context.dirs, &envs).iter().flat_map(Kernelspecs::kernels).collect()
}

fn remove(context: &Context, word: &OsStr, at: &At) -> Result<()> {
    let env = context.host.absolute(Path::new(word))?;
    let named = activation::locate(word, context.host, &context.dirs).and_then(settled);
    let env = named.map_or(env, |place| place.path().to_owned());
    let all = match (&at.prefix, at.sys_prefix) {
        (Some(prefix), _) => Kernelspecs::below(&context.host.absolute(prefix)?).kernels(),
        (None, true) => Kernelspecs::below(&env).kernels(),
        (None, false) if at.user => Kernelspecs::of_user(&context.dirs).kernels(),
        (None, false) => kernels(context),
    };
    let is_named = |kernel: &Kernel| word == kernel.name.as_str();
    let prefix =
        all.iter().find(|kernel| is_named(kernel)).map(|kernel| kernel.mark.prefix.0.clone());
    let is_meant = |kernel: &&Kernel| match &prefix {
        Some(prefix) => {
            kernel.mark.prefix.0 == *prefix && (is_named(kernel) || is_twin(&kernel.name, word))
        }
        None => kernel.mark.prefix.0 == env,
    };
    let meant: Vec<&Kernel> = all.iter().filter(is_meant).collect();
    if meant.is_empty() {
        return Err(Error::no(format!(
            "there is no kernel called {0}, nor one of an env {0}",
            Shown(Path::new(word))
        ))
        .hint("`mlenv jupyter list` shows what there is"));
    }
    for kernel in meant {
        kernel.remove()?;
        context.ui.say(format!(
            "removed the kernel {} of {}",
            kernel.name,
            Shown(&kernel.mark.prefix.0)
        ));
    }
    Ok(())
}

fn is_twin(name: &str, word: &OsStr) -> bool {
    word.to_str().is_some_and(|word| name.strip_prefix(word) == Some("-usersite"))
}

/// Starts JupyterLab in place of this process.
fn lab(context: &Context, env: Option<&OsStr>, arguments: &[OsString]) -> Result<()> {
    let room = Room::enter(context, env)?;
    room.probe(context, LAB)?;
    let mut words: Vec<OsString> = ["python3", "-s", "-m", "jupyterlab"].map(OsString::from).into();
    let says = |option: &str| {
        arguments.iter().any(|word| {
            word.to_str()
                .is_some_and(|word| word == option || word.starts_with(&format!("{option}=")))
        })
    };
    if !says("--ip") && !says("--ServerApp.ip") {
        words.push("--ServerApp.ip=127.0.0.1".into());
    }
    if let Some(name) = kernel_of(context, &room) {
        words.push(format!("--MultiKernelManager.default_kernel_name={name}").into());
    }
    words.extend_from_slice(arguments);
    match &room.way {
        Some(way) => way.go(context, &reenter::Purpose::Words(&words)),
        None => Err(Command::found(&words, room.vars)?.replace(Vec::new())),
    }
}

/// The kernel that this env's JupyterLab is to start with: one that is registered, else a pair in the env itself, where
/// that can be. Without ipykernel, or in an env that cannot be written to, JupyterLab has its own.
fn kernel_of(context: &Context, room: &Room) -> Option<String> {
    let env = room.place.path();
    let shelves = [Kernelspecs::of_user(&context.dirs), Kernelspecs::below(env)]
        .into_iter()
        .chain(kernel::system());
    let there = shelves
        .flat_map(|shelf| shelf.kernels())
        .find(|kernel| kernel.mark.prefix.0 == env && !kernel.mark.user_site);
    if let Some(kernel) = there {
        return Some(kernel.name);
    }
    let Place::Env(_) = room.place else { return None };
    match room.put(context, &Kernelspecs::below(env), &Asked::default()) {
        Ok(([name, _], _)) => Some(name),
        Err(error) => {
            context
                .ui
                .warn(format!("JupyterLab starts without a kernel of the env's own: {error}"));
            None
        }
    }
}
