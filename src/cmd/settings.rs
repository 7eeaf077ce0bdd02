//! `mlenv config`: the user's settings.

use std::ffi::OsStr;

use jiff::Timestamp;
use serde::Serialize;

use super::{print_json, print_words};
use crate::cli::{SettingKey, Settings};
use crate::config::{self, Config};
use crate::context::Context;
use crate::error::{Error, Result};
use crate::resolve;
use crate::specs::cutoff::Cutoff;
use crate::text::{PathText, Shown, shown};

/// One setting, for programs.
#[derive(Serialize)]
struct SettingRow {
    key: &'static str,
    value: Option<String>,
    /// `user` or `site`.
    from: Option<&'static str>,
}

pub(super) fn run(context: &Context, verb: &Settings) -> Result<()> {
    match verb {
        Settings::List { json } => list(context, *json),
        Settings::Get { key } => {
            let (value, _) = value(context, *key)?.ok_or_else(|| {
                Error::no(format!("{} is not set", key.word()))
                    .hint("`mlenv config --help` tells how to set it")
            })?;
            print_words(shown(&value) + "\n")
        }
        Settings::Set { key, value } => set(context, *key, value),
        Settings::Unset { key } => {
            let file = config::set(&context.dirs, key.word(), None)?;
            context.ui.say(format!("{} is not set any more in {}", key.word(), Shown(&file)));
            Ok(())
        }
    }
}

fn list(context: &Context, json: bool) -> Result<()> {
    let rows = SettingKey::ALL.iter().map(|key| {
        let found = value(context, *key)?;
        let (value, from) = found.map_or((None, None), |(value, from)| (Some(value), Some(from)));
        Ok(SettingRow { key: key.word(), value, from })
    });
    let rows = rows.collect::<Result<Vec<_>>>()?;
    if json {
        return print_json(&rows);
    }
    let line = |row: &SettingRow| match (&row.value, row.from) {
        (Some(value), Some(from)) => format!("{} = {}  ({from})\n", row.key, shown(value)),
        _ => format!("{} is not set\n", row.key),
    };
    print_words(rows.iter().map(line).collect::<String>())
}

/// The value, and whose it is.
fn value(context: &Context, key: SettingKey) -> Result<Option<(String, &'static str)>> {
    let (site, user) = (Config::read(&context.dirs.site)?, Config::read(&context.dirs.config)?);
    let of = |config: &Config| {
        let path = |value: &PathText| value.0.to_string_lossy().into_owned();
        match key {
            SettingKey::Base => config.base.as_ref().map(path),
            SettingKey::Client => config.client.as_ref().map(path),
            SettingKey::ExcludeNewer => config.exclude_newer.clone(),
        }
    };
    Ok(of(&user).map(|it| (it, "user")).or_else(|| of(&site).map(|it| (it, "site"))))
}

fn set(context: &Context, key: SettingKey, value: &OsStr) -> Result<()> {
    let Some(text) = value.to_str().filter(|text| !text.is_empty()) else {
        return Err(Error::new(format!("the value of {} has to be text", key.word()))
            .hint("give the path another name, as a link, and name that"));
    };
    match key {
        SettingKey::Base => {
            resolve::base(context.host, &context.dirs, Some(value))?;
        }
        SettingKey::ExcludeNewer => {
            Cutoff::parse(text, Timestamp::now())?;
        }
        SettingKey::Client => {}
    }
    let file = config::set(&context.dirs, key.word(), Some(text))?;
    context.ui.say(format!("{} is {} now, by {}", key.word(), shown(text), Shown(&file)));
    Ok(())
}
