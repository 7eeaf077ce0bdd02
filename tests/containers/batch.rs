//! Containers in jobs of a real Slurm: a wrapper, and an env that lives in a container.

use crate::engines::{Engine, settings};
use crate::support::slurm::{DONE, Slurm};
use crate::world::{Project, world};

#[test]
fn a_wrapper_and_an_env_in_a_container_run_in_slurm_jobs() {
    let engines: Vec<Engine> = Engine::ALL.into_iter().filter(|engine| engine.works()).collect();
    for engine in engines {
        let project = Project::new(engine);
        let Some(slurm) = Slurm::start(&project.sandbox) else { return };
        project.setup(&world().publish(&format!("batch:{}", engine.name()), 1));
        project.mlenv(["container", "wrap", "python", "-o"]).arg(project.sandbox.path("bin")).ok();
        let env = project.path("env");
        project.inside(&[
            "mlenv",
            "create",
            "-q",
            "--no-save",
            "-p",
            "env",
            "--base",
            "/opt/conda",
        ]);
        // What the tests' engines need, since nothing else reaches the job.
        let exports = settings().iter().fold(String::new(), |text, (name, value)| {
            format!(
                "{text}export {name}='{}'
",
                value.display()
            )
        });
        let mlenv = env!("CARGO_BIN_EXE_mlenv");
        let path = crate::engines::apptainer_bin();
        let program =
            "import os, sys; print(sys.prefix, os.environ['SLURM_ARRAY_TASK_ID'], sys.argv[1:])";
        let script = format!(
            "#!/bin/sh\n#SBATCH --array=0-1\n{exports}\
             '{}' -c \"{program}\" 'a b'\n\
             export PATH='{}':/usr/bin:/bin\n\
             '{mlenv}' run -p '{}' -- python -c \"{program}\" 'c d'\n",
            project.sandbox.path("bin/python").display(),
            path.display(),
            env.to_str().unwrap().replace('\'', "'\\''"),
        );
        let file = project.sandbox.write("job.sh", script);
        let words = ["--parsable", "--export=NONE", "-o", "out-%a"];
        let submit = slurm.run(&project.sandbox, "sbatch").args(words).arg(file).ok();
        assert_eq!(slurm.wait(&project.sandbox, submit.out.trim()), DONE, "{}", told(&project, 0));
        for task in 0..2 {
            let expected = format!("/opt/conda {task} ['a b']\n{} {task} ['c d']\n", env.display());
            assert_eq!(told(&project, task), expected);
        }
    }
}

fn told(project: &Project, task: usize) -> String {
    std::fs::read_to_string(project.sandbox.path(format!("out-{task}"))).unwrap_or_default()
}
