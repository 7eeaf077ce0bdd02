//! What is to come, worked out by uv: what pip would say, in a third of the time.
//!
//! pip counts the packages of the base as installed and uv does not. It is told of them by wheels without content
//! (`stubs`) and by an answer that has their versions already, which it keeps where it can. What is not plain names and
//! versions, and whatever a setting of pip's has a say in (`settings`), stays pip's.

mod settings;
mod stubs;

use std::ffi::OsString;
use std::fmt::Write as _;
use std::path::Path;

use self::stubs::{Seen, Workshop};
use super::opened::Opened;
use super::pip::{Ask, PYPI, PipReport};
use super::run::Told;
use super::transaction::Item;
use super::{asked, client};
use crate::context::Context;
use crate::error::{Attempt, Result};
use crate::foreign::{self, FileKind};
use crate::fs::How;
use crate::process::{Command, Words};
use crate::specs::condition::World;
use crate::specs::need::Need;
use crate::specs::{key, name_of};

/// The files of a workshop: what is asked for, and uv's answer.
const QUESTION: &str = "requirements.in";
const ANSWER: &str = "requirements.txt";

/// What uv would put into the env for `ask`; `None` where that is pip's to say.
pub(super) fn foretell(
    context: &Context,
    site: &Opened,
    uv: &Path,
    ask: &Ask,
) -> Result<Option<Told>> {
    let files = client::settings_of_pip(context.host, &site.env);
    if !is_plain(context, ask)? || !settings::leave_it_to_uv(context.host, &files) {
        return Ok(None);
    }
    let shop = Workshop::open(&site.env, &site.base, &context.dirs.cache)?;
    let desk = shop.desk.path();
    write(&shop, QUESTION, &lines(&ask.specs))?;
    let known = shop.seen.iter().filter_map(|(name, version)| Some((name, version.as_ref()?)));
    write(&shop, ANSWER, &lines(known.map(|(name, version)| format!("{name}=={version}"))))?;
    let words = words(site, &shop, ask);
    let vars = settings::variables(&site.vars);
    let ran = Command::new(uv).words(words).with(vars).in_dir(&desk).run(Words::Dropped)?;
    if !ran.status.success() {
        return Ok(None); // pip says why, in words that its users know
    }
    let answer = desk.join(ANSWER);
    let text = foreign::read_text(&answer, FileKind::PackageData).attempt("read", &answer)?;
    Ok(delta(&text, &shop.seen).map(|come| {
        let report = PipReport::of(come);
        Told { transaction: report.transaction(), report: Some(report), ..Told::default() }
    }))
}

/// True where plain names and versions are asked for, of the index that uv takes by itself.
fn is_plain(context: &Context, ask: &Ask) -> Result<bool> {
    let is_bare = ask.rest.is_empty() && ask.editables.is_empty() && !ask.upgrade && !ask.alone;
    if !is_bare || !asked::are_plain(&ask.files)? {
        return Ok(false);
    }
    let lines = asked::requests(context, &ask.files)?;
    let is_plain = |spec: &String| name_of(spec).is_some() && !spec.contains('@');
    Ok(ask.specs.iter().chain(&lines).all(is_plain))
}

fn words(site: &Opened, shop: &Workshop, ask: &Ask) -> Vec<OsString> {
    let mut words: Vec<OsString> =
        ["pip", "compile", "-q", "--no-config", "--no-annotate"].map(OsString::from).into();
    words.extend(["--no-header", "--output-file", ANSWER, "--python"].map(OsString::from));
    words.push(site.env.join("bin/python").into());
    if let Some(until) = &site.until {
        words.extend(["--exclude-newer".into(), until.shown().into()]);
    }
    let offered = shop.offered.iter();
    words.extend(offered.flat_map(|dir| [OsString::from("--find-links"), dir.into()]));
    words.extend(["--".into(), QUESTION.into()]);
    words.extend(ask.files.iter().map(OsString::from));
    words
}

fn lines(all: impl IntoIterator<Item: AsRef<str>>) -> String {
    all.into_iter().fold(String::new(), |mut text, line| {
        let _ = writeln!(text, "{}", line.as_ref());
        text
    })
}

fn write(shop: &Workshop, name: &str, text: &str) -> Result<()> {
    let written = shop.desk.root().write_new(Path::new(name), text.as_bytes(), How::DATA);
    written.attempt("write", &shop.desk.path().join(name))
}

/// What of uv's answer is not there already; `None` where the answer is not of the kind that can be told.
fn delta(answer: &str, seen: &Seen) -> Option<Vec<Item>> {
    let mut come = Vec::new();
    for line in answer.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let (name, version) = line.split_once("==")?;
        let is_word = |text: &str| !text.contains(|c: char| c.is_whitespace() || ";@".contains(c));
        if !is_word(name) || !is_word(version) {
            return None;
        }
        match seen.get(&key(name)) {
            Some(None) => return None, // a version that only pip can judge
            Some(Some(there)) if is_same(there, version) => {}
            _ => come.push(Item { from: Some(PYPI.to_owned()), ..Item::of(name, version) }),
        }
    }
    Some(come)
}

fn is_same(there: &str, version: &str) -> bool {
    let exact = Need::parse(&format!("x==={version}"), &World::new("3"));
    there == version || exact.is_some_and(|need| need.is_met_by(there))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_there_does_not_come() {
        let seen: Seen = [("numpy", Some("1.26")), ("odd", None), ("torch", Some("2.1+cu118"))]
            .map(|(name, version)| (name.to_owned(), version.map(str::to_owned)))
            .into();
        let come =
            |answer: &str| delta(answer, &seen).map(|all| lines(all.iter().map(Item::shown)));
        assert_eq!(come("numpy==1.26\nNew.One==2\n").as_deref(), Some("New.One 2\n"));
        assert_eq!(come("numpy==2.0\ntorch==2.1+cu118\n").as_deref(), Some("numpy 2.0\n"));
        assert_eq!(come("torch==2.1\n").as_deref(), Some("torch 2.1\n"));
        for line in ["odd==1", "a @ https://x/a.whl", "a==1 ; sys_platform == 'win32'"] {
            assert_eq!(come(line), None, "{line}");
        }
    }
}
