//! What clients are told, what they answer, and what only they understand.

use super::*;

#[test]
fn what_clients_would_do_is_read() {
    let text = br#"{"success": true, "actions": {"PREFIX": "/e", "FETCH": [],
        "UNLINK": [{"name": "toolz", "version": "0.12.1", "channel": "x"}],
        "LINK": [{"name": "toolz", "version": "1.0", "build_string": "0"}]}}"#;
    let found = transaction(text).unwrap();
    assert_eq!((found.come[0].version.as_str(), found.go[0].version.as_str()), ("1.0", "0.12.1"));
    let nothing = br#"{"success": true, "message": "All requested packages already installed."}"#;
    assert_eq!(transaction(nothing).unwrap(), Transaction::default());
}

#[test]
fn refusals_come_in_the_clients_words() {
    for (text, words) in [
        (
            &br#"{"success": false, "solver_problems": ["nothing provides x", "y"]}"#[..],
            "nothing provides x; y",
        ),
        (
            br#"{"error": "PackagesNotFound: none\n\n  - x\n", "exception_name": "P"}"#,
            "PackagesNotFound: none - x",
        ),
        (b"Traceback", "no answer that can be understood"),
        (
            br#"{"success": false, "solver_problems": ["unsupported request"], "log_history": [
                {"level": "info", "message": "so"}, {"level": "critical", "message": "no such\n  package"}]}"#,
            "no such package",
        ),
        (
            br#"{"success": false, "log_history": [{"level": "error", "message": "no route",
                "source": "libcurl", "location": "x.cpp:1"}]}"#,
            "no route",
        ),
        (br#"{"success": false, "solver_problems": ["unsupported request"]}"#, "does not say why"),
    ] {
        let message = transaction(text).unwrap_err().to_string();
        assert!(message.contains(words), "{message}");
    }
}

#[test]
fn each_client_names_a_pin_in_its_own_way() {
    for (words, pins) in [
        ("x requires numpy, conflicts with pin on numpy ==1.26 py_0", &["numpy"][..]),
        ("package pin-9xt6z3bdyq-1 has constraint six ==1.16.0", &["six"]),
        (
            "SpecsConfigurationConflictError: requested specs: - a=2 pinned specs: - b==1=0 - c==2",
            &["b", "c"],
        ),
        ("the constraint toolz ==0.12.1 0 cannot be fulfilled", &["toolz"]),
        ("package foo-1 has constraint numpy ==1.26", &[]),
        ("nothing provides pin needed by numpy", &[]),
        ("the constraint is unknown", &[]),
    ] {
        assert_eq!(pins_in(words), pins, "{words}");
    }
    // A pin is named first, however long the rest is.
    let long = "x ".repeat(1000);
    let text = format!(
        r#"{{"success": false, "log_history": [{{"level": "critical", "message": "{long}"}}],
            "solver_problems": ["package pin-a-1 has constraint six ==1"]}}"#
    );
    let message = transaction(text.as_bytes()).unwrap_err().to_string();
    assert_eq!(pins_in(&message), ["six"]);
}

#[test]
fn what_only_conda_understands_is_known_and_said_in_pips_words_where_it_can_be() {
    for (spec, pips) in [
        ("numpy=2", Some("numpy==2.*")),
        ("numpy=2.1.*", Some("numpy==2.1.*")),
        ("numpy 2.1", Some("numpy==2.1")),
        ("numpy=2=py_0", None),
        ("conda-forge::numpy", None),
        ("numpy[version='>=2']", None),
        ("numpy>=1|<2", None),
    ] {
        assert_eq!(spelling(spec), Spelling::condas(pips.map(str::to_owned)), "{spec}");
    }
    for spec in [
        "numpy",
        "numpy==2",
        "numpy>=2,<3",
        "numpy ~= 2",
        "numpy!=2; python_version=='3'",
        "uproot[http]===5",
        "demo @ https://x?a=b",
        "./here=1",
        "git+https://x?a=b",
    ] {
        assert_eq!(spelling(spec), Spelling::Pips, "{spec}");
    }
}

#[test]
fn arguments_are_words_and_never_text() {
    let errand = Errand::Install { channels: vec!["a b".into()], specs: vec!["x>=1,<2".into()] };
    let words = arguments(Path::new("/e $x"), &errand, Mode::Tell);
    assert_eq!(
        words,
        ["install", "-y", "-p", "/e $x", "-c", "a b", "--dry-run", "--json", "x>=1,<2"]
    );
    let words = arguments(Path::new("/e"), &Errand::RemoveOnly(vec!["x".into()]), Mode::Act);
    assert_eq!(words, ["remove", "-y", "-p", "/e", "--force", "x"]);
}
