//! A verb about an env that lives in a container, called on the host: it goes in by itself, in one step, and is carried
//! out there, with the env named by the path that it has inside.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::Path;

use super::reenter::{Purpose, way};
use crate::activation::Place;
use crate::context::Context;
use crate::error::Result;
use crate::resolve::Env;
use crate::text::Shown;

/// Goes in where `env` lives in a container that can be entered from here, and comes back only where that fails.
pub(crate) fn go_in(context: &Context, env: &Env, word: Option<&OsStr>) -> Result<()> {
    let Some(way) = way(context, &Place::Env(env.path.clone()))? else { return Ok(()) };
    let words = inside(&context.words, word, &env.record.prefix.0);
    let verb = words.iter().find(|word| !word.as_bytes().starts_with(b"-"));
    let verb = Shown(Path::new(verb.map_or(OsStr::new(""), |verb| verb))).to_string();
    context.ui.say(format!("{} lives in {}: `{verb}` goes in", Shown(&env.path), way.label()));
    way.go(context, &Purpose::Errand(&words))
}

/// Verbs that are two words.
const TWO_WORDS: [&str; 1] = ["image"];

/// Verbs whose other words are packages: they name an env by an option alone.
const BY_OPTION: [&str; 4] = ["install", "uninstall", "pin", "unpin"];

/// The words of a command line without the program, for the inside: the env is named by its path there.
fn inside(words: &[OsString], named: Option<&OsStr>, env: &Path) -> Vec<OsString> {
    let own = words.get(1..).unwrap_or_default();
    let end = own.iter().position(|word| word == "--").unwrap_or(own.len());
    let (own, rest) = own.split_at(end);
    let verb = own.iter().position(|word| !word.as_bytes().starts_with(b"-")).unwrap_or(0);
    let is_first = own.get(verb).is_some_and(|word| TWO_WORDS.iter().any(|first| word == first));
    let verb = verb + usize::from(is_first);
    let mut out: Vec<OsString> = Vec::new();
    let mut is_named = false;
    let mut at = 0;
    while let Some(word) = own.get(at) {
        let option = (at > verb).then(|| option(word)).flatten();
        if let Some((before, is_glued)) = option {
            out.extend(before);
            out.extend(["-p".into(), env.into()]);
            is_named = true;
            at += if is_glued { 1 } else { 2 };
            continue;
        }
        let is_it = at > verb && !is_named && Some(word.as_os_str()) == named;
        is_named |= is_it;
        out.push(if is_it { env.into() } else { word.clone() });
        at += 1;
    }
    if !is_named {
        let by_option = own.get(verb).is_some_and(|verb| BY_OPTION.iter().any(|own| verb == own));
        out.insert((verb + 1).min(out.len()), env.into());
        if by_option {
            out.insert(verb + 1, OsString::from("-p"));
        }
    }
    out.extend(rest.iter().cloned());
    out
}

/// Whether `word` is an option that names an env: what else is in it, as `-y` in `-yp`, and whether the name is in it.
fn option(word: &OsStr) -> Option<(Option<OsString>, bool)> {
    let bytes = word.as_bytes();
    if let Some(long) = bytes.strip_prefix(b"--") {
        let name = long.split(|byte| *byte == b'=').next()?;
        return [&b"prefix"[..], b"name"].contains(&name).then(|| (None, long.contains(&b'=')));
    }
    let short = bytes.strip_prefix(b"-")?;
    // Options with a value of their own end a group: what follows is that.
    let at = short.iter().position(|byte| b"pncrebo".contains(byte))?;
    if !b"pn".contains(&short[at]) {
        return None;
    }
    let before = (at > 0).then(|| OsString::from_vec(bytes[..=at].to_vec()));
    Some((before, at + 1 < short.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(words: &str, named: Option<&str>) -> String {
        let words: Vec<OsString> = words.split(' ').map(OsString::from).collect();
        let out = inside(&words, named.map(OsStr::new), Path::new("/in"));
        out.iter().map(|word| word.to_str().unwrap()).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn the_env_is_named_as_it_is_inside_however_it_was_named() {
        let named = Some("/h/e");
        assert_eq!(line("mlenv -q install -p e six", named), "-q install -p /in six");
        assert_eq!(line("mlenv install six -pe --pip", named), "install six -p /in --pip");
        assert_eq!(line("mlenv install -yn e six", named), "install -y -p /in six");
        assert_eq!(line("mlenv uninstall --name=e six", named), "uninstall -p /in six");
        assert_eq!(line("mlenv install six", None), "install -p /in six");
        assert_eq!(line("mlenv install -rn six", None), "install -p /in -rn six");
        assert_eq!(line("mlenv image freeze -o x", None), "image freeze /in -o x");
        assert_eq!(line("mlenv image freeze image -o x", Some("image")), "image freeze /in -o x");
        assert_eq!(line("mlenv doctor e --fix", Some("e")), "doctor /in --fix");
        assert_eq!(line("mlenv doctor --fix", None), "doctor /in --fix");
        assert_eq!(
            line("mlenv install --prefix e six -- -p x", named),
            "install -p /in six -- -p x"
        );
    }
}
