//! Jupyter in a container: the port, the token, and whose files it writes.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::process::{Child, Stdio};
use std::time::Duration;

use crate::engines::Engine;
use crate::world::{Project, world};

#[test]
fn jupyter_is_served_on_loopback_on_the_port_that_is_told_to_whoever_has_the_token() {
    for engine in Engine::ALL.into_iter().filter(|engine| engine.works()) {
        let project = Project::new(engine);
        project.setup(&world().publish(&format!("jupyter:{}", engine.name()), 1));
        let mut command = project.mlenv(["container", "jupyter", "--", "--more"]).command();
        let mut server = command.stderr(Stdio::piped()).spawn().unwrap();
        let url = url(&mut server);
        let (port, path) = url.split_once('/').unwrap();
        let port: u16 = port.parse().unwrap();
        let page = get(port, &format!("/{path}"));
        assert!(page.contains("--ip 127.0.0.1"), "{page}");
        assert!(page.contains(&format!("--port {port}")) && page.ends_with("--more"), "{page}");
        assert!(get(port, "/lab?token=wrong").contains("403"));
        assert!(get(port, "/lab").contains("403"));
        get(port, &format!("/stop?{}", path.split_once('?').unwrap().1));
        server.wait().unwrap();
        if engine == Engine::Podman {
            let state = project.state();
            assert_eq!(state["port"].as_integer(), Some(i64::from(port)));
        }
    }
}

/// What is behind the host in the line that tells it.
fn url(server: &mut Child) -> String {
    let mut words = String::new();
    let stderr = server.stderr.as_mut().unwrap();
    let mut byte = [0];
    while !words.ends_with('\n') || !words.contains("http://127.0.0.1:") {
        assert_eq!(stderr.read(&mut byte).unwrap(), 1, "{words}");
        words.push(char::from(byte[0]));
    }
    words.split("http://127.0.0.1:").nth(1).unwrap().trim().to_owned()
}

fn get(port: u16, path: &str) -> String {
    for _ in 0..100 {
        if let Ok(mut stream) = TcpStream::connect((Ipv4Addr::LOCALHOST, port)) {
            write!(stream, "GET {path} HTTP/1.0\r\n\r\n").unwrap();
            let mut page = String::new();
            let _ = stream.read_to_string(&mut page);
            if !page.is_empty() || path.starts_with("/stop") {
                return page;
            }
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    panic!("nobody listens on {port}");
}
