//! Digests: the name of some bytes, by which a registry is asked and its answer is checked.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use sha2::{Digest as _, Sha256, Sha512};

use crate::error::Error;
use crate::text::{hex, shown};

/// `sha256:` and 64 hexadecimal digits, or `sha512:` and 128: what the OCI image specification registers.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Digest {
    algorithm: Algorithm,
    hex: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Algorithm {
    Sha256,
    Sha512,
}

impl Digest {
    /// Takes `text` apart; upper-case digits are refused, as the specification does.
    pub(crate) fn parse(text: &str) -> Result<Self, Error> {
        let wrong = |why: &str| {
            Error::new(format!("\"{}\" is not a digest: {why}", shown(text)))
                .hint("a digest is `sha256:` and 64 hexadecimal digits in lower case")
        };
        let (algorithm, hex) = text.split_once(':').ok_or_else(|| wrong("it has no `:`"))?;
        let (algorithm, length) = match algorithm {
            "sha256" => (Algorithm::Sha256, 64),
            "sha512" => (Algorithm::Sha512, 128),
            _ => return Err(wrong("only sha256 and sha512 are known")),
        };
        if hex.len() != length {
            return Err(wrong(&format!("{length} digits are needed, not {}", hex.len())));
        }
        if !hex.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')) {
            return Err(wrong("it has something other than hexadecimal digits in lower case"));
        }
        Ok(Self { algorithm, hex: hex.to_owned() })
    }

    /// The digest of `bytes`, as registries name what they hold.
    pub(crate) fn of(bytes: &[u8]) -> Self {
        Self { algorithm: Algorithm::Sha256, hex: hex(&Sha256::digest(bytes)) }
    }

    /// True where `bytes` are what this digest names.
    pub(crate) fn names(&self, bytes: &[u8]) -> bool {
        match self.algorithm {
            Algorithm::Sha256 => hex(&Sha256::digest(bytes)) == self.hex,
            Algorithm::Sha512 => hex(&Sha512::digest(bytes)) == self.hex,
        }
    }

    /// The digits alone, as CVMFS names the directory of an unpacked image.
    pub(crate) fn hex(&self) -> &str {
        &self.hex
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let algorithm = match self.algorithm {
            Algorithm::Sha256 => "sha256",
            Algorithm::Sha512 => "sha512",
        };
        write!(f, "{algorithm}:{}", self.hex)
    }
}

impl Serialize for Digest {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Digest {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(deserializer)?).map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EMPTY: &str = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    #[test]
    fn a_digest_names_its_bytes_and_no_others() {
        let digest = Digest::parse(EMPTY).unwrap();
        assert_eq!(digest, Digest::of(b""));
        assert!(digest.names(b"") && !digest.names(b"x"));
        assert_eq!(digest.to_string(), format!("sha256:{}", digest.hex()));
        let long = Digest::parse(&format!("sha512:{}", hex(&Sha512::digest(b"x")))).unwrap();
        assert!(long.names(b"x") && !long.names(b""));
    }

    #[test]
    fn what_is_no_digest_is_refused_with_a_reason() {
        let reason = |text: &str| Digest::parse(text).unwrap_err().to_string();
        assert!(reason("abc").contains("has no `:`"));
        assert!(reason("md5:abc").contains("only sha256 and sha512"));
        assert!(reason("sha256:abc").contains("64 digits are needed, not 3"));
        assert!(reason(&EMPTY.to_uppercase()).contains("only sha256"));
        assert!(reason(&EMPTY.replace('b', "B")).contains("lower case"));
        assert!(!reason("sha256:\x1b[31m").contains('\x1b'));
    }
}
