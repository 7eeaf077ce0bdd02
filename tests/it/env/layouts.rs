//! What an env holds, layout by layout, and what none ever holds.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::support::sandbox::Sandbox;
use crate::support::testbase::{CARRIED, NEVER, OWNED_FULL_ONLY, OWNED_STANDARD, SCRIPTS, base};
use crate::support::tree;

/// What every env is activated by.
pub(crate) const ENTRIES: [&str; 4] =
    ["bin/activate", "bin/activate.csh", "bin/activate.fish", "setupMe-on-host.sh"];

/// A kernel of the base that starts a Python.
const KERNEL: &str = "share/jupyter/kernels/greet/kernel.json";

/// Keeps the user site out, however Python is started.
const NO_USER_SITE: &str = "mlenv-no-user-site.pth";

fn env(sandbox: &Sandbox, layout: &str) -> PathBuf {
    let env = sandbox.path(layout);
    sandbox
        .mlenv(["create", "-q", "--layout", layout, "-p", layout, "--base"])
        .arg(&base().prefix)
        .ok();
    env
}

/// The laws of links: relative, through `baseEnv_dir` or inside the env, never to a directory of the base, never
/// to nothing.
fn check_links(env: &Path) {
    let links = tree::links(env);
    for (path, target) in &links {
        if path == Path::new("baseEnv_dir") {
            assert_eq!(target, &base().prefix.canonicalize().unwrap());
            continue;
        }
        if path == &Path::new("bin").join(&base().python) {
            assert_eq!(target, &base().prefix.canonicalize().unwrap().join(path));
            continue;
        }
        let place = env.join(path);
        assert!(target.is_relative(), "{} -> {}", path.display(), target.display());
        let real =
            place.canonicalize().unwrap_or_else(|cause| panic!("{}: {cause}", path.display()));
        let through = target.components().any(|part| part.as_os_str() == "baseEnv_dir");
        let is_name = target == Path::new(&base().python) && path.starts_with("bin");
        let expected = Path::new("baseEnv_dir").join(path);
        let own = target.ends_with(&expected) || path.starts_with("bin");
        assert!(
            if through { own } else { is_name || real.starts_with(env) },
            "{} -> {}",
            path.display(),
            target.display()
        );
        assert!(
            real.starts_with(env) || real.is_file(),
            "{} leads to a directory of the base",
            path.display()
        );
    }
    assert!(links.len() > 3);
}

fn check_never(env: &Path) {
    let names: BTreeSet<PathBuf> = tree::names(env).into_iter().collect();
    for path in NEVER {
        assert!(!names.contains(Path::new(path)), "{path} is in the env");
    }
    let lib = Path::new("lib").join(&base().python);
    for path in &names {
        let name = path.file_name().unwrap().to_string_lossy();
        assert!(name != "__pycache__" && !name.ends_with(".log"), "{}", path.display());
        let own = [lib.clone(), base().site(), base().site().join(NO_USER_SITE)];
        let stdlib = path.starts_with(&lib) && !own.contains(path);
        assert!(!stdlib, "{} is of the standard library", path.display());
    }
}

#[test]
fn a_standard_env_links_what_conda_clients_and_compilers_need() {
    let sandbox = Sandbox::new();
    let env = env(&sandbox, "standard");
    let links = tree::links(&env);
    for path in OWNED_STANDARD.into_iter().chain(["lib/libtools.so", "lib/libtools.so.1"]) {
        assert!(links.contains_key(Path::new(path)), "{path} is missing");
    }
    for path in OWNED_FULL_ONLY {
        assert!(!env.join(path).exists(), "{path} is for the full layout");
    }
    check_kernel(&env);
    assert!(env.join("include").join(&base().python).join("Python.h").exists());
    check_links(&env);
    check_never(&env);
}

#[test]
fn a_full_env_holds_every_owned_file_outside_site_packages() {
    let sandbox = Sandbox::new();
    let env = env(&sandbox, "full");
    let lib = Path::new("lib").join(&base().python);
    let mut seen = 0;
    for entry in std::fs::read_dir(base().prefix.join("conda-meta")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "json") {
            continue;
        }
        let record: serde_json::Value =
            serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
        for file in record["files"].as_array().unwrap() {
            let file = Path::new(file.as_str().unwrap());
            if file.starts_with(&lib) || NEVER.iter().any(|never| Path::new(never) == file) {
                continue;
            }
            assert!(env.join(file).symlink_metadata().is_ok(), "{} is missing", file.display());
            seen += 1;
        }
    }
    assert!(seen > 40, "{seen}");
    assert!(env.join("share/greet/hello.txt").exists(), "a wheel's own data");
    check_links(&env);
    check_never(&env);
}

#[test]
fn a_packages_link_to_a_directory_stays_inside_the_env() {
    let sandbox = Sandbox::new();
    let env = env(&sandbox, "full");
    assert_eq!(
        std::fs::read_link(env.join("lib/terminfo")).unwrap(),
        Path::new("../share/terminfo")
    );
    let real = env.join("lib/terminfo/x").canonicalize().unwrap();
    assert!(real.starts_with(env.canonicalize().unwrap()), "{}", real.display());
}

/// A kernel of the base is a file that starts the Python of whatever prefix it lies in.
fn check_kernel(env: &Path) {
    let kernel = env.join(KERNEL);
    assert!(kernel.symlink_metadata().unwrap().is_file());
    let text = std::fs::read_to_string(kernel).unwrap();
    assert!(text.contains("\"{resource_dir}/../../../../bin/python3\""), "{text}");
}

