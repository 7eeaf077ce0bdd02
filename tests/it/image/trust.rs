//! Who is told what: logins, tokens, redirects, TLS, proxies. No secret goes where it should not.

use crate::kit::fakeregistry::{Fake, Gate, Identity, Reply, Request, login, ordinary};
use crate::support::machine;
use crate::support::sandbox::{Run, Sandbox};

/// What `user:secret` is in a header.
const BASIC: &str = "Basic dXNlcjpzZWNyZXQ=";

/// A registry that wants a token, which it gives itself to anybody, or to the right login only.
fn with_tokens(members_only: bool) -> Fake {
    let store = ordinary();
    Fake::plain(move |request| {
        if request.path.starts_with("/token?") {
            let refused = members_only && request.header("authorization") != Some(BASIC);
            return if refused {
                Reply::new(401, "")
            } else {
                Reply::new(200, r#"{"token":"t0ken"}"#)
            };
        }
        match request.header("authorization") {
            Some("Bearer t0ken") => store.answer(request),
            _ => wants_token(request),
        }
    })
}

fn wants_token(request: &Request) -> Reply {
    let host = request.header("host").unwrap();
    let realm =
        format!(r#"Bearer realm="http://{host}/token",service="s v",scope="repository:a/b:pull""#);
    Reply::new(401, r#"{"errors":[{"code":"UNAUTHORIZED","message":"no"}]}"#)
        .with("www-authenticate", &realm)
}

fn info(sandbox: &Sandbox, image: &str) -> Run {
    sandbox.mlenv(["image", "info", image])
}

#[test]
fn a_token_is_fetched_once_and_shown_to_the_registry() {
    let (sandbox, fake) = (Sandbox::new(), with_tokens(false));
    info(&sandbox, &fake.image("a/b:v1")).ok();
    let lines = fake.lines();
    assert_eq!(lines[0], "HEAD /v2/a/b/manifests/v1");
    assert_eq!(lines[1], "GET /token?scope=repository:a/b:pull&service=s%20v");
    assert_eq!(lines.iter().filter(|line| line.contains("/token")).count(), 1, "{lines:?}");
    assert_eq!(fake.asked()[1].header("authorization"), None);
}

#[test]
fn the_login_of_docker_or_podman_buys_the_token_and_is_shown_to_nobody_else() {
    let fake = with_tokens(true);
    for file in ["home/.docker/config.json", "home/.config/containers/auth.json", "named/auth.json"]
    {
        let sandbox = Sandbox::new();
        info(&sandbox, &fake.image("a/b:v1"))
            .fails(1, "nobody is logged in")
            .hints("podman login 127.0.0.1:");
        login(&sandbox, file, &fake.address.to_string(), "user:secret");
        let run = info(&sandbox, &fake.image("a/b:v1"));
        let named = file.starts_with("named");
        let run = if named { run.var("REGISTRY_AUTH_FILE", sandbox.path(file)) } else { run };
        run.ok();
        login(&sandbox, file, &fake.address.to_string(), "user:wrong");
        let told = run.fails(1, "is refused");
        assert!(told.err.contains(file) && !told.err.contains("wrong"), "{told}");
        login(&sandbox, file, "other.org", "user:secret");
        run.fails(1, "nobody is logged in");
    }
    for request in fake.asked().iter().filter(|request| !request.path.starts_with("/token")) {
        let shown = request.header("authorization").unwrap_or_default();
        assert!(!shown.starts_with("Basic"), "{request:?}");
    }
}

#[test]
fn a_registry_that_wants_the_login_itself_gets_it() {
    let store = ordinary();
    let fake = Fake::plain(move |request| match request.header("authorization") {
        Some(BASIC) => store.answer(request),
        _ => Reply::new(401, "").with("www-authenticate", "Basic realm=\"lab\""),
    });
    let sandbox = Sandbox::new();
    info(&sandbox, &fake.image("a/b:v1")).fails(1, "nobody is logged in");
    login(&sandbox, "home/.docker/config.json", &fake.address.to_string(), "user:secret");
    info(&sandbox, &fake.image("a/b:v1")).ok();
}

#[test]
fn an_identity_token_is_exchanged_in_a_form() {
    let store = ordinary();
    let fake = Fake::plain(move |request| {
        match (request.method.as_str(), request.header("authorization")) {
            ("POST", None) if request.body.contains("refresh_token=id%2B1") => {
                Reply::new(200, r#"{"access_token":"t0ken"}"#)
            }
            (_, Some("Bearer t0ken")) => store.answer(request),
            _ => wants_token(request),
        }
    });
    let sandbox = Sandbox::new();
    let text = format!(r#"{{"auths": {{"{}": {{"identitytoken": "id+1"}}}}}}"#, fake.address);
    sandbox.write("home/.docker/config.json", text);
    info(&sandbox, &fake.image("a/b:v1")).ok();
    let form = &fake.asked()[1];
    assert_eq!(form.path, "/token", "no secret in an address: {form:?}");
    assert!(form.body.contains("grant_type=refresh_token"), "{form:?}");
}

#[test]
fn a_redirect_to_another_host_is_followed_without_the_login() {
    let store = ordinary();
    let elsewhere = {
        let store = store.clone();
        Fake::plain(move |request| store.answer(request))
    };
    let there = elsewhere.address;
    let fake = Fake::plain(move |request| {
        if request.header("authorization") != Some(BASIC) {
            return Reply::new(401, "").with("www-authenticate", "Basic realm=x");
        }
        if request.path.contains("/blobs/") {
            let to = format!("http://{there}{}?signature=s", request.path);
            return Reply::new(307, "").with("location", &to);
        }
        store.answer(request)
    });
    let sandbox = Sandbox::new();
    login(&sandbox, "home/.docker/config.json", &fake.address.to_string(), "user:secret");
    info(&sandbox, &fake.image("a/b:v1")).ok();
    let asked = elsewhere.asked();
    assert!(asked[0].path.ends_with("?signature=s"), "{asked:?}");
    assert!(asked.iter().all(|request| request.header("authorization").is_none()), "{asked:?}");
}

#[test]
fn redirects_end_and_never_lead_from_here_to_a_host_without_tls() {
    let sandbox = Sandbox::new();
    let circle = Fake::plain(|request| Reply::new(302, "").with("location", &request.path));
    info(&sandbox, &circle.image("a:v1")).fails(2, "redirects without end");
    let away = Fake::plain(|_| {
        Reply::new(302, "").with("location", "http://registry.test/secret?token=x")
    });
    let told = info(&sandbox, &away.image("a:v1"))
        .fails(2, "registry.test was to be contacted without TLS");
    assert!(!told.err.contains("token=x"), "{told}");
    let realm = Fake::plain(|_| {
        Reply::new(401, "").with("www-authenticate", "Bearer realm=\"http://tokens.test/t\"")
    });
    info(&sandbox, &realm.image("a:v1")).fails(2, "tokens.test was to be contacted without TLS");
}

#[test]
fn tls_is_spoken_with_those_whom_the_ca_file_trusts_and_never_given_up() {
    if !machine::has("openssl") {
        return;
    }
    let sandbox = Sandbox::new();
    let identity = Identity::new(&sandbox, "IP:127.0.0.1");
    let store = ordinary();
    let fake = Fake::tls(&identity, move |request| store.answer(request));
    let run = info(&sandbox, &fake.image("a/b:v1"));
    run.fails(2, "could not trust 127.0.0.1:").hints("SSL_CERT_FILE");
    assert_eq!(fake.asked().len(), 0, "nothing was said to a server that is not trusted");
    run.clone().var("SSL_CERT_FILE", &identity.authority).ok();
    let dir = identity.authority.parent().unwrap();
    run.clone().var("SSL_CERT_DIR", dir).ok();
    run.clone()
        .var("SSL_CERT_FILE", "/not/there")
        .fails(2, "$SSL_CERT_FILE: could not read /not/there");
    run.var("SSL_CERT_FILE", "/etc/passwd").fails(2, "holds no certificate");
    let wrong = Identity::new(&sandbox, "DNS:other.test");
    let fake = Fake::tls(&wrong, |_| Reply::new(200, ""));
    let run = info(&sandbox, &fake.image("a/b:v1")).var("SSL_CERT_FILE", &wrong.authority);
    run.fails(2, "could not trust 127.0.0.1:");
}

#[test]
fn a_proxy_is_used_with_tls_through_it_and_its_password_is_never_shown() {
    if !machine::has("openssl") {
        return;
    }
    let sandbox = Sandbox::new();
    let identity = Identity::new(&sandbox, "DNS:registry.test");
    let store = ordinary();
    let fake = Fake::tls(&identity, move |request| store.answer(request));
    let gate = Gate::to(fake.address);
    let proxy = format!("http://me:hunter2@{}", gate.address);
    let run = info(&sandbox, "registry.test/a/b:v1").var("SSL_CERT_FILE", &identity.authority);
    run.clone().var("https_proxy", &proxy).ok();
    let asked = gate.asked();
    assert_eq!(asked[0], "CONNECT registry.test:443 Basic bWU6aHVudGVyMg==");
    // Without the authority, around the proxy, with no such proxy: nothing is reached, and no password told.
    let run = run.var("https_proxy", &proxy);
    let told = run
        .clone()
        .without("SSL_CERT_FILE")
        .fails(2, "could not trust registry.test through the proxy 127.0.0.1:");
    assert!(!told.err.contains("hunter2"), "{told}");
    run.clone().var("no_proxy", ".test").fails(2, "could not find the host registry.test");
    let told = run.var("https_proxy", "http://me:hunter2@127.0.0.1:9").fails(2, "127.0.0.1:9");
    assert!(!told.err.contains("hunter2"), "{told}");
    assert_eq!(gate.asked().len(), asked.len() + 1);
}

#[test]
fn a_registry_elsewhere_is_never_asked_without_tls() {
    let sandbox = Sandbox::new();
    let plain = Fake::plain(|_| Reply::new(200, ""));
    let gate = Gate::to(plain.address);
    let run = info(&sandbox, "registry.test/a/b:v1")
        .var("https_proxy", format!("http://{}", gate.address));
    run.fails(2, "registry.test through the proxy")
        .hints("only a registry on this machine may do without");
    assert_eq!(plain.asked().len(), 0);
    assert!(gate.asked().iter().all(|line| line.starts_with("CONNECT ")), "{:?}", gate.asked());
}
