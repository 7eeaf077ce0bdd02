//! Logins: the files that engines write, and which entry counts.

use std::os::unix::fs::PermissionsExt;

use super::*;

const REFERENCE: &str = "reg.org:5000/team/app/web:1";

/// A home with these files; the variables name its places.
struct Home(tempfile::TempDir);

impl Home {
    fn new(files: &[(&str, &str)]) -> Self {
        let root = tempfile::tempdir().unwrap();
        for (name, text) in files {
            let path = root.path().join(name);
            crate::fs::make_dirs(path.parent().unwrap(), 0o755).unwrap();
            crate::fs::write_atomic(&path, text.as_bytes()).unwrap();
        }
        Self(root)
    }

    fn host(&self, more: &[(&str, &str)]) -> Host {
        let path = |below: &str| self.0.path().join(below).into_os_string().into_string().unwrap();
        let own = [("HOME", path("home")), ("XDG_RUNTIME_DIR", path("run")), ("PATH", path("bin"))];
        let more = more.iter().map(|(name, below)| (*name, path(below)));
        let vars: Vec<(&str, String)> = own.into_iter().chain(more).collect();
        let vars: Vec<(&str, &str)> =
            vars.iter().map(|(name, value)| (*name, value.as_str())).collect();
        Host::fake(&vars, self.0.path())
    }

    fn find(&self, reference: &str, more: &[(&str, &str)]) -> Result<FoundLogin> {
        find(&self.host(more), &Reference::parse(reference).unwrap())
    }

    /// Who is found, as `user:password`.
    fn who(&self, reference: &str, more: &[(&str, &str)]) -> Option<String> {
        match self.find(reference, more).unwrap().credentials? {
            Credentials::Basic { user, password } => Some(format!("{user}:{}", password.reveal())),
            Credentials::Identity(token) => Some(format!("identity {}", token.reveal())),
            Credentials::Token(token) => Some(format!("token {}", token.reveal())),
        }
    }
}

fn auths(entries: &[(&str, &str)]) -> String {
    let entry = |(key, both): &(&str, &str)| {
        format!("\"{key}\": {{\"auth\": \"{}\"}}", BASE64_STANDARD.encode(both))
    };
    let entries: Vec<String> = entries.iter().map(entry).collect();
    format!("{{\"auths\": {{{}}}}}", entries.join(", "))
}

#[test]
fn files_count_in_their_order_and_one_variable_replaces_them_all() {
    let one = |who: &str| auths(&[("reg.org:5000", who)]);
    let places = [
        ("run/containers/auth.json", one("run:1")),
        ("home/.config/containers/auth.json", one("config:1")),
        ("home/.docker/config.json", one("docker:1")),
        ("elsewhere/config.json", one("elsewhere:1")),
        ("only.json", one("only:p:q")),
    ];
    let files: Vec<(&str, &str)> =
        places.iter().map(|(name, text)| (*name, text.as_str())).collect();
    let home = Home::new(&files);
    assert_eq!(home.who(REFERENCE, &[]).as_deref(), Some("run:1"));
    assert_eq!(home.who(REFERENCE, &[(FILE, "only.json")]).as_deref(), Some("only:p:q"));
    assert_eq!(home.who(REFERENCE, &[(FILE, "missing.json")]), None);
    assert_eq!(Home::new(&files[1..]).who(REFERENCE, &[]).as_deref(), Some("config:1"));
    assert_eq!(Home::new(&files[2..]).who(REFERENCE, &[]).as_deref(), Some("docker:1"));
    let moved = [("DOCKER_CONFIG", "elsewhere")];
    assert_eq!(Home::new(&files[2..]).who(REFERENCE, &moved).as_deref(), Some("elsewhere:1"));
    assert_eq!(Home::new(&[]).who(REFERENCE, &[]), None);
}

