//! Uploads to registries with moods: tokens that run out, limits, cut lines. A tag means a whole image or nothing.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::json;

use crate::kit::fakeregistry::{Fake, Reply, Request, digest};
use crate::support::sandbox::{Run, Sandbox};

/// More than two chunks.
const LARGE: usize = 9 << 20;

/// What a registry took.
#[derive(Default)]
struct Held {
    open: Vec<u8>,
    /// So much of the next chunk is taken, and then the line is cut.
    cut_after: Option<usize>,
    blobs: BTreeMap<String, usize>,
    tag: Option<String>,
}

/// A registry that keeps what it is sent, by digest, where `mood` has nothing else to say to a request.
pub(super) struct Moody {
    fake: Fake,
    held: Arc<Mutex<Held>>,
    pub(super) sandbox: Sandbox,
    image: String,
}

impl Moody {
    pub(super) fn new(mut mood: impl FnMut(&Request) -> Option<Reply> + Send + 'static) -> Self {
        let (sandbox, held) = (Sandbox::new(), Arc::<Mutex<Held>>::default());
        let image = layout(&sandbox);
        let (kept, mood) = (Arc::clone(&held), Mutex::new(move |request: &Request| mood(request)));
        let fake = Fake::plain(move |request| {
            let said = (mood.lock().unwrap())(request);
            said.unwrap_or_else(|| take(&mut kept.lock().unwrap(), request))
        });
        Self { fake, held, sandbox, image }
    }

    pub(super) fn push(&self) -> Run {
        self.sandbox.mlenv(["image", "push", "out"]).arg(self.fake.image("me/ana:v1"))
    }

    /// That all of the image is there, and what the tag means.
    pub(super) fn has_all(&self) {
        let held = self.held.lock().unwrap();
        assert_eq!(held.tag.as_deref(), Some(self.image.as_str()));
        assert_eq!(held.blobs.len(), 2, "{:?}", held.blobs);
        assert!(held.blobs.values().any(|size| *size == LARGE), "{:?}", held.blobs);
    }

    fn has_no_tag(&self) {
        assert!(!self.has_tag());
    }

    pub(super) fn has_tag(&self) -> bool {
        self.held.lock().unwrap().tag.is_some()
    }

    /// Nothing was ever sent.
    pub(super) fn forget(&self) {
        *self.held.lock().unwrap() = Held::default();
    }

    fn count(&self, method: &str) -> usize {
        self.fake.asked().iter().filter(|request| request.method == method).count()
    }
}

/// Answers as a registry does, with places that are paths alone.
fn take(held: &mut Held, request: &Request) -> Reply {
    let place = "/v2/me/ana/blobs/uploads/one?state=x";
    match request.method.as_str() {
        "GET" if request.path.contains("/uploads/") => {
            let range = format!("0-{}", held.open.len().saturating_sub(1));
            Reply::new(204, "").with("location", place).with("range", &range)
        }
        "GET" => Reply::new(200, "{}"),
        "HEAD" => {
            let there = held.blobs.keys().any(|name| request.path.ends_with(name));
            Reply::new(if there { 200 } else { 404 }, "")
        }
        "POST" => {
            held.open.clear();
            Reply::new(202, "").with("location", place)
        }
        "PATCH" => {
            let (at, length) = (held.open.len(), request.bytes.len());
            let range = format!("{at}-{}", at + length - 1);
            if length > 4 << 20 || request.header("content-range") != Some(range.as_str()) {
                return Reply::new(416, "");
            }
            if let Some(taken) = held.cut_after.take() {
                held.open.extend(&request.bytes[..taken.min(length)]);
                return Reply::cut();
            }
            held.open.extend(&request.bytes);
            Reply::new(202, "").with("location", place)
        }
        "PUT" if request.path.contains("/manifests/") => {
            held.tag = Some(digest(&request.bytes));
            Reply::new(201, "")
        }
        "PUT" => {
            held.open.extend(&request.bytes);
            let name = digest(&held.open);
            if !request.path.ends_with(&format!("?state=x&digest={name}")) {
                return Reply::new(400, "");
            }
            held.blobs.insert(name, held.open.len());
            Reply::new(201, "")
        }
        _ => Reply::new(405, ""),
    }
}

