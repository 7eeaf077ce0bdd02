//! Ports of a container that this machine's loopback has: `8000`, or `8000:80` where they differ.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::error::{Error, Result};
use crate::text::shown;

/// A port outside, and the one inside that it leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Published {
    pub(crate) outside: u16,
    pub(crate) inside: u16,
}

impl FromStr for Published {
    type Err = Error;

    fn from_str(words: &str) -> Result<Self> {
        let port = |text: &str| text.parse().ok().filter(|port: &u16| *port > 0);
        let (outside, inside) = words.split_once(':').unwrap_or((words, words));
        match (port(outside), port(inside)) {
            (Some(outside), Some(inside)) => Ok(Self { outside, inside }),
            _ => Err(Error::new(format!("\"{}\" is no port", shown(words)))
                .hint("write 8000, or 8000:80 where the one inside is another")),
        }
    }
}

impl fmt::Display for Published {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.outside, self.inside)
    }
}

impl Serialize for Published {
    fn serialize<S: Serializer>(&self, to: S) -> std::result::Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Published {
    fn deserialize<D: Deserializer<'de>>(from: D) -> std::result::Result<Self, D::Error> {
        let words = String::deserialize(from)?;
        words.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_port_or_two_and_nothing_else() {
        for (words, told) in [("8000", "8000:8000"), ("8000:80", "8000:80")] {
            assert_eq!(words.parse::<Published>().unwrap().to_string(), told);
        }
        for words in ["", "0", "70000", "8000:", "0.0.0.0:80:80", "80-90", "8000:80/udp"] {
            assert!(words.parse::<Published>().is_err(), "{words}");
        }
    }
}
