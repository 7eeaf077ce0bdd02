//! `image unpack` and `image deploy`: images as directories, from layers that may be anything.

use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use serde_json::json;
use tar::{Builder, EntryType, Header};

use crate::kit::fakeregistry::{Fake, Store, digest};
use crate::support::sandbox::Sandbox;
use crate::support::testbase::base;
use crate::support::tree;

/// An entry of a layer.
#[derive(Clone, Copy)]
pub(super) enum Item<'a> {
    Dir(&'a str, u32),
    File(&'a str, u32, &'a str),
    Link(&'a str, &'a str),
    Hard(&'a str, &'a str),
    Device(&'a str),
}
use Item::{Device, Dir, File, Hard, Link};

/// A layer's tar. Names go in as they are, which `tar` itself would refuse.
pub(super) fn layer(items: &[Item]) -> Vec<u8> {
    let mut tar = Builder::new(Vec::new());
    for item in items {
        let mut header = Header::new_gnu();
        header.set_mtime(1_600_000_000);
        header.set_size(0);
        let (name, kind, mode, target, text) = match *item {
            Dir(name, mode) => (name, EntryType::Directory, mode, "", ""),
            File(name, mode, text) => (name, EntryType::Regular, mode, "", text),
            Link(name, target) => (name, EntryType::Symlink, 0o777, target, ""),
            Hard(name, target) => (name, EntryType::Link, 0o644, target, ""),
            Device(name) => (name, EntryType::Char, 0o666, "", ""),
        };
        header.as_gnu_mut().unwrap().name[..name.len()].copy_from_slice(name.as_bytes());
        header.as_gnu_mut().unwrap().linkname[..target.len()].copy_from_slice(target.as_bytes());
        header.set_entry_type(kind);
        header.set_mode(mode);
        header.set_size(text.len() as u64);
        header.set_cksum();
        tar.append(&header, text.as_bytes()).unwrap();
    }
    tar.into_inner().unwrap()
}

/// A layer with one file.
pub(super) fn layer_of(name: &str, text: &str) -> Vec<u8> {
    layer(&[File(name, 0o644, text)])
}

/// An image of these layers behind the tag `v1`, each packed in another way.
pub(super) fn image_of(store: &mut Store, layers: &[Vec<u8>]) {
    let mut descriptors = Vec::new();
    for (at, layer) in layers.iter().enumerate() {
        let packed = match at % 3 {
            0 => {
                let level = flate2::Compression::fast();
                let mut gzip = flate2::write::GzEncoder::new(Vec::new(), level);
                std::io::Write::write_all(&mut gzip, layer).unwrap();
                gzip.finish().unwrap()
            }
            1 => zstd::encode_all(&layer[..], 1).unwrap(),
            _ => layer.clone(),
        };
        let size = packed.len();
        descriptors.push(json!({"mediaType": "x", "digest": store.put("x", packed), "size": size}));
    }
    let diffs: Vec<String> = layers.iter().map(digest).collect();
    let config = json!({
        "os": "linux", "architecture": "amd64", "rootfs": {"type": "layers", "diff_ids": diffs},
        "config": {"Env": ["PATH=/opt/conda/bin:/usr/bin", "A=it's $x"], "Cmd": ["/bin/sh", "-l"]},
    });
    let text = config.to_string();
    let kind = "application/vnd.oci.image.config.v1+json";
    let config = store.put(kind, &text);
    let manifest = json!({
        "schemaVersion": 2, "layers": descriptors,
        "config": {"mediaType": kind, "digest": config, "size": text.len()},
    });
    let manifest = store.put("application/vnd.oci.image.manifest.v1+json", manifest.to_string());
    store.tag("v1", &manifest);
}

fn serve(layers: &[Vec<u8>]) -> Fake {
    let mut store = Store::default();
    image_of(&mut store, layers);
    Fake::plain(move |request| store.answer(request))
}

fn names(dir: &Path) -> Vec<PathBuf> {
    let mut names = tree::names(dir);
    names.retain(|name| !name.starts_with(".singularity.d"));
    names.sort();
    names
}

#[test]
fn layers_lie_on_each_other_as_in_a_container() {
    let lower = layer(&[
        Dir("opt/", 0o555),
        File("opt/kept", 0o4755, "kept"),
        File("opt/gone", 0o644, "gone"),
        Dir("opt/emptied/", 0o755),
        File("opt/emptied/old", 0o600, "old"),
        Link("data", "/opt"),
        Device("dev"),
    ]);
    let middle = layer(&[
        File("opt/.wh.gone", 0o644, ""),
        File("opt/emptied/new", 0o644, "new"),
        File("opt/emptied/.wh..wh..opq", 0o644, ""),
        File("data/through", 0o644, "a link of the image leads inside of it"),
        Hard("opt/twin", "opt/kept"),
    ]);
    let upper = layer(&[File("opt/kept", 0o644, "newer"), Dir("./opt/deep/er/", 0o700)]);
    let (sandbox, fake) = (Sandbox::new(), serve(&[lower, middle, upper]));
    let run = sandbox.mlenv(["image", "unpack"]).arg(fake.image("lab/app:v1")).arg("out dir");
    run.ok().says("unpacked ").says("left out: 1 device");
    let out = sandbox.path("out dir");
    let expected = [
        "data",
        "opt",
        "opt/deep",
        "opt/deep/er",
        "opt/emptied",
        "opt/emptied/new",
        "opt/kept",
        "opt/through",
        "opt/twin",
    ];
    assert_eq!(names(&out), expected.map(PathBuf::from));
    let read = |name: &str| std::fs::read_to_string(out.join(name)).unwrap();
    assert_eq!((read("opt/kept"), read("opt/twin")), ("newer".to_owned(), "kept".to_owned()));
    let mode = |name: &str| out.join(name).symlink_metadata().unwrap().permissions().mode();
    assert_eq!(mode("opt/twin") & 0o7777, 0o755, "no program acts for another user");
    assert_eq!(mode("opt") & 0o7777, 0o755, "its owner may remove it again");
    assert_eq!(out.join("opt/through").metadata().unwrap().mtime(), 1_600_000_000);
    let env = read(".singularity.d/env/10-docker2singularity.sh");
    assert!(env.contains("export A='it'\\''s $x'\n"), "{env}");
    // Once more: what is there is not touched.
    run.fails(1, "it is not empty").hints("not there yet");
    sandbox
        .mlenv(["image", "unpack"])
        .arg(fake.image("lab/app:v1"))
        .args(["--tar", "all.tar"])
        .ok();
    let listed = sandbox.run("tar").args(["-tf", "all.tar"]).ok().out;
    assert!(listed.contains("opt/deep/er") && listed.contains("opt/twin\n"), "{listed}");
    assert!(!listed.contains("mlenv") && !listed.contains("gone"), "{listed}");
}

#[test]
fn nothing_of_a_layer_gets_out() {
    let outside = Sandbox::new();
    let far = outside.path("far");
    std::fs::create_dir(&far).unwrap();
    let (far, up) = (far.to_str().unwrap(), "../../../../../../../../../../..".to_owned());
    let to_far = format!("{up}{far}");
    for items in [
        &[File("../x", 0o644, "out")][..],
        &[File("a/../../x", 0o644, "out")],
        &[Hard("x", "../../../../etc/passwd")],
    ] {
        let (sandbox, fake) = (Sandbox::new(), serve(&[layer(items)]));
        let run = sandbox.mlenv(["image", "unpack"]).arg(fake.image("lab/app:v1")).arg("out");
        run.fails(2, "leads out of it").hints("build it anew");
        assert!(!sandbox.path("out").exists());
    }
    for items in [
        &[Link("l", far), File("l/x", 0o644, "in")][..],
        &[Link("l", &to_far), File("l/x", 0o644, "in")],
        &[Link("a", "b"), Link("b", far), File("a/c/x", 0o644, "in")],
        &[Dir("d/", 0o755), Link("d/l", "../.."), File("d/l/d/x", 0o644, "in")],
        &[Link("x", far), File("x", 0o644, "in the place of the link")],
        &[Link("l", far), File("l/.wh..wh..opq", 0o644, "")],
    ] {
        let (sandbox, fake) = (Sandbox::new(), serve(&[layer(items)]));
        std::fs::write(outside.path("far/mine"), "mine").unwrap();
        sandbox.mlenv(["image", "unpack"]).arg(fake.image("lab/app:v1")).arg("out").ok();
        assert_eq!(names(Path::new(far)), [PathBuf::from("mine")]);
    }
    let loops = [Link("a", "b"), Link("b", "a"), File("a/x", 0o644, "")];
    let (sandbox, fake) = (Sandbox::new(), serve(&[layer(&loops)]));
    let run = sandbox.mlenv(["image", "unpack"]).arg(fake.image("lab/app:v1")).arg("out");
    run.fails(2, "too many links");
    assert!(!sandbox.path("out").exists());
    let litter: Vec<_> = sandbox.root().read_dir().unwrap().flatten().collect();
    assert!(
        litter.iter().all(|it| !it.file_name().to_string_lossy().contains(".mlenv")),
        "{litter:?}"
    );
}

#[test]
fn what_is_not_what_its_digest_says_is_not_unpacked() {
    let good = layer(&[File("a", 0o644, "a")]);
    let mut store = Store::default();
    image_of(&mut store, std::slice::from_ref(&good));
    let fake = Fake::plain(move |request| {
        let mut reply = store.answer(request);
        if request.method == "GET" && reply.body.starts_with(&[0x1f, 0x8b]) {
            let last = reply.body.len() - 1;
            reply.body[last] ^= 1;
        }
        reply
    });
    let sandbox = Sandbox::new();
    let run = sandbox.mlenv(["image", "unpack"]).arg(fake.image("lab/app:v1")).arg("out");
    run.fails(2, "layer").hints("try again");
    assert!(!sandbox.path("out").exists());
}

/// An image with the test's base in it, and one more file.
pub(super) fn with_base(text: &str) -> Vec<Vec<u8>> {
    let mut tar = std::process::Command::new("tar");
    tar.args(["-cf", "-", "--transform=flags=rh;s,^[.],opt/conda,", "-C"]);
    let packed = tar.arg(&base().prefix).arg(".").output().unwrap(); // it warns of a socket
    vec![packed.stdout, layer(&[File("note", 0o600, text)])]
}

#[test]
fn an_image_is_deployed_by_digest_and_its_tag_moves_back_and_forth() {
    let sandbox = Sandbox::new();
    let fakes = [serve(&with_base("one")), serve(&with_base("two"))];
    // Two registries cannot have one address: the second image is deployed as the first one's tag by a catalogue.
    let deploy = |fake: &Fake, words: &[&str]| {
        sandbox.mlenv(["image", "deploy"]).arg(fake.image("lab/app:v1")).arg("images").args(words)
    };
    deploy(&fakes[0], &[]).ok().says("unpacked into ").says("- 'https://");
    let link = sandbox.path("images").join(fakes[0].address.to_string()).join("lab/app:v1");
    let first = std::fs::read_link(&link).unwrap();
    assert!(first.is_relative() && first.to_str().unwrap().contains("../.flat/"), "{first:?}");
    let note = link.join("note");
    assert_eq!(std::fs::read_to_string(&note).unwrap(), "one");
    assert_eq!(note.metadata().unwrap().permissions().mode() & 0o777, 0o644, "others may read it");
    assert!(link.join("opt/conda/mlenv-standard.tar.zst").is_file(), "the index is made");
    deploy(&fakes[0], &["--wishlist", "list.yaml"]).ok().says("was there already as ");
    let list = std::fs::read_to_string(sandbox.path("list.yaml")).unwrap();
    assert!(list.contains("lab/app:v1'\n"), "{list}");
    sandbox.mlenv(["create", "-q", "-p", "env", "--base"]).arg(&link).ok();
    sandbox.run(sandbox.path("env/bin/python")).args(["-c", "import six"]).ok();
    deploy(&fakes[0], &["--undo"]).fails(1, "nothing is known of what ");
    // The tag means another image by now.
    let other = sandbox.path("images").join(fakes[1].address.to_string()).join("lab/app:v1");
    deploy(&fakes[1], &[]).ok();
    let second = std::fs::read_link(&other).unwrap();
    assert_ne!(first, second);
    std::fs::remove_file(&other).unwrap();
    std::os::unix::fs::symlink(&first, &other).unwrap();
    deploy(&fakes[1], &[]).ok();
    assert_eq!(std::fs::read_link(&other).unwrap(), second);
    deploy(&fakes[1], &["--undo"]).ok().says(" again");
    assert_eq!(std::fs::read_link(&other).unwrap(), first);
    deploy(&fakes[1], &["--undo"]).ok();
    assert_eq!(std::fs::read_link(&other).unwrap(), second);
    // Nothing that a tag means, or meant before, goes; what an env stands on goes only with force.
    deploy(&fakes[1], &["--prune", "0", "--older", "0"]).ok();
    assert!(link.join("note").is_file());
    std::fs::remove_file(&link).unwrap();
    std::fs::remove_file(other.with_file_name(".app:v1.before")).unwrap();
    let told = deploy(&fakes[1], &["--prune", "0", "--older", "0"]).ok();
    told.says("stays: ").says("/env stands on it");
    deploy(&fakes[1], &["--prune", "0", "--older", "0", "--force"]).ok().says("removed ");
    assert!(!sandbox.path("images").join(first.strip_prefix("../..").unwrap()).exists());
}

#[test]
fn a_new_version_has_what_is_the_same_only_once_and_nothing_of_what_is_outside() {
    let sandbox = Sandbox::new();
    let outside = sandbox.write("outside/mine", "mine");
    let far = outside.parent().unwrap().to_str().unwrap();
    let version = |mode, text| {
        [
            File("opt/same", 0o644, "the same"),
            File("opt/mode", mode, "m"),
            File("opt/new", 0o644, text),
        ]
    };
    let first = [&version(0o644, "one")[..], &[Link("l", far)]].concat();
    let second = [&version(0o755, "two")[..], &[File("l/mine", 0o644, "mine")]].concat();
    let stores = [&first, &second].map(|items| {
        let mut store = Store::default();
        image_of(&mut store, &[layer(items)]);
        store
    });
    let [first, second] = stores;
    let now = Arc::new(Mutex::new(first));
    let served = Arc::clone(&now);
    let fake = Fake::plain(move |request| served.lock().unwrap().answer(request));
    let deploy =
        || sandbox.mlenv(["image", "deploy"]).arg(fake.image("lab/app:v1")).arg("images").ok();
    let link = sandbox.path("images").join(fake.address.to_string()).join("lab/app:v1");
    let told = deploy();
    assert!(!told.err.contains("of the image before"), "{told}");
    let old = link.canonicalize().unwrap();
    *now.lock().unwrap() = second;
    let told = deploy().says(" of the image before, as a ");
    let new = link.canonicalize().unwrap();
    assert_ne!(old, new);
    let read = |dir: &Path, name: &str| std::fs::read_to_string(dir.join(name)).unwrap();
    let node = |dir: &Path, name: &str| dir.join(name).metadata().unwrap().ino();
    let is_one = |name: &str| node(&old, name) == node(&new, name);
    assert_eq!(is_one("opt/same"), told.err.contains("hard link"), "{told}");
    assert!(!is_one("opt/mode") && !is_one("opt/new"));
    assert_eq!((read(&old, "opt/new"), read(&new, "opt/new")), ("one".into(), "two".into()));
    let mode = |dir: &Path| dir.join("opt/mode").metadata().unwrap().mode() & 0o777;
    assert_eq!((mode(&old), mode(&new)), (0o644, 0o755));
    // The old image has a link there that leads out of it.
    assert_ne!(outside.metadata().unwrap().ino(), node(&new, "l/mine"));
    assert_eq!(names(&new).len(), 6);
}
