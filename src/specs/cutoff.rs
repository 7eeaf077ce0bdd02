//! The moment behind which packages do not count (`exclude-newer`): so that what was just published, by whomever, has time to
//! be found out, and so that an old choice can be made again. Pure.

use jiff::{Span, SpanRelativeTo, Timestamp, civil::Date, tz::TimeZone};

use crate::error::{Error, Result};
use crate::text::shown;

/// A moment; what was published later does not count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Cutoff(Timestamp);

impl Cutoff {
    /// Reads a date (its beginning, UTC), a time with an offset (RFC 3339), or how long ago: `7 days`, `2w`, `P7D`.
    pub(crate) fn parse(words: &str, now: Timestamp) -> Result<Self> {
        let bad = || {
            Error::new(format!("\"{}\" is neither a date nor a time ago", shown(words)))
                .hint("write 2026-03-01, 2026-03-01T12:00:00Z, or \"7 days\"")
        };
        if let Ok(moment) = words.parse::<Timestamp>() {
            return Ok(Self(moment));
        }
        if let Ok(date) = words.parse::<Date>() {
            let start = date.to_zoned(TimeZone::UTC).map_err(|_| bad())?;
            return Ok(Self(start.timestamp()));
        }
        let span: Span = words.parse().map_err(|_| bad())?;
        let ago = span.to_duration(SpanRelativeTo::days_are_24_hours()).map_err(|_| bad())?;
        now.checked_sub(ago.abs()).map(Self).map_err(|_| bad())
    }

    /// True for what was published before, in milliseconds since 1970, and for what does not tell: old channels do not.
    pub(crate) fn takes(&self, published: Option<i64>) -> bool {
        published.is_none_or(|published| published < self.0.as_millisecond())
    }

    /// As tools understand it, and people.
    pub(crate) fn shown(&self) -> String {
        self.0.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_moments_and_times_ago_are_understood() {
        let now: Timestamp = "2026-03-10T12:00:00Z".parse().unwrap();
        for (words, moment) in [
            ("2026-03-01", "2026-03-01T00:00:00Z"),
            ("2026-03-01T02:00:00+02:00", "2026-03-01T00:00:00Z"),
            ("7d", "2026-03-03T12:00:00Z"),
            ("7 days", "2026-03-03T12:00:00Z"),
            ("2 weeks", "2026-02-24T12:00:00Z"),
            ("P7D", "2026-03-03T12:00:00Z"),
            ("1 day ago", "2026-03-09T12:00:00Z"),
        ] {
            assert_eq!(Cutoff::parse(words, now).unwrap().shown(), moment, "{words}");
        }
        for words in ["", "soon", "2026-13-01", "2026-03-01 or so", "1 month", "7"] {
            assert!(Cutoff::parse(words, now).is_err(), "{words}");
        }
        let cutoff = Cutoff::parse("1970-01-02", now).unwrap();
        assert!(cutoff.takes(None) && cutoff.takes(Some(86_399_999)));
        assert!(!cutoff.takes(Some(86_400_000)));
    }
}
