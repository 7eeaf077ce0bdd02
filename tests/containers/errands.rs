//! From the host, in one step: verbs about an env that lives in a container, and variables for a command inside.

use crate::engines::Engine;
use crate::world::{Project, small, world};

#[test]
fn packages_are_installed_told_and_taken_out_from_the_host_in_the_container_of_the_env() {
    for engine in Engine::ALL.into_iter().filter(|engine| engine.works()) {
        let project = Project::new(engine);
        let wheels = project.sandbox.path("home/wheels");
        crate::support::wheel::build(&wheels, "mine", "1.5");
        let text =
            format!("[global]\nno-index = true\nfind-links = {}\n", crate::world::url(&wheels));
        project.sandbox.write("home/.config/pip/pip.conf", text);
        let image = world().publish(&format!("errands:{}", engine.name()), 1);
        project.setup(&image);
        let create = ["mlenv", "create", "-q", "--no-save", "-p", "env", "--base", "/opt/conda"];
        project.inside(&create);
        let install = project.mlenv(["install", "-yp", "env", "--pip", "mine"]).ok();
        install.says("lives in ").says("`install` goes in");
        let packages = project.mlenv(["packages", "--added", "env"]).ok();
        assert!(packages.out.contains("mine"), "{packages}");
        let program = "import mine; print(mine.__version__)";
        let run = project.mlenv(["run", "-p", "env", "--", "python", "-c", program]).ok();
        assert_eq!(run.out, "1.5\n");
        project.mlenv(["doctor", "env"]).ok();
        let export = project.mlenv(["export", "env"]).ok();
        assert!(export.out.contains("[base.container]"), "{export}");
        if engine != Engine::Apptainer {
            assert!(export.out.contains(&format!("image = \"{image}\"")), "{export}");
        }
        assert!(export.out.contains("digest = \"sha256:"), "{export}");
        project.mlenv(["uninstall", "-y", "-p", "env", "mine"]).ok();
        let run = project.mlenv(["run", "-p", "env", "--", "python", "-c", program]).end();
        assert!(!run.status.success(), "{run}");
        // Where the directory has it no more, a container is made for the one command.
        if engine != Engine::Apptainer {
            project.mlenv(["container", "remove"]).ok();
            let packages = project.mlenv(["packages", "--added", "env"]).ok();
            packages.says("`packages` goes in");
        }
    }
}

#[test]
fn variables_are_inherited_alike_under_every_engine_and_more_only_where_they_are_asked_for() {
    for engine in Engine::ALL.into_iter().filter(|engine| engine.works()) {
        let project = Project::new(engine);
        project.setup(&world().publish_as(&format!("vars:{}", engine.name()), &small(1)));
        let odd = "a  $HOME `id` \"q\" \\ $(id), it's\nnext";
        let enter = |options: &[&str]| {
            let script =
                "printf '%s|%s|%s' \"${MINE-none}\" \"${OTHER-none}\" \"${OMP_NUM_THREADS-none}\"";
            let words = [&["container", "enter"], options, &["--", "sh", "-c", script]].concat();
            project.mlenv(words).var("MINE", odd).var("OMP_NUM_THREADS", "3").ok().out
        };
        assert_eq!(enter(&[]), "none|none|3");
        assert_eq!(enter(&["--env", "MINE"]), format!("{odd}|none|3"));
        let given = format!("OTHER={odd}");
        assert_eq!(enter(&["--env", &given, "--env", "NOBODY"]), format!("none|{odd}|3"));
        assert_eq!(enter(&[]), "none|none|3");
        project.mlenv(["container", "enter", "--env", "a b=c"]).fails(2, "the name of a variable");
    }
}
