//! The index: the same bytes for the same base, readable by any tar, used only while it fits.

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use crate::env::layouts::ENTRIES;
use crate::kit::forge::{self, Entry, hollow_base};
use crate::support::machine;
use crate::support::sandbox::Sandbox;
use crate::support::testbase::base;
use crate::support::tree;

fn index(sandbox: &Sandbox, base: &Path, to: &str) -> Vec<u8> {
    sandbox.mlenv(["base", "index", "-q", "-o", to]).arg(base).ok();
    std::fs::read(sandbox.path(to)).unwrap()
}

#[test]
fn the_same_base_gives_the_same_bytes_wherever_it_is() {
    let sandbox = Sandbox::new();
    let first = index(&sandbox, &base().prefix, "one");
    assert!(first == index(&sandbox, &base().prefix, "two"), "two runs differ");
    let twin = base().twin(&sandbox.path("ml-base:alma9/opt/conda"));
    assert!(first == index(&sandbox, &twin, "three"), "a copy's index differs");
    assert!(
        first == index(&sandbox, &sandbox.path("ml-base:alma9"), "four"),
        "the image's index differs"
    );
}

/// Kind and runnability, and a link's text; of files only that they are there, since interpreter lines differ.
fn outline(root: &Path) -> BTreeMap<PathBuf, String> {
    use std::os::unix::fs::PermissionsExt;
    let describe = |path: &Path| {
        let meta = root.join(path).symlink_metadata().unwrap();
        let program = meta.is_file() && meta.permissions().mode() & 0o100 != 0;
        format!("{:?} {program} {:?}", meta.file_type(), std::fs::read_link(root.join(path)).ok())
    };
    tree::names(root).into_iter().map(|path| (path.clone(), describe(&path))).collect()
}

#[test]
fn any_tar_unpacks_the_index_to_the_tree_that_create_makes() {
    if !machine::has("zstd") || !machine::has("tar") {
        return;
    }
    let sandbox = Sandbox::new();
    for layout in ["standard", "full"] {
        let bytes = sandbox.path("index.tar.zst");
        sandbox
            .mlenv(["base", "index", "--layout", layout, "-o"])
            .arg(&bytes)
            .arg(&base().prefix)
            .ok();
        let (plain, env) = (sandbox.path(format!("tar-{layout}")), sandbox.path(layout));
        std::fs::create_dir(&plain).unwrap();
        sandbox.run("tar").args(["--zstd", "-xf"]).arg(&bytes).arg("-C").arg(&plain).ok();
        sandbox
            .mlenv(["create", "--layout", layout, "-p"])
            .arg(&env)
            .arg("--base")
            .arg(&base().prefix)
            .ok();

        let (mut theirs, mut ours) = (outline(&plain), outline(&env));
        // An index knows of no place: its links to the interpreter go through `baseEnv_dir`.
        for name in ["python", "python3", &base().python].map(|name| Path::new("bin").join(name)) {
            assert!(theirs.remove(&name).is_some() && ours.remove(&name).is_some());
        }
        // A kernel of the base is a file in an env, whatever an index has.
        let kernel = Path::new("share/jupyter/kernels/greet/kernel.json");
        assert!(theirs.remove(kernel).is_some() && ours.remove(kernel).is_some());
        for own in [".gitignore", "baseEnv_dir", "mlenv.toml", "pip.conf", "pyvenv.cfg"]
            .into_iter()
            .chain(ENTRIES)
        {
            assert!(ours.remove(Path::new(own)).is_some(), "{own}");
        }
        // The place for the user's packages is made by `create`, which knows the interpreter.
        let lib = Path::new("lib").join(&base().python);
        ours.retain(|path, _| !path.starts_with(&lib));
        tree::assert_same(&theirs, &ours, layout);
    }
}

#[test]
fn scripts_of_an_index_unpacked_by_tar_run_the_interpreter_beside_them() {
    if !machine::has("zstd") {
        return;
    }
    let sandbox = Sandbox::new();
    index(&sandbox, &base().prefix, "index.tar.zst");
    let env = sandbox.path("by hand");
    std::fs::create_dir(&env).unwrap();
    sandbox.run("tar").args(["--zstd", "-xf", "index.tar.zst", "-C"]).arg(&env).ok();
    std::os::unix::fs::symlink(&base().prefix, env.join("baseEnv_dir")).unwrap();
    std::fs::create_dir_all(env.join(base().site())).unwrap();
    std::fs::write(
        env.join("pyvenv.cfg"),
        format!("home = {}/bin\ninclude-system-site-packages = true\n", base().prefix.display()),
    )
    .unwrap();
    for name in ["absolute", "envpython", "longpath"] {
        let told = sandbox.run(env.join("bin").join(name)).arg("x").ok();
        assert_eq!(told.out, format!("{}\n['x']\n", env.display()), "{name}");
    }
}

#[test]
fn an_env_from_an_index_is_the_env_from_a_walk() {
    let sandbox = Sandbox::new();
    let twin = base().twin(&sandbox.path("base"));
    let shape = |name: &str, option: Option<&str>| {
        let run = sandbox.mlenv(["create", "-p", "e", "--base"]).arg(&twin).args(option);
        let told = run.ok();
        let mut shape = tree::shape(&sandbox.path("e"));
        shape.remove(Path::new("mlenv.toml"));
        sandbox.mlenv(["remove", "-q", "e"]).ok();
        assert!(!told.err.contains("not used"), "{name}: {told}");
        shape
    };
    let walked = shape("a walk", None);
    tree::assert_same(&walked, &shape("the cache", None), "an env from the cache");
    sandbox.mlenv(["base", "index", "-q"]).arg(&twin).ok();
    tree::assert_same(&walked, &shape("the base's index", None), "an env from the base's index");
    tree::assert_same(&walked, &shape("a new look", Some("--reindex")), "an env from a new look");
}

