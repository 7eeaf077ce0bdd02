//! `image build --locked`: what was built before, whatever there is by now.

use std::path::Path;

use crate::image::freeze::registry;
use crate::image::written::Written;
use crate::kit::fakeregistry::Fake;
use crate::support::sandbox::{Run, Sandbox};
use crate::support::wheel;

pub(super) fn build(sandbox: &Sandbox, fake: &Fake, words: &[&str]) -> Run {
    let run = sandbox.mlenv(["image", "build", "course", "--base-image"]);
    let run = run.arg(fake.image("lab/app:v1")).args(words).var("PIP_NO_INDEX", "1");
    run.var("PIP_FIND_LINKS", sandbox.path("wheels")).var("MLENV_SITE", sandbox.path("no-site"))
}

/// What the image in a directory says of its packages.
pub(super) fn packages(dir: &Path) -> String {
    Written(dir.to_owned()).config()["config"]["Labels"]["mlenv.packages"]
        .as_str()
        .unwrap()
        .to_owned()
}

#[test]
fn what_was_built_is_written_down_and_built_again_just_so() {
    let sandbox = Sandbox::new();
    let (fake, _taken) = registry(201);
    wheel::build(&sandbox.path("wheels"), "more", "1.0");
    let text = |extra: &str| {
        format!(
            "channels: ['{}']\ndependencies:\n  - app\n  - pip:\n    - more\n{extra}",
            crate::kit::client::address()
        )
    };
    sandbox.write("course/environment.yml", text(""));
    let lock = sandbox.path("course/pylock.environment.toml");
    build(&sandbox, &fake, &["-o", "oci:none", "--locked"])
        .fails(1, "there is no lock ")
        .hints("without --locked writes it");
    let told = build(&sandbox, &fake, &["-o", "oci:first"]).ok();
    told.says("course/pylock.environment.toml: 3 packages; --locked builds just them");
    let written = std::fs::read_to_string(&lock).unwrap();
    assert!(written.contains("lab/app:v1@sha256:") && written.contains("#sha256:"), "{written}");
    // There is a newer one by now, which a build without the lock takes.
    wheel::build(&sandbox.path("wheels"), "more", "2.0");
    build(&sandbox, &fake, &["-o", "oci:again", "--locked"]).ok();
    assert!(packages(&sandbox.path("again")).contains("more==1.0\n"));
    assert_eq!(packages(&sandbox.path("again")), packages(&sandbox.path("first")));
    assert_eq!(std::fs::read_to_string(&lock).unwrap(), written);
    sandbox.write("course/environment.yml", text("    - click>=8\n"));
    build(&sandbox, &fake, &["-o", "oci:other", "--locked"])
        .fails(1, "environment.yml asks for something else than when ")
        .hints("leave --locked out once");
    assert!(!sandbox.path("other").exists());
    build(&sandbox, &fake, &["-o", "oci:newer"]).ok().says("--locked builds just them");
    assert!(packages(&sandbox.path("newer")).contains("more==2.0\n"));
    build(&sandbox, &fake, &["-o", "oci:same", "--locked"]).ok();
    let preset = ["image", "build", "--preset", "ml-base", "--locked", "-o", "oci:x"];
    sandbox.mlenv(preset).fails(2, "cannot be locked");
}
