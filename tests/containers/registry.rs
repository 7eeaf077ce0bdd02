//! Debian's registry, a process of its own on loopback.

use std::net::{Ipv4Addr, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use crate::engines;
use crate::world::free_port;

/// A registry that ends with us, however we end: its shell watches a pipe that we hold.
pub(crate) struct Registry {
    /// `127.0.0.1:PORT`
    pub(crate) address: String,
    _held: Child,
}

impl Registry {
    /// Starts one, empty, that keeps what it has in the directory `name`; `more` is added to its configuration.
    pub(crate) fn start(name: &str, more: &str) -> Self {
        let dir = engines::dir().join(name);
        let _ = std::fs::remove_dir_all(&dir);
        std::fs::create_dir_all(dir.join("data")).unwrap();
        let port = free_port();
        let config = format!(
            "version: 0.1\nlog: {{level: error, accesslog: {{disabled: true}}}}\n\
             storage: {{filesystem: {{rootdirectory: \"{}\"}}, delete: {{enabled: true}}}}\n\
             http: {{addr: \"127.0.0.1:{port}\"}}\n{more}",
            dir.join("data").display()
        );
        let file = dir.join("config.yml");
        std::fs::write(&file, config).unwrap();
        let log = std::fs::File::create(dir.join("log")).unwrap();
        let program = "docker-registry serve \"$0\" & registry=$!; cat >/dev/null; kill $registry";
        let mut command = Command::new("sh");
        command.args(["-c", program]).arg(file).stdin(Stdio::piped());
        command.stdout(log.try_clone().unwrap()).stderr(log);
        let mut held = command.spawn().unwrap();
        for _ in 0..200 {
            if TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_ok() {
                return Self { address: format!("127.0.0.1:{port}"), _held: held };
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        held.kill().and_then(|()| held.wait()).unwrap();
        panic!("the registry did not start: see {}", dir.join("log").display());
    }
}
