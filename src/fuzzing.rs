//! What is read of others, one function for each kind of it, for fuzzers: bytes go in, nothing may panic, and what the
//! program relies on is asserted. Each tells whether it understood them. Not for use: the program calls none of them.
//!
//! `tests/fuzz` calls them twice: as targets of cargo-fuzz, and in a bounded test.

#![expect(clippy::unnecessary_debug_formatting, reason = "bytes of a path, as they are")]

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::os::fd::AsRawFd;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Component, Path, PathBuf};
use std::sync::atomic::AtomicBool;

use crate::base::conda::{MARK, wheel_rows};
use crate::base::contents;
use crate::consent::marker;
use crate::elf;
use crate::env::content::{BASE_LINK, Content};
use crate::env::limits::Entries;
use crate::env::pinned;
use crate::env::record::Record;
use crate::env::{archive, check, conda_records, seekable, tgz};
use crate::error::Error;
use crate::fs;
use crate::image::{Reference, registry};
use crate::pack::{Arrival, Parcel};
use crate::packages::conda;
use crate::packages::export::Export;
use crate::packages::pip::PipReport;
use crate::packages::requirements::{self, Line};
use crate::plan::name::SESSION;
use crate::plan::session::Session;
use crate::plan::{self, Vars};
use crate::shell::{self, Dialect, Newlines};
use crate::specs::condition::World;
use crate::specs::need::Need;
use crate::specs::{Direct, checked};
use crate::text::shown;

/// The variable that a shell keeps its session in.
pub fn session(bytes: &[u8]) -> bool {
    let vars = Vars::from([(SESSION.into(), OsString::from_vec(bytes.to_vec()))]);
    let session = match Session::of(&vars) {
        Ok(Some(session)) => session,
        Ok(None) => return bytes.is_empty(),
        Err(error) => return told(&error),
    };
    let again = Session::parse(OsStr::new(&session.to_string()));
    assert_eq!(again.ok().as_ref(), Some(&session));
    assert!(session.scripts.iter().all(|script| script.starts_with(&session.prefix)));
    for change in [plan::leave(&vars, &session), plan::relist(&vars, &session)] {
        for dialect in DIALECTS {
            let _ = shell::render(dialect, &change).map_err(|error| told(&error));
        }
    }
    true
}

const DIALECTS: [Dialect; 5] = [
    Dialect::Bash,
    Dialect::Zsh,
    Dialect::Fish,
    Dialect::Tcsh(Newlines::Quoted),
    Dialect::Tcsh(Newlines::Refused),
];

/// A directory's `.mlenv.toml`.
pub fn marker(bytes: &[u8]) -> bool {
    match marker::parse(bytes) {
        Ok((env, _)) => !env.as_os_str().is_empty(),
        Err(error) => told(&error),
    }
}

/// An env's `mlenv.toml`.
pub fn record(bytes: &[u8]) -> bool {
    let read = on_file(bytes, |_, path| Record::read_file(Path::new("/e"), path));
    match read {
        Ok(record) => seen(&record.expect("the file is there")),
        Err(error) => told(&error),
    }
}

/// What every record that was read keeps to.
fn seen(record: &Record) -> bool {
    for path in [&record.prefix.0, &record.base.prefix.0] {
        assert!(path.is_absolute() && !path.components().any(|part| part == Component::ParentDir));
    }
    assert_eq!(record.requests.without_secrets(), record.requests);
    let _ = record.requests.check().map_err(|error| told(&error));
    let text = record.text().expect("what was read can be written");
    assert_eq!(toml::from_str::<Record>(&text).as_ref(), Ok(record));
    true
}

/// An index: of a base, or of the user's cache.
pub fn index(bytes: &[u8]) -> bool {
    let _ = archive::about(bytes);
    match archive::unpack(bytes, 1) {
        Ok(plan) => planned(&plan),
        Err(error) => told(&error),
    }
}

/// The archive that a published image carries.
pub fn tgz(bytes: &[u8]) -> bool {
    match tgz::plan(bytes, bytes.len()) {
        Ok(plan) => planned(&plan),
        Err(error) => told(&error),
    }
}

/// A plan that is fit for use names nothing outside the env.
fn planned(plan: &Content) -> bool {
    if let Err(error) = check::check(plan) {
        return told(&error);
    }
    for (dir, content) in &plan.dirs {
        let names = content.links.iter().map(|link| &link.name);
        for name in names.chain(content.files.iter().map(|file| &file.name)) {
            let path = Path::new(dir).join(name);
            assert!(path.components().all(|part| matches!(part, Component::Normal(_))), "{path:?}");
            assert!(path.as_os_str() != BASE_LINK && path.as_os_str() != "mlenv.toml");
        }
        for link in &content.links {
            assert!(stays(Path::new(dir), Path::new(&link.target)), "{link:?} in {dir:?}");
        }
    }
    true
}

/// By its text: a link that climbs only at its beginning, and no further than to the env.
fn stays(dir: &Path, target: &Path) -> bool {
    let climbs = target.components().take_while(|part| *part == Component::ParentDir).count();
    target.is_relative() && climbs <= dir.components().count()
}

/// A packed env, unpacked to the directory `env` below `room`, on the base `base` beside it. What was unpacked is removed.
pub fn parcel(bytes: &[u8], room: &Path) -> bool {
    on_file(bytes, |_, path| match Parcel::open(path) {
        Ok(parcel) => arrives(&parcel, room),
        Err(error) => told(&error),
    })
}

