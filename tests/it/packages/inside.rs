//! pip inside an env, at once: what is installed lands in the env, the base stays visible below it.

use std::path::{Path, PathBuf};

use crate::support::machine;
use crate::support::sandbox::{Run, Sandbox};
use crate::support::testbase::base;
use crate::support::wheel;

struct Inside {
    sandbox: Sandbox,
    env: PathBuf,
}

impl Inside {
    fn new(layout: &str) -> Self {
        let sandbox = Sandbox::new();
        let env = sandbox.path("e");
        sandbox
            .mlenv(["create", "-q", "-p", "e", "--layout", layout, "--base"])
            .arg(&base().prefix)
            .ok();
        for (name, version) in [("greet", "2.0"), ("fresh", "1.0")] {
            wheel::build(&sandbox.path("wheels"), name, version);
        }
        Self { sandbox, env }
    }

    /// `python -m pip`, without the network.
    fn pip(&self, words: &[&str]) -> Run {
        let run = self.sandbox.run(self.env.join("bin/python")).args(["-m", "pip", "--no-input"]);
        self.offline(run.args(words))
    }

    fn offline(&self, run: Run) -> Run {
        run.var("PIP_NO_INDEX", "1")
            .var("PIP_FIND_LINKS", self.sandbox.path("wheels"))
            .var("PIP_DISABLE_PIP_VERSION_CHECK", "1")
    }

    /// Version and file of a module, as the env's Python sees it.
    fn sees(&self, module: &str) -> (String, PathBuf) {
        let code = format!("import {module} as m; print(m.__version__); print(m.__file__)");
        let told = self.sandbox.run(self.env.join("bin/python")).args(["-c", &code]).ok().out;
        let (version, file) = told.split_once('\n').unwrap();
        (version.to_owned(), file.trim_end().into())
    }

    fn site(&self) -> PathBuf {
        self.env.join(base().site())
    }
}

#[test]
fn an_installed_package_lands_in_the_env_and_its_script_runs_the_envs_python() {
    for layout in ["standard", "sparse"] {
        let inside = Inside::new(layout);
        inside.pip(&["install", "-q", "fresh"]).ok();
        let (version, file) = inside.sees("fresh");
        assert_eq!(version, "1.0");
        assert!(file.starts_with(inside.site()), "{}", file.display());
        let told = inside.sandbox.run(inside.env.join("bin/fresh")).ok();
        assert_eq!(told.out, format!("1.0 {}\n", inside.env.display()));
        let (_, click) = inside.sees("click");
        assert!(click.starts_with(&base().prefix), "{}", click.display());
        assert!(inside.env.join("share/fresh/hello.txt").is_file());
    }
}

#[test]
fn an_upgrade_shadows_the_bases_version_and_an_uninstall_shows_it_again() {
    let inside = Inside::new("standard");
    assert_eq!(inside.sees("greet").0, "1.0");
    let told = inside.pip(&["install", "--upgrade", "greet"]).ok();
    assert!(
        told.out.contains("outside environment"),
        "the base's copy is not pip's to remove: {told}"
    );
    let (version, file) = inside.sees("greet");
    assert_eq!(version, "2.0");
    assert!(file.starts_with(inside.site()));
    let told = inside.sandbox.run(inside.env.join("bin/greet")).ok();
    assert_eq!(told.out, format!("2.0 {}\n", inside.env.display()));
    inside.pip(&["uninstall", "-q", "-y", "greet"]).ok();
    let (version, file) = inside.sees("greet");
    assert_eq!(version, "1.0");
    assert!(file.starts_with(&base().prefix));
}

#[test]
fn packages_of_the_base_count_as_installed_and_cannot_be_uninstalled() {
    let inside = Inside::new("standard");
    let told = inside.pip(&["install", "click", "six"]).ok();
    assert!(told.out.contains("already satisfied"), "{told}");
    inside.pip(&["uninstall", "-y", "six"]).ok();
    assert_eq!(inside.sees("six").0, "1.16.0");
    let all = inside.pip(&["list"]).ok().out;
    assert!(all.contains("click") && all.contains("greet"), "{all}");
    assert_eq!(inside.pip(&["list", "--local", "--format", "freeze"]).ok().out.trim(), "");
    inside.pip(&["check"]).ok();
}

