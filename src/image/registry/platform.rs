//! Which of an index's images is for which machine.

use std::str::FromStr;

use super::wire::{Descriptor, Platform};
use crate::error::{Error, Result};
use crate::text::shown;

impl Platform {
    /// The machine that this program runs on, by the names that images use: those of Go.
    pub(crate) fn here() -> Self {
        let architecture = match std::env::consts::ARCH {
            "x86_64" => "amd64",
            "aarch64" => "arm64",
            "x86" => "386",
            "powerpc64" if cfg!(target_endian = "little") => "ppc64le",
            "powerpc64" => "ppc64",
            other => other, // arm, riscv64, s390x are called the same
        };
        Self { os: "linux".to_owned(), architecture: architecture.to_owned(), variant: None }
    }

    /// True where an image for `other` runs on this; one that names no variant stands for all.
    fn takes(&self, other: &Self) -> bool {
        let same = self.os == other.os && self.architecture == other.architecture;
        same && (self.variant.is_none() || self.variant == other.variant)
    }
}

impl FromStr for Platform {
    type Err = String;

    /// `linux/arm64`, `linux/arm/v7`.
    fn from_str(text: &str) -> std::result::Result<Self, String> {
        let parts: Vec<&str> = text.split('/').collect();
        let (os, architecture, variant) = match parts[..] {
            [os, architecture] => (os, architecture, None),
            [os, architecture, variant] => (os, architecture, Some(variant.to_owned())),
            _ => return Err("the form is OS/ARCHITECTURE, as in linux/arm64".to_owned()),
        };
        if parts.contains(&"") {
            return Err("the form is OS/ARCHITECTURE, as in linux/arm64".to_owned());
        }
        Ok(Self { os: os.to_owned(), architecture: architecture.to_owned(), variant })
    }
}

/// The platforms of an index.
pub(super) fn all(index: &[Descriptor]) -> Vec<Platform> {
    let real = index.iter().filter(|entry| is_real(entry));
    real.filter_map(|entry| entry.platform.clone()).collect()
}

/// False for the notes on how images were built that some builders put among them.
pub(super) fn is_real(entry: &Descriptor) -> bool {
    entry.platform.as_ref().is_none_or(|platform| platform.os != "unknown")
}

/// The entry for `wanted`; an index with one entry that names no platform is taken as it is.
pub(super) fn choose<'a>(index: &'a [Descriptor], wanted: &Platform) -> Result<&'a Descriptor> {
    let fits = |entry: &&Descriptor| entry.platform.as_ref().is_some_and(|of| wanted.takes(of));
    if let Some(entry) = index.iter().find(fits) {
        return Ok(entry);
    }
    if let [only] = index
        && only.platform.is_none()
    {
        return Ok(only);
    }
    let there: Vec<String> = all(index).iter().map(|one| shown(&one.to_string())).collect();
    let there = if there.is_empty() { "none".to_owned() } else { there.join(", ") };
    Err(Error::no(format!("the image is not made for {wanted}, but for {there}"))
        .hint("--platform asks for another one"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::image::digest::Digest;

    fn index(platforms: &[&str]) -> Vec<Descriptor> {
        let entry = |text: &&str| Descriptor {
            media_type: String::new(),
            digest: Digest::of(text.as_bytes()),
            size: 1,
            platform: text.parse().ok(),
        };
        platforms.iter().map(entry).collect()
    }

    #[test]
    fn an_index_gives_the_image_for_a_machine_or_says_which_there_are() {
        let many = index(&["unknown/unknown", "linux/arm/v6", "linux/arm/v7", "linux/amd64"]);
        let chosen = |wanted: &str| {
            choose(&many, &wanted.parse().unwrap()).map(|entry| entry.digest.clone())
        };
        assert_eq!(chosen("linux/amd64").unwrap(), Digest::of(b"linux/amd64"));
        assert_eq!(chosen("linux/arm/v7").unwrap(), Digest::of(b"linux/arm/v7"));
        assert_eq!(chosen("linux/arm").unwrap(), Digest::of(b"linux/arm/v6"));
        let words = chosen("linux/s390x").unwrap_err().to_string();
        assert!(words.ends_with("but for linux/arm/v6, linux/arm/v7, linux/amd64"), "{words}");
        let only = index(&["no platform"]);
        assert!(choose(&only, &Platform::here()).is_ok());
        assert!(choose(&[], &Platform::here()).is_err());
    }

    #[test]
    fn a_platform_is_two_or_three_words() {
        for bad in ["", "linux", "linux/", "/amd64", "a/b/c/d", "a//c"] {
            assert!(bad.parse::<Platform>().is_err(), "{bad}");
        }
        assert_eq!("linux/arm/v7".parse::<Platform>().unwrap().to_string(), "linux/arm/v7");
    }
}
