//! A registry of our own on the loopback: answers as it is told, with or without TLS, and remembers what it was asked.

mod content;
mod gate;
mod identity;

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rustls::{ServerConfig, ServerConnection, StreamOwned};

pub(crate) use self::content::{Store, digest, ordinary};
pub(crate) use self::gate::Gate;
pub(crate) use self::identity::Identity;

use crate::support::sandbox::Sandbox;

/// What was asked.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) method: String,
    /// With what comes after `?`.
    pub(crate) path: String,
    headers: BTreeMap<String, String>,
    pub(crate) body: String,
    /// The body as it came.
    pub(crate) bytes: Vec<u8>,
}

impl Request {
    /// A header by its name in lower case.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(String::as_str)
    }
}

/// What is answered.
#[derive(Clone, Debug, Default)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
    pub(crate) after: Duration,
}

impl Reply {
    /// No answer: the connection ends.
    pub(crate) fn cut() -> Self {
        Self::default()
    }

    pub(crate) fn new(status: u16, body: impl AsRef<[u8]>) -> Self {
        Self { status, body: body.as_ref().to_owned(), ..Self::default() }
    }

    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }
}

/// The server; it ends with its value.
pub(crate) struct Fake {
    pub(crate) address: SocketAddr,
    log: Arc<Mutex<Vec<Request>>>,
    stop: Arc<AtomicBool>,
}

type Answer = Arc<dyn Fn(&Request) -> Reply + Send + Sync>;

impl Fake {
    /// Without TLS. Whoever begins with TLS is told in plain words, as Go's servers do.
    pub(crate) fn plain(answer: impl Fn(&Request) -> Reply + Send + Sync + 'static) -> Self {
        Self::start(Arc::new(answer), None)
    }

    /// With the certificate and key of `identity`.
    pub(crate) fn tls(
        identity: &Identity,
        answer: impl Fn(&Request) -> Reply + Send + Sync + 'static,
    ) -> Self {
        Self::start(Arc::new(answer), Some(identity.config()))
    }

    fn start(answer: Answer, tls: Option<Arc<ServerConfig>>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let (log, stop) = (Arc::default(), Arc::new(AtomicBool::new(false)));
        let fake = Self { address, log: Arc::clone(&log), stop: Arc::clone(&stop) };
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                if stop.load(Ordering::Relaxed) {
                    return;
                }
                let (answer, log, tls) = (Arc::clone(&answer), Arc::clone(&log), tls.clone());
                std::thread::spawn(move || match tls {
                    Some(config) => {
                        let connection = ServerConnection::new(config).unwrap();
                        serve(StreamOwned::new(connection, stream), &answer, &log);
                    }
                    None if begins_with_tls(&stream) => {
                        let mut stream = stream;
                        let _ = stream.write_all(b"HTTP/1.0 400 Bad Request\r\n\r\n");
                    }
                    None => serve(stream, &answer, &log),
                });
            }
        });
        fake
    }

    /// `127.0.0.1:PORT/` and a name in it.
    pub(crate) fn image(&self, name: &str) -> String {
        format!("{}/{name}", self.address)
    }

    /// What was asked so far.
    pub(crate) fn asked(&self) -> Vec<Request> {
        self.log.lock().unwrap().clone()
    }

    /// The same in short: `GET /v2/...`.
    pub(crate) fn lines(&self) -> Vec<String> {
        self.asked().iter().map(|request| format!("{} {}", request.method, request.path)).collect()
    }
}

impl Drop for Fake {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        let _ = TcpStream::connect(self.address);
    }
}

fn begins_with_tls(stream: &TcpStream) -> bool {
    let mut first = [0];
    stream.peek(&mut first).is_ok_and(|count| count == 1 && first[0] == 0x16)
}

/// One request, one answer, and the end of the connection.
fn serve(stream: impl Read + Write, answer: &Answer, log: &Mutex<Vec<Request>>) {
    let mut stream = BufReader::new(stream);
    let Some(request) = read(&mut stream) else { return };
    log.lock().unwrap().push(request.clone());
    let reply = answer(&request);
    std::thread::sleep(reply.after);
    if reply.status == 0 {
        return;
    }
    let mut head = format!("HTTP/1.1 {} Said\r\nconnection: close\r\n", reply.status);
    for (name, value) in &reply.headers {
        head = format!("{head}{name}: {value}\r\n");
    }
    if !reply.headers.iter().any(|(name, _)| name == "content-length") {
        head = format!("{head}content-length: {}\r\n", reply.body.len());
    }
    let stream = stream.get_mut();
    let body: &[u8] = if request.method == "HEAD" { b"" } else { &reply.body };
    let _ = stream.write_all(&[head.as_bytes(), b"\r\n", body].concat());
    let _ = stream.flush();
}

/// Reads one request to its end.
fn read(stream: &mut impl BufRead) -> Option<Request> {
    let mut line = || {
        let mut line = String::new();
        stream.read_line(&mut line).ok()?;
        Some(line.trim_end().to_owned()).filter(|line| !line.is_empty())
    };
    let first = line()?;
    let mut words = first.split(' ');
    let (method, path) = (words.next()?.to_owned(), words.next()?.to_owned());
    let mut headers = BTreeMap::new();
    while let Some(line) = line() {
        let (name, value) = line.split_once(':')?;
        headers.insert(name.to_lowercase(), value.trim().to_owned());
    }
    let length = headers.get("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
    let mut body = vec![0; length];
    stream.read_exact(&mut body).ok()?;
    let text = String::from_utf8_lossy(&body).into_owned();
    Some(Request { method, path, headers, body: text, bytes: body })
}

/// A Docker config with one login.
pub(crate) fn login(sandbox: &Sandbox, file: impl AsRef<Path>, registry: &str, both: &str) {
    let auth = base64::Engine::encode(&base64::prelude::BASE64_STANDARD, both);
    sandbox.write(file, format!("{{\"auths\": {{\"{registry}\": {{\"auth\": \"{auth}\"}}}}}}"));
}