#[test]
fn a_sparse_env_is_a_handful_of_entries() {
    let sandbox = Sandbox::new();
    let env = env(&sandbox, "sparse");
    let python = base().python.as_str();
    let lib = format!("lib/{python}");
    let program = format!("bin/{python}");
    let site = format!("{lib}/site-packages");
    let entries = [
        ".gitignore",
        "baseEnv_dir",
        "pip.conf",
        "bin",
        "bin/pip",
        "bin/pip3",
        "bin/python",
        "bin/python3",
    ];
    let entries =
        entries.into_iter().chain(["lib", "mlenv.toml", "pyvenv.cfg", &program, &lib, &site]);
    let mut expected: Vec<PathBuf> = entries.chain(ENTRIES).map(PathBuf::from).collect();
    // Jupyter would find the base's otherwise.
    expected.extend(
        Path::new(KERNEL)
            .ancestors()
            .take(5)
            .filter(|dir| !dir.as_os_str().is_empty())
            .map(Path::to_owned),
    );
    expected.push(Path::new(&site).join(NO_USER_SITE));
    expected.sort();
    let mut names = tree::names(&env);
    names.sort();
    assert_eq!(names, expected);
    check_kernel(&env);
    check_links(&env);
}

#[test]
fn what_an_image_adds_to_activation_and_kernels_is_carried_as_real_files() {
    let sandbox = Sandbox::new();
    for layout in ["standard", "full"] {
        let env = env(&sandbox, layout);
        for path in CARRIED {
            let meta = env.join(path).symlink_metadata().unwrap();
            assert!(meta.is_file(), "{path} is a link in {layout}");
            let (ours, theirs) = (env.join(path), base().prefix.join(path));
            assert_eq!(std::fs::read(ours).unwrap(), std::fs::read(theirs).unwrap());
        }
    }
}

#[test]
fn python_scripts_are_real_files_and_other_programs_are_links() {
    let sandbox = Sandbox::new();
    let env = env(&sandbox, "standard");
    for name in SCRIPTS.into_iter().chain(["pip", "greet", "wheel"]) {
        let meta = env.join("bin").join(name).symlink_metadata().unwrap();
        assert!(meta.is_file(), "{name} is a link");
        let text = std::fs::read_to_string(env.join("bin").join(name)).unwrap();
        assert!(!text.contains(base().prefix.to_str().unwrap()), "{name} names the base: {text}");
    }
    for name in ["shelltool", "elftool", ".tools-pre-unlink.sh", "python3"] {
        assert!(env.join("bin").join(name).symlink_metadata().unwrap().is_symlink(), "{name}");
    }
}

#[test]
fn conda_clients_find_every_record_a_history_that_asks_for_all_and_pins() {
    let sandbox = Sandbox::new();
    let env = env(&sandbox, "standard");
    let meta = env.join("conda-meta");
    let history = std::fs::read_to_string(meta.join("history")).unwrap();
    let pinned = std::fs::read_to_string(meta.join("pinned")).unwrap();
    let specs = history.lines().find_map(|line| line.strip_prefix("# update specs: ")).unwrap();
    let specs: Vec<String> = serde_json::from_str(specs).unwrap();
    let mut records = 0;
    for entry in std::fs::read_dir(base().prefix.join("conda-meta")).unwrap() {
        let file = entry.unwrap().file_name().into_string().unwrap();
        let Some(stem) = file.strip_suffix(".json") else { continue };
        let mut parts = stem.rsplitn(3, '-');
        let (build, version) = (parts.next().unwrap(), parts.next().unwrap());
        let name = parts.next().unwrap();
        assert!(specs.iter().any(|spec| spec == name), "{name} is not asked for");
        let is_it = |line: &str| {
            let dist = line.strip_prefix('+');
            dist.is_some_and(|dist| dist.rsplit("::").next() == Some(stem))
        };
        assert!(history.lines().any(is_it), "{stem} is not in the history");
        assert!(
            pinned.lines().any(|line| line == format!("{name} =={version} {build}")),
            "{pinned}"
        );
        let told = |path: &Path| -> serde_json::Value {
            serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
        };
        let (ours, theirs) =
            (told(&meta.join(&file)), told(&base().prefix.join("conda-meta").join(&file)));
        assert_eq!((&ours["name"], &ours["depends"]), (&theirs["name"], &theirs["depends"]));
        // A real file, which lists what of the package is in the env.
        assert!(meta.join(&file).symlink_metadata().unwrap().is_file());
        let listed = ours["files"].as_array().unwrap();
        let is_there = |path: &str| env.join(path).symlink_metadata().is_ok();
        assert!(listed.iter().all(|path| is_there(path.as_str().unwrap())), "{ours}");
        let theirs = theirs["files"].as_array().unwrap().iter().map(|path| path.as_str().unwrap());
        assert_eq!(listed.len(), theirs.filter(|path| is_there(path)).count(), "{file}");
        records += 1;
    }
    assert_eq!(specs.len(), records);
    assert_eq!(pinned.lines().count(), records);
    let real =
        ["history", "pinned"].map(|name| meta.join(name).symlink_metadata().unwrap().is_file());
    assert_eq!(real, [true, true]);
}
