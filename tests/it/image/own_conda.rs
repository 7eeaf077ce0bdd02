//! `image build` on an image that has no conda: it gets one, from a channel that has a real Python.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::{Value, json};
use walkdir::WalkDir;

use super::again::published;
use super::layers::{Item::File, image_of, layer};
use super::locked::packages;
use crate::conda::channel::crafted_in;
use crate::kit::fakeregistry::{Fake, Store};
use crate::support::sandbox::{Run, Sandbox};
use crate::support::testbase::base;
use crate::support::wheel;

/// An image with a system's C library, as far as it tells its version, and nothing else.
fn bare(library: &str) -> Fake {
    let mut store = Store::default();
    let text = format!("\0GNU C Library (x) stable release version {library}.\n");
    let place = "lib/x86_64-linux-gnu/libc.so.6";
    image_of(&mut store, &[layer(&[File(place, 0o644, &text)])]);
    Fake::plain(move |request| store.answer(request))
}

/// The files below `dir` of the tests' base that `wanted` says yes to, where they go and where they are.
fn files(dir: &str, wanted: impl Fn(&Path) -> bool) -> BTreeMap<String, String> {
    let prefix = &base().prefix;
    let walk = WalkDir::new(prefix.join(dir)).into_iter().map(Result::unwrap);
    let files = walk.filter(|entry| entry.file_type().is_file());
    let all = files.map(|entry| entry.path().to_owned());
    let all = all.filter(|path| !path.components().any(|part| part.as_os_str() == "__pycache__"));
    let below = |path: &Path| path.strip_prefix(prefix).unwrap().to_str().unwrap().to_owned();
    all.filter(|path| wanted(path))
        .map(|path| (below(&path), path.to_str().unwrap().to_owned()))
        .collect()
}

/// A channel with a Python that runs, pip, and packages of one's own.
fn channel(sandbox: &Sandbox) -> String {
    let version = &base().version;
    let lib = format!("python{}", version.rsplit_once('.').unwrap().0);
    let site = format!("lib/{lib}/site-packages");
    let is_of_python = |path: &Path| !path.to_str().unwrap().contains("/site-packages/");
    let mut python = files(&format!("lib/{lib}"), is_of_python);
    python.extend(files("lib", |path| {
        path.file_name().unwrap().to_string_lossy().starts_with("libpython")
    }));
    python.extend(files("bin", |path| path.ends_with(&lib)));
    let pip = files(&site, |path| path.to_str().unwrap().contains("/site-packages/pip"));
    let links = ["python", "python3"].map(|name| json!([format!("bin/{name}"), "link", lib]));
    let greet = json!({"site-packages/greet.py": "def main():\n    print('hello')\n", "etc/greet.conf": "home = {prefix}/share\n"});
    let packages = json!([
        {"name": "python", "version": version, "copies": python, "tar": links},
        {"name": "pip", "depends": ["python"], "copies": pip},
        {"name": "greet", "noarch": "python", "depends": ["python"], "files": greet, "link": ["greet = greet:main"]},
        {"name": "modern", "depends": ["__glibc >=2.99"], "files": {"share/modern": ""}},
    ]);
    format!("file://{}", crafted_in(sandbox, "channel", &packages).display())
}

fn build(sandbox: &Sandbox, image: &Fake, words: &[&str]) -> Run {
    let run = sandbox.mlenv(["image", "build", "course", "--base-image"]);
    let run = run.arg(image.image("lab/app:v1")).args(words).var("PIP_NO_INDEX", "1");
    run.var("PIP_FIND_LINKS", sandbox.path("wheels")).var("MLENV_SITE", sandbox.path("no-site"))
}

fn names(sandbox: &Sandbox, dir: &str) -> (String, String) {
    let json =
        |path: &Path| -> Value { serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap() };
    let blob = |digest: &Value| {
        let hex = digest.as_str().unwrap().strip_prefix("sha256:").unwrap();
        sandbox.path(dir).join("blobs/sha256").join(hex)
    };
    let manifest = json(&sandbox.path(dir).join("index.json"))["manifests"][0]["digest"].clone();
    let layer = blob(&json(&blob(&manifest))["layers"][1]["digest"]);
    let list = sandbox.run("tar").arg("-tzf").arg(&layer).ok().out;
    (list, sandbox.run("tar").arg("-xzOf").arg(&layer).ok().out)
}