#[test]
fn an_index_that_is_older_than_the_base_is_passed_over_with_a_word() {
    let sandbox = Sandbox::new();
    let twin = base().twin(&sandbox.path("base"));
    sandbox.mlenv(["base", "index", "-q"]).arg(&twin).ok();
    std::fs::write(twin.join("etc/new.conf"), "").unwrap();
    std::fs::write(twin.join("conda-meta/new-1.0-0.json"), "{\"files\": [\"etc/new.conf\"]}")
        .unwrap();
    let told = sandbox.mlenv(["create", "-p", "e", "--base"]).arg(&twin).ok();
    told.says("is older than the base and was not used");
    assert!(sandbox.path("e/etc/new.conf").exists());
    sandbox.mlenv(["base", "index", "-q"]).arg(&twin).ok();
    let told = sandbox.mlenv(["create", "-p", "e2", "--base"]).arg(&twin).ok();
    assert!(!told.err.contains("older"), "{told}");
}

#[test]
fn a_broken_index_of_the_base_is_an_error_that_reindex_gets_around() {
    let sandbox = Sandbox::new();
    let twin = base().twin(&sandbox.path("base"));
    std::fs::write(twin.join("mlenv-standard.tar.zst"), "not an index").unwrap();
    sandbox
        .mlenv(["create", "-p", "e", "--base"])
        .arg(&twin)
        .fails(2, "it is damaged")
        .hints("--reindex");
    sandbox.mlenv(["create", "--reindex", "-p", "e", "--base"]).arg(&twin).ok();
    assert!(sandbox.path("e/etc/tools.conf").exists());
}

#[test]
fn a_broken_index_in_the_users_cache_is_made_anew() {
    let sandbox = Sandbox::new();
    sandbox.env("one", &base().prefix);
    let indexes = sandbox.path("home/.cache/mlenv/indexes");
    let kept = std::fs::read_dir(&indexes).unwrap().next().unwrap().unwrap().path();
    let good = std::fs::read(&kept).unwrap();
    for broken in [&b"rubbish"[..], b"", &good[..good.len() / 2]] {
        std::fs::write(&kept, broken).unwrap();
        let env = sandbox.env("two", &base().prefix);
        assert!(env.join("etc/tools.conf").exists());
        assert!(std::fs::read(&kept).unwrap() == good, "the index was not renewed");
        sandbox.mlenv(["remove", "-q", "two"]).ok();
    }
}

#[test]
fn bases_that_have_nothing_to_index_say_so() {
    let sandbox = Sandbox::new();
    sandbox
        .mlenv(["base", "index", "--layout", "sparse"])
        .arg(&base().prefix)
        .fails(1, "nothing that an index could hold");
    if Path::new("/usr/bin/python3").exists() {
        sandbox
            .mlenv(["base", "index", "/usr"])
            .fails(1, "nothing that an index could hold")
            .hints("fast without one");
    } else {
        machine::lacks("a Python in /usr");
    }
}

#[test]
fn an_index_that_cannot_be_kept_does_not_stop_the_work() {
    let sandbox = Sandbox::new();
    sandbox.write("home/.cache", "a file where a directory should be");
    let told = sandbox.mlenv(["create", "-p", "e", "--base"]).arg(&base().prefix).ok();
    told.says("warning: the index could not be kept");
    sandbox.run(sandbox.path("e/bin/python")).args(["-c", "import click"]).ok();
}

/// Indexes of earlier versions hold links to the base's helpers outside of `bin`.
#[test]
fn helpers_that_an_older_index_links_are_files_that_start_the_envs_python() {
    let sandbox = Sandbox::new();
    let base = hollow_base(&sandbox.path("base"));
    std::fs::create_dir(base.join("sbin")).unwrap();
    let helper = base.join("sbin/helper");
    std::fs::write(&helper, format!("#!{}/bin/python3.11\n", base.display())).unwrap();
    std::fs::set_permissions(&helper, PermissionsExt::from_mode(0o755)).unwrap();
    std::fs::write(base.join("conda-meta/h-1-0.json"), r#"{"files": ["sbin/helper"]}"#).unwrap();
    let entries = [Entry::dir("sbin/"), Entry::link("sbin/helper", "../baseEnv_dir/sbin/helper")];
    let bytes = forge::index(&forge::tar(&entries), &forge::state(&sandbox, &base));
    std::fs::write(base.join("mlenv-standard.tar.zst"), bytes).unwrap();
    let env = sandbox.env("env", &base);
    let text = std::fs::read_to_string(env.join("sbin/helper")).unwrap();
    assert!(text.contains("/../bin") && !text.contains(base.to_str().unwrap()), "{text}");
    // One that was made before is mended.
    std::fs::remove_file(env.join("sbin/helper")).unwrap();
    std::os::unix::fs::symlink("../baseEnv_dir/sbin/helper", env.join("sbin/helper")).unwrap();
    let told = sandbox.mlenv(["doctor", "--fix", "env"]).ok();
    assert!(told.out.contains("mended: 1 program or kernel is a link"), "{told}");
    assert_eq!(std::fs::read_to_string(env.join("sbin/helper")).unwrap(), text);
}
