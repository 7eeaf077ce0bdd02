//! What package managers wrote down, as it should be elsewhere: in `RECORD` files of wheels the hashes and sizes of what was
//! rewritten for its new place, and no rows for what stayed at home; in conda's records no places of this machine, and in its
//! history no times, so that the same env is the same image.

use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use crate::base::{conda, installed};
use crate::error::{Attempt, Result};
use crate::foreign::{self, FileKind};
use crate::fs::{How, Root};
use crate::specs::direct::channel_without_secrets;
use crate::text::hex;

/// Brings every RECORD below the site-packages `site` of `root` up to date.
pub(super) fn renew(root: &Root, site: &Path) -> Result<()> {
    let dir = root.path().join(site);
    for info in installed::infos(&dir) {
        let file = info.join("RECORD");
        let Ok(text) = foreign::read(&file, FileKind::PackageData) else { continue };
        let Some(new) = renewed(&text, &dir) else { continue };
        if new != text {
            let below = file.strip_prefix(root.path()).unwrap_or(&file);
            root.write(below, &new, How::DATA).attempt("write", &file)?;
        }
    }
    Ok(())
}

/// Brings conda's records of the env's own packages, or of all, and its history, up to date.
pub(super) fn renew_conda(root: &Root, all: bool) -> Result<()> {
    let dir = root.path().join("conda-meta");
    for entry in dir.read_dir().into_iter().flatten().flatten() {
        let path = entry.path();
        let below = path.strip_prefix(root.path()).unwrap_or(&path);
        let is_record = path.extension().is_some_and(|end| end == "json");
        let new = if is_record && (all || !conda::is_of_base(&path)) {
            let text = foreign::read(&path, FileKind::PackageData).attempt("read", &path)?;
            placeless(&text, root.path())
        } else if path.ends_with("history") {
            foreign::read_text(&path, FileKind::PackageData).ok().map(|text| timeless(&text))
        } else {
            None
        };
        if let Some(new) = new {
            root.write(below, &new, How::DATA).attempt("write", &path)?;
        }
    }
    Ok(())
}

/// A record without the places that the package was unpacked in, without what lets somebody in, and with the hashes of what was
/// rewritten in the env laid out at `env`.
fn placeless(text: &[u8], env: &Path) -> Option<Vec<u8>> {
    let mut record: Value = serde_json::from_slice(text).ok()?;
    let whole = record.as_object_mut()?;
    for key in ["extracted_package_dir", "package_tarball_full_path"] {
        if whole.contains_key(key) {
            whole.insert(key.to_owned(), "".into());
        }
    }
    if let Some(link) = whole.get_mut("link").and_then(Value::as_object_mut) {
        link.insert("source".to_owned(), "".into());
    }
    for key in ["url", "channel"] {
        if let Some(Value::String(address)) = whole.get_mut(key) {
            let is_here = address.starts_with("file:");
            *address = if is_here { String::new() } else { channel_without_secrets(address) };
        }
    }
    let paths = whole.get_mut("paths_data").and_then(|paths| paths.get_mut("paths"));
    for entry in paths.and_then(Value::as_array_mut).into_iter().flatten() {
        let is_rewritten = entry.get("prefix_placeholder").is_some()
            || entry.get("path_type").is_some_and(|kind| kind == "unix_python_entry_point");
        let path = entry.get("_path").and_then(Value::as_str).map(|path| env.join(path));
        // Links of an env lead to where the base will be.
        if let (true, Some(path)) = (is_rewritten, path)
            && path.symlink_metadata().is_ok_and(|meta| meta.is_file())
            && let Ok(bytes) = foreign::read(&path, FileKind::Script)
        {
            entry["sha256_in_prefix"] = hex(&Sha256::digest(&bytes)).into();
        }
    }
    serde_json::to_vec(&record).ok()
}

/// A history whose entries all have one time, and which names channels as anybody may see them.
fn timeless(text: &str) -> Vec<u8> {
    let line = |line: &str| {
        let is_time = line.starts_with("==> ") && line.ends_with(" <==");
        let told =
            if is_time { Some("==> 1970-01-01 00:00:00 <==".to_owned()) } else { seen(line) };
        told.unwrap_or_else(|| line.to_owned())
    };
    text.lines().fold(String::new(), |text, old| text + &line(old) + "\n").into_bytes()
}

