//! Rendered text, evaluated by the real shells: what goes in comes out, byte for byte.

#![expect(clippy::disallowed_methods, reason = "tests write the texts that shells read")]

use std::collections::HashMap;
use std::ffi::OsString;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::PathBuf;

use super::*;
use crate::plan::Script;
use crate::plan::name::Name;
use crate::process::{Command, Words};

const ALL: [Dialect; 4] =
    [Dialect::Bash, Dialect::Zsh, Dialect::Tcsh(Newlines::Quoted), Dialect::Fish];

/// Evaluates `text` as a user's rc file would, after `before`, and returns what the shell exports then.
fn evaluated(dialect: Dialect, before: &str, text: &[u8]) -> HashMap<OsString, OsString> {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), text).unwrap();
    let (options, eval): (&[&str], &str) = match dialect {
        Dialect::Bash => {
            (&["--norc", "--noprofile", "-c"], r#"eval "$(/bin/cat "$1")"; /usr/bin/env -0"#)
        }
        Dialect::Zsh => (&["-f", "-c"], r#"eval "$(/bin/cat "$1")"; /usr/bin/env -0"#),
        Dialect::Tcsh(_) => (&["-f", "-c"], r#"eval "`/bin/cat $argv[1]:q`"; /usr/bin/env -0"#),
        Dialect::Fish => (&["-N", "-c"], r"/bin/cat $argv[1] | source; /usr/bin/env -0"),
    };
    let script = format!("{before}\n{eval}");
    let mut arguments: Vec<&OsStr> = options.iter().map(OsStr::new).collect();
    arguments.push(script.as_ref());
    if matches!(dialect, Dialect::Bash | Dialect::Zsh) {
        arguments.push("shell".as_ref()); // $0
    }
    arguments.push(file.path().as_os_str());
    let out = Command::new(dialect.name()).words(arguments).output(Words::Kept).unwrap();
    let pairs = out.split(|byte| *byte == 0).filter_map(|pair| {
        let equals = pair.iter().position(|byte| *byte == b'=')?;
        Some((
            OsString::from_vec(pair[..equals].into()),
            OsString::from_vec(pair[equals + 1..].into()),
        ))
    });
    pairs.collect()
}

/// Values that broke one shell tool or another.
fn hostile() -> Vec<OsString> {
    let texts = [
        "",
        " ",
        "  two  spaces\tand\ttabs ",
        "a\nb",
        "\n",
        "a\n\n",
        "\\",
        "a\\",
        "\\n",
        "\\!",
        "!",
        "a!b",
        "!!",
        "!$",
        "^a^b",
        "'",
        "''",
        "it's",
        "'\"'",
        "\"",
        "$HOME",
        "${X}",
        "$(id)",
        "`id`",
        "`",
        "{a,b}",
        "~",
        "~root",
        "*",
        "?",
        "[a-z]",
        "#x",
        "a#b",
        ";",
        "&",
        "|",
        "<",
        ">",
        "(",
        ")",
        "=ls",
        "-n",
        "%",
        "%n%%",
        "é",
        "日本",
        "\u{1b}[31m",
        "\r",
        "\x01\x7f",
        "a:b",
        "%d",
        "@x",
        "$'x'",
        "\\'",
        "'\\''",
        "!\\'\n",
        "$argv",
        "${:-x}",
        "&&",
        "||",
        "a=b",
        "\\\\",
        "x\\\n",
    ];
    let mut values: Vec<OsString> = texts.iter().map(OsString::from).collect();
    values.push(OsStr::from_bytes(b"\xff\xfe").into());
    values.push(OsStr::from_bytes(b"a\x80'\xc3!").into());
    values.push((1..=255).map(|byte: u8| byte as char).collect::<String>().into());
    values.push(OsString::from_vec((1..=255).collect()));
    // A small generator is enough here: what matters is that it never changes.
    let mut seed: u32 = 7;
    for length in 1..60 {
        let alphabet = b"'\"\\!$`{}()[]*?~#;&|<> \t\n%^=-ab\xc3\xa9\xff:@,";
        let next = |_| {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            alphabet[(seed >> 16) as usize % alphabet.len()]
        };
        values.push(OsString::from_vec((0..length).map(next).collect()));
    }
    values
}

fn changes(values: &[OsString]) -> Change {
    let steps = values.iter().enumerate();
    Change {
        steps: steps
            .map(|(at, value)| Step::Set(Name::known(&format!("X_{at}")), value.clone()))
            .collect(),
    }
}

#[track_caller]
fn check_values(dialect: Dialect, before: &str) {
    let values = hostile();
    for some in values.chunks(20) {
        let text = render(dialect, &changes(some)).unwrap();
        let env = evaluated(dialect, before, &text);
        for (at, value) in some.iter().enumerate() {
            let found = env.get(OsStr::new(&format!("X_{at}")));
            assert_eq!(found, Some(value), "{dialect:?} with `{before}`: {value:?}");
        }
    }
}

#[test]
fn any_value_arrives_unchanged() {
    for dialect in ALL {
        check_values(dialect, "");
    }
}

#[test]
fn strict_and_odd_shells_change_nothing_about_it() {
    let traps = "set -euC; IFS=\"abc'X_=\"; alias export=false; alias builtin=false; export() { return 1; }; unset() { return 1; }";
    check_values(Dialect::Bash, &format!("shopt -s expand_aliases extglob; {traps}"));
    check_values(Dialect::Bash, "set -o posix; set -eu; HISTSIZE=9; set -o history -H");
    check_values(
        Dialect::Zsh,
        &format!(
            "setopt aliases ksh_arrays extended_glob magic_equal_subst sh_word_split; {traps}"
        ),
    );
    check_values(Dialect::Zsh, "emulate ksh; set -eu");
    check_values(Dialect::Tcsh(Newlines::Quoted), "set backslash_quote; set noclobber; set noglob");
    check_values(Dialect::Fish, "set -g IFS abc; function export; return 1; end");
}

#[test]
fn an_old_tcsh_is_not_given_a_newline() {
    let change = changes(&["a\nb".into()]);
    let error = render(Dialect::new("tcsh".as_ref()).unwrap(), &change).unwrap_err();
    assert!(error.to_string().contains("X_0") && error.cure().is_some(), "{error}");
    assert!(render(Dialect::new("tcsh:6.23.01".as_ref()).unwrap(), &change).is_ok());
    assert!(render(Dialect::new("tcsh:6.22.04".as_ref()).unwrap(), &change).is_err());
    assert_eq!(Newlines::of_tcsh("nonsense"), Newlines::Refused);
}

#[test]
fn tcsh_gets_one_line() {
    let text = render(Dialect::Tcsh(Newlines::Quoted), &changes(&hostile()[..20])).unwrap();
    assert_eq!(text.iter().position(|byte| *byte == b'\n'), Some(text.len() - 1));
}

#[test]
fn long_texts_arrive_in_tcsh_or_are_refused() {
    let tcsh = Dialect::Tcsh(Newlines::Quoted);
    for pad in 0..4 {
        let value = OsString::from(format!("{}{}", "a".repeat(pad), "é!日".repeat(4000)));
        let text = render(tcsh, &changes(std::slice::from_ref(&value))).unwrap();
        assert!(evaluated(tcsh, "", &text).get(OsStr::new("X_0")) == Some(&value), "pad {pad}");
    }
    assert!(render(tcsh, &changes(&[OsString::from_vec(vec![0xff; 5000])])).is_err());
}

#[test]
fn unset_variables_are_gone_and_a_second_time_is_harmless() {
    let steps = vec![Step::Unset(Name::known("GONE")), Step::Unset(Name::known("NEVER_THERE"))];
    for dialect in ALL {
        let before = match dialect {
            Dialect::Tcsh(_) => "setenv GONE 1",
            Dialect::Fish => "set -gx GONE 1",
            _ => "set -eu; export GONE=1; function GONE() { :; }",
        };
        let text = render(dialect, &Change { steps: steps.clone() }).unwrap();
        let env = evaluated(dialect, before, &text);
        assert!(!env.contains_key(OsStr::new("GONE")), "{dialect:?}");
        assert!(env.contains_key(OsStr::new("PATH")), "{dialect:?}");
    }
}

fn source(path: PathBuf, prefix: Option<&str>) -> Step {
    Step::Enter(Script { path, prefix: prefix.map(PathBuf::from) })
}

#[test]
fn scripts_are_sourced_from_any_path_and_missing_ones_passed_over() {
    let root = tempfile::tempdir().unwrap();
    let dir = root.path().join("it's $(id) `id` !x \\ {a}");
    std::fs::create_dir(&dir).unwrap();
    for dialect in ALL {
        let script = dir.join("x").with_extension(dialect.script_suffix());
        let line = match dialect {
            Dialect::Tcsh(_) => "setenv SEEN \"$CONDA_PREFIX\"\nset nothing = 1\n",
            Dialect::Fish => "set -gx SEEN $CONDA_PREFIX\nfalse\n",
            _ => "unset_variable=$this_one_is_not_set\nfalse\nexport SEEN=\"$CONDA_PREFIX\"\n",
        };
        std::fs::write(&script, line).unwrap();
        let steps = vec![
            Step::Set(Name::known("CONDA_PREFIX"), "/env".into()),
            source(dir.join("missing").with_extension(dialect.script_suffix()), None),
            source(script, Some("/base it's")),
            Step::Set(Name::known("AFTER"), "1".into()),
        ];
        let strict = if matches!(dialect, Dialect::Bash | Dialect::Zsh) { "set -euC" } else { "" };
        let env = evaluated(dialect, strict, &render(dialect, &Change { steps }).unwrap());
        let get = |name: &str| env.get(OsStr::new(name)).and_then(|value| value.to_str());
        assert_eq!(get("SEEN"), Some("/base it's"), "{dialect:?}");
        assert_eq!(get("CONDA_PREFIX"), Some("/env"), "{dialect:?}");
        assert_eq!(get("AFTER"), Some("1"), "{dialect:?}");
    }
}

#[test]
fn options_come_back_after_scripts() {
    let root = tempfile::tempdir().unwrap();
    let script = root.path().join("x.sh");
    std::fs::write(&script, "set -eu\n").unwrap();
    let step = Step::Enter(Script { path: script, prefix: None });
    for dialect in [Dialect::Bash, Dialect::Zsh] {
        let mut text = render(dialect, &Change { steps: vec![step.clone()] }).unwrap();
        text.extend(b"\\builtin export OPTIONS=$-\n");
        let options = |before: &str| {
            evaluated(dialect, before, &text)[OsStr::new("OPTIONS")]
                .to_str()
                .unwrap()
                .replace(|c| c != 'e' && c != 'u', "")
        };
        assert_eq!(options(":"), "", "{dialect:?}");
        assert_eq!(options("set -e"), "e", "{dialect:?}");
        let mut both: Vec<char> = options("set -eu").chars().collect();
        both.sort_unstable();
        assert_eq!(both, ['e', 'u'], "{dialect:?}");
    }
}
