//! Channels behind a server: what is fetched once, what is asked for again, and servers that are not well.

use serde_json::json;

use crate::conda::channel::{Mood, Server, crafted};
use crate::kit::patient::Patient;

/// A channel with one large package and one that needs it, and the server of it.
fn served(patient: &Patient) -> Server {
    let text = "text ".repeat(100_000);
    let packages = json!([
        {"name": "large", "files": {"share/large": text}},
        {"name": "little", "noarch": "python", "depends": ["large", "python"], "link": ["little = little:main"],
         "files": {"site-packages/little.py": "def main(): print('little of', __file__)\n"}},
    ]);
    Server::of(&crafted(patient, "channel", &packages), &[])
}

const LARGE: &str = "/linux-64/large-1.0-0.conda";

#[test]
fn lists_and_packages_are_fetched_once_and_nothing_is_needed_offline() {
    let patient = Patient::new();
    let server = served(&patient);
    patient.from(&server.address, &["little"]).ok().says("to fetch: 2 packages, ");
    let told = patient.sandbox.run(patient.at("bin/little")).ok();
    let place = format!("lib/{}/site-packages/little.py", patient.lib());
    assert!(told.out.contains(&place), "{told}");
    assert_eq!(server.asked().len(), 8, "two lists, in three forms each, and two packages");
    patient.from(&server.address, &["little"]).ok().says("everything is already there");
    assert_eq!(server.asked(), [""; 0]);
    patient.native("uninstall", &["large"]).ok().says("will remove: large 1.0, little 1.0");
    patient.from(&server.address, &["little", "--offline"]).ok();
    assert_eq!(server.asked(), [""; 0]);
    patient.native("uninstall", &["large"]).ok();
    patient.from(&server.address, &["little"]).ok();
    assert_eq!(server.asked().len(), 6, "lists are asked for again, and packages are not");
    let compiled = patient.at(place).with_file_name("__pycache__");
    assert_eq!(std::fs::read_dir(compiled).unwrap().count(), 1, "it was compiled");
    assert_eq!(patient.findings(), [""; 0]);
}

#[test]
fn a_connection_that_breaks_goes_on_where_it_was() {
    let patient = Patient::new();
    let server = served(&patient);
    server.at(LARGE, &[Mood::Breaks, Mood::Fails, Mood::Breaks]);
    patient.from(&server.address, &["large"]).ok();
    let asked = server.asked();
    let ranges: Vec<&String> = asked.iter().filter(|path| path.contains("bytes=")).collect();
    assert!(ranges.iter().any(|range| !range.ends_with("bytes=0-")), "{asked:?}");
    let text = std::fs::read_to_string(patient.at("share/large")).unwrap();
    assert_eq!(text.len(), 500_000);
}

#[test]
fn a_server_that_stays_unwell_is_given_up_and_nothing_is_changed() {
    let patient = Patient::new();
    let server = served(&patient);
    let before = crate::support::tree::snapshot(&patient.env);
    for mood in [Mood::Fails, Mood::Lies] {
        server.at(LARGE, &[mood; 8]);
        let told = patient.from(&server.address, &["large"]).end();
        assert_eq!(told.status.code(), Some(2), "{told}");
        assert!(told.err.contains("127.0.0.1:") && told.err.contains("hint: "), "{told}");
    }
    crate::support::tree::assert_same(
        &before,
        &crate::support::tree::snapshot(&patient.env),
        "the env",
    );
}

#[test]
fn redirects_are_followed_and_checked_as_everything_is() {
    let patient = Patient::new();
    let server = served(&patient);
    let dir = patient.sandbox.path("channel");
    let mirror = Server::of(&dir, &[(LARGE, format!("{}{LARGE}", server.address))]);
    patient.from(&mirror.address, &["large"]).ok();
    assert_eq!(server.asked(), [LARGE]);
    let round = Server::of(&dir, &[("/noarch/repodata.json", "/noarch/repodata.json".to_owned())]);
    patient.from(&round.address, &["little"]).fails(2, "redirects without end");
}

#[test]
fn where_one_mirror_fails_the_next_is_asked() {
    let patient = Patient::new();
    let server = served(&patient);
    let empty = Server::of(&patient.sandbox.path("nowhere"), &[]);
    let unwell = Server::of(&patient.sandbox.path("channel"), &[]);
    unwell.at(LARGE, &[Mood::Fails; 8]);
    let places = [&empty.address, &unwell.address, &server.address];
    let settings = format!("mirrored_channels:\n  lab: {}\n", json!(places));
    let settings = patient.sandbox.write("condarc", settings);
    patient.from("lab", &["large"]).var("CONDARC", settings).ok().says("; a mirror has it");
    assert_eq!(server.asked(), [LARGE]);
}

#[test]
fn logins_of_other_tools_let_in_and_stand_nowhere() {
    let patient = Patient::new();
    let server = served(&patient);
    patient.sandbox.write("home/.netrc", "machine 127.0.0.1 login me password secret-word\n");
    let told = patient.from(&server.address, &["large"]).ok();
    let asked = server.asked();
    // "me:secret-word"
    assert!(asked.iter().all(|path| path.ends_with(" as Basic bWU6c2VjcmV0LXdvcmQ=")), "{asked:?}");
    let token = json!({"127.0.0.1": {"CondaToken": "secret-token"}}).to_string();
    let file = patient.sandbox.write("auth.json", token);
    std::fs::create_dir(patient.sandbox.path("channel/t")).unwrap();
    std::os::unix::fs::symlink("..", patient.sandbox.path("channel/t/secret-token")).unwrap();
    let more = patient.from(&server.address, &["little"]).var("RATTLER_AUTH_FILE", file).ok();
    let asked = server.asked();
    assert!(asked.iter().all(|path| path.starts_with("/t/secret-token/")), "{asked:?}");
    let mut texts = format!("{told}{more}");
    for record in [
        "conda-meta/large-1.0-0.json",
        "conda-meta/little-1.0-0.json",
        "mlenv.toml",
        "conda-meta/history",
    ] {
        texts += &std::fs::read_to_string(patient.at(record)).unwrap();
    }
    assert!(!texts.contains("secret"), "{texts}");
}

#[test]
fn a_bundle_of_authorities_that_is_not_there_is_told_by_the_setting_that_names_it() {
    let patient = Patient::new();
    let server = served(&patient);
    let settings = patient.sandbox.write("condarc", "ssl_verify: /not/there.pem\n");
    let run = patient.from(&server.address, &["large"]).var("CONDARC", settings);
    run.fails(2, "ssl_verify: could not read /not/there.pem");
    let settings = patient.sandbox.write("condarc", "ssl_verify: false\n");
    let run = patient.from(&server.address, &["large"]).var("CONDARC", settings);
    run.ok().says("`ssl_verify: false` is not followed");
}

#[test]
fn nothing_is_fetched_without_tls_from_where_nobody_said_so() {
    let patient = Patient::new();
    let dir = crafted(&patient, "channel", &json!([{"name": "large", "files": {"share/x": "x"}}]));
    let away = Server::of(&dir, &[(LARGE, "http://other.example:1/x".to_owned())]);
    patient.from(&away.address, &["large"]).fails(2, "was to be contacted without TLS");
}
