//! Ordinary users, as everybody on a cluster is: podman without root, apptainer without root.

use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;

use crate::engines::{self, Engine, settings};
use crate::support::machine;
use crate::support::sandbox::{Run, Sandbox};
use crate::world::world;

/// The user that every Linux has.
const NOBODY: &str = "65534";

/// In mounts of its own, where that user has subordinate users and a home, becomes it and runs the rest. `$0` is a directory.
const BECOME: &str = "set -e
echo nobody:200000:65536 >\"$0/ids\"
mount --bind \"$0/ids\" /etc/subuid
mount --bind \"$0/ids\" /etc/subgid
sed \"s|:/nonexistent:|:$0/home:|\" /etc/passwd >\"$0/passwd\"
mount --bind \"$0/passwd\" /etc/passwd
exec setpriv --reuid 65534 --regid 65534 --clear-groups -- \"$@\"
";

/// A home of that user's in /tmp, which is short and open, with a copy of mlenv.
pub(crate) struct Nobody {
    pub(crate) sandbox: Sandbox,
    program: PathBuf,
}

impl Nobody {
    pub(crate) fn new() -> Option<Self> {
        if !machine::can_mount() || !machine::has("setpriv") {
            return None;
        }
        let sandbox = Sandbox::below(std::path::Path::new("/tmp"));
        let program = sandbox.path("mlenv");
        std::fs::copy(env!("CARGO_BIN_EXE_mlenv"), &program).unwrap();
        for (from, to) in [(0, "containers.conf"), (2, "registries.conf")] {
            let text = std::fs::read_to_string(&settings()[from].1).unwrap();
            // Root's own directory is closed to others; podman has one for each user.
            let lines = text.lines().filter(|line| !line.starts_with("tmp_dir"));
            sandbox.write(to, lines.collect::<Vec<_>>().join("\n"));
        }
        let storage = format!(
            "[storage]\ndriver = \"vfs\"\ngraphroot = \"{}\"\nrunroot = \"{}\"\n",
            sandbox.path("home/store").display(),
            sandbox.path("run/r").display()
        );
        sandbox.write("storage.conf", storage);
        for dir in ["home/project", "run"] {
            std::fs::create_dir_all(sandbox.path(dir)).unwrap();
        }
        sandbox.run("chown").args(["-R", NOBODY]).arg(sandbox.root()).ok();
        sandbox.run("chmod").args(["700", "run"]).ok();
        Some(Self { sandbox, program })
    }

    pub(crate) fn run(&self, words: &[&str]) -> Run {
        let path = format!("{}:/usr/bin:/bin", engines::apptainer_bin().display());
        let run = self.sandbox.run("unshare").args([
            "-m",
            "--propagation",
            "private",
            "sh",
            "-c",
            BECOME,
        ]);
        let run = run.arg(self.sandbox.root()).args(words).cwd(self.sandbox.path("home/project"));
        let run = run.var("PATH", path).var("XDG_RUNTIME_DIR", self.sandbox.path("run"));
        let file = |name: &str| self.sandbox.path(name);
        run.var("CONTAINERS_CONF", file("containers.conf"))
            .var("CONTAINERS_STORAGE_CONF", file("storage.conf"))
            .var("CONTAINERS_REGISTRIES_CONF", file("registries.conf"))
            .var("APPTAINER_NOHTTPS", "1")
            .var("APPTAINER_CACHEDIR", file("home/cache"))
    }

    pub(crate) fn mlenv(&self, words: &[&str]) -> Run {
        self.run(&[&[self.program.to_str().unwrap()], words].concat())
    }
}

#[test]
fn an_ordinary_user_has_a_container_whose_files_are_the_users() {
    for engine in Engine::KINDS.into_iter().filter(|engine| engine.works()) {
        let Some(nobody) = Nobody::new() else { return };
        if nobody.run(&[engine.name(), "--version"]).end().status.code() != Some(0) {
            machine::lacks("a build directory that other users may enter");
            continue;
        }
        let image = world().publish(&format!("users:{}", engine.name()), 1);
        nobody.mlenv(&["container", "setup", &image, "--engine", engine.name()]).ok();
        // What is in the image can be changed, and what is here belongs to the user.
        let script = "set -e; touch /opt/conda/mine here; mlenv create -q --no-save -p env --base /opt/conda";
        nobody.mlenv(&["container", "enter", "--", "sh", "-c", script]).ok();
        let file = nobody.sandbox.path("home/project/here").metadata().unwrap();
        assert_eq!(file.uid().to_string(), NOBODY);
        let program = "import sys, os; print(sys.prefix, os.path.exists('/opt/conda/mine'))";
        let run = nobody.mlenv(&["run", "-p", "./env", "--", "python", "-c", program]).ok();
        let env = nobody.sandbox.path("home/project/env");
        assert_eq!(run.out, format!("{} True\n", env.display()));
        nobody.mlenv(&["container", "remove"]).ok();
        // Layers belong to subordinate users: podman takes them away.
        if engine == Engine::Podman {
            nobody.run(&["podman", "rmi", "--all", "--force"]).ok();
            nobody
                .run(&["podman", "unshare", "rm", "-rf"])
                .arg(nobody.sandbox.path("home/store"))
                .ok();
            // Ends the process that keeps the user's namespace.
            nobody.run(&["podman", "system", "migrate"]).ok();
        }
    }
}
