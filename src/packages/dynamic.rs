//! What a project depends on where only its own code knows: its build backend is asked, through pip, in a bare env on
//! the base. That runs code of the project, which is said before.

use std::path::Path;

use super::opened;
use super::pip::{Ask, PipReport};
use super::project::Parts;
use super::run::Task;
use crate::base::Base;
use crate::context::Context;
use crate::env::layout::Layout;
use crate::env::probe::Probe;
use crate::env::record::Record;
use crate::error::{Error, Result};
use crate::hint::command;
use crate::resolve::Env;
use crate::specs::{checked, key};
use crate::text::Shown;

/// Asks the project in `dir`. Extras are those that are wanted.
pub(super) fn dependencies(
    context: &Context,
    dir: &Path,
    parts: &Parts,
    base: &Base,
) -> Result<Vec<String>> {
    let Some(place) = dir.to_str() else {
        return Err(Error::new(format!("pip takes no path that is not UTF-8: {}", Shown(dir))));
    };
    context.ui.say(format!(
        "its dependencies are `dynamic`: asking the project's own code in {}",
        Shown(dir)
    ));
    let probe = Probe::new(base, Layout::Sparse, &context.dirs.cache, context.ui)?;
    let path = probe.env().to_owned();
    let record = Record::read(&path)?.ok_or_else(|| Error::new("the bare env has no record"))?;
    let site = opened::open(context, Env { path, record })?;
    let ask = Ask { specs: vec![place.to_owned()], alone: true, ..Ask::default() };
    let told = site.tell(context, &Task::Pip(ask, None)).map_err(|error| {
        error.during(format!("asking the project in {}", Shown(dir))).hint(format!(
            "its build backend has to work: {} shows what it says",
            command("{} -m pip wheel --no-deps {}", &[&base.prefix.join("bin/python3"), &dir])
        ))
    })?;
    let needs = told.report.as_ref().map(PipReport::needs).unwrap_or_default();
    let wanted: Vec<String> = needs.iter().filter_map(|need| wanted(need, parts)).collect();
    wanted.iter().try_for_each(|words| checked::request(words))?;
    Ok(wanted)
}

/// A requirement, without the condition that names an extra; none where that extra is not wanted.
fn wanted(need: &str, parts: &Parts) -> Option<String> {
    let Some((words, condition)) = need.split_once(';') else { return Some(need.to_owned()) };
    let condition = condition.trim();
    let Some(at) = condition.find("extra ==") else { return Some(need.to_owned()) };
    let rest = condition[at + "extra ==".len()..].trim_start();
    let extra = rest.trim_start_matches(['\'', '"']).split(['\'', '"']).next().unwrap_or_default();
    let is_wanted = parts.extras.iter().any(|name| key(name) == key(extra));
    let before = condition[..at].trim().trim_end_matches("and").trim();
    let before = before.trim_start_matches('(').trim_end_matches(')');
    is_wanted.then(|| match before {
        "" => words.trim().to_owned(),
        before => format!("{}; {before}", words.trim()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requirements_of_an_extra_count_where_it_is_wanted() {
        let parts = Parts { extras: vec!["plot".into()], ..Parts::default() };
        for (need, expected) in [
            ("six", Some("six")),
            ("six; python_version < '4'", Some("six; python_version < '4'")),
            ("m>1; extra == 'plot'", Some("m>1")),
            (
                "m>1 ; (python_version < '4') and extra == \"Plot\"",
                Some("m>1; python_version < '4'"),
            ),
            ("t; extra == 'test'", None),
        ] {
            assert_eq!(wanted(need, &parts).as_deref(), expected, "{need}");
        }
    }
}
