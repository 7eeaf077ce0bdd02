//! References: known spellings, refusals, and laws over made-up ones.

use proptest::prelude::*;

use super::*;

const DIGEST: &str = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

fn whole(text: &str) -> String {
    Reference::parse(text).map_or_else(|error| error.to_string(), |parsed| parsed.to_string())
}

#[test]
fn short_names_become_whole() {
    for (text, expected) in [
        ("python", "docker.io/library/python:latest"),
        ("python:3.12", "docker.io/library/python:3.12"),
        ("docker://python:3.12", "docker.io/library/python:3.12"),
        ("yesw2000/ml-base:alma9", "docker.io/yesw2000/ml-base:alma9"),
        ("docker.io/python", "docker.io/library/python:latest"),
        ("index.docker.io/a/b", "docker.io/a/b:latest"),
        ("registry.hub.docker.com/a/b:c", "docker.io/a/b:c"),
        ("localhost/a:1", "localhost/a:1"),
        ("localhost:5000/a/b/c", "localhost:5000/a/b/c:latest"),
        ("127.0.0.1:5055/a", "127.0.0.1:5055/a:latest"),
        ("[::1]:5000/a", "[::1]:5000/a:latest"),
        ("[::1]/a", "[::1]/a:latest"),
        ("GHCR.io/a/b:V1", "ghcr.io/a/b:V1"),
        ("quay.io/a__b/c.d/e---f_g", "quay.io/a__b/c.d/e---f_g:latest"),
        ("team/docker.io", "docker.io/team/docker.io:latest"),
    ] {
        assert_eq!(whole(text), expected, "{text}");
    }
}

#[test]
fn a_digest_stands_alone_or_beside_a_tag() {
    let alone = Reference::parse(&format!("python@{DIGEST}")).unwrap();
    assert_eq!((alone.tag(), alone.digest().unwrap().to_string()), (None, DIGEST.into()));
    assert_eq!(alone.to_string(), format!("docker.io/library/python@{DIGEST}"));
    let both = Reference::parse(&format!("ghcr.io/a/b:1@{DIGEST}")).unwrap();
    assert_eq!(both.to_string(), format!("ghcr.io/a/b:1@{DIGEST}"));
    assert_eq!(both.to_pull().to_string(), format!("ghcr.io/a/b@{DIGEST}"));
    let tagged = Reference::parse("a").unwrap();
    assert_eq!(tagged.to_pull().to_string(), "docker.io/library/a:latest");
    assert_eq!(
        tagged.pinned(Digest::of(b"")).to_pull().to_string(),
        format!("docker.io/library/a@{DIGEST}")
    );
}

#[test]
fn what_is_no_reference_is_refused_with_the_reason_and_a_cure() {
    for (text, reason) in [
        ("", "it is empty"),
        ("/cvmfs/x", "looks like a path"),
        ("./x.sif", "looks like a path"),
        ("https://ghcr.io/a", "is a web address"),
        ("oras://ghcr.io/a", "only docker:// is understood"),
        ("Python:3", "no capital letters"),
        ("ghcr.io/A/b", "no capital letters"),
        ("a b", "lower-case letters and digits"),
        ("a//b", "lower-case letters and digits"),
        ("a/", "lower-case letters and digits"),
        ("a___b", "lower-case letters and digits"),
        ("a..b", "lower-case letters and digits"),
        ("-a", "lower-case letters and digits"),
        ("x/../../etc", "lower-case letters and digits"),
        ("é", "lower-case letters and digits"),
        ("a:", "a tag has"),
        ("a:.x", "a tag has"),
        ("a:b:c", "a tag has"),
        ("a:x\n", "a tag has"),
        ("host:/a", "port is not a number"),
        ("host:0/a", "port is not a number"),
        ("host:99999/a", "port is not a number"),
        ("host:+5/a", "port is not a number"),
        ("-h.x/a", "not a host name"),
        ("user:pw@ghcr.io/a", "is not a digest"),
        ("[::zz]/a", "not a host name"),
        ("a..b/c", "not a host name"),
        ("a@sha256:12", "64 digits are needed"),
    ] {
        let error = Reference::parse(text).expect_err(text);
        assert!(error.to_string().contains(reason), "{text}: {error}");
        assert!(error.cure().is_some(), "{text}");
    }
    assert!(whole(&format!("ghcr.io/{}", "a".repeat(250))).contains("longer than 255"));
    assert!(!whole("a\x1b[31m").contains('\x1b'));
}

fn references() -> impl Strategy<Value = String> {
    let registry =
        "(|[a-z][a-z0-9]{0,5}\\.[a-z]{2,3}(:[1-9][0-9]{0,3})?/|localhost(:5000)?/|\\[::1\\]:80/)";
    // No dot in the first part, which would make a registry of it.
    let repository =
        "[a-z0-9]{1,4}((_|__|-{1,3})[a-z0-9]{1,3}){0,2}(/[a-z0-9]{1,5}([.][a-z]{1,2})?){0,2}";
    let tag = "(|:[A-Za-z0-9_][A-Za-z0-9_.-]{0,9})";
    let digest = "(|@sha256:[0-9a-f]{64})";
    (registry, repository, tag, digest).prop_map(|(a, b, c, d)| a + &b + &c + &d)
}

proptest! {
    #[test]
    fn a_whole_name_reads_back_as_itself(text in references()) {
        let parsed = Reference::parse(&text).unwrap();
        let again = Reference::parse(&parsed.to_string()).unwrap();
        prop_assert_eq!(again.to_string(), parsed.to_string());
        prop_assert_eq!(again.registry(), parsed.registry());
        prop_assert_eq!(Reference::parse(&format!("docker://{text}")).unwrap(), parsed);
    }

    #[test]
    fn any_text_is_taken_or_refused_and_what_is_taken_is_a_plain_name(text in ".{0,40}") {
        if let Ok(parsed) = Reference::parse(&text) {
            let plain = parsed.to_string();
            prop_assert!(plain.is_ascii() && !plain.contains([' ', '\n', '\'', '"', '$', '`', ';']));
            prop_assert!(!parsed.repository().split('/').any(|part| part == ".." || part.is_empty()));
        }
    }
}