fn arrives(parcel: &Parcel, room: &Path) -> bool {
    let _ = parcel.pyvenv();
    let env = room.join("env");
    fs::make_dir(&env).expect("the room is ours");
    let open = fs::Root::open(&env).expect("it was just made");
    let arrival = Arrival {
        parcel,
        root: &open,
        env: &env,
        base: &room.join("base"),
        count: Entries::default(),
        threads: 1,
        stop: &AtomicBool::new(false),
    };
    let arrived = arrival.fill().map_or_else(|error| told(&error), |()| true);
    fs::remove_tree(&env).expect("whatever was unpacked can be removed");
    arrived
}

/// A library or program.
pub fn elf(bytes: &[u8]) -> bool {
    on_file(bytes, |file, _| {
        let Ok(Some(found)) = elf::read(file) else { return false };
        for text in found.rpath.iter().chain(&found.runpath) {
            assert!(text.offset + text.bytes.len() as u64 <= bytes.len() as u64);
            let _ = elf::is_alone(file, text);
        }
        let dirs = found.looks_in(Path::new("/b/lib"));
        let is_tidy = |dir: &PathBuf| !dir.components().any(|part| part == Component::ParentDir);
        assert!(dirs.iter().all(|dir| dir.is_absolute() && is_tidy(dir)), "{dirs:?}");
        true
    })
}

/// The name of an image in a registry.
pub fn reference(bytes: &[u8]) -> bool {
    match Reference::parse(&String::from_utf8_lossy(bytes)) {
        Ok(reference) => {
            let whole = reference.to_string();
            assert_eq!(Reference::parse(&whole).map(|again| again.to_string()).ok(), Some(whole));
            assert_eq!(shown(&reference.to_pull().to_string()), reference.to_pull().to_string());
            true
        }
        Err(error) => told(&error),
    }
}

/// What a registry answers: a manifest or an index, an image's account of itself, a token, a challenge, a refusal.
pub fn answer(bytes: &[u8]) -> bool {
    let reference = Reference::parse("localhost:5000/a/b:1").expect("it is one");
    let errors = registry::doubt::all(bytes, &reference);
    for error in &errors {
        told(error);
    }
    registry::doubt::is_manifest(bytes, &reference)
}

/// conda's record of a package, a wheel's `RECORD`, and what conda clients and pip say that they would do.
pub fn conda_record(bytes: &[u8]) -> bool {
    let cut = conda_records::cut(bytes, |file| !file.starts_with("lib/"));
    if let Ok(cut) = &cut {
        assert!(cut.starts_with(MARK.as_bytes()));
        let told: serde_json::Value = serde_json::from_slice(cut).expect("it is JSON again");
        assert_eq!(told.get("mlenv").and_then(serde_json::Value::as_str), Some("base"));
    }
    on_file(bytes, |_, path| (contents::depends(path), contents::contents(path), wheel_rows(path)));
    let _ = conda::transaction(bytes).map_err(|error| told(&error));
    let _ = PipReport::parse(bytes).map(|report| report.exact()).map_err(|error| told(&error));
    let _ = Direct::parse("x", bytes).local();
    cut.is_ok()
}

/// Files that ask for an env: exports, requirements, pins, and the conditions in them.
pub fn env_file(bytes: &[u8]) -> bool {
    let understood = match Export::parse(bytes) {
        Ok(export) => {
            let text = export.text().expect("what was read can be written");
            assert_eq!(Export::parse(text.as_bytes()).ok(), Some(export));
            true
        }
        Err(error) => told(&error),
    };
    let text = requirements::decoded(bytes);
    let world = World::new("3.11.7");
    for line in requirements::lines(&text) {
        let (Line::Need(words) | Line::Editable(words) | Line::File(words)) = line;
        let _ = checked::requirement(&words).map_err(|error| told(&error));
        let _ = checked::match_spec(&words).map_err(|error| told(&error));
        let _ = Need::parse(&words, &world).map(|need| need.is_met_by("1.0"));
    }
    let names: Vec<String> = pinned::names(&text).into_iter().collect();
    assert!(pinned::names(&pinned::without(&text, &names).0).is_empty());
    understood
}

/// Frames and a description as indexes and packed envs have them, so that what is in them can be fuzzed.
pub fn sealed(frames: &[Vec<u8>], about: &[u8]) -> Vec<u8> {
    let mut out = seekable::Frames::new(Vec::new(), 1);
    out.push(frames, 1).expect("memory takes it");
    out.finish(about).expect("memory takes it")
}

/// Calls `read` with a file of these bytes, and its path.
fn on_file<T>(bytes: &[u8], read: impl FnOnce(&File, &Path) -> T) -> T {
    let file = File::from(fs::held(bytes).expect("there is memory"));
    let path = format!("/proc/self/fd/{}", file.as_raw_fd());
    read(&file, Path::new(OsStr::from_bytes(path.as_bytes())))
}

/// A sentence of one line, in which nothing steers a terminal: nothing was understood.
fn told(error: &Error) -> bool {
    let text = error.to_string();
    assert_eq!(shown(&text), text);
    let cure = error.cure().unwrap_or_default();
    assert_eq!(shown(cure), cure);
    false
}
