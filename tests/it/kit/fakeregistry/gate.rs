//! A proxy of the test's own.

use std::io::{BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use super::read;

/// A proxy that connects every host to `server`; it logs what it was asked for.
pub(crate) struct Gate {
    pub(crate) address: SocketAddr,
    log: Arc<Mutex<Vec<String>>>,
}

impl Gate {
    pub(crate) fn to(server: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let gate = Self { address: listener.local_addr().unwrap(), log: Arc::default() };
        let log = Arc::clone(&gate.log);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let log = Arc::clone(&log);
                std::thread::spawn(move || pass(&stream, server, &log));
            }
        });
        gate
    }

    /// The first lines of all requests, with the proxy's own authorization where there was one.
    pub(crate) fn asked(&self) -> Vec<String> {
        self.log.lock().unwrap().clone()
    }
}

fn pass(stream: &TcpStream, server: SocketAddr, log: &Mutex<Vec<String>>) -> Option<()> {
    let mut reader = BufReader::new(stream.try_clone().ok()?);
    let request = read(&mut reader)?;
    let who = request.header("proxy-authorization").map_or(String::new(), |who| format!(" {who}"));
    log.lock().unwrap().push(format!("{} {}{who}", request.method, request.path));
    let upstream = TcpStream::connect(server).ok()?;
    let (mut down, mut up) = (stream.try_clone().ok()?, upstream.try_clone().ok()?);
    down.write_all(b"HTTP/1.1 200 Connected\r\n\r\n").ok()?;
    std::thread::spawn(move || std::io::copy(&mut reader, &mut up));
    std::io::copy(&mut { upstream }, &mut down).ok()?;
    let _ = stream.shutdown(std::net::Shutdown::Both);
    Some(())
}
