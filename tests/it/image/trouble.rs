//! A registry that fails: every way ends, in time, with a sentence.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use serde_json::json;

use crate::kit::fakeregistry::{Fake, Reply, Store, ordinary};
use crate::support::sandbox::{Run, Sandbox};

fn info(sandbox: &Sandbox, fake: &Fake) -> Run {
    sandbox.mlenv(["image", "info", &fake.image("lab/app:v1")])
}

/// A registry whose first answers are `first`, one each, and then those of an ordinary one.
fn after(first: Vec<Reply>) -> Fake {
    let (store, count) = (ordinary(), AtomicUsize::new(0));
    Fake::plain(move |request| {
        let at = count.fetch_add(1, Ordering::Relaxed);
        first.get(at).cloned().unwrap_or_else(|| store.answer(request))
    })
}

#[test]
fn a_passing_trouble_is_waited_for() {
    let sandbox = Sandbox::new();
    for status in [429, 500, 502, 503, 504] {
        let fake =
            after(vec![Reply::new(status, ""), Reply::new(status, "").with("retry-after", "0")]);
        info(&sandbox, &fake).ok();
        assert_eq!(fake.asked().len(), 5, "{status}: {:?}", fake.lines());
    }
}

#[test]
fn a_lasting_trouble_ends_after_three_tries() {
    let sandbox = Sandbox::new();
    let fake = Fake::plain(|_| Reply::new(503, "<html>down</html>"));
    info(&sandbox, &fake).fails(2, "has trouble (503)").hints("try again later");
    assert_eq!(fake.asked().len(), 3);
}

#[test]
fn a_pull_limit_that_is_used_up_is_told_at_once() {
    let sandbox = Sandbox::new();
    let fake = Fake::plain(|_| Reply::new(429, "").with("retry-after", "21600"));
    info(&sandbox, &fake)
        .fails(2, "takes no more requests from here for now (429), and asks to come back in 6 h")
        .hints("log in there");
    assert_eq!(fake.asked().len(), 1, "no time is waited that does not help");
}

#[test]
fn a_slow_registry_is_given_up_after_the_time_that_was_set() {
    let sandbox = Sandbox::new();
    let fake = Fake::plain(|_| Reply { after: Duration::from_secs(20), ..Reply::new(200, "") });
    let began = Instant::now();
    info(&sandbox, &fake)
        .args(["--timeout", "1"])
        .fails(2, "gave no answer within 1 s")
        .hints("--timeout");
    assert!(began.elapsed() < Duration::from_secs(15), "{:?}", began.elapsed());
    for bad in ["0", "never", "-1", "99999"] {
        let told = info(&sandbox, &fake).arg(format!("--timeout={bad}")).end();
        assert_eq!(told.status.code(), Some(2), "{told}");
    }
}

#[test]
fn a_body_that_ends_early_or_never_is_given_up_too() {
    let sandbox = Sandbox::new();
    let digest = crate::kit::fakeregistry::digest("x");
    let named = |reply: Reply| reply.with("docker-content-digest", &digest);
    let short = named(Reply::new(200, "x").with("content-length", "1000"));
    let fake = Fake::plain(move |_| short.clone());
    info(&sandbox, &fake).fails(2, "could not ask 127.0.0.1:");
    let huge = named(Reply::new(200, vec![b' '; 5_000_000]));
    let fake = Fake::plain(move |_| huge.clone());
    info(&sandbox, &fake).fails(2, "answers with more than 4 MB");
}