#[test]
fn the_pip_program_installs_into_the_env_too() {
    for layout in ["standard", "sparse"] {
        let inside = Inside::new(layout);
        for name in ["pip", "pip3"] {
            let run = inside.sandbox.run(inside.env.join("bin").join(name));
            inside.offline(run.args(["install", "-q", "--force-reinstall", "fresh"])).ok();
            assert!(inside.sees("fresh").1.starts_with(inside.site()), "{name} in {layout}");
        }
    }
}

#[test]
fn pip_works_in_an_env_whose_path_is_odd() {
    for name in ["with space", "wow! 100%", "übung"] {
        let inside = Inside::new("sparse");
        let env = inside.sandbox.env(name, &base().prefix);
        let inside = Inside { env, ..inside };
        inside.pip(&["install", "-q", "fresh"]).ok();
        let told = inside.sandbox.run(inside.env.join("bin/fresh")).ok();
        assert_eq!(told.out, format!("1.0 {}\n", inside.env.display()));
    }
}

#[test]
fn a_package_from_pypi_can_be_installed() {
    let inside = Inside::new("standard");
    let run = inside.sandbox.run(inside.env.join("bin/python")).with_network();
    let told = run.args(["-m", "pip", "install", "-q", "iniconfig==2.0.0"]).end();
    if told.err.contains("connection") || told.err.contains("resolve") {
        return machine::lacks("a network with PyPI");
    }
    assert!(told.status.success(), "{told}");
    let code = "import iniconfig; print(iniconfig.__file__)";
    let told = inside.sandbox.run(inside.env.join("bin/python")).args(["-c", code]).ok();
    assert!(Path::new(told.out.trim()).starts_with(inside.site()), "{told}");
}

/// However its Python is started: a line in the env's own site-packages sees to it.
#[test]
fn the_user_site_is_kept_out_unless_asked_for() {
    let sandbox = Sandbox::new();
    for (name, option, recorded) in [("off", None, false), ("on", Some("--user-site"), true)] {
        sandbox.mlenv(["create", "-q", "-p", name, "--base"]).arg(&base().prefix).args(option).ok();
        let told = sandbox.mlenv(["info", "--json", name]).ok().json();
        assert_eq!(told["record"]["user-site"], recorded);
        let told = sandbox.mlenv(["info", name]).ok().out;
        let line = told.lines().find(|line| line.starts_with("user site")).unwrap();
        assert!(line.ends_with(name), "{line}");
    }
    let user = format!("home/.local/lib/{}/site-packages/click.py", base().python);
    sandbox.write(user, "__version__ = 'the user\\'s'\n");
    let code = "import click; print(click.__version__)";
    let told = sandbox.run(sandbox.path("off/bin/python")).args(["-c", code]).ok();
    assert_eq!(told.out, "8.1.7\n");
    let told = sandbox.run(sandbox.path("on/bin/python")).args(["-c", code]).ok();
    assert_eq!(told.out, "the user's\n");
    // And the other way round, later.
    for (name, switch, expected) in
        [("off", "on", "the user's\n"), ("on", "off", "8.1.7\n"), ("on", "off", "8.1.7\n")]
    {
        sandbox.mlenv(["user-site", switch, name]).ok().says("packages in ~/.local are ");
        let python = sandbox.path(name).join("bin/python");
        assert_eq!(sandbox.run(&python).args(["-c", code]).ok().out, expected, "{name} {switch}");
        let told = sandbox.mlenv(["info", "--json", name]).ok().json();
        assert_eq!(told["record"]["user-site"], switch == "on");
        let script = "source \"$0\"; echo \"${PYTHONNOUSERSITE-unset}\"";
        let told = sandbox
            .run("bash")
            .args(["-c", script])
            .arg(sandbox.path(name).join("bin/activate"))
            .ok();
        assert_eq!(told.out, if switch == "on" { "unset\n" } else { "1\n" });
        sandbox.mlenv(["doctor", name]).ok();
    }
}
