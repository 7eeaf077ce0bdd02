//! `mlenv jupyter`: what is written, found and taken away. That the kernels run is shown in `kernel_live`.

use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::support::sandbox::{Run, Sandbox};
use crate::support::testbase::base;
use crate::support::tree;

const KERNELS: &str = "home/.local/share/jupyter/kernels";

/// A home in which envs have something that looks like ipykernel.
struct Desk {
    sandbox: Sandbox,
}

impl Desk {
    fn new() -> Self {
        Self { sandbox: Sandbox::new() }
    }

    fn env(&self, name: impl AsRef<Path>) -> PathBuf {
        let env = self.sandbox.env(&name, &base().prefix);
        let site = env.join(base().site());
        std::fs::write(site.join("ipykernel_launcher.py"), "").unwrap();
        std::fs::create_dir_all(site.join("ipykernel/resources")).unwrap();
        std::fs::write(site.join("ipykernel/resources/logo-svg.svg"), "<svg/>").unwrap();
        env
    }

    fn jupyter(&self, words: &[&str]) -> Run {
        self.sandbox.mlenv(["jupyter"]).args(words)
    }

    fn install(&self, env: &Path) -> Run {
        self.jupyter(&["install"]).arg(env)
    }

    fn spec(&self, name: &str) -> Value {
        let path = self.sandbox.path(KERNELS).join(name).join("kernel.json");
        serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
    }

    fn names(&self) -> Vec<String> {
        let entries = std::fs::read_dir(self.sandbox.path(KERNELS)).into_iter().flatten();
        let mut names: Vec<String> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }
}

#[test]
fn two_kernels_are_written_once_and_listed() {
    let desk = Desk::new();
    let env = desk.env("my Env");
    desk.install(&env).ok().says("registered the kernels my-env and my-env-usersite");
    let before = tree::snapshot(&desk.sandbox.path(KERNELS));
    desk.install(&env).ok().says("already exist");
    desk.jupyter(&["install", "my Env"]).ok().says("already exist");
    tree::assert_same(&before, &tree::snapshot(&desk.sandbox.path(KERNELS)), "the kernels");
    assert_eq!(desk.names(), ["my-env", "my-env-usersite"]);
    assert!(desk.sandbox.path(KERNELS).join("my-env/logo-svg.svg").is_file());
    let (spec, twin) = (desk.spec("my-env"), desk.spec("my-env-usersite"));
    assert_eq!(
        (&spec["display_name"], &spec["language"]),
        (&"Python 3 (my Env)".into(), &"python".into())
    );
    assert_eq!(spec["metadata"]["debugger"], true);
    assert_eq!(twin["display_name"], "Python 3 (my Env), user site");
    let has = |spec: &Value, word: &str| spec["argv"].as_array().unwrap().contains(&word.into());
    assert!(has(&spec, "-s") && !has(&twin, "-s") && has(&twin, "{connection_file}"));
    let list = desk.jupyter(&["list", "--json"]).ok().json();
    let expected = serde_json::json!({
        "name": "my-env", "display-name": "Python 3 (my Env)", "env": env, "user-site": false,
        "state": "ready", "path": desk.sandbox.path(KERNELS).join("my-env"),
    });
    assert_eq!((&list[0], list.as_array().unwrap().len()), (&expected, 2));
    let told = desk.jupyter(&["list"]).ok().out;
    assert!(told.contains("\n  my-env           Python 3 (my Env)  "), "{told}");
}

#[test]
fn an_env_without_ipykernel_is_told_how_to_get_it() {
    let desk = Desk::new();
    let env = desk.sandbox.env("env", &base().prefix);
    let told = desk.install(&env).fails(1, "ipykernel is installed neither in");
    told.hints(&format!("mlenv install -p {} ipykernel", env.display()));
    assert!(desk.names().is_empty());
    desk.jupyter(&["lab"])
        .arg(&env)
        .fails(1, "jupyterlab is installed neither in")
        .hints("mlenv install");
    desk.jupyter(&["install"]).fails(2, "which env?");
    desk.jupyter(&["install", "nothing"]).fails(1, "no env called `nothing`");
}

