//! Jupyter in a container: the port, the token, and whose files it writes.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use crate::engines::{Engine, settings};
use crate::support::machine;
use crate::world::{Project, free_port, world};

#[test]
fn jupyter_is_served_on_loopback_on_the_port_that_is_told_to_whoever_has_the_token() {
    for engine in Engine::KINDS.into_iter().filter(|engine| engine.works()) {
        let project = Project::new(engine);
        project.setup(&world().publish(&format!("jupyter:{}", engine.name()), 1));
        let command = project.mlenv(["container", "jupyter", "--", "--more"]).command();
        serve(command, "--ip 127.0.0.1");
    }
}

#[test]
fn a_container_with_a_network_of_its_own_publishes_jupyters_port_on_loopback() {
    if !Engine::Podman.works() || !machine::has("slirp4netns") {
        return;
    }
    let project = Project::new(Engine::Podman);
    let image = world().publish("published:1", 1);
    let conf = own_network(&project);
    let words = ["container", "setup", &image, "--engine", "podman"];
    project.mlenv(words).var("CONTAINERS_CONF", &conf).ok();
    let jupyter = project.mlenv(["container", "jupyter", "--", "--more"]);
    // All addresses inside, which is where a published port leads.
    let port = serve(jupyter.var("CONTAINERS_CONF", &conf).command(), "--ip 0.0.0.0");
    assert_eq!(project.state()["port"].as_integer(), Some(i64::from(port)));
}

/// Settings of podman by which containers have networks of their own.
fn own_network(project: &Project) -> PathBuf {
    let conf = std::fs::read_to_string(&settings()[0].1).unwrap();
    let conf = conf.replace("netns = \"host\"", "netns = \"slirp4netns\"");
    let network = "[engine]\nnetwork_cmd_options = [\"port_handler=slirp4netns\"]";
    project.sandbox.write("containers.conf", conf.replace("[engine]", network))
}

#[test]
fn other_ports_are_published_on_loopback_where_the_container_has_a_network_of_its_own() {
    if Engine::Apptainer.works() {
        let project = Project::new(Engine::Apptainer);
        let image = world().publish("ports:apptainer", 1);
        let words = ["container", "setup", &image, "--engine", "apptainer", "--publish", "8000"];
        project.mlenv(words).fails(2, "apptainer publishes no ports");
    }
    if !Engine::Podman.works() || !machine::has("slirp4netns") {
        return;
    }
    let project = Project::new(Engine::Podman);
    let (image, conf) = (world().publish("ports:1", 1), own_network(&project));
    let words = ["container", "setup", &image, "--engine", "podman", "--publish"];
    project.mlenv(words).arg("8000:x").fails(2, "\"8000:x\" is no port");
    let port = free_port();
    let ports = format!("{port}:8000");
    project.mlenv(words).arg(&ports).var("CONTAINERS_CONF", &conf).ok();
    let info = project.mlenv(["container", "info"]).var("CONTAINERS_CONF", &conf).ok();
    assert!(info.out.contains(&ports), "{info}");
    let serve = "setsid /opt/conda/bin/python -m http.server 8000 >/dev/null 2>&1 &";
    let enter = ["container", "enter", "--", "sh", "-c", serve];
    project.mlenv(enter).var("CONTAINERS_CONF", &conf).ok();
    assert!(get(port, "/").starts_with("HTTP/1.0 200"));
}

/// Starts it and asks for pages, with and without the token. Gives the port.
fn serve(mut command: Command, address: &str) -> u16 {
    let mut server = command.stderr(Stdio::piped()).spawn().unwrap();
    let url = url(&mut server);
    let (port, path) = url.split_once('/').unwrap();
    let port: u16 = port.parse().unwrap();
    let page = get(port, &format!("/{path}"));
    assert!(page.contains(address), "{page}");
    assert!(page.contains(&format!("--port {port}")) && page.ends_with("--more"), "{page}");
    assert!(get(port, "/lab?token=wrong").contains("403"));
    assert!(get(port, "/lab").contains("403"));
    get(port, &format!("/stop?{}", path.split_once('?').unwrap().1));
    server.wait().unwrap();
    port
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
    // A machine that builds meanwhile takes its time.
    for _ in 0..1200 {
        // What forwards the port may take a connection that nobody answers yet.
        if let Ok(mut stream) = TcpStream::connect((Ipv4Addr::LOCALHOST, port))
            && write!(stream, "GET {path} HTTP/1.0\r\n\r\n").is_ok()
        {
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
