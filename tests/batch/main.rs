//! Envs in jobs of a real batch system: a Slurm that the test starts itself, where Slurm is installed.

#![expect(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    reason = "tests make and run things themselves"
)]

#[path = "../support/mod.rs"]
#[expect(dead_code, unused_imports, reason = "all suites share it, and none uses all of it")]
mod support;

use std::path::{Path, PathBuf};

use crate::support::sandbox::{Run, Sandbox};
use crate::support::slurm::{DONE, Slurm};

const MLENV: &str = env!("CARGO_BIN_EXE_mlenv");

/// What every task tells: where it is, what a script of the env saw of the job, and which task it is.
const TASK: &str = "import os, sys
print(sys.prefix, os.environ['FROM_SCRIPT'], os.environ.get('SLURM_ARRAY_TASK_ID', os.environ['SLURM_PROCID']))
";

/// One cluster for all jobs: it takes a second to start.
struct Site {
    sandbox: Sandbox,
    slurm: Slurm,
    env: PathBuf,
}

impl Site {
    fn new() -> Option<Self> {
        let sandbox = Sandbox::new();
        let slurm = Slurm::start(&sandbox)?;
        let env = sandbox.env("my env", &support::machine::python().base_prefix);
        sandbox.write(
            "my env/etc/conda/activate.d/x.sh",
            "export FROM_SCRIPT=\"job-$SLURM_JOB_NAME\"\n",
        );
        sandbox.write("task.py", TASK);
        Some(Self { sandbox, slurm, env })
    }

    /// Submits a script, waits for it, and gives how it ended and what each of its tasks printed.
    fn submit(&self, words: &[&str], script: &str) -> (String, Vec<String>) {
        let job = self.start(words, script);
        let ended = self.slurm.wait(&self.sandbox, &job);
        let mut told = Vec::new();
        for entry in std::fs::read_dir(self.sandbox.root()).unwrap().flatten() {
            if entry.file_name().to_string_lossy().starts_with("out-") {
                told.push(std::fs::read_to_string(entry.path()).unwrap());
                std::fs::remove_file(entry.path()).unwrap();
            }
        }
        told.sort();
        (ended, told)
    }

    /// Submits a script and gives the job's number.
    fn start(&self, words: &[&str], script: &str) -> String {
        let file = self.sandbox.write("job.sh", script);
        let submit = ["--parsable", "-J", "j", "-o", "out-%a"];
        let run = self.slurm.run(&self.sandbox, "sbatch").args(submit).args(words).arg(file);
        run.ok().out.trim().to_owned()
    }

    fn srun(&self, words: &[&str]) -> Run {
        self.slurm.run(&self.sandbox, "srun").args(["-J", "j"]).args(words)
    }

    /// The lines of so many tasks.
    fn tasks(&self, count: usize) -> Vec<String> {
        (0..count).map(|task| format!("{} job-j {task}\n", self.env.display())).collect()
    }
}

fn quoted(path: &Path) -> String {
    format!("'{}'", path.display())
}

#[test]
fn jobs_of_every_kind_run_in_the_env() {
    let Some(site) = Site::new() else { return };
    let env = quoted(&site.env);
    let array = ["--array=0-3"];

    // By `run`.
    let script = format!("#!/bin/sh\nexec '{MLENV}' run -p {env} -- python task.py\n");
    for export in ["--export=ALL", "--export=NONE"] {
        let found = site.submit(&[array[0], export], &script);
        assert_eq!(found, (DONE.to_owned(), site.tasks(4)), "{export}");
    }

    // By a wrapper, which is a file: batch systems start no functions.
    let wrapper = site.sandbox.write(
        "python-in-env",
        format!("#!/bin/sh\nexec '{MLENV}' run -p {env} -- python \"$@\"\n"),
    );
    std::fs::set_permissions(&wrapper, std::os::unix::fs::PermissionsExt::from_mode(0o755))
        .unwrap();
    let found = site.submit(&array, "#!/bin/sh\nexec ./python-in-env task.py\n");
    assert_eq!(found, (DONE.to_owned(), site.tasks(4)));

    // By activating in the script.
    let script = format!(
        "#!/bin/bash\n#SBATCH --array=0-3\nset -eu\neval \"$('{MLENV}' activate --shell bash {env})\"\npython task.py\n"
    );
    for export in ["--export=ALL", "--export=NONE"] {
        let found = site.submit(&[export], &script);
        assert_eq!(found, (DONE.to_owned(), site.tasks(4)), "{export}");
    }

    // Tasks side by side with nothing in their environment, found by paths alone.
    let task = site.sandbox.path("task.py");
    let words = [
        "-n",
        "8",
        "--export=NONE",
        MLENV,
        "run",
        "--clean",
        "-p",
        site.env.to_str().unwrap(),
        "python",
    ];
    let told = site.srun(&words).arg(&task).ok();
    let mut lines: Vec<String> = told.out.lines().map(|line| format!("{line}\n")).collect();
    lines.sort();
    assert_eq!((lines, told.err.as_str()), (site.tasks(8), ""));

    // Out of a parcel, on the node's disk, where every task asks for it.
    site.sandbox.mlenv(["pack", "my env", "-o", "parcel"]).ok();
    let node = site.sandbox.path("node");
    let script = format!(
        "#!/bin/sh\nset -e\nenv=$('{MLENV}' unpack -q parcel --to {})\nexec '{MLENV}' run -p \"$env\" -- python task.py\n",
        quoted(&node)
    );
    let found = site.submit(&["--array=0-3", "--export=NONE"], &script);
    let tasks = site
        .tasks(4)
        .into_iter()
        .map(|line| line.replace(site.sandbox.root().to_str().unwrap(), node.to_str().unwrap()));
    assert_eq!(found, (DONE.to_owned(), tasks.collect()));

    // Codes come through, and a job that is cancelled ends the command itself.
    let words = ["--export=NONE", MLENV, "run", "-p", site.env.to_str().unwrap(), "--", "sh", "-c"];
    assert_eq!(site.srun(&words).arg("exit 7").end().status.code(), Some(7));
    let script = format!(
        "#!/bin/sh\nexec '{MLENV}' run -p {env} -- sh -c 'trap \"echo ended; exit 0\" TERM; echo ready; sleep 60 & wait'\n"
    );
    let job = site.start(&["-o", "long"], &script);
    let long = site.sandbox.path("long");
    site.slurm.until("the job starts", || {
        std::fs::read_to_string(&long).is_ok_and(|text| text.contains("ready"))
    });
    site.slurm.run(&site.sandbox, "scancel").arg(&job).ok();
    site.slurm.wait(&site.sandbox, &job);
    let told = std::fs::read_to_string(&long).unwrap();
    assert!(told.lines().any(|line| line == "ended"), "{told}");
}
