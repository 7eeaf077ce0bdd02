//! What users, sites and bases set for conda, as far as it says where packages come from: `.condarc` and `.mambarc`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Deserializer};

use super::solve::Priority;
use crate::error::{Attempt, Error, Result};
use crate::foreign::{self, FileKind};
use crate::host::Host;
use crate::http::Extra;
use crate::text::Shown;

/// All files together: of a list all parts, the user's first; of anything else the user's.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Settings {
    pub(crate) channels: Vec<String>,
    pub(crate) alias: Option<String>,
    /// Where channels of these names are: an address, and its mirrors.
    pub(crate) places: BTreeMap<String, Vec<String>>,
    /// Names that stand for several channels, as `defaults` does.
    pub(crate) several: BTreeMap<String, Vec<String>>,
    pub(crate) priority: Option<Priority>,
    /// How channels are reached.
    pub(crate) extra: Extra,
    /// TLS was to be switched off, which mlenv does not do.
    pub(crate) without_tls: bool,
}

/// One file. Keys for other things are passed over.
#[derive(Debug, Default, Deserialize)]
struct Rc {
    #[serde(default, deserialize_with = "one_or_many")]
    channels: Vec<String>,
    #[serde(default)]
    channel_alias: Option<String>,
    #[serde(default)]
    channel_priority: Option<serde_yaml::Value>,
    #[serde(default)]
    custom_channels: BTreeMap<String, String>,
    #[serde(default)]
    mirrored_channels: BTreeMap<String, Vec<String>>,
    #[serde(default)]
    custom_multichannels: BTreeMap<String, Vec<String>>,
    #[serde(default, deserialize_with = "one_or_many")]
    default_channels: Vec<String>,
    #[serde(default)]
    ssl_verify: Option<serde_yaml::Value>,
    #[serde(default)]
    proxy_servers: Option<BTreeMap<String, Option<String>>>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum OneOrMany {
    Nothing(()),
    One(String),
    Many(Vec<String>),
}

fn one_or_many<'de, D: Deserializer<'de>>(found: D) -> std::result::Result<Vec<String>, D::Error> {
    Ok(match OneOrMany::deserialize(found)? {
        OneOrMany::Nothing(()) => Vec::new(),
        OneOrMany::One(one) => vec![one],
        OneOrMany::Many(many) => many,
    })
}

/// The files that count for an env on a base, those that rule first.
fn files(host: &Host, env: &Path, base: &Path) -> Vec<PathBuf> {
    let home = host.home().unwrap_or_default();
    let config = host.path_var("XDG_CONFIG_HOME").unwrap_or_else(|| home.join(".config"));
    let mut files: Vec<PathBuf> = host.path_var("CONDARC").into_iter().collect();
    files.extend([
        env.join(".condarc"),
        home.join(".condarc"),
        home.join(".mambarc"),
        home.join(".conda/.condarc"),
        config.join("conda/.condarc"),
        base.join(".condarc"),
        base.join(".mambarc"),
        PathBuf::from("/etc/conda/.condarc"),
        PathBuf::from("/etc/conda/condarc"),
    ]);
    files
}

/// Reads all that there is. A file that cannot be understood is an error: it may say where not to fetch from.
pub(crate) fn read(host: &Host, env: &Path, base: &Path) -> Result<Settings> {
    let mut settings = Settings::default();
    if let Some(list) = host.var("CONDA_CHANNELS").and_then(|list| list.to_str()) {
        let words = list.split([',', '&']).map(str::trim).filter(|word| !word.is_empty());
        settings.channels.extend(words.map(str::to_owned));
    }
    for file in files(host, env, base) {
        let text = match foreign::read_text(&file, FileKind::Settings) {
            Err(cause) if foreign::is_missing(&cause) => continue,
            other => other.attempt("read", &file)?,
        };
        let rc = parse(&with_variables(&text, host)).map_err(|cause| {
            Error::new(format!("could not understand {}: {cause}", Shown(&file)))
                .hint("mend that line, or move the file away")
        })?;
        settings.join(rc);
    }
    Ok(settings)
}

/// An empty file is a null, and says nothing.
fn parse(text: &str) -> std::result::Result<Rc, serde_yaml::Error> {
    Ok(serde_yaml::from_str::<Option<Rc>>(text)?.unwrap_or_default())
}

impl Settings {
    fn join(&mut self, rc: Rc) {
        self.channels.extend(
            rc.channels
                .into_iter()
                .filter(|name| !self.channels.contains(name))
                .collect::<Vec<_>>(),
        );
        self.alias = self.alias.take().or(rc.channel_alias);
        self.priority = self.priority.or_else(|| priority(rc.channel_priority.as_ref()?));
        // The https one is asked for channels with TLS, as are nearly all.
        let proxies = rc.proxy_servers.unwrap_or_default();
        let proxy = ["https", "http"].iter().find_map(|kind| proxies.get(*kind)?.clone());
        self.extra.proxy = self.extra.proxy.take().or(proxy);
        let told = rc.ssl_verify.as_ref();
        self.without_tls |= told.and_then(serde_yaml::Value::as_bool) == Some(false);
        let bundle = told.and_then(serde_yaml::Value::as_str).filter(|word| word.contains('/'));
        self.extra.authorities = self.extra.authorities.take().or(bundle.map(PathBuf::from));
        let defaults = Some(rc.default_channels).filter(|list| !list.is_empty());
        let defaults = defaults.map(|list| ("defaults".to_owned(), list));
        for (name, list) in rc.custom_multichannels.into_iter().chain(defaults) {
            self.several.entry(name).or_insert(list);
        }
        // Registries of images are no place that mlenv can fetch from.
        let mirrors = rc.mirrored_channels.into_iter().map(|(name, mut places)| {
            places.retain(|place| !place.starts_with("oci://"));
            (name, places)
        });
        // What a custom channel says is the place of all channels, below which this one has its name.
        let custom = rc.custom_channels.into_iter();
        let custom = custom.map(|(name, place)| {
            let place = format!("{}/{name}", place.trim_end_matches('/'));
            (name, vec![place])
        });
        for (name, places) in mirrors.chain(custom) {
            self.places.entry(name).or_insert(places);
        }
    }
}

fn priority(told: &serde_yaml::Value) -> Option<Priority> {
    match (told.as_str(), told.as_bool()) {
        (Some("strict"), _) => Some(Priority::Strict),
        (Some("flexible"), _) | (_, Some(true)) => Some(Priority::Flexible),
        (Some("disabled"), _) | (_, Some(false)) => Some(Priority::Disabled),
        _ => None,
    }
}

/// `${NAME}` is the variable's value, as conda has it: that is how tokens stand in such files.
fn with_variables(text: &str, host: &Host) -> String {
    let (mut out, mut rest) = (String::new(), text);
    while let Some((before, behind)) = rest.split_once("${") {
        out.push_str(before);
        let Some((name, after)) = behind.split_once('}') else {
            out.push_str("${");
            rest = behind;
            continue;
        };
        match host.var(name).and_then(|value| value.to_str()) {
            Some(value) => out.push_str(value),
            None => out.extend(["${", name, "}"]),
        }
        rest = after;
    }
    out + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_users_settings_come_before_the_bases() {
        let root = tempfile::tempdir().unwrap();
        let write = |path: &str, text: &str| {
            let path = root.path().join(path);
            crate::fs::make_dirs(path.parent().unwrap(), 0o755).unwrap();
            crate::fs::write_new(&path, text.as_bytes()).unwrap();
        };
        write(
            "home/.condarc",
            "channels:\n  - https://x/t/${TOKEN}/lab\nchannel_priority: strict\nssl_verify: false\n",
        );
        write(
            "base/.condarc",
            "channels: conda-forge\nssl_verify: /etc/ca.pem\nproxy_servers:\n  https: http://p:1\n  http: null\nchannel_priority: flexible\nchannel_alias: https://m/\n\
                                custom_channels:\n  own: https://o/\nmirrored_channels:\n  conda-forge: [https://f/c, oci://x/y, https://g/]\n",
        );
        write("home/.mambarc", "\n");
        let home = root.path().join("home");
        let vars = [("HOME", home.to_str().unwrap()), ("TOKEN", "tk")];
        let host = Host::fake(&vars, Path::new("/"));
        let found = read(&host, Path::new("/none"), &root.path().join("base")).unwrap();
        assert_eq!(found.channels, ["https://x/t/tk/lab", "conda-forge"]);
        assert_eq!(
            (found.alias.as_deref(), found.priority),
            (Some("https://m/"), Some(Priority::Strict))
        );
        assert_eq!(found.extra.authorities, Some("/etc/ca.pem".into()));
        assert_eq!(found.extra.proxy.as_deref(), Some("http://p:1"));
        assert!(found.without_tls);
        assert_eq!(found.places["own"], ["https://o/own"]);
        assert_eq!(found.places["conda-forge"], ["https://f/c", "https://g/"]);
        write("home/.conda/.condarc", "channels: {\n");
        let refused = read(&host, Path::new("/none"), Path::new("/none")).unwrap_err();
        assert!(refused.to_string().contains(".conda/.condarc"), "{refused}");
    }
}
