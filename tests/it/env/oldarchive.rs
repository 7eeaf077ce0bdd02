//! The archives that published images carry, `newEnv-base.tgz`, made as the old shell script made them: used as
//! they are, their slips mended.

use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use crate::support::machine;
use crate::support::sandbox::Sandbox;
use crate::support::testbase::base;
use crate::support::tree;

/// What the script did: a directory for every directory, `ln -s ../baseEnv_dir/DIR/*` in each, so that an empty one
/// gets a link called `*`; the compiler's files became directories with such a link; two scripts set PYTHONPATH.
fn make(sandbox: &Sandbox, base: &Path, member: &str) {
    let tree = sandbox.path("old");
    let dirs = [
        "bin",
        "etc/conda/activate.d",
        "etc/conda/deactivate.d",
        "sbin-gone",
        "lib",
        "conda-meta",
        "ssl",
        "x86_64-conda-linux-gnu/bin/ld",
    ];
    for dir in dirs {
        std::fs::create_dir_all(tree.join(dir)).unwrap();
    }
    for dir in ["bin", "etc/conda/activate.d", "lib", "conda-meta", "ssl"] {
        let names = std::fs::read_dir(base.join(dir)).unwrap().flatten();
        for entry in names.filter(|entry| !entry.path().is_dir()) {
            let name = entry.file_name().into_string().unwrap();
            if !name.starts_with('.')
                && !["socket", "fifo", "gone", "libgone.so", "history"].contains(&name.as_str())
            {
                link(&tree, &format!("{dir}/{name}"));
            }
        }
    }
    for star in ["sbin-gone/*", "x86_64-conda-linux-gnu/bin/ld/*"] {
        link(&tree, star);
    }
    for script in
        ["etc/conda/activate.d/activate-python.sh", "etc/conda/deactivate.d/deactivate-python.sh"]
    {
        std::fs::write(tree.join(script), "export PYTHONPATH=$CONDA_PREFIX/lib\n").unwrap();
    }
    let archive = base.join("newEnv-base.tgz");
    let words = format!("tar -czf \"$0\" {member}");
    sandbox.run("sh").args(["-c", &words]).arg(&archive).cwd(&tree).ok();
    std::fs::remove_dir_all(tree).unwrap();
}

fn link(tree: &Path, path: &str) {
    let climb = "../".repeat(path.matches('/').count());
    symlink(format!("{climb}baseEnv_dir/{path}"), tree.join(path)).unwrap();
}

fn env_of_old_archive(sandbox: &Sandbox, member: &str) -> PathBuf {
    let twin = base().twin(&sandbox.path("opt/conda"));
    make(sandbox, &twin, member);
    let told = sandbox.mlenv(["create", "-p", "e", "--base"]).arg(&twin).ok();
    told.says("using the image's own archive");
    sandbox.path("e")
}

#[test]
fn an_images_old_archive_is_used_and_its_slips_are_mended() {
    if !machine::has("tar") {
        return;
    }
    // `tar czf x.tgz *` and `tar czf x.tgz .` name the same entries differently.
    for member in ["*", "."] {
        let sandbox = Sandbox::new();
        let env = env_of_old_archive(&sandbox, member);
        let names = tree::names(&env);
        assert!(!names.iter().any(|path| path.ends_with("*")), "{names:?}");
        assert!(!env.join("x86_64-conda-linux-gnu/bin/ld").exists());
        for script in ["activate.d/activate-python.sh", "deactivate.d/deactivate-python.sh"] {
            assert!(!env.join("etc/conda").join(script).exists(), "{script} sets PYTHONPATH");
        }
        for path in [
            "lib/libtools.so",
            "etc/conda/activate.d/tools.sh",
            "conda-meta/pinned",
            "conda-meta/history",
        ] {
            assert!(env.join(path).exists(), "{path} is missing");
        }
        let told = sandbox.run(env.join("bin/absolute")).arg("x").ok();
        assert_eq!(told.out, format!("{}\n['x']\n", env.display()));
        let told = sandbox.run(env.join("bin/pip")).arg("--version").ok();
        assert!(told.out.contains("site-packages/pip"), "{}", told.out);
    }
}

#[test]
fn reindex_looks_at_the_base_instead_of_its_old_archive() {
    let sandbox = Sandbox::new();
    env_of_old_archive(&sandbox, "*");
    let told = sandbox
        .mlenv(["create", "--reindex", "-p", "e2", "--base"])
        .arg(sandbox.path("opt/conda"))
        .ok();
    assert!(!told.err.contains("own archive"), "{told}");
    assert!(sandbox.path("e2/include/tools.h").exists(), "which the old archive forgets");
}

#[test]
fn a_full_or_sparse_env_does_not_come_from_the_old_archive() {
    let sandbox = Sandbox::new();
    env_of_old_archive(&sandbox, "*");
    for layout in ["full", "sparse"] {
        let told = sandbox
            .mlenv(["create", "--layout", layout, "-p", layout, "--base"])
            .arg(sandbox.path("opt/conda"))
            .ok();
        assert!(!told.err.contains("own archive"), "{told}");
    }
}

#[test]
fn a_damaged_old_archive_is_an_error_and_leaves_nothing() {
    let sandbox = Sandbox::new();
    let twin = base().twin(&sandbox.path("opt/conda"));
    make(&sandbox, &twin, "*");
    let archive = twin.join("newEnv-base.tgz");
    let good = std::fs::read(&archive).unwrap();
    for broken in [&good[..good.len() / 2], b"rubbish", b""] {
        std::fs::write(&archive, broken).unwrap();
        let before = tree::names(sandbox.root());
        let told = sandbox.mlenv(["create", "-q", "-p", "e", "--base"]).arg(&twin);
        told.fails(2, "newEnv-base.tgz").hints("`mlenv base index`");
        let after: Vec<_> = tree::names(sandbox.root())
            .into_iter()
            .filter(|path| !path.starts_with("home"))
            .collect();
        assert_eq!(
            after,
            before.into_iter().filter(|path| !path.starts_with("home")).collect::<Vec<_>>()
        );
    }
}
