//! A docker of the tests' own, started by hand: its data in the build directory, its socket in /tmp, no network and no
//! rules of a firewall. It ends with the test process.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::time::Duration;

use crate::engines;
use crate::support::machine;

/// Where it listens: a path that is short enough for a socket.
pub(crate) fn socket() -> PathBuf {
    engines::run_dir().join("docker.sock")
}

/// Why it does not work here, if it does not.
pub(crate) fn lacking() -> Option<&'static str> {
    static STARTED: OnceLock<Result<Child, String>> = OnceLock::new();
    STARTED.get_or_init(start).as_ref().err().map(String::as_str)
}

/// Its shell ends it when the pipe that we hold is closed, however we end, and gives back what it mounted.
const PROGRAM: &str = "dir=$1; shift
dockerd \"$@\" & docker=$!
cat >/dev/null
kill $docker; wait $docker
umount \"$dir\" 2>/dev/null
exit 0
";

fn start() -> Result<Child, String> {
    let is_there = |program: &str| {
        ["/usr/sbin", "/usr/bin", "/usr/local/bin"]
            .iter()
            .any(|dir| Path::new(dir).join(program).exists())
    };
    if !is_there("dockerd") || !is_there("docker") {
        return Err("docker is not installed".to_owned());
    }
    if !machine::is_root() {
        return Err("a docker of one's own takes root".to_owned());
    }
    let (dir, socket) = (engines::dir().join("docker"), socket());
    for dir in [&dir, &socket.parent().unwrap().to_owned()] {
        std::fs::create_dir_all(dir).unwrap();
    }
    let log = std::fs::File::create(dir.join("log")).unwrap();
    let data = dir.join("data");
    let mut command = Command::new("sh");
    command.args(["-c", PROGRAM, "sh"]).arg(&data);
    command.arg("--host").arg(format!("unix://{}", socket.display()));
    for (option, below) in [("--data-root", "data"), ("--exec-root", "exec"), ("--pidfile", "pid")]
    {
        command.arg(option).arg(dir.join(below));
    }
    command.args(["--iptables=false", "--ip6tables=false", "--bridge=none", "--ip-forward=false"]);
    command.args(["--oom-score-adjust=0", "--userland-proxy=false"]);
    command.args([
        "--exec-opt",
        "native.cgroupdriver=cgroupfs",
        "--insecure-registry",
        "127.0.0.0/8",
    ]);
    command.stdin(Stdio::piped()).stdout(log.try_clone().unwrap()).stderr(log);
    let mut child = command.spawn().unwrap();
    for _ in 0..200 {
        let answer = Command::new("docker").arg("info").env("DOCKER_HOST", host()).output();
        if answer.is_ok_and(|output| output.status.success()) {
            return Ok(child);
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    child.stdin.take();
    child.wait().unwrap();
    let log = std::fs::read_to_string(dir.join("log")).unwrap_or_default();
    Err(format!("dockerd does not start here: {}", log.lines().last().unwrap_or_default()))
}

/// How clients find it.
pub(crate) fn host() -> String {
    format!("unix://{}", socket().display())
}
