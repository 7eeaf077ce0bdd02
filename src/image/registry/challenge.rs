//! `WWW-Authenticate`: how a registry wants to be told who asks.
//!
//! Pure. RFC 9110, section 11.6.1: one header may hold several challenges, and a comma separates both challenges and
//! their parameters; what is followed by `=` is a parameter.

use std::iter::Peekable;
use std::str::Chars;

/// What a registry asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Challenge {
    /// A token, to be had at `realm`.
    Bearer { realm: String, service: Option<String>, scope: Option<String> },
    /// A name and a password.
    Basic,
}

impl Challenge {
    /// The best of what these headers ask for: a token rather than a password.
    pub(super) fn best<'a>(headers: impl Iterator<Item = &'a str>) -> Option<Self> {
        let all: Vec<Raw> = headers.flat_map(parse).collect();
        let bearer = all.iter().filter(|raw| raw.scheme.eq_ignore_ascii_case("bearer"));
        let tokens = bearer.filter_map(|raw| {
            let realm = raw.parameter("realm")?;
            let (service, scope) = (raw.parameter("service"), raw.parameter("scope"));
            Some(Self::Bearer { realm, service, scope })
        });
        let has_basic = all.iter().any(|raw| raw.scheme.eq_ignore_ascii_case("basic"));
        tokens.into_iter().next().or(has_basic.then_some(Self::Basic))
    }
}

struct Raw {
    scheme: String,
    parameters: Vec<(String, String)>,
}

impl Raw {
    fn parameter(&self, name: &str) -> Option<String> {
        let found = self.parameters.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.clone())
    }
}

fn parse(header: &str) -> Vec<Raw> {
    let mut text = header.chars().peekable();
    let mut found: Vec<Raw> = Vec::new();
    loop {
        while text.next_if(|next| *next == ',' || next.is_whitespace()).is_some() {}
        let word =
            take(&mut text, |next| !matches!(next, ',' | '=' | '"') && !next.is_whitespace());
        while text.next_if(|next| next.is_whitespace()).is_some() {}
        if word.is_empty() {
            if text.next().is_none() {
                return found;
            }
        } else if text.next_if_eq(&'=').is_some() {
            let value = value(&mut text);
            found
                .last_mut()
                .into_iter()
                .for_each(|raw| raw.parameters.push((word.clone(), value.clone())));
        } else {
            found.push(Raw { scheme: word, parameters: Vec::new() });
        }
    }
}

fn value(text: &mut Peekable<Chars>) -> String {
    while text.next_if(|next| next.is_whitespace()).is_some() {}
    if text.next_if_eq(&'"').is_none() {
        return take(text, |next| next != ',' && !next.is_whitespace());
    }
    let mut value = String::new();
    while let Some(next) = text.next() {
        match next {
            '"' => break,
            '\\' => value.extend(text.next()),
            other => value.push(other),
        }
    }
    value
}

fn take(text: &mut Peekable<Chars>, wanted: impl Fn(char) -> bool) -> String {
    let mut taken = String::new();
    while let Some(next) = text.next_if(|next| wanted(*next)) {
        taken.push(next);
    }
    taken
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn best(headers: &[&str]) -> Option<Challenge> {
        Challenge::best(headers.iter().copied())
    }

    fn bearer(realm: &str, service: Option<&str>, scope: Option<&str>) -> Challenge {
        let owned = |text: Option<&str>| text.map(str::to_owned);
        Challenge::Bearer { realm: realm.into(), service: owned(service), scope: owned(scope) }
    }

    #[test]
    fn the_challenges_of_real_registries_are_understood() {
        let hub = r#"Bearer realm="https://auth.docker.io/token",service="registry.docker.io",scope="repository:a/b:pull,push""#;
        assert_eq!(
            best(&[hub]),
            Some(bearer(
                "https://auth.docker.io/token",
                Some("registry.docker.io"),
                Some("repository:a/b:pull,push")
            ))
        );
        assert_eq!(best(&["Basic realm=\"x\""]), Some(Challenge::Basic));
        assert_eq!(
            best(&["bearer Realm=https://a/b, service = c"]),
            Some(bearer("https://a/b", Some("c"), None))
        );
    }

    #[test]
    fn a_token_is_preferred_wherever_it_stands() {
        let both = r#"Basic realm="a \"quoted\", name", Bearer realm="https://t""#;
        assert_eq!(best(&[both]), Some(bearer("https://t", None, None)));
        assert_eq!(
            best(&["Negotiate", "Basic realm=x", "Bearer realm=\"https://t\""]),
            Some(bearer("https://t", None, None))
        );
        assert_eq!(best(&["Bearer service=x", "Basic"]), Some(Challenge::Basic));
        assert_eq!(best(&["Negotiate abc=="]), None);
        assert_eq!(best(&[]), None);
    }

    proptest! {
        #[test]
        fn any_header_is_read_to_its_end(header in "[a-z=,\"\\\\ ]{0,30}|.{0,20}") {
            let _ = best(&[&header]);
        }
    }
}
