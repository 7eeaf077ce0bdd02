//! A Slurm of the test's own: one machine, loopback, in the sandbox, as whoever runs the tests. It ends with the test.

use std::collections::BTreeSet;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::support::sandbox::{Run, Sandbox};

pub(crate) struct Slurm {
    dir: PathBuf,
    /// Its settings hold no path with a blank, which the build directory's may be.
    _held: tempfile::TempDir,
    daemons: Vec<Child>,
}

/// How long it may take to come up, or to run a job.
const PATIENCE: Duration = Duration::from_secs(60);

/// How a job ended that did what it was asked.
pub(crate) const DONE: &str = "COMPLETED 0:0";

impl Slurm {
    /// Starts it; `None` where it is not installed, or cannot work for this user, with the reason printed.
    pub(crate) fn start(sandbox: &Sandbox) -> Option<Self> {
        for program in ["munged", "slurmctld", "slurmd", "sbatch"] {
            if !is_there(program) {
                return skip(&format!("{program} is not installed (Debian: slurm-wlm, munge)"));
            }
        }
        let held = tempfile::tempdir_in("/tmp").unwrap();
        let dir = held.path().join("slurm");
        for below in ["state", "spool", "log"] {
            std::fs::create_dir_all(dir.join(below)).unwrap();
        }
        let mut slurm = Self { dir, _held: held, daemons: Vec::new() };
        slurm.munge(sandbox);
        std::fs::write(slurm.dir.join("slurm.conf"), slurm.configuration(sandbox)).unwrap();
        slurm.daemon(sandbox, "slurmctld", &["-D", "-i"]);
        slurm.daemon(sandbox, "slurmd", &["-D"]);
        let start = Instant::now();
        while !slurm.run(sandbox, "sinfo").args(["-h", "-o", "%T"]).end().out.contains("idle") {
            if start.elapsed() > PATIENCE {
                let logs = ["slurmctld", "slurmd", "munged"].map(|name| slurm.log(name));
                assert!(
                    !nix::unistd::geteuid().is_root(),
                    "Slurm did not start:\n{}",
                    logs.join("\n")
                );
                return skip("Slurm does not work for an ordinary user here");
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        Some(slurm)
    }

    /// A client of it.
    pub(crate) fn run(&self, sandbox: &Sandbox, program: &str) -> Run {
        sandbox.run(program).var("SLURM_CONF", self.dir.join("slurm.conf"))
    }

    /// Waits for a job and all of its tasks, and gives how they ended, each way once.
    pub(crate) fn wait(&self, sandbox: &Sandbox, job: &str) -> String {
        let mut ended = String::new();
        self.until("a job ends", || {
            let told = self.run(sandbox, "scontrol").args(["-o", "show", "job", job]).ok().out;
            let words = |line: &str, key: &str| {
                line.split(' ')
                    .find_map(|word| word.strip_prefix(key))
                    .unwrap_or_default()
                    .to_owned()
            };
            let ways: BTreeSet<String> = told
                .lines()
                .map(|line| format!("{} {}", words(line, "JobState="), words(line, "ExitCode=")))
                .collect();
            ended = ways.into_iter().collect::<Vec<_>>().join(", ");
            !["PENDING", "RUNNING", "COMPLETING"].iter().any(|state| ended.contains(state))
        });
        ended
    }

    #[track_caller]
    pub(crate) fn until(&self, what: &str, mut done: impl FnMut() -> bool) {
        let start = Instant::now();
        while !done() {
            let logs = || ["slurmctld", "slurmd"].map(|name| self.log(name)).join("\n");
            assert!(start.elapsed() < PATIENCE, "waited until {what}:\n{}", logs());
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    fn munge(&mut self, sandbox: &Sandbox) {
        let key = self.dir.join("key");
        std::fs::write(&key, [7; 128]).unwrap();
        std::fs::set_permissions(&key, std::os::unix::fs::PermissionsExt::from_mode(0o400))
            .unwrap();
        let words = ["key-file", "socket", "pid-file", "log-file", "seed-file"]
            .map(|name| format!("--{name}={}", self.dir.join(name.replace("-file", "")).display()));
        let mut words: Vec<&str> = words.iter().map(String::as_str).collect();
        words.extend(["--force", "--foreground"]); // the sandbox lies wherever it lies
        self.daemon(sandbox, "munged", &words);
        let (start, socket) = (Instant::now(), self.dir.join("socket"));
        while !socket.exists() && start.elapsed() < PATIENCE {
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    fn daemon(&mut self, sandbox: &Sandbox, program: &str, words: &[&str]) {
        let log = std::fs::File::create(self.dir.join("log").join(program)).unwrap();
        let mut command: Command = self.run(sandbox, program).args(words).command();
        let command = command.stdout(log.try_clone().unwrap()).stderr(log).stdin(Stdio::null());
        self.daemons.push(command.spawn().unwrap());
    }

    fn log(&self, program: &str) -> String {
        let text = std::fs::read_to_string(self.dir.join("log").join(program)).unwrap_or_default();
        let lines: Vec<&str> = text.lines().collect();
        format!("{program}:\n{}", lines[lines.len().saturating_sub(12)..].join("\n"))
    }

    fn configuration(&self, sandbox: &Sandbox) -> String {
        let host = sandbox.run("hostname").arg("-s").ok().out.trim().to_owned();
        let user = sandbox.run("id").arg("-un").ok().out.trim().to_owned();
        let (ports, dir) = (free_ports(), self.dir.display());
        format!(
            "ClusterName=mlenv\nSlurmctldHost={host}(127.0.0.1)\nSlurmUser={user}\nSlurmdUser={user}\n\
             AuthType=auth/munge\nAuthInfo=socket={dir}/socket\nCredType=cred/munge\n\
             SlurmctldPort={}\nSlurmdPort={}\nSlurmctldPidFile={dir}/ctld.pid\nSlurmdPidFile={dir}/d.pid\n\
             StateSaveLocation={dir}/state\nSlurmdSpoolDir={dir}/spool\nProctrackType=proctrack/linuxproc\n\
             TaskPlugin=task/none\nSelectType=select/cons_tres\nSwitchType=switch/none\nMpiDefault=none\n\
             ReturnToService=2\nAccountingStorageType=accounting_storage/none\nPropagateResourceLimits=NONE\n\
             SlurmdParameters=config_overrides\nKillWait=2\nSchedulerParameters=batch_sched_delay=0,sched_interval=1,sched_min_interval=1000,bf_interval=1\n\
             NodeName={host} NodeAddr=127.0.0.1 CPUs=8 RealMemory=100 State=UNKNOWN\n\
             PartitionName=debug Nodes={host} Default=YES MaxTime=INFINITE State=UP\n",
            ports[0], ports[1]
        )
    }
}

impl Drop for Slurm {
    fn drop(&mut self) {
        for daemon in self.daemons.iter_mut().rev() {
            let _ = daemon.kill();
            let _ = daemon.wait();
        }
    }
}

fn free_ports() -> [u16; 2] {
    let listeners = [(); 2].map(|()| TcpListener::bind("127.0.0.1:0").unwrap());
    listeners.map(|listener| listener.local_addr().unwrap().port())
}

fn is_there(program: &str) -> bool {
    let path = crate::support::sandbox::PATH.split(':').map(Path::new);
    path.into_iter().any(|dir| dir.join(program).is_file())
}

fn skip(why: &str) -> Option<Slurm> {
    crate::support::machine::lacks(&format!("a Slurm: {why}"));
    None
}
