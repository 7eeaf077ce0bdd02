//! The condition behind a requirement: `python_version < "3.9" and sys_platform == "linux"`. Pure.

use std::str::FromStr;

use pep440_rs::{Version, VersionSpecifier};

/// What conditions ask about, for one Python on this machine.
pub(crate) struct World {
    full: String,
    minor: String,
}

impl World {
    /// For a Python of this version.
    pub(crate) fn new(version: &str) -> Self {
        let minor: Vec<&str> = version.splitn(3, '.').take(2).collect();
        Self { full: version.to_owned(), minor: minor.join(".") }
    }

    fn value(&self, name: &str) -> Option<&str> {
        Some(match name {
            "python_version" => &self.minor,
            "python_full_version" | "implementation_version" => &self.full,
            "os_name" | "os.name" => "posix",
            "sys_platform" | "sys.platform" => "linux",
            "platform_system" => "Linux",
            "platform_machine" | "platform.machine" => std::env::consts::ARCH,
            "platform_python_implementation"
            | "platform.python_implementation"
            | "python_implementation" => "CPython",
            "implementation_name" => "cpython",
            "extra" => "", // none was asked for
            _ => return None,
        })
    }
}

/// True where it holds; `None` where it is not understood.
pub(crate) fn holds(text: &str, world: &World) -> Option<bool> {
    let mut reader = ConditionReader { words: words(text)?, at: 0, depth: 0, world };
    let holds = reader.either()?;
    (reader.at == reader.words.len()).then_some(holds)
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Word {
    Text(String),
    Bare(String),
}

/// Quoted texts, names, operators, parentheses.
fn words(text: &str) -> Option<Vec<Word>> {
    let mut words = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        let length = match first {
            '"' | '\'' => {
                let end = rest[1..].find(first)?;
                words.push(Word::Text(rest[1..=end].to_owned()));
                end + 2
            }
            '(' | ')' => {
                words.push(Word::Bare(first.to_string()));
                1
            }
            _ => {
                let is_sign = |c: char| "<>=!~".contains(c);
                let is_word = |c: char| c.is_ascii_alphanumeric() || "_.".contains(c);
                let same = |c: char| if is_sign(first) { is_sign(c) } else { is_word(c) };
                let end = rest.find(|c| !same(c)).unwrap_or(rest.len());
                words.push(Word::Bare(rest[..end].to_owned()));
                end
            }
        };
        if length == 0 {
            return None;
        }
        rest = rest[length..].trim_start();
    }
    Some(words)
}

/// Real conditions have two or three parentheses inside each other; each takes some of the stack.
const DEEPEST: usize = 64;

struct ConditionReader<'a> {
    words: Vec<Word>,
    at: usize,
    depth: usize,
    world: &'a World,
}

impl ConditionReader<'_> {
    fn either(&mut self) -> Option<bool> {
        let mut holds = self.all()?;
        while self.takes("or") {
            let other = self.all()?;
            holds |= other;
        }
        Some(holds)
    }

    fn all(&mut self) -> Option<bool> {
        let mut holds = self.one()?;
        while self.takes("and") {
            let other = self.one()?;
            holds &= other;
        }
        Some(holds)
    }

    fn one(&mut self) -> Option<bool> {
        if self.takes("(") {
            self.depth += 1;
            let holds = (self.depth <= DEEPEST).then(|| self.either())??;
            self.depth -= 1;
            return self.takes(")").then_some(holds);
        }
        let (left, of_version) = self.operand()?;
        let sign = match self.next()? {
            Word::Bare(word) if word == "not" => self.takes("in").then(|| "not in".to_owned())?,
            Word::Bare(word) => word,
            Word::Text(_) => return None,
        };
        let (right, also) = self.operand()?;
        compare(&left, &sign, &right, of_version || also)
    }

    /// The value, and whether it is a version.
    fn operand(&mut self) -> Option<(String, bool)> {
        match self.next()? {
            Word::Text(text) => Some((text, false)),
            Word::Bare(name) => {
                Some((self.world.value(&name)?.to_owned(), name.ends_with("_version")))
            }
        }
    }

    fn next(&mut self) -> Option<Word> {
        self.at += 1;
        self.words.get(self.at - 1).cloned()
    }

    fn takes(&mut self, word: &str) -> bool {
        let is_next = self.words.get(self.at) == Some(&Word::Bare(word.to_owned()));
        self.at += usize::from(is_next);
        is_next
    }
}

fn compare(left: &str, sign: &str, right: &str, of_version: bool) -> Option<bool> {
    match sign {
        "in" => return Some(right.contains(left)),
        "not in" => return Some(!right.contains(left)),
        _ => {}
    }
    if of_version
        && let (Ok(left), Ok(specifier)) =
            (Version::from_str(left), VersionSpecifier::from_str(&format!("{sign}{right}")))
    {
        return Some(specifier.contains(&left));
    }
    Some(match sign {
        "==" | "===" => left == right,
        "!=" => left != right,
        "<" => left < right,
        "<=" => left <= right,
        ">" => left > right,
        ">=" => left >= right,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conditions_are_judged_for_this_python() {
        let world = World::new("3.11.7");
        for (text, expected) in [
            ("python_version >= '3.8'", Some(true)),
            ("python_version < \"3.9\"", Some(false)),
            ("python_version >= '3.10' and python_version < '3.12'", Some(true)),
            ("'linux' in sys_platform", Some(true)),
            ("sys_platform not in 'win32 darwin'", Some(true)),
            ("python_full_version == '3.11.*'", Some(true)),
            ("(os_name == 'nt' or (os_name == 'posix')) and extra == 'x'", Some(false)),
            ("os_name == 'posix' or extra == 'x' and os_name == 'nt'", Some(true)),
            ("platform_release > '5'", None),
            ("python_version", None),
            ("(os_name == 'posix'", None),
            ("'", None),
            ("&", None),
        ] {
            assert_eq!(holds(text, &world), expected, "{text}");
        }
        let nested =
            |count: usize| format!("{}os_name == 'posix'{}", "(".repeat(count), ")".repeat(count));
        assert_eq!(holds(&nested(DEEPEST), &world), Some(true));
        assert_eq!(holds(&nested(1_000_000), &world), None);
    }
}