/// An image with one large layer in `out`; gives its digest.
fn layout(sandbox: &Sandbox) -> String {
    let blob = |bytes: &[u8]| {
        let name = digest(bytes);
        let hex = name.strip_prefix("sha256:").unwrap();
        let file = sandbox.path("out/blobs/sha256").join(hex);
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(file, bytes).unwrap();
        json!({"mediaType": "application/vnd.oci.image.layer.v1.tar+gzip", "digest": name, "size": bytes.len()})
    };
    let large: Vec<u8> = (0..LARGE).map(|at| u8::try_from(at / 251 % 256).unwrap()).collect();
    let mut config = blob(br#"{"os":"linux","architecture":"amd64"}"#);
    config["mediaType"] = "application/vnd.oci.image.config.v1+json".into();
    let kind = "application/vnd.oci.image.manifest.v1+json";
    let manifest =
        json!({"schemaVersion": 2, "mediaType": kind, "config": config, "layers": [blob(&large)]});
    let mut manifest = blob(manifest.to_string().as_bytes());
    manifest["mediaType"] = kind.into();
    let index = json!({"schemaVersion": 2, "manifests": [manifest]});
    sandbox.write("out/oci-layout", r#"{"imageLayoutVersion":"1.0.0"}"#);
    sandbox.write("out/index.json", index.to_string());
    manifest["digest"].as_str().unwrap().to_owned()
}

fn is_large(request: &Request) -> bool {
    request.method == "PUT" && request.bytes.len() == LARGE
}

#[test]
fn a_blob_goes_in_one_piece_to_a_place_that_is_a_path_alone() {
    let moody = Moody::new(|_| None);
    assert_eq!(moody.push().ok().out.trim(), moody.image);
    moody.has_all();
    assert_eq!((moody.count("PATCH"), moody.count("POST")), (0, 2));
}

#[test]
fn a_registry_that_takes_no_large_request_gets_chunks() {
    let moody = Moody::new(|request| is_large(request).then(|| Reply::new(413, "")));
    moody.push().ok();
    moody.has_all();
    assert_eq!(moody.count("PATCH"), 3);
}

#[test]
fn a_token_that_runs_out_in_an_upload_is_renewed_once() {
    // The second token is good; with `never`, none is.
    for never in [false, true] {
        let mut tokens = 0;
        let moody = Moody::new(move |request| {
            if request.path.starts_with("/token?") {
                tokens += 1;
                return Some(Reply::new(200, format!(r#"{{"token":"t{tokens}"}}"#)));
            }
            let host = request.header("host").unwrap();
            let realm = format!(r#"Bearer realm="http://{host}/token",service="s",scope="x""#);
            let shown = request.header("authorization");
            let is_out = is_large(request) && (never || shown == Some("Bearer t1"));
            (shown.is_none() || is_out)
                .then(|| Reply::new(401, "").with("www-authenticate", &realm))
        });
        if never {
            moody.push().fails(1, "(401)");
            moody.has_no_tag();
        } else {
            moody.push().ok();
            moody.has_all();
        }
        let uploads = moody.fake.asked().iter().filter(|request| is_large(request)).count();
        assert_eq!(uploads, 2);
    }
}

#[test]
fn a_registry_that_wants_a_pause_gets_it() {
    let mut wanted = 2;
    let moody = Moody::new(move |request| {
        let is_now =
            wanted == 2 && is_large(request) || wanted == 1 && request.path.contains("/manifests/");
        wanted -= i32::from(is_now);
        is_now.then(|| Reply::new(429, "").with("retry-after", "1"))
    });
    let begin = Instant::now();
    moody.push().ok();
    assert!(begin.elapsed() >= Duration::from_secs(2));
    moody.has_all();
    let moody = Moody::new(|request| {
        is_large(request).then(|| Reply::new(429, "").with("retry-after", "0"))
    });
    moody.push().end().says("answers with 429");
    moody.has_no_tag();
}

#[test]
fn a_cut_line_is_tried_again_then_in_chunks_and_then_given_up() {
    let mut cuts = 1;
    let moody = Moody::new(move |request| {
        let is_now = cuts > 0 && is_large(request);
        cuts -= i32::from(is_now);
        is_now.then(Reply::cut)
    });
    moody.push().ok();
    moody.has_all();
    assert_eq!(moody.count("PATCH"), 0);
    let moody = Moody::new(|request| is_large(request).then(Reply::cut));
    moody.push().ok();
    moody.has_all();
    assert_eq!(moody.count("PATCH"), 3);
    let moody =
        Moody::new(|request| (is_large(request) || request.method == "PATCH").then(Reply::cut));
    moody.push().end().says("could not ask");
    moody.has_no_tag();
}

/// A registry that takes no large request, and what else it does to one that comes.
fn in_chunks(mut mood: impl FnMut(&Request) -> Option<Reply> + Send + 'static) -> Moody {
    Moody::new(
        move |request| {
            if is_large(request) { Some(Reply::new(413, "")) } else { mood(request) }
        },
    )
}

#[test]
fn chunks_go_on_where_the_line_was_cut() {
    // Nothing of the chunk came, some of it, or all and only the answer did not.
    for taken in [0, 1_234_567, 4 << 20] {
        let moody = in_chunks(|_| None);
        moody.held.lock().unwrap().cut_after = Some(taken);
        moody.push().ok();
        moody.has_all();
        let asked = moody.fake.asked();
        let chunks: Vec<_> = asked.iter().filter(|request| request.method == "PATCH").collect();
        assert_eq!(chunks.len(), if taken == 4 << 20 { 3 } else { 4 }, "{taken}");
        let sent: usize = chunks.iter().map(|request| request.bytes.len()).sum();
        assert_eq!(sent, LARGE + (4 << 20) - taken, "no byte that is there is sent again");
        let stands = asked.iter().filter(|it| it.method == "GET" && it.path.contains("uploads/"));
        assert_eq!(stands.count(), 1, "{taken}");
    }
}

#[test]
fn chunks_that_are_not_expected_are_no_end_and_a_lost_upload_begins_anew() {
    // 416: it says where it stands. 404: it knows nothing of the upload any more.
    for (status, chunks) in [(416, 4), (404, 5)] {
        let mut seen = 0;
        let moody = in_chunks(move |request| {
            seen += usize::from(request.method == "PATCH");
            let is_second = seen == 2 && request.method == "PATCH";
            let is_lost = status == 404
                && seen == 2
                && request.method == "GET"
                && request.path.contains("uploads/");
            (is_second || is_lost).then(|| Reply::new(status, ""))
        });
        moody.push().ok();
        moody.has_all();
        assert_eq!(moody.count("PATCH"), chunks, "{status}");
    }
    let moody = in_chunks(|request| (request.method == "PATCH").then(|| Reply::new(416, "")));
    moody.push().end().says("answers with 416");
    moody.has_no_tag();
}

#[test]
fn a_mount_is_asked_for_with_both_rights_each_by_itself() {
    let (pull, push) = ("repository:lab/base:pull", "repository:me/ana:pull,push");
    let moody = Moody::new(move |request| {
        if let Some((_, query)) = request.path.split_once("/token?") {
            let fields = query.split('&').filter_map(|field| field.strip_prefix("scope="));
            let rights = fields.collect::<Vec<_>>().join("+");
            return Some(Reply::new(200, format!(r#"{{"token":"{rights}"}}"#)));
        }
        let shown = request.header("authorization").unwrap_or_default();
        let rights: Vec<&str> =
            shown.strip_prefix("Bearer ").unwrap_or_default().split('+').collect();
        let is_mount = request.path.contains("mount=");
        if !rights.contains(&push) || is_mount && !rights.contains(&pull) {
            let host = request.header("host").unwrap();
            let realm = format!(r#"Bearer realm="http://{host}/token",service="s",scope="{push}""#);
            return Some(Reply::new(401, "").with("www-authenticate", &realm));
        }
        is_mount.then(|| Reply::new(201, ""))
    });
    moody.push().args(["--mount-from", "lab/base"]).ok().says("there already 1 layer");
    assert!(moody.held.lock().unwrap().tag.is_some());
    let is_sent = moody.fake.asked().iter().any(is_large);
    assert!(!is_sent, "what is mounted is not sent");
}
