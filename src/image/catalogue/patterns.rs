//! Words compared: patterns, versions in their order, and what was probably meant.

use std::cmp::Ordering;

use wildmatch::WildMatch;

/// True for a word that stands for several: it has a `*` or `?`.
pub(super) fn is_pattern(word: &str) -> bool {
    word.contains(['*', '?'])
}

/// True where `pattern` covers the whole of `word`: `*` is any text, `?` one character.
pub(super) fn covers(pattern: &str, word: &str) -> bool {
    WildMatch::new(pattern).matches(word)
}

/// Compares as people count: `python39` before `python311`, `1.2-rc1` before `1.2` before `1.2.1`.
pub(super) fn natural(left: &str, right: &str) -> Ordering {
    tokens(left).cmp(&tokens(right)).then_with(|| left.cmp(right))
}

/// A piece of a version; the order of the variants is the order of versions that differ in it.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Token {
    /// What is made before a release: `-rc`, `.dev`.
    Early(String),
    /// The version ends here.
    End,
    /// A number of any length: how many digits, without leading zeros, and which.
    Number(usize, String),
    /// Anything else.
    Text(String),
}

fn tokens(version: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut rest = version;
    while let Some(first) = rest.chars().next() {
        let is_number = first.is_ascii_digit();
        let length = rest.find(|character: char| character.is_ascii_digit() != is_number);
        let (run, later) = rest.split_at(length.unwrap_or(rest.len()));
        tokens.push(if is_number { number(run) } else { text(run) });
        rest = later;
    }
    tokens.push(Token::End);
    tokens
}

fn number(digits: &str) -> Token {
    let digits = digits.trim_start_matches('0');
    Token::Number(digits.len(), digits.to_owned())
}

fn text(run: &str) -> Token {
    let word = run.trim_matches(['-', '.', '_']).to_lowercase();
    if ["alpha", "beta", "dev", "pre", "rc"].contains(&word.as_str()) {
        Token::Early(word)
    } else {
        Token::Text(run.to_owned())
    }
}

/// The name that is most like `word`, if one is like it at all: one that begins with it, or a few slips away.
pub(super) fn nearest<'a>(word: &str, names: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let word = word.to_lowercase();
    let slips = |name: &str| {
        // A tag that was left out says nothing about how well the name was typed.
        let short = name.split(':').next().unwrap_or(name);
        let slips = |name: &str| strsim::osa_distance(&word, name);
        if name.starts_with(&word) { 0 } else { slips(name).min(slips(short)) }
    };
    let measured = names.map(|name| (slips(&name.to_lowercase()), name));
    let best = measured.min_by_key(|(slips, _)| *slips);
    best.filter(|(slips, _)| *slips <= word.chars().count().div_ceil(4)).map(|(_, name)| name)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn patterns_cover_what_a_shell_user_expects() {
        for (pattern, word) in [
            ("*", ""),
            ("ml-*", "ml-base:x"),
            ("*gpu*39", "ml-gpu:python39"),
            ("m?-*", "ml-b"),
            ("a**b", "ab"),
        ] {
            assert!(covers(pattern, word), "{pattern} {word}");
        }
        for (pattern, word) in
            [("", "a"), ("ml", "ml-base"), ("?", ""), ("*a", "ab"), ("a*b*c", "acb")]
        {
            assert!(!covers(pattern, word), "{pattern} {word}");
        }
    }

    #[test]
    fn versions_come_in_the_order_that_people_count_in() {
        let ordered = [
            "alma9-python39",
            "alma9-python310",
            "alma9-python311",
            "v1.2-rc1",
            "v1.2-rc2",
            "v1.2",
            "v1.2.1",
            "v1.10",
            "v99999999999999999999999999",
            "v100000000000000000000000000",
        ];
        for pair in ordered.windows(2) {
            assert_eq!(natural(pair[0], pair[1]), Ordering::Less, "{pair:?}");
            assert_eq!(natural(pair[1], pair[0]), Ordering::Greater, "{pair:?}");
        }
    }

    #[test]
    fn a_slip_of_the_finger_is_recognised_and_another_word_is_not() {
        let names = ["ml-base:alma9-python311", "ml-torch-gpu:alma9-python311"];
        let near = |word: &str| nearest(word, names.into_iter());
        assert_eq!(near("ml-bsae"), Some(names[0]));
        assert_eq!(near("ML-torch-gpu"), Some(names[1]));
        assert_eq!(near("ml-base:alma9-python312"), Some(names[0]));
        assert_eq!(near("ml-t"), Some(names[1]));
        for other in ["ubuntu", "python:3.12", "x", "base"] {
            assert_eq!(near(other), None, "{other}");
        }
    }

    const VERSION: &str = "(v?[0-2]{0,2}[.-]?(rc|dev|a|[.]dev)?[01]?){0,2}";

    proptest! {
        #[test]
        fn the_order_is_one(a in VERSION, b in VERSION, c in VERSION) {
            prop_assert_eq!(natural(&a, &b), natural(&b, &a).reverse());
            if natural(&a, &b).is_lt() && natural(&b, &c).is_lt() {
                prop_assert_eq!(natural(&a, &c), Ordering::Less);
            }
        }

        #[test]
        fn a_star_covers_all_and_a_word_itself(word in "[a-c]{0,8}", head in "[a-c]{0,3}") {
            prop_assert!(covers("*", &word) && covers(&word, &word));
            let starred = format!("{head}*");
            prop_assert_eq!(covers(&starred, &word), word.starts_with(&head));
        }
    }
}
