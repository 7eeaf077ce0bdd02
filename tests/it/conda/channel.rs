//! Channels made for one test: packages good and bad, on disk or behind a server of this machine that does what servers do
//! when they are not well.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, Mutex};

use serde_json::Value;

use crate::kit::patient::Patient;
use crate::support::machine;
use crate::support::sandbox::Run;
use crate::support::testbase::channel;

/// A channel in the sandbox, of packages as `crafted.py` takes them.
pub(crate) fn crafted(patient: &Patient, name: &str, packages: &Value) -> PathBuf {
    let dir = patient.sandbox.path(name);
    channel::crafted(&dir, packages);
    dir
}

/// The same with sharded repodata alone.
pub(crate) fn sharded(patient: &Patient, name: &str, packages: &Value) -> PathBuf {
    let dir = crafted(patient, name, packages);
    let mut make = Command::new(&machine::python().executable);
    make.arg("-c").arg(include_str!("../kit/conda/shards.py")).arg(&dir);
    assert!(make.status().unwrap().success());
    dir
}

impl Patient {
    /// `mlenv VERB -p env -c CHANNEL ...` by mlenv itself, with no other channel.
    pub(crate) fn from(&self, channel: &str, words: &[&str]) -> Run {
        let run = self.sandbox.mlenv(["install", "-p", "env", "-c", channel]).args(words);
        run.var("MLENV_SITE", self.sandbox.path("no-site"))
    }
}

/// What a server does with the next request for a path.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Mood {
    /// It breaks the connection in the middle.
    Breaks,
    /// It has trouble.
    Fails,
    /// It promises more than it has.
    Lies,
}

/// A server of one directory, which notes what was asked for.
pub(crate) struct Server {
    pub(crate) address: String,
    asked: Arc<Mutex<Vec<String>>>,
    moods: Arc<Mutex<HashMap<String, Vec<Mood>>>>,
}

impl Server {
    /// Serves `dir`; paths in `elsewhere` are sent on to another address.
    pub(crate) fn of(dir: &Path, elsewhere: &[(&str, String)]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let (asked, moods) = (Arc::<Mutex<Vec<String>>>::default(), Arc::default());
        let server = Self { address, asked: Arc::clone(&asked), moods: Arc::clone(&moods) };
        let elsewhere: HashMap<String, String> =
            elsewhere.iter().map(|(path, to)| ((*path).to_owned(), to.clone())).collect();
        let dir = dir.to_owned();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (dir, elsewhere) = (dir.clone(), elsewhere.clone());
                let (asked, moods) = (Arc::clone(&asked), Arc::clone(&moods));
                std::thread::spawn(move || answer(stream, &dir, &elsewhere, (&asked, &moods)));
            }
        });
        server
    }

    /// What it does at the next requests for a path.
    pub(crate) fn at(&self, path: &str, moods: &[Mood]) {
        self.moods.lock().unwrap().insert(path.to_owned(), moods.to_vec());
    }

    /// What was asked for since the last look: path, and the range and who asked where that was told.
    pub(crate) fn asked(&self) -> Vec<String> {
        std::mem::take(&mut *self.asked.lock().unwrap())
    }
}

type Noted<'a> = (&'a Mutex<Vec<String>>, &'a Mutex<HashMap<String, Vec<Mood>>>);

fn answer(
    mut stream: TcpStream,
    dir: &Path,
    elsewhere: &HashMap<String, String>,
    (asked, moods): Noted,
) {
    let mut lines = BufReader::new(stream.try_clone().unwrap()).lines().map_while(Result::ok);
    let Some(path) = lines.next().and_then(|line| Some(line.split(' ').nth(1)?.to_owned())) else {
        return;
    };
    let headers: HashMap<String, String> = lines
        .take_while(|line| !line.is_empty())
        .filter_map(|line| line.split_once(": ").map(|(k, v)| (k.to_lowercase(), v.to_owned())))
        .collect();
    let range = headers.get("range").map_or(String::new(), |range| format!(" {range}"));
    let login = headers.get("authorization").map_or(String::new(), |login| format!(" as {login}"));
    asked.lock().unwrap().push(format!("{path}{range}{login}"));
    let mut all = moods.lock().unwrap();
    let mood = all.get_mut(&path).filter(|left| !left.is_empty()).map(|left| left.remove(0));
    drop(all);
    if let Some(to) = elsewhere.get(&path) {
        let _ = write!(
            stream,
            "HTTP/1.1 302 Found\r\nLocation: {to}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
        );
        return;
    }
    let mut body = Vec::new();
    let found = std::fs::File::open(dir.join(path.trim_start_matches('/')));
    let found = found.and_then(|mut file| file.read_to_end(&mut body));
    let etag = format!("\"{}\"", body.len());
    let (status, body) = match (found, mood) {
        (_, Some(Mood::Fails)) => ("503 Busy", Vec::new()),
        (Err(_), _) => ("404 Not Found", Vec::new()),
        _ if headers.get("if-none-match") == Some(&etag) => ("304 Not Modified", Vec::new()),
        _ => ("200 OK", body),
    };
    let from =
        range.strip_prefix(" bytes=").and_then(|range| range.strip_suffix('-')?.parse().ok());
    let (status, extra, body) = match from
        .filter(|from: &usize| status.starts_with("200") && *from < body.len())
    {
        Some(from) => {
            let told = format!("Content-Range: bytes {from}-{}/{}\r\n", body.len() - 1, body.len());
            ("206 Partial Content", told, body[from..].to_vec())
        }
        None => (status, String::new(), body),
    };
    let promised = body.len() + usize::from(matches!(mood, Some(Mood::Lies))) * 1000;
    let _ = write!(
        stream,
        "HTTP/1.1 {status}\r\nETag: {etag}\r\n{extra}Content-Length: {promised}\r\nConnection: close\r\n\r\n"
    );
    let sent = if matches!(mood, Some(Mood::Breaks)) { body.len() / 2 } else { body.len() };
    let _ = stream.write_all(&body[..sent]);
}
