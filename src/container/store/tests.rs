//! Argument vectors, word for word, without an engine.

use std::path::PathBuf;

use super::*;
use crate::container::mount::{Mode, Mount};

pub(crate) fn order(engine: Engine) -> Spec {
    Spec {
        engine,
        image: "docker://r:5000/u/ml:1".into(),
        mounts: vec![
            Mount::same(Path::new("/work dir")),
            Mount::new(Path::new("/odd,\":x"), Path::new("/mnt"), Mode::ReadOnly),
        ],
        mark: Some("/run/mlenv-1".into()),
        home: None,
        gpu: Vec::new(),
        inner: Inner {
            dir: PathBuf::from("/work dir"),
            set: vec![("HOME".into(), "/h,x=$y".into())],
            inherit: vec!["TERM".into()],
            terminal: Terminal::Full,
            user: None,
        },
    }
}

fn line(call: &Command) -> String {
    call.line()
}

#[test]
fn a_look_into_an_image_pulls_nothing_and_reaches_nothing() {
    let words = |engine| line(&peek(engine, "docker://r/u/ml:1".as_ref(), "SCRIPT"));
    let rest = "--network none --entrypoint /bin/sh r/u/ml:1 -c SCRIPT";
    let podman = "podman run --rm --pull=never --security-opt label=disable";
    assert_eq!(words(Engine::Podman), format!("{podman} {rest}"));
    assert_eq!(words(Engine::Docker), format!("docker run --rm --pull=never {rest}"));
}

#[test]
fn a_container_that_stays_is_made() {
    let identity = ContainerIdentity {
        name: "u_ml_1",
        labels: vec![(LABEL_ID, "ab".into()), (LABEL_DIR, "/work dir".into())],
        port: Some(8888),
        publish: &["6006:80".parse().unwrap()],
    };
    let words =
        |engine| line(&create(&order(engine), &identity)).replace(&readable_keep_alive(), "KEEP");
    assert_eq!(
        words(Engine::Podman),
        "podman create --name u_ml_1 --label mlenv.id=ab --label 'mlenv.dir=/work dir' \
         --publish 127.0.0.1:8888:8888 --publish 127.0.0.1:6006:80 --security-opt label=disable \
         --mount 'type=bind,source=/work dir,target=/work dir' \
         --mount 'type=bind,\"source=/odd,\"\":x\",target=/mnt,readonly' \
         --mount type=tmpfs,target=/run/mlenv-1 --env TERM --env 'HOME=/h,x=$y' --workdir '/work dir' \
         --entrypoint '' r:5000/u/ml:1 /bin/sh -c KEEP mlenv /run/mlenv-1"
    );
    let docker = words(Engine::Podman).replace("podman create", "docker create");
    let docker = docker.replace(" --security-opt label=disable", "");
    assert_eq!(words(Engine::Docker), docker);
    let nerdctl = docker.replace("docker create", "nerdctl create");
    let nerdctl = nerdctl.replace("'' r:5000/u/ml:1 /bin/sh", "/bin/sh r:5000/u/ml:1");
    assert_eq!(words(Engine::Nerdctl), nerdctl);
}

fn readable_keep_alive() -> String {
    line(&Command::new(KEEP_ALIVE))
}

#[test]
fn commands_run_in_new_and_in_running_containers() {
    let command = ["sh".into(), "-c".into(), "echo \"$1\"".into()];
    let how = Inner {
        user: Some("1000:100".into()),
        terminal: Terminal::Pipes,
        ..order(Engine::Docker).inner
    };
    assert_eq!(
        line(&exec(Engine::Docker, "id", &how, &command)),
        "docker exec --interactive --env TERM --env 'HOME=/h,x=$y' --workdir '/work dir' --user 1000:100 \
         id sh -c 'echo \"$1\"'"
    );
    assert_eq!(
        line(&run(&order(Engine::Podman), &command)),
        "podman run --rm --interactive --tty --security-opt label=disable \
         --mount 'type=bind,source=/work dir,target=/work dir' \
         --mount 'type=bind,\"source=/odd,\"\":x\",target=/mnt,readonly' \
         --mount type=tmpfs,target=/run/mlenv-1 --env TERM --env 'HOME=/h,x=$y' --workdir '/work dir' --entrypoint sh r:5000/u/ml:1 -c 'echo \"$1\"'"
    );
}

#[test]
fn the_rest_is_a_few_words_each() {
    assert_eq!(line(&start(Engine::Podman, "c")), "podman start c");
    assert_eq!(line(&remove(Engine::Podman, "c")), "podman rm --force --time 1 c");
    assert_eq!(line(&remove(Engine::Docker, "c")), "docker rm --force c");
    assert_eq!(line(&rename(Engine::Nerdctl, "c", "d")), "nerdctl rename c d");
    assert_eq!(line(&inspect(Engine::Podman, "c")), "podman container inspect c");
    assert_eq!(line(&inspect_image(Engine::Docker, OsStr::new("a:1"))), "docker image inspect a:1");
    assert_eq!(line(&pull(Engine::Nerdctl, OsStr::new("docker://a:1"))), "nerdctl pull a:1");
}

#[test]
fn nothing_is_privileged() {
    let identity = ContainerIdentity { name: "n", labels: Vec::new(), port: None, publish: &[] };
    for engine in [Engine::Podman, Engine::Docker, Engine::Nerdctl] {
        assert!(!line(&create(&order(engine), &identity)).contains("privileged"));
    }
}
