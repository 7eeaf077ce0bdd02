//! Many at once: the same path, different paths, a base that nobody has looked at yet.

use std::process::{Child, Stdio};

use crate::kit::forge::{busy_base, hollow_base};
use crate::support::sandbox::{Run, Sandbox};
use crate::support::testbase::base;
use crate::support::tree;

fn start(run: &Run) -> Child {
    run.command().stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

fn litter(sandbox: &Sandbox) -> Vec<String> {
    let names = std::fs::read_dir(sandbox.root()).unwrap();
    let names = names.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names.filter(|name| name.starts_with(".mlenv-")).collect()
}

#[test]
fn of_creates_of_one_path_exactly_one_wins_and_the_others_say_so() {
    let sandbox = Sandbox::new();
    let base = busy_base(&sandbox, &sandbox.path("base"), 500);
    for round in 0..5 {
        let name = format!("env{round}");
        let run = sandbox.mlenv(["create", "-p", &name, "--base"]).arg(&base);
        let children: Vec<Child> = (0..6).map(|_| start(&run)).collect();
        let mut won = 0;
        for child in children {
            let output = child.wait_with_output().unwrap();
            let words = String::from_utf8_lossy(&output.stderr);
            if output.status.success() {
                won += 1;
            } else {
                assert_eq!(output.status.code(), Some(2), "{words}");
                let known = ["something appeared there in the meantime", "there is already an env"];
                assert!(known.iter().any(|known| words.contains(known)), "{words}");
            }
        }
        assert_eq!(won, 1, "round {round}");
        assert!(sandbox.path(&name).join("share/d4/f499").symlink_metadata().is_ok());
        assert_eq!(litter(&sandbox), [""; 0]);
    }
}

#[test]
fn replacements_of_one_path_at_once_leave_one_whole_env() {
    let sandbox = Sandbox::new();
    let base = busy_base(&sandbox, &sandbox.path("base"), 500);
    let env = sandbox.env("env", &base);
    let run = sandbox.mlenv(["create", "--force", "-p", "env", "--base"]).arg(&base);
    let children: Vec<Child> = (0..6).map(|_| start(&run)).collect();
    for child in children {
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
    assert!(
        env.join("mlenv.toml").is_file() && env.join("share/d4/f499").symlink_metadata().is_ok()
    );
    assert_eq!(litter(&sandbox), [""; 0]);
}

#[test]
fn a_hundred_creates_at_once_on_one_base_all_work() {
    let sandbox = Sandbox::new();
    let children: Vec<(String, Child)> = (0..100)
        .map(|at| {
            let name = format!("e{at}");
            let run =
                sandbox.mlenv(["create", "-q", "--layout", "standard", "-p", &name, "--base"]);
            let child = start(&run.arg(&base().prefix));
            (name, child)
        })
        .collect();
    let mut first = None;
    for (name, child) in children {
        let output = child.wait_with_output().unwrap();
        let words = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success() && words.is_empty(), "{name}: {words}");
        let names = tree::names(&sandbox.path(&name));
        assert_eq!(first.get_or_insert_with(|| names.clone()), &names, "{name}");
    }
    assert_eq!(sandbox.mlenv(["list"]).ok().out.lines().count(), 101);
    assert_eq!(litter(&sandbox), [""; 0]);
}

#[test]
fn a_create_beside_a_running_one_does_not_sweep_it_away() {
    let sandbox = Sandbox::new();
    let busy = busy_base(&sandbox, &sandbox.path("busy"), 3000);
    let hollow = hollow_base(&sandbox.path("hollow"));
    let slow = start(
        &sandbox.mlenv(["create", "-q", "--threads", "1", "-p", "slow", "--base"]).arg(&busy),
    );
    for at in 0..10 {
        sandbox.env(format!("quick{at}"), &hollow);
    }
    let output = slow.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(sandbox.path("slow/share/d29/f2999").symlink_metadata().is_ok());
}

#[test]
fn indexes_written_at_once_are_whole() {
    let sandbox = Sandbox::new();
    let twin = base().twin(&sandbox.path("base"));
    let run = sandbox.mlenv(["base", "index", "-q"]).arg(&twin);
    let children: Vec<Child> = (0..4).map(|_| start(&run)).collect();
    for child in children {
        assert!(child.wait_with_output().unwrap().status.success());
    }
    let before = tree::names(&twin);
    sandbox.mlenv(["base", "index", "-q"]).arg(&twin).ok();
    assert_eq!(tree::names(&twin), before, "litter in the base");
    sandbox.env("e", &twin);
}