#[test]
fn the_most_specific_entry_counts_and_no_other_registrys() {
    let text = auths(&[
        ("reg.org:5000", "registry:1"),
        ("reg.org:5000/team", "team:1"),
        ("reg.org:5000/team/app/web", "web:1"),
        ("reg.org", "other port:1"),
        ("https://index.docker.io/v1/", "hub:1"),
        ("https://old.org/v2/", "old:1"),
    ]);
    let home = Home::new(&[("home/.docker/config.json", &text)]);
    for (reference, who) in [
        (REFERENCE, Some("web:1")),
        ("reg.org:5000/team/other", Some("team:1")),
        ("reg.org:5000/teams/other", Some("registry:1")),
        ("reg.org:5001/x", None),
        ("python", Some("hub:1")),
        ("old.org/x", Some("old:1")),
        ("evil.org/reg.org/x", None),
    ] {
        assert_eq!(home.who(reference, &[]).as_deref(), who, "{reference}");
    }
}

#[test]
fn every_kind_of_entry_is_understood() {
    let text = r#"{"auths": {"a.org": {"identitytoken": "i", "auth": "MDA6"}, "b.org": {"registrytoken": "t"},
        "c.org": {"username": "u", "password": "p"}, "d.org": {}, "e.org": {"auth": "%%"}}, "other": 1}"#;
    let home = Home::new(&[("home/.docker/config.json", text)]);
    let who = |registry: &str| home.who(&format!("{registry}/x"), &[]);
    assert_eq!(who("a.org").as_deref(), Some("identity i"));
    assert_eq!(who("b.org").as_deref(), Some("token t"));
    assert_eq!(who("c.org").as_deref(), Some("u:p"));
    assert_eq!(who("d.org"), None);
    let error = home.find("e.org/x", &[]).unwrap_err();
    assert!(error.to_string().contains("its `auth` is damaged"), "{error}");
}

#[test]
fn a_broken_file_is_told_without_what_it_holds() {
    let home =
        Home::new(&[("home/.docker/config.json", "{\"auths\": {\"a\": {\"auth\": hunter2}}}")]);
    let error = home.find(REFERENCE, &[]).unwrap_err();
    assert!(error.to_string().contains("config.json: it is broken at line 1"), "{error}");
    assert!(!error.to_string().contains("hunter2"), "{error}");
}

#[test]
fn helpers_are_asked_for_their_registries() {
    let text = r#"{"auths": {"b.org": {}}, "credHelpers": {"a.org": "one", "gone.org": "gone", "bad.org": "../bin/one", "odd.org": "odd"}, "credsStore": "all"}"#;
    let home = Home::new(&[("home/.docker/config.json", text)]);
    let helper = |name: &str, script: &str| {
        let path = home.0.path().join("bin").join(format!("docker-credential-{name}"));
        crate::fs::make_dirs(path.parent().unwrap(), 0o755).unwrap();
        crate::fs::write_atomic(&path, format!("#!/bin/sh\n{script}\n").as_bytes()).unwrap();
        #[expect(clippy::disallowed_methods, reason = "a test makes its own programs")]
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    };
    helper(
        "one",
        r#"read s; printf '{"ServerURL":"%s","Username":"%s","Secret":"x"}' "$s" "$1-$s""#,
    );
    helper(
        "all",
        r#"read s; case $s in b.org) echo '{"Username":"<token>","Secret":"i"}';; *) echo no; exit 1;; esac"#,
    );
    helper("odd", "echo not JSON");
    assert_eq!(home.who("a.org/x", &[]).as_deref(), Some("get-a.org:x"));
    assert_eq!(home.who("b.org/x", &[]).as_deref(), Some("identity i"));
    for (reference, note) in [
        ("gone.org/x", "docker-credential-gone, which"),
        ("bad.org/x", "is not on PATH"),
        ("nobody.org/x", "has no login for it"),
    ] {
        let found = home.find(reference, &[]).unwrap();
        assert!(
            found.credentials.is_none() && found.note.as_ref().unwrap().contains(note),
            "{found:?}"
        );
    }
    assert!(
        home.find("odd.org/x", &[]).unwrap_err().to_string().contains("could not understand what")
    );
}

#[test]
fn secrets_are_not_shown_by_debugging() {
    let found = FoundLogin {
        credentials: Some(Credentials::Basic {
            user: "u".into(),
            password: Secret::new("hunter2"),
        }),
        note: None,
    };
    assert!(!format!("{found:?}").contains("hunter2"));
}
