//! File systems that are full, out of inodes, or read-only: one sentence, nothing half-made, nothing lost.

use std::path::{Path, PathBuf};

use crate::kit::forge::busy_base;
use crate::support::machine;
use crate::support::sandbox::{Outcome, Sandbox};

/// Runs `script` with a tmpfs of these options at `small`, in mounts of its own. `$MLENV` and `$BASE` are set.
fn with_small_disk(sandbox: &Sandbox, base: &Path, options: &str, script: &str) -> Outcome {
    let script = format!(
        "set -eu\nmkdir -p small\nmount -t tmpfs -o {options} none small\n{CREATE}{script}"
    );
    let run = sandbox.run("unshare").args(["-m", "sh", "-c", &script]);
    run.var("BASE", base).var("MLENV", env!("CARGO_BIN_EXE_mlenv")).ok()
}

/// `create WORDS...` must fail, and what it said is printed with its exit code.
const CREATE: &str = r#"
refused() {
    code=0; "$MLENV" create "$@" --base "$BASE" 2> said || code=$?
    echo "code $code"; cat said
}
listing() { ls -A small; }
"#;

fn prepared(links: usize) -> (Sandbox, PathBuf) {
    let sandbox = Sandbox::new();
    let base = busy_base(&sandbox, &sandbox.path("base"), links);
    (sandbox, base)
}

#[test]
fn a_disk_without_inodes_gets_no_env_and_keeps_what_is_on_it() {
    if !machine::can_mount() {
        return;
    }
    let (sandbox, base) = prepared(2000);
    for inodes in [3, 4, 6, 10, 100, 1000, 2000] {
        let script =
            "echo mine > small/file\nrefused -p small/env\necho then; listing\ncat small/file";
        let told =
            with_small_disk(&sandbox, &base, &format!("size=64m,nr_inodes={inodes}"), script);
        let (before, after) = told.out.split_once("then\n").unwrap();
        assert!(
            before.starts_with("code 2\n") && before.contains("No space left on device"),
            "{inodes}: {told}"
        );
        assert!(before.contains("hint: ") && before.contains("df -i"), "{inodes}: {told}");
        assert_eq!(after, "file\nmine\n", "{inodes}: {told}");
    }
}

#[test]
fn a_full_disk_gets_no_env_and_keeps_what_is_on_it() {
    if !machine::can_mount() {
        return;
    }
    // Real files and directories need blocks; links of this size live in their inodes.
    let (sandbox, _) = prepared(1);
    let base = &crate::support::testbase::base().prefix;
    for left in [0, 4, 8, 16, 28] {
        let script = format!(
            "size=$((64 - {left}))\nhead -c ${{size}}k /dev/zero > small/file\nrefused -p small/env\necho then; listing"
        );
        let told = with_small_disk(&sandbox, base, "size=64k,nr_inodes=4000", &script);
        let (before, after) = told.out.split_once("then\n").unwrap();
        assert!(
            before.starts_with("code 2\n") && before.contains("No space left on device"),
            "{left}: {told}"
        );
        assert_eq!(after, "file\n", "{left}: {told}");
    }
}

#[test]
fn a_replacement_without_space_keeps_the_old_env() {
    if !machine::can_mount() {
        return;
    }
    let (sandbox, base) = prepared(1000);
    let script = r#""$MLENV" create -q -p small/env --base "$BASE"
echo mine > small/env/mine
refused --force -p small/env
cat small/env/mine
"$MLENV" info small/env
listing
"$MLENV" remove small/env
echo left; listing"#;
    let told = with_small_disk(&sandbox, &base, "size=64m,nr_inodes=1500", script);
    assert!(told.out.contains("code 2\n") && told.out.contains("\nmine\n"), "{told}");
    assert!(told.out.ends_with("env\nleft\n"), "an env can be removed from a full disk: {told}");
}

#[test]
fn an_env_can_be_removed_from_a_disk_without_a_free_inode() {
    if !machine::can_mount() {
        return;
    }
    let (sandbox, base) = prepared(200);
    let script = r#""$MLENV" create -q -p small/env --base "$BASE"
n=0; while sh -c ": > small/fill$n" 2> /dev/null; do n=$((n + 1)); done
rm -f said; "$MLENV" remove small/env 2> said || { cat said; exit 1; }
ls -A small | grep -v '^fill' || echo gone"#;
    let told = with_small_disk(&sandbox, &base, "size=64m,nr_inodes=300", script);
    assert_eq!(told.out, "gone\n", "{told}");
}

#[test]
fn a_full_cache_or_state_directory_does_not_stop_the_work() {
    if !machine::can_mount() {
        return;
    }
    let (sandbox, _) = prepared(1);
    let script = r#"echo x > small/a; n=1; while sh -c ": > small/f$n" 2> /dev/null; do n=$((n + 1)); done
HOME=$PWD/small "$MLENV" create -p env --base "$BASE" 2>&1
test -f env/mlenv.toml && HOME=$PWD/small "$MLENV" info env > /dev/null
HOME=$PWD/small "$MLENV" remove env"#;
    let told = with_small_disk(
        &sandbox,
        &crate::support::testbase::base().prefix,
        "size=1m,nr_inodes=20",
        script,
    );
    assert!(told.out.contains("warning: the index could not be kept for next time"), "{told}");
    assert!(
        told.out.contains("warning: the env works, but `mlenv list` will not know it"),
        "{told}"
    );
}

#[test]
fn a_read_only_file_system_is_named_as_such() {
    if !machine::can_mount() {
        return;
    }
    let (sandbox, base) = prepared(10);
    let script = "mount -o remount,ro small\nrefused -p small/env\nrefused -p small/deep/env";
    let told = with_small_disk(&sandbox, &base, "size=1m", script);
    assert_eq!(told.out.matches("code 2\n").count(), 2, "{told}");
    assert_eq!(told.out.matches("Read-only file system").count(), 2, "{told}");
    assert_eq!(told.out.matches("hint: that file system is read-only").count(), 2, "{told}");
}
