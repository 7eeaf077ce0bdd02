//! Whether there is a newer image: by what the image is, whoever built it, and asked where it is kept.

use crate::engines::Engine;
use crate::world::{Project, podman, small, world};

#[test]
fn an_image_that_was_built_here_and_pushed_later_is_not_newer_than_itself() {
    if !Engine::Podman.works() {
        return;
    }
    let project = Project::new(Engine::Podman);
    let reference = world().publish_as("pushed:1", &small(2));
    podman(&["tag", &small(1), &reference]);
    project.setup(&reference);
    podman(&["push", "--quiet", &reference]);
    project.mlenv(["container", "update"]).ok().says("has the newest 127.0.0.1:");
    project.mlenv(["container", "update", "-f"]).ok().says("already has the newest image");
    podman(&["untag", &small(1), &reference]);
    world().publish_as("pushed:1", &small(2));
    project.mlenv(["container", "update"]).ok().says("there is a newer 127.0.0.1:");
}

#[test]
fn an_image_of_the_store_alone_is_looked_for_there_and_in_no_registry() {
    if !Engine::Podman.works() {
        return;
    }
    world();
    let project = Project::new(Engine::Podman);
    let image = "localhost/mlenv-tests-own:1";
    podman(&["tag", &small(1), image]);
    project.setup(image);
    let update = project.mlenv(["container", "update"]);
    update.ok().says("has the newest localhost/mlenv-tests-own:1 in podman's store");
    podman(&["tag", &small(2), image]);
    update.ok().says("there is a newer localhost/mlenv-tests-own:1 in podman's store");
    project.mlenv(["container", "update", "-f"]).ok();
    assert_eq!(project.inside(&["cat", "/edition"]), "2\n");
    update.ok().says("has the newest ");
    podman(&["untag", &small(2), image]);
}
