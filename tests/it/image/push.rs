//! `image push`: an image that lies here as files, in a registry, without an engine.

use super::freeze::Frozen;

/// What a registry was sent, in order; that the base's layers are looked for is left out.
fn sent(frozen: &Frozen) -> Vec<String> {
    let taken = std::mem::take(&mut *frozen.taken.lock().unwrap());
    taken.into_iter().map(|(what, _)| what).collect()
}

#[test]
fn an_archive_and_a_directory_are_sent_with_the_base_mounted_and_the_manifest_last() {
    let frozen = Frozen::new(201);
    let made = frozen.freeze("env", &["-o", "a b.oci.tar"]).ok().out;
    frozen.freeze("env", &["-o", "oci:out"]).ok();
    let to = frozen.fake.image("me/ana:v3");
    for image in ["a b.oci.tar", "oci:out", "out"] {
        sent(&frozen);
        let run = frozen.sandbox.mlenv(["image", "push", image, &to, "--mount-from", "lab/app"]);
        let told = run.ok().says("there already 2 layers");
        assert_eq!(told.out, made);
        assert_eq!(
            sent(&frozen),
            ["POST mount", "POST mount", "PUT blob", "PUT blob", "PUT manifest"]
        );
    }
}

#[test]
fn a_base_that_cannot_be_mounted_is_sent_only_where_that_was_said() {
    let frozen = Frozen::new(202);
    frozen.freeze("env", &["-o", "a.oci.tar"]).ok();
    let to = frozen.fake.image("me/ana:v3");
    let push = |more: &[&str]| frozen.sandbox.mlenv(["image", "push", "a.oci.tar", &to]).args(more);
    sent(&frozen);
    push(&[])
        .fails(1, "2 layers of the base cannot be mounted from another registry")
        .hints("--copy-base copies them");
    assert!(sent(&frozen).is_empty());
    push(&["--mount-from", "lab/app"]).fails(1, "cannot be mounted from lab/app");
    assert!(!sent(&frozen).iter().any(|what| what.starts_with("PUT")));
    push(&["--copy-base"]).ok();
    assert_eq!(sent(&frozen), ["PUT blob", "PUT blob", "PUT blob", "PUT blob", "PUT manifest"]);
}

#[test]
fn what_is_no_image_or_a_damaged_one_is_told_and_nothing_is_sent() {
    let frozen = Frozen::new(201);
    frozen.freeze("env", &["-o", "oci:out"]).ok();
    let to = frozen.fake.image("me/ana:v3");
    let push = |image: &str| frozen.sandbox.mlenv(["image", "push", image, &to, "--copy-base"]);
    push("none.tar").fails(1, "there is no image at ");
    frozen.sandbox.write("text.tar", "no tar");
    push("text.tar").end().says("mlenv: ");
    push("env").fails(2, "holds no image in the OCI layout").hints("podman save");
    sent(&frozen);
    let blobs = frozen.sandbox.path("out/blobs/sha256");
    let mut largest: Vec<_> =
        blobs.read_dir().unwrap().map(|entry| entry.unwrap().path()).collect();
    largest.sort_by_key(|path| path.metadata().unwrap().len());
    let last = largest.last().unwrap();
    std::fs::write(last, "short").unwrap();
    push("out").fails(2, "the image lacks its part ");
    assert!(!sent(&frozen).contains(&"PUT manifest".to_owned()));
    std::fs::write(frozen.sandbox.path("out/index.json"), "{\"manifests\": []}").unwrap();
    push("out").fails(2, "holds several images");
}
