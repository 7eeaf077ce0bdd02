//! A session's text: written, read back, and whatever else the variable may hold.

use std::os::unix::ffi::OsStringExt;

use proptest::prelude::*;

use super::*;

fn bytes() -> impl Strategy<Value = OsString> {
    proptest::collection::vec(1_u8.., 0..12).prop_map(OsString::from_vec)
}

#[test]
fn the_text_is_the_one_of_the_contract() {
    let session = Session {
        owner: Owner::Marker("/p q/.mlenv.toml".into()),
        prefix: "/e".into(),
        vars: vec![
            Changed { name: Name::known("A"), new: Some("x y".into()), old: None },
            Changed { name: Name::known("B"), new: None, old: Some("".into()) },
        ],
        entries: vec![ListEntry { list: Name::known("PATH"), dir: "/e/bin".into() }],
        scripts: vec!["/e/etc/conda/deactivate.d/a.sh".into()],
        scripted: Scripted {
            vars: vec![Changed { name: Name::known("B"), new: Some("1".into()), old: None }],
            entries: vec![ListEntry { list: Name::known("PATH"), dir: "/e/more".into() }],
        },
    };
    let text = "1 o:/p%20q/.mlenv.toml e:/e v:A:=x%20y:! v:B:!:= p:PATH:/e/bin d:/e/etc/conda/deactivate.d/a.sh s: v:B:=1:! p:PATH:/e/more";
    assert_eq!(session.to_string(), text);
    assert_eq!(Session::parse(OsStr::new(text)).unwrap(), session);
}

#[test]
fn what_breaks_a_rule_is_refused() {
    for bad in [
        "2 o: e:/e",
        "",
        "1",
        "1 e:/e",
        "1 o:",
        "1 o: e:/e e:/f",
        "1 o: e:e",
        "1 o: e:/e/../f",
        "1 o: e:/e  ",
        "1 o: e:/e x:y",
        "1 o: e:/e s:x",
        "1 o: e:/e s: s:",
        "1 o: e:/e v:A:=x",
        "1 o: e:/e v:A:x:!",
        "1 o: e:/e v:A:=x:!:!",
        "1 o: e:/e v:A-B:!:!",
        "1 o: e:/e v:PROMPT_COMMAND:!:=x",
        "1 o: e:/e v:PATH:!:=x",
        "1 o: e:/e v:x[$(id)]:!:!",
        "1 o: e:/e v:A:=%0:!",
        "1 o: e:/e v:A:=%00:!",
        "1 o: e:/e v:A:=$(id):!",
        "1 o: e:/e p:PATH:",
        "1 o: e:/e p:PATH:/a%3A/b",
        "1 o: e:/e d:/tmp/x.sh",
        "1 o: e:/e d:/e/../etc/conda/deactivate.d/x.sh",
        "1 o: e:/e d:/e/x.sh",
        "1 o: e:/e v:A:=%+1:!",
    ] {
        assert!(Session::parse(OsStr::new(bad)).is_err(), "{bad}");
    }
}

proptest! {
    #[test]
    fn any_values_survive(new in bytes(), old in proptest::option::of(bytes())) {
        let session = Session {
            owner: Owner::Hand,
            prefix: "/e".into(),
            vars: vec![Changed { name: Name::known("A"), new: Some(new), old }],
            entries: vec![],
            scripts: vec![],
            scripted: Scripted::default(),
        };
        let text = OsString::from(session.to_string());
        prop_assert!(text.as_bytes().iter().all(|byte| byte.is_ascii_graphic() || *byte == b' '));
        prop_assert_eq!(Session::parse(&text).unwrap(), session);
    }

    #[test]
    fn any_text_is_read_or_refused(text in bytes(), tail in "[oevpds:!=%A/. 0-9a-f]{0,40}") {
        let _ = Session::parse(&text);
        let _ = Session::parse(OsStr::new(&format!("1 o: e:/e {tail}")));
    }
}