/// The line of a package, `+CHANNEL/SUBDIR::NAME-VERSION-BUILD`, without what is private of its channel; none of any other.
fn seen(line: &str) -> Option<String> {
    let (place, package) = line.split_once("::")?;
    let sign = ["+", "-"].into_iter().find(|sign| place.starts_with(sign))?;
    let place = &place[sign.len()..];
    let place = match place.rsplit_once('/') {
        Some((_, subdir)) if place.starts_with("file:") => subdir.to_owned(),
        _ => channel_without_secrets(place),
    };
    Some(format!("{sign}{place}::{package}"))
}

/// The text as it should be; none where it is not understood, and stays.
fn renewed(text: &[u8], site: &Path) -> Option<Vec<u8>> {
    let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(text);
    let mut writer = csv::WriterBuilder::new().flexible(true).from_writer(Vec::new());
    for row in reader.byte_records() {
        let mut row: Vec<Vec<u8>> = row.ok()?.iter().map(<[u8]>::to_vec).collect();
        let name = PathBuf::from(std::str::from_utf8(row.first()?).ok()?);
        let path = site.join(&name);
        if name.ends_with("direct_url.json") && path.symlink_metadata().is_err() {
            continue;
        }
        // What is inside was not rewritten.
        if name.starts_with("..")
            && row.len() == 3
            && row[1].starts_with(b"sha256=")
            && let Ok(bytes) = foreign::read(&path, FileKind::Script)
        {
            let hash = URL_SAFE_NO_PAD.encode(Sha256::digest(&bytes));
            row[1] = format!("sha256={hash}").into_bytes();
            row[2] = bytes.len().to_string().into_bytes();
        }
        writer.write_record(&row).ok()?;
    }
    writer.into_inner().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fs;

    #[test]
    fn records_say_nothing_of_this_machine_and_histories_no_time() {
        let text = br#"{"name": "a", "link": {"source": "/far/me/x", "type": 1}, "url": "https://me:pw@h/c/a.conda", "channel": "file:///c", "extracted_package_dir": "/far/me"}"#;
        let new = String::from_utf8(placeless(text, Path::new("/e")).unwrap()).unwrap();
        assert!(!new.contains("/far/me") && !new.contains("pw") && !new.contains("file:"), "{new}");
        assert!(new.contains("h/c/a.conda"), "{new}");
        let history = timeless(
            "==> 2026-01-02 03:04:05 <==\n# cmd: x\n+file:///me/c/noarch::a-1-0\n-https://h/t/tk-x/c/noarch::b-1-0\n+c-1-0\n",
        );
        let history = String::from_utf8(history).unwrap();
        assert!(
            history
                .starts_with("==> 1970-01-01 00:00:00 <==\n# cmd: x\n+noarch::a-1-0\n-https://h/"),
            "{history}"
        );
        assert!(history.ends_with("::b-1-0\n+c-1-0\n") && !history.contains("tk-x"), "{history}");
    }

    #[test]
    fn rows_of_what_was_rewritten_are_right_again() {
        let dir = tempfile::tempdir().unwrap();
        let site = dir.path().join("lib/python3.11/site-packages");
        fs::make_dirs(&site, 0o755).unwrap();
        fs::make_dirs(&dir.path().join("bin"), 0o755).unwrap();
        fs::write_new(&dir.path().join("bin/x"), b"new").unwrap();
        let text = "../../../bin/x,sha256=old,9\na/b.py,sha256=kept,1\na-1.dist-info/direct_url.json,sha256=y,2\na/RECORD,,\n";
        let new = String::from_utf8(renewed(text.as_bytes(), &site).unwrap()).unwrap();
        let hash = URL_SAFE_NO_PAD.encode(Sha256::digest("new"));
        assert_eq!(
            new,
            format!("../../../bin/x,sha256={hash},3\na/b.py,sha256=kept,1\na/RECORD,,\n")
        );
    }
}
