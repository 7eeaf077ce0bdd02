//! The catalogue of images from outside: what `image list` shows, and envs on images by their names.

use std::path::Path;

use crate::kit::forge::hollow_base;
use crate::support::sandbox::Sandbox;
use crate::support::testbase::base;

/// A sandbox whose user knows these images, each with its directory in the sandbox.
fn knowing(images: &[(&str, &str)]) -> Sandbox {
    let sandbox = Sandbox::new();
    let entry = |(name, dir): &(&str, &str)| {
        let dir = sandbox.path(dir);
        format!("[[image]]\nname = '{name}'\ndirectories = ['/not/there', '{}']\n", dir.display())
    };
    let text: String = images.iter().map(entry).collect();
    sandbox.write("home/.config/mlenv/images.toml", text);
    sandbox
}

fn image(sandbox: &Sandbox, dir: &str) {
    hollow_base(&sandbox.path(dir).join("opt/conda"));
}

#[test]
fn the_published_images_are_known_without_any_file() {
    let sandbox = Sandbox::new();
    let told = sandbox.mlenv(["image", "list"]).ok();
    assert_eq!(told.out.lines().count(), 10, "{told}");
    let (first, last) = (told.out.lines().nth(1).unwrap(), told.out.lines().last().unwrap());
    assert!(first.starts_with("  ml-base:alma9-python39 "), "39 comes before 311: {told}");
    assert!(first.contains("  docker.io/yesw2000/ml-base:alma9-python39  "), "{told}");
    assert!(last.starts_with("  ml-torch-gpu:alma9-python311"), "{told}");
    let names = |pattern: &str| {
        let told = sandbox.mlenv(["image", "list", "--json", pattern]).ok().json();
        let names = told.as_array().unwrap().iter();
        names.map(|image| image["name"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(names("ml-base"), ["ml-base:alma9-python39", "ml-base:alma9-python311"]);
    assert_eq!(names("*-gpu:*39"), ["ml-tensorflow-gpu:alma9-python39"]);
    sandbox
        .mlenv(["image", "list", "ml-bsae"])
        .fails(1, "no image of the catalogue is called ml-bsae")
        .hints("did you mean ml-base:");
}

#[test]
fn an_image_that_is_here_as_a_directory_can_be_named_as_a_base() {
    let sandbox = knowing(&[("lab:v1.9", "images/lab 1.9"), ("lab:v1.10", "images/lab 1.10")]);
    image(&sandbox, "images/lab 1.10");
    let listed = sandbox.mlenv(["image", "list", "--json", "lab:v1.10"]).ok().json();
    assert_eq!(listed[0]["here"], sandbox.path("images/lab 1.10").to_str().unwrap());
    let create =
        |base: &str| sandbox.mlenv(["create", "-q", "--no-save", "-p", "e", "--base", base]);
    create("lab:*").ok();
    let record = sandbox.mlenv(["info", "--json", "e"]).ok().json()["record"].clone();
    assert_eq!(record["base"]["name"], "lab:v1.10");
    let prefix = sandbox.path("images/lab 1.10/opt/conda");
    assert_eq!(record["base"]["path"], prefix.to_str().unwrap());
    sandbox.mlenv(["remove", "-q", "e"]).ok();
    create("lab").fails(2, "lab means several images: lab:v1.9, lab:v1.10").hints("`lab:*`");
    create("lab:v1.9").fails(1, "the image lab:v1.9 is not here").hints("/not/there");
    create("lba").fails(1, "no known base").hints("did you mean lab:v1.10");
    assert!(!sandbox.path("e").exists());
}

#[test]
fn a_known_base_and_a_directory_come_before_an_image_of_the_same_name() {
    let sandbox = knowing(&[("ml", "image")]);
    image(&sandbox, "image");
    let known = hollow_base(&sandbox.path("base"));
    let of = |name: &str| {
        sandbox.mlenv(["base", "info", "--json", name]).ok().json()["path"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    assert_eq!(Path::new(&of("ml")), sandbox.path("image/opt/conda"));
    hollow_base(&sandbox.path("ml"));
    assert_eq!(Path::new(&of("ml")), sandbox.path("ml"));
    sandbox.mlenv(["base", "add", "--name", "ml"]).arg(&known).ok();
    assert_eq!(Path::new(&of("ml")), known);
}

#[test]
fn an_image_and_a_known_base_are_activated_by_their_names() {
    let sandbox = knowing(&[("ml:v1", "image"), ("far:v1", "nowhere")]);
    image(&sandbox, "image");
    let known = hollow_base(&sandbox.path("base"));
    sandbox.mlenv(["base", "add", "--name", "known"]).arg(&known).ok();
    let activate = |name: &str| sandbox.mlenv(["activate", "--shell", "bash", name]);
    for (name, bin) in [("ml", sandbox.path("image/opt/conda/bin")), ("known", known.join("bin"))] {
        let told = activate(name).ok();
        assert!(told.out.contains(bin.to_str().unwrap()), "{told}");
    }
    activate("far").fails(1, "the image far:v1 is not here as a directory");
    activate("nothing").fails(1, "there is no env called `nothing`");
}

#[test]
fn an_env_finds_its_image_again_under_the_catalogues_other_place() {
    let sandbox = knowing(&[("ml:v1", "new place")]);
    base().twin(&sandbox.path("old place/opt/conda"));
    let text =
        |dir: &Path| format!("[[image]]\nname = 'ml:v1'\ndirectories = ['{}']\n", dir.display());
    let user = sandbox.path("home/.config/mlenv/images.toml");
    let later = std::fs::read(&user).unwrap();
    std::fs::write(&user, text(&sandbox.path("old place"))).unwrap();
    sandbox.mlenv(["create", "-q", "--no-save", "-p", "e", "--base", "ml"]).ok();
    std::fs::rename(sandbox.path("old place"), sandbox.path("new place")).unwrap();
    std::fs::write(&user, later).unwrap();
    sandbox.mlenv(["doctor", "--fix", "e"]).ok();
    let link = std::fs::read_link(sandbox.path("e/baseEnv_dir")).unwrap();
    assert!(
        link.starts_with(sandbox.path("new place").canonicalize().unwrap()),
        "{}",
        link.display()
    );
}

#[test]
fn what_a_catalogue_says_wrong_is_a_warning_and_never_reaches_the_terminal_raw() {
    let sandbox = Sandbox::new();
    let text = "\"odd\\u001b[31m\" = 1\n[[image]]\nname = 'a'\nabout = \"red\\u001b[31m\\nline\"\nreference = 'ghcr.io/a/b:c'\n[[image]]\nname = \"b\\u001b[31m\"\nreference = 'x'\n";
    sandbox.write("site/images.toml", text);
    let told = sandbox.mlenv(["image", "list", "a"]).ok();
    assert!(told.err.contains(r"unknown key `odd\u{1b}[31m`"), "{told}");
    assert!(told.err.contains(r"image b\u{1b}[31m is left out"), "{told}");
    assert!(told.out.contains(r"red\u{1b}[31m\u{a}line"), "{told}");
    assert!(!told.out.contains('\x1b') && !told.err.contains('\x1b'), "{told}");
    sandbox.write("site/images.toml", "[[image]\n");
    sandbox.mlenv(["image", "list"]).fails(2, "could not understand").hints("mend that line");
}
