//! The whole way of a user, on each engine: set up, enter, install, make an env inside, come back in one step, look,
//! update.

use crate::engines::Engine;
use crate::world::{Project, world};

#[test]
fn a_container_is_set_up_entered_and_updated_with_what_was_added() {
    for engine in Engine::ALL.into_iter().filter(|engine| engine.works()) {
        let project = Project::new(engine);
        let name = format!("ml:{}", engine.name());
        let image = world().publish(&name, 1);
        project.setup(&image);
        assert_eq!(
            project.inside(&["python", "-c", "import sys; print(sys.prefix)"]),
            "/opt/conda\n"
        );
        let wheels = project.sandbox.path("home/wheels");
        crate::wheel::build(&wheels, "mine", "1.5");
        let config = project.sandbox.path("home/.config/pip/pip.conf");
        std::fs::create_dir_all(config.parent().unwrap()).unwrap();
        let text = format!("[global]\nno-index = true\nfind-links = {}\n", wheels.display());
        std::fs::write(config, text).unwrap();
        project.inside(&["python", "-m", "pip", "install", "-q", "mine"]);
        project.inside(&["micromamba", "install", "-y", "-c", "bioconda", "scipy>=1.11"]);
        let info = project.mlenv(["container", "info"]).ok();
        assert!(info.out.contains("mine==1.5"), "{info}");
        assert!(info.out.contains("scipy>=1.11 -c bioconda"), "{info}");
        world().publish(&name, 2);
        let update = project.mlenv(["container", "update", "-f"]).end();
        assert!(update.status.success(), "{update}");
        assert_eq!(project.inside(&["cat", "/edition"]), "2\n");
        assert_eq!(
            project.inside(&["python", "-c", "import mine; print(mine.__version__)"]),
            "1.5\n"
        );
        project.mlenv(["container", "remove"]).ok();
    }
}