#[test]
fn names_are_free_or_refused_and_never_taken_from_others() {
    let desk = Desk::new();
    let (one, two) = (desk.env("one/env"), desk.env("two/env"));
    desk.sandbox.write(format!("{KERNELS}/env/kernel.json"), "{\"argv\": [\"theirs\"]}");
    desk.install(&one).ok();
    let named: Vec<String> =
        desk.names().into_iter().filter(|name| name.starts_with("env-")).collect();
    assert!(named.len() == 2 && named[0].len() == "env-123456".len(), "{named:?}");
    assert_eq!(desk.spec("env")["argv"][0], "theirs");
    desk.install(&two).args(["--name", "env"]).fails(2, "mlenv did not make it").hints("--name");
    desk.install(&two).args(["--name", &named[0]]).fails(2, "it starts ").hints("--name");
    desk.install(&two)
        .args(["--name", "a b"])
        .fails(2, "cannot be the name")
        .hints("--display-name");
    desk.install(&two).args(["--name", "mine", "--display-name", "Mine é"]).ok();
    assert_eq!(desk.spec("mine")["display_name"], "Mine é");
    // Another name for the same env takes the place of the first; names for people stay.
    desk.install(&two).args(["--name", "ours"]).ok();
    assert!(!desk.names().contains(&"mine".to_owned()));
    desk.install(&two).args(["--display-name", "Ours"]).ok();
    assert_eq!(desk.spec("ours")["display_name"], "Ours");
    let three = desk.env("three/env");
    desk.install(&three).ok();
    let told = desk.jupyter(&["list"]).ok().out;
    assert!(
        told.contains("Python 3 (env)  ") && told.contains("Python 3 (env in three)"),
        "{told}"
    );
    desk.jupyter(&["remove", "env"]).fails(1, "there is no kernel called env");
}

#[test]
fn kernels_go_where_jupyter_looks_for_them() {
    let desk = Desk::new();
    let env = desk.env("env");
    let data = desk.sandbox.path("data");
    for (variable, below) in [("XDG_DATA_HOME", "jupyter/kernels"), ("JUPYTER_DATA_DIR", "kernels")]
    {
        desk.install(&env).var(variable, &data).ok();
        assert!(data.join(below).join("env/kernel.json").is_file());
    }
    desk.install(&env).args(["--prefix", "hub"]).ok();
    desk.install(&env).arg("--sys-prefix").ok();
    for prefix in ["hub", "env"] {
        let prefix = desk.sandbox.path(prefix).join("share/jupyter/kernels");
        assert!(prefix.join("env-usersite/kernel.json").is_file());
    }
    assert!(desk.names().is_empty());
    assert_eq!(desk.jupyter(&["list"]).ok().out.lines().count(), 3, "those of the env itself");
    desk.jupyter(&["remove", "env", "--prefix", "hub"])
        .ok()
        .says("removed the kernel env-usersite");
    assert!(!desk.sandbox.path("hub/share/jupyter/kernels/env").exists());
    let before = tree::snapshot(&base().prefix);
    let inside = base().prefix.join("share");
    desk.install(&env)
        .arg("--prefix")
        .arg(&inside)
        .fails(2, "that is a base")
        .hints("never written");
    desk.jupyter(&["install", "--sys-prefix"]).arg(&base().prefix).end();
    tree::assert_same(&before, &tree::snapshot(&base().prefix), "the base");
    desk.install(&env).args(["--user", "--sys-prefix"]).end();
}

#[test]
fn what_the_user_changed_in_a_kernel_stays() {
    let desk = Desk::new();
    let env = desk.env("env");
    desk.install(&env).ok();
    let file = desk.sandbox.path(KERNELS).join("env/kernel.json");
    let mut spec = desk.spec("env");
    spec["env"]["OMP_NUM_THREADS"] = "4".into();
    spec["display_name"] = "Renamed".into();
    std::fs::write(&file, spec.to_string()).unwrap();
    desk.install(&env).ok();
    desk.sandbox.mlenv(["rename", "env", "it's \"new\" $x é"]).ok();
    let spec = desk.spec("env");
    assert_eq!(
        (&spec["env"]["OMP_NUM_THREADS"], &spec["display_name"]),
        (&"4".into(), &"Renamed".into())
    );
    let new = desk.sandbox.path("it's \"new\" $x é");
    assert_eq!(spec["argv"][4], new.to_str().unwrap());
    desk.sandbox.write(format!("{KERNELS}/env/notes.txt"), "mine");
    desk.jupyter(&["remove"]).arg(&new).ok();
    assert_eq!(desk.names(), ["env"], "what lies beside a kernel stays");
    assert!(!file.exists());
}