#[test]
fn what_is_not_there_is_an_honest_no() {
    let sandbox = Sandbox::new();
    let store = ordinary();
    let fake = Fake::plain(move |request| store.answer(request));
    sandbox
        .mlenv(["image", "info", &fake.image("lab/app:v2")])
        .fails(1, "has no lab/app with the tag v2")
        .hints("check the name and the tag");
    let digest = crate::kit::fakeregistry::digest("nothing");
    sandbox
        .mlenv(["image", "info", &fake.image(&format!("lab/app@{digest}"))])
        .fails(1, &format!("has no {digest} in lab/app"));
    let unknown = Fake::plain(|request| match request.method.as_str() {
        "HEAD" => Reply::new(200, ""),
        _ => Reply::new(404, r#"{"errors":[{"code":"NAME_UNKNOWN"}]}"#),
    });
    info(&sandbox, &unknown).fails(1, "has no repository lab/app");
    let forbidden = Fake::plain(|_| Reply::new(403, ""));
    info(&sandbox, &forbidden).fails(1, "does not show 127.0.0.1:").hints("docker login");
}

#[test]
fn damage_on_the_way_is_noticed() {
    let sandbox = Sandbox::new();
    for part in ["/manifests/sha256", "/blobs/"] {
        let store = ordinary();
        let fake = Fake::plain(move |request| {
            let mut reply = store.answer(request);
            if request.path.contains(part) {
                reply.body.push(b' ');
            }
            reply
        });
        info(&sandbox, &fake)
            .fails(2, "answers with something other than sha256:")
            .hints("try again");
    }
    let store = ordinary();
    let fake = Fake::plain(move |request| store.answer(request).with("x", "y"));
    let other = crate::kit::fakeregistry::digest("other");
    let liar = Fake::plain(move |_| Reply::new(200, "").with("docker-content-digest", &other));
    let wanted = crate::kit::fakeregistry::digest("wanted");
    sandbox
        .mlenv(["image", "info", &liar.image(&format!("a@{wanted}"))])
        .fails(2, &format!("answers with something other than {wanted}"));
    info(&sandbox, &fake).ok();
}

#[test]
fn answers_that_are_no_registrys_are_told_apart() {
    let sandbox = Sandbox::new();
    let saying = |kind: &str, text: &str| {
        let mut store = Store::default();
        let digest = store.put(kind, text);
        store.tag("v1", &digest);
        Fake::plain(move |request| store.answer(request))
    };
    for (text, words) in [
        ("{\"schemaVersion\": 2, ", "could not understand the manifest of 127.0.0.1:"),
        ("<html>log in</html>", "could not understand the manifest of 127.0.0.1:"),
        ("{}", "could not understand the manifest of 127.0.0.1:"),
        ("{\"schemaVersion\": 1}", "is in Docker's first format"),
        ("{\"schemaVersion\": 2}", "is neither an image nor an index"),
        ("{\"schemaVersion\": 2, \"manifests\": []}", "but for none"),
        (
            "{\"schemaVersion\": 2, \"config\": {\"digest\": \"md5:x\", \"size\": 1}}",
            "could not understand",
        ),
    ] {
        let fake = saying("application/vnd.oci.image.manifest.v1+json", text);
        let told = info(&sandbox, &fake).end();
        assert!(told.err.contains(words) && told.status.code() != Some(0), "{text}: {told}");
    }
    let sif = json!({"schemaVersion": 2, "layers": [],
        "config": {"mediaType": "application/vnd.sylabs.sif.config.v1+json", "digest": crate::kit::fakeregistry::digest(""), "size": 0}});
    let fake = saying("x", &sif.to_string());
    info(&sandbox, &fake)
        .fails(1, "is not a container image, but application/vnd.sylabs.sif.config");
    let odd = Fake::plain(|_| {
        Reply::new(418, r#"{"errors":[{"code":"X","message":"short\u001b[31m and stout"}]}"#)
    });
    let told = info(&sandbox, &odd).fails(2, "answers with 418");
    assert!(!told.err.contains('\u{1b}'), "{told}");
    let portal = Fake::plain(|request| {
        if request.path.starts_with("/t?scope=repository:lab/app:pull") {
            return Reply::new(200, "<html>log in to the network</html>");
        }
        let realm = format!("Bearer realm=\"http://{}/t\"", request.header("host").unwrap());
        Reply::new(401, "").with("www-authenticate", &realm)
    });
    info(&sandbox, &portal)
        .fails(2, "answers with something that is not a token")
        .hints("web page");
}

#[test]
fn nobody_at_home_is_told_at_once() {
    let sandbox = Sandbox::new();
    let gone = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    sandbox
        .mlenv(["image", "info", &format!("{gone}/a:v1")])
        .fails(2, "Connection refused")
        .hints("is the registry running");
    sandbox
        .mlenv(["image", "info", "no-such-host.invalid/a:v1"])
        .fails(2, "could not find the host no-such-host.invalid");
}

#[test]
fn a_registry_without_digests_in_its_headers_is_asked_for_the_manifest() {
    let store = ordinary();
    let fake = Fake::plain(move |request| {
        let mut reply = store.answer(request);
        reply.headers.retain(|(name, _)| name != "docker-content-digest");
        reply
    });
    let sandbox = Sandbox::new();
    info(&sandbox, &fake).ok();
}
