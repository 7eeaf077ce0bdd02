//! Where channels are: names, addresses, directories. Pure.

use std::fmt::Write as _;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use super::condarc::Settings;
use super::solve::Spec;
use crate::error::{Error, Result};
use crate::specs::checked;
use crate::specs::direct::channel_without_secrets;
use crate::text::{percent_decode, shown};

/// Where channels are that are called by a name alone.
const ALIAS: &str = "https://conda.anaconda.org";

/// What counts where nobody set anything.
const FALLBACK: &str = "conda-forge";

/// What `defaults` stands for where no file says it.
const DEFAULTS: [&str; 2] =
    ["https://repo.anaconda.com/pkgs/main", "https://repo.anaconda.com/pkgs/r"];

/// A channel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Channel {
    /// Its address without a slash at its end, perhaps with a password or a token in it.
    pub(crate) address: String,
    /// The same without those: for records and words.
    pub(crate) open: String,
    /// Other addresses with the same, for when the first does not answer.
    pub(crate) mirrors: Vec<String>,
}

impl Channel {
    fn at(address: &str) -> Self {
        let address = address.trim_end_matches('/');
        let ends = ["/noarch", "/linux-64", "/linux-aarch64", "/linux-ppc64le"];
        let address = ends.iter().find_map(|end| address.strip_suffix(end)).unwrap_or(address);
        let open = channel_without_secrets(address);
        Self { address: address.to_owned(), open, mirrors: Vec::new() }
    }

    /// At the first of these, or, where that does not answer, at the others. `below` is the rest of the channel's name.
    fn at_all(places: &[String], below: &str) -> Option<Self> {
        let mut all = places.iter().map(|place| Self::at(&format!("{place}{below}")));
        let first = all.next()?;
        Some(Self { mirrors: all.map(|channel| channel.address).collect(), ..first })
    }

    /// The addresses to fetch from, one after the other, of something in this channel that is told without secrets.
    pub(crate) fn secrets(&self, open: &str) -> Vec<String> {
        match open.strip_prefix(&self.open) {
            Some(rest) if rest.starts_with('/') => {
                self.places().map(|place| format!("{place}{rest}")).collect()
            }
            _ => vec![open.to_owned()],
        }
    }

    /// All addresses, in the order in which they are asked.
    pub(crate) fn places(&self) -> impl Iterator<Item = &String> {
        std::iter::once(&self.address).chain(&self.mirrors)
    }
}

/// The channels that a word means; `defaults` are several.
pub(crate) fn channels(word: &str, settings: &Settings, cwd: &Path) -> Result<Vec<Channel>> {
    checked::channel(word)?;
    if let Some(several) = settings.several.get(word) {
        return Ok(several.iter().map(|word| one(word, settings, cwd)).collect());
    }
    if word == "defaults" {
        return Ok(DEFAULTS.into_iter().map(|word| one(word, settings, cwd)).collect());
    }
    if let Some((scheme, _)) = word.split_once("://")
        && !["https", "http", "file"].contains(&scheme)
    {
        return Err(Error::new(format!(
            "the channel {} is neither on the web nor here",
            shown(&channel_without_secrets(word))
        ))
        .hint("channels are names, or addresses with https:// or file://"));
    }
    Ok(vec![one(word, settings, cwd)])
}

fn one(word: &str, settings: &Settings, cwd: &Path) -> Channel {
    if word.contains("://") {
        return Channel::at(word);
    }
    if word.starts_with(['/', '.', '~']) {
        return Channel::at(&of_dir(&cwd.join(word)));
    }
    let first = word.split('/').next().unwrap_or(word);
    for (name, below) in [(word, ""), (first, &word[first.len()..])] {
        let places = settings.places.get(name).map_or(&[][..], Vec::as_slice);
        if let Some(channel) = Channel::at_all(places, below) {
            return channel;
        }
    }
    let alias = settings.alias.as_deref().unwrap_or(ALIAS).trim_end_matches('/');
    Channel::at(&format!("{alias}/{word}"))
}

/// All channels in their order: those that were named now, those that the env was made from, those that are set.
pub(crate) fn all(
    named: &[String],
    kept: &[String],
    settings: &Settings,
    cwd: &Path,
) -> Result<Vec<Channel>> {
    let mut all: Vec<Channel> = Vec::new();
    let words = named.iter().chain(kept).chain(&settings.channels);
    for word in words.filter(|word| *word != "nodefaults" && *word != "local") {
        all.extend(channels(word, settings, cwd)?);
    }
    if all.is_empty() {
        all.push(one(FALLBACK, settings, cwd));
    }
    let mut seen: Vec<String> = Vec::new();
    all.retain(|channel| {
        let is_new = !seen.contains(&channel.open);
        seen.push(channel.open.clone());
        is_new
    });
    Ok(all)
}

/// Takes `channel::package` apart. A channel that is named so need not be among the others.
pub(crate) fn spec(
    words: &str,
    settings: &Settings,
    cwd: &Path,
) -> Result<(Spec, Option<Channel>)> {
    checked::match_spec(words)?;
    let Some((of, words)) = words.rsplit_once("::") else {
        return Ok((Spec { words: words.to_owned(), channel: None }, None));
    };
    let found = channels(of, settings, cwd)?.into_iter().next();
    let channel = found.as_ref().map(|channel| channel.open.clone());
    Ok((Spec { words: words.to_owned(), channel }, found))
}