#[test]
fn kernels_go_with_their_env_and_are_left_by_others() {
    let desk = Desk::new();
    let (one, two) = (desk.env("one"), desk.env("two"));
    desk.install(&one).ok();
    desk.install(&two).ok();
    desk.jupyter(&["remove", "two-usersite"]).ok();
    assert_eq!(desk.names(), ["one", "one-usersite", "two"]);
    desk.sandbox.mlenv(["clone", "one", "-p", "copy"]).ok();
    assert_eq!(desk.spec("one")["argv"][4], one.to_str().unwrap());
    desk.sandbox.mlenv(["remove", "one"]).ok().says("removed its kernels one, one-usersite");
    assert_eq!(desk.names(), ["two"]);
    // One that was removed without mlenv leaves what `prune` takes, and one out of reach does not.
    std::fs::remove_dir_all(&two).unwrap();
    let told = desk.jupyter(&["list"]).ok().out;
    assert!(told.contains("the env is gone"), "{told}");
    let told = desk.sandbox.mlenv(["prune"]).ok().out;
    assert!(told.contains("kernel of an env that is gone: ") && desk.names().is_empty(), "{told}");
    let far = desk.env("mount/env");
    desk.install(&far).ok();
    std::fs::rename(desk.sandbox.path("mount"), desk.sandbox.path("unmounted")).unwrap();
    desk.sandbox.mlenv(["prune"]).ok();
    assert_eq!(desk.names(), ["env", "env-usersite"]);
}

#[test]
fn doctor_mends_the_kernels_of_an_env_that_was_moved_and_leaves_those_of_one_that_was_copied() {
    let desk = Desk::new();
    let env = desk.env("env");
    desk.install(&env).ok();
    desk.install(&env).arg("--sys-prefix").ok();
    desk.sandbox.run("cp").args(["-a", "env", "copy"]).ok();
    desk.sandbox.mlenv(["doctor", "--fix", "copy"]).ok();
    assert_eq!(desk.spec("env")["argv"][4], env.to_str().unwrap());
    let inner: Value = serde_json::from_slice(
        &std::fs::read(desk.sandbox.path("copy/share/jupyter/kernels/env/kernel.json")).unwrap(),
    )
    .unwrap();
    let copy = desk.sandbox.path("copy");
    assert_eq!(inner["argv"][4], copy.to_str().unwrap());
    let moved = desk.sandbox.path("moved");
    std::fs::rename(&env, &moved).unwrap();
    let told = desk.sandbox.mlenv(["doctor", "--json", "moved"]).end().json();
    let kinds: Vec<&str> = told["findings"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|found| found["kind"].as_str())
        .collect();
    assert!(kinds.contains(&"kernels-stale"), "{told}");
    desk.sandbox.mlenv(["doctor", "--fix", "moved"]).ok();
    for name in ["env", "env-usersite"] {
        assert_eq!(desk.spec(name)["argv"][4], moved.to_str().unwrap());
    }
}

#[test]
fn a_path_that_jupyter_cannot_be_told_is_refused() {
    let desk = Desk::new();
    for (name, words) in [
        (Path::new(std::ffi::OsStr::from_bytes(b"e\xff")), "is not UTF-8"),
        (Path::new("e{prefix}"), "in braces"),
    ] {
        let env = desk.env(name);
        desk.install(&env).fails(2, words).hints("mlenv rename");
    }
    assert!(desk.names().is_empty());
}

#[test]
fn the_lab_is_the_envs_on_loopback_with_the_envs_kernel_first() {
    let desk = Desk::new();
    let env = desk.env("env");
    let site = env.join(base().site()).join("jupyterlab");
    std::fs::create_dir(&site).unwrap();
    std::fs::write(site.join("__init__.py"), "").unwrap();
    let tell = "import sys; print(sys.prefix, sys.flags.no_user_site, *sys.argv[1:], sep='|')";
    std::fs::write(site.join("__main__.py"), tell).unwrap();
    let lab = |words: &[&str]| desk.jupyter(&["lab"]).arg(&env).args(words).ok().out;
    let kernel = "--MultiKernelManager.default_kernel_name=env";
    let start = format!("{}|1|", env.display());
    assert_eq!(lab(&[]), format!("{start}--ServerApp.ip=127.0.0.1|{kernel}\n"));
    assert!(env.join("share/jupyter/kernels/env/kernel.json").is_file());
    assert_eq!(
        lab(&["--", "--ip=0.0.0.0", "--port", "1"]),
        format!("{start}{kernel}|--ip=0.0.0.0|--port|1\n")
    );
    // Kernels of the user's are not made twice.
    desk.sandbox.mlenv(["jupyter", "remove", "env"]).ok();
    desk.install(&env).args(["--name", "mine"]).ok();
    assert!(lab(&[]).contains("default_kernel_name=mine"));
    assert!(!env.join("share/jupyter/kernels/env").exists());
}