#[test]
fn an_image_without_conda_gets_one_that_envs_can_stand_on() {
    let sandbox = Sandbox::new();
    let image = bare("2.36");
    wheel::build(&sandbox.path("wheels"), "fresh", "1.0");
    let channel = channel(&sandbox);
    let text = |name: &str| {
        format!("channels: ['{channel}']\ndependencies:\n  - {name}\n  - pip:\n    - fresh\n")
    };
    sandbox.write("course/environment.yml", text("greet"));
    let first = build(&sandbox, &image, &["-o", "oci:out"]).ok();
    let first = first
        .says("the image has no conda: it gets one at /opt/conda")
        .says("will add: greet 1.0, pip");
    let (list, text_of_all) = names(&sandbox, "out");
    for name in [
        "opt/conda/conda-meta/history\n",
        "opt/conda/bin/greet\n",
        "mlenv/envs/course/pyvenv.cfg\n",
        "site-packages/fresh/__init__.py\n",
    ] {
        assert!(list.contains(name), "{name}: {list}");
    }
    assert!(text_of_all.contains("home = /opt/conda/share\n"));
    let named = text_of_all.find(sandbox.root().to_str().unwrap());
    let around = named.map(|at| {
        String::from_utf8_lossy(&text_of_all.as_bytes()[at.saturating_sub(200)..at + 200])
    });
    assert_eq!(around, None, "nothing names this machine");
    assert_eq!(build(&sandbox, &image, &["-o", "oci:again"]).ok().out, first.out);
    assert_eq!(std::fs::read_dir(sandbox.path("home/.cache/mlenv/made")).unwrap().count(), 0);
    let published = published(&sandbox.path("out"));
    let reference = published.image("me/course:v1");
    sandbox.mlenv(["image", "deploy"]).args([&reference, "images"]).ok();
    let place = sandbox.path("images").join(&reference);
    sandbox.mlenv(["create", "-q", "--no-save", "-p", "mine", "--base"]).arg(&place).ok();
    let line = "import greet, sys; greet.main(); print(sys.version_info[:2])";
    let told = sandbox.run(sandbox.path("mine/bin/python")).args(["-c", line]).ok().out;
    assert!(told.starts_with("hello\n(3, "), "{told}");
    // An env on it is a layer on it: what it was made on has no conda.
    sandbox.mlenv(["image", "freeze", "mine", "-o", "oci:above"]).ok();
    let count = |dir: &str| sandbox.path(dir).join("blobs/sha256").read_dir().unwrap().count();
    assert_eq!(count("above"), count("out") + 1);
}

#[test]
fn what_cannot_run_in_the_image_is_refused_before_anything_is_made() {
    let sandbox = Sandbox::new();
    let channel = channel(&sandbox);
    sandbox.write(
        "course/environment.yml",
        format!("channels: ['{channel}']\ndependencies: [modern]\n"),
    );
    let words = ["-o", "oci:out"];
    build(&sandbox, &bare("2.17"), &words).fails(1, "__glibc");
    let image = bare("2.99");
    build(&sandbox, &image, &words).ok();
    // As it was written down.
    let locked = build(&sandbox, &image, &["-o", "oci:again", "--locked"]);
    locked.ok().says("will add: modern 1.0, python ");
    assert_eq!(packages(&sandbox.path("again")), packages(&sandbox.path("out")));
    let mut store = Store::default();
    image_of(&mut store, &[layer(&[File("lib/ld-musl-x86_64.so.1", 0o755, "")])]);
    let image = Fake::plain(move |request| store.answer(request));
    let words = ["-o", "oci:other"];
    build(&sandbox, &image, &words).fails(1, "the image has no glibc").hints("debian");
    let mut store = Store::default();
    let taken = [File("opt/conda/x", 0o644, ""), File("lib64/libc.so.6", 0o644, "")];
    image_of(&mut store, &[layer(&taken)]);
    let image = Fake::plain(move |request| store.answer(request));
    build(&sandbox, &image, &words).fails(1, "something else at /opt/conda");
    assert!(!sandbox.path("other").exists());
}