/// The directory of an address on this machine.
pub(crate) fn dir_of(address: &str) -> Option<PathBuf> {
    let path = address.strip_prefix("file://")?;
    let path = path.strip_prefix("localhost").unwrap_or(path);
    path.starts_with('/').then(|| PathBuf::from(percent_decode(path)))
}

/// The address of a directory on this machine.
fn of_dir(dir: &Path) -> String {
    let mut address = String::from("file://");
    for &byte in dir.as_os_str().as_bytes() {
        if byte.is_ascii_alphanumeric() || b"/-_.~:+@=,".contains(&byte) {
            address.push(char::from(byte));
        } else {
            let _ = write!(address, "%{byte:02X}");
        }
    }
    address
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings() -> Settings {
        Settings {
            places: [(
                "own".to_owned(),
                vec!["https://o/own".to_owned(), "https://p/o".to_owned()],
            )]
            .into(),
            several: [("mine".to_owned(), vec!["own".to_owned(), "lab".to_owned()])].into(),
            ..Settings::default()
        }
    }

    #[test]
    fn every_word_for_a_channel_has_its_address() {
        for (word, address) in [
            ("conda-forge", "https://conda.anaconda.org/conda-forge"),
            ("conda-forge/label/dev", "https://conda.anaconda.org/conda-forge/label/dev"),
            ("own", "https://o/own"),
            ("own/label/x", "https://o/own/label/x"),
            ("https://x/y/", "https://x/y"),
            ("https://x/y/linux-64", "https://x/y"),
            ("/a b/c", "file:///a%20b/c"),
            ("./c", "file:///w/./c"),
            ("file:///a/noarch/", "file:///a"),
        ] {
            let found = channels(word, &settings(), Path::new("/w")).or_else(|error| {
                // Words with blanks come from paths alone.
                if word.contains(' ') {
                    Ok(vec![one(word, &settings(), Path::new("/w"))])
                } else {
                    Err(error)
                }
            });
            assert_eq!(found.unwrap()[0].address, address, "{word}");
        }
        assert_eq!(channels("defaults", &settings(), Path::new("/")).unwrap().len(), 2);
        for word in ["", "-x", "ftp://x/y", "a b"] {
            assert!(channels(word, &settings(), Path::new("/")).is_err(), "{word}");
        }
        assert_eq!(dir_of("file:///a%20b/c"), Some("/a b/c".into()));
        assert_eq!((dir_of("https://x"), dir_of("file://host/x")), (None, None));
    }

    #[test]
    fn secrets_are_for_fetching_and_for_nothing_else() {
        let channel = Channel::at("https://me:pw@x/t/tk-1/lab");
        assert_eq!(channel.open, "https://x/lab");
        assert_eq!(
            channel.secrets("https://x/lab/noarch/a.conda"),
            ["https://me:pw@x/t/tk-1/lab/noarch/a.conda"]
        );
        assert_eq!(channel.secrets("https://x/laboratory/a"), ["https://x/laboratory/a"]);
        assert_eq!(channel.secrets("https://y/a"), ["https://y/a"]);
    }

    #[test]
    fn what_a_channel_has_is_at_its_mirrors_too() {
        let found = channels("own/label/x", &settings(), Path::new("/")).unwrap();
        assert_eq!(
            found[0].secrets("https://o/own/label/x/a"),
            ["https://o/own/label/x/a", "https://p/o/label/x/a"]
        );
        let found = channels("mine", &settings(), Path::new("/")).unwrap();
        let found: Vec<&str> = found.iter().map(|channel| channel.open.as_str()).collect();
        assert_eq!(found, ["https://o/own", "https://conda.anaconda.org/lab"]);
    }

    #[test]
    fn channels_come_in_order_and_conda_forge_where_nothing_is_set() {
        let open = |named: &[&str], kept: &[&str], set: &[&str]| -> Vec<String> {
            let words =
                |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
            let settings = Settings { channels: words(set), ..Settings::default() };
            let found = all(&words(named), &words(kept), &settings, Path::new("/")).unwrap();
            found
                .into_iter()
                .map(|channel| channel.open.rsplit('/').next().unwrap().to_owned())
                .collect()
        };
        assert_eq!(open(&["b"], &["a", "b"], &["c", "nodefaults"]), ["b", "a", "c"]);
        assert_eq!(open(&[], &[], &[]), ["conda-forge"]);
        assert_eq!(open(&[], &[], &["defaults"]), ["main", "r"]);
    }

    #[test]
    fn a_package_may_name_its_channel() {
        let (found, channel) = spec("own::numpy=2", &settings(), Path::new("/")).unwrap();
        assert_eq!(found, Spec { words: "numpy=2".into(), channel: Some("https://o/own".into()) });
        assert_eq!(channel.unwrap().address, "https://o/own");
        assert_eq!(spec("numpy>=2", &settings(), Path::new("/")).unwrap().1, None);
        assert!(spec("--x", &settings(), Path::new("/")).is_err());
    }
}
