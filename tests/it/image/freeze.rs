//! `image freeze`: an env as one layer on the image that carries its base.

use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use super::layers::{image_of, with_base};
use super::written::Written;
use crate::kit::fakeregistry::{Fake, Reply, Request, Store, digest};
use crate::support::sandbox::{Run, Sandbox};
use crate::support::wheel;

/// What was sent, and how large it was.
pub(super) type Taken = Arc<Mutex<Vec<(String, usize)>>>;

/// A registry with the base's image, which takes what is sent. `mounts` is what it answers to a mount.
pub(super) fn registry(mounts: u16) -> (Fake, Taken) {
    let mut store = Store::default();
    image_of(&mut store, &with_base("note"));
    let taken = Taken::default();
    let kept = Arc::clone(&taken);
    let answer = move |request: &Request| {
        let is_ours = request.path.starts_with("/v2/me/");
        let note = |what: &str| {
            kept.lock().unwrap().push((format!("{} {what}", request.method), request.body.len()));
        };
        match request.method.as_str() {
            "HEAD" if is_ours => Reply::new(404, ""),
            "POST" if request.path.contains("mount=") => {
                note("mount");
                Reply::new(mounts, "").with("location", "/v2/me/ana/blobs/uploads/other")
            }
            "DELETE" => {
                note("upload");
                Reply::new(204, "")
            }
            "POST" => Reply::new(202, "").with("location", "/v2/me/ana/blobs/uploads/one?state=x"),
            "PUT" => {
                note(if request.path.contains("/manifests/") { "manifest" } else { "blob" });
                Reply::new(201, "")
            }
            _ => store.answer(request),
        }
    };
    (Fake::plain(answer), taken)
}

/// An env on the base of the image, as it is unpacked here.
pub(super) struct Frozen {
    pub(super) sandbox: Sandbox,
    pub(super) fake: Fake,
    pub(super) taken: Taken,
}

impl Frozen {
    pub(super) fn new(mounts: u16) -> Self {
        let (sandbox, (fake, taken)) = (Sandbox::new(), registry(mounts));
        sandbox.mlenv(["image", "deploy"]).arg(fake.image("lab/app:v1")).arg("images").ok();
        let this = Self { sandbox, fake, taken };
        wheel::build(&this.sandbox.path("wheels"), "fresh", "1.0");
        this.env("env");
        this
    }

    fn base(&self) -> PathBuf {
        self.sandbox.path("images").join(self.fake.address.to_string()).join("lab/app:v1")
    }

    fn env(&self, name: &str) {
        self.sandbox
            .mlenv(["create", "-q", "--no-save", "-p", name, "--base"])
            .arg(self.base())
            .ok();
        let run = self.sandbox.mlenv(["install", "-q", "--pip", "-p", name, "fresh"]);
        run.var("PIP_NO_INDEX", "1").var("PIP_FIND_LINKS", self.sandbox.path("wheels")).ok();
    }

    pub(super) fn freeze(&self, env: &str, words: &[&str]) -> Run {
        self.sandbox.mlenv(["image", "freeze", env]).args(words)
    }
}

#[test]
fn an_env_is_one_layer_more_and_the_same_env_the_same_image() {
    let frozen = Frozen::new(201);
    let told = frozen.freeze("env", &["-o", "oci:out"]).ok();
    let written = Written(frozen.sandbox.path("out"));
    assert_eq!(told.out.trim(), written.digest().as_str().unwrap());
    let manifest = written.manifest();
    let layers = manifest["layers"].as_array().unwrap();
    assert_eq!(layers.len(), 3, "the base has two");
    for part in layers.iter().chain([&manifest["config"]]) {
        let bytes = std::fs::read(written.blob(&part["digest"])).unwrap();
        assert_eq!(
            (digest(&bytes), bytes.len() as u64),
            (part["digest"].as_str().unwrap().to_owned(), part["size"].as_u64().unwrap())
        );
    }
    let config = written.config();
    assert_eq!(config["rootfs"]["diff_ids"].as_array().unwrap().len(), 3);
    let vars = config["config"]["Env"].as_array().unwrap();
    for pair in ["PATH=/mlenv/envs/env/bin:/opt/conda/bin:/usr/bin", "CONDA_PREFIX=/mlenv/envs/env"]
    {
        assert!(vars.contains(&pair.into()), "{vars:?}");
    }
    assert_eq!(config["config"]["Entrypoint"][0], "/mlenv/envs/env/bin/mlenv-entry");
    // What others see of it without pulling it.
    let labels = &config["config"]["Labels"];
    let packages = labels["mlenv.packages"].as_str().unwrap();
    let listed = ["\nfresh==1.0\n", "\ntools=2.0=0\n"].map(|line| packages.contains(line));
    assert!(listed == [true; 2] && labels["mlenv.base"].is_string(), "{labels}");
    // What is in the layer says nothing of this machine.
    let layer = written.layer(2);
    let text = frozen.sandbox.run("tar").arg("-xzOf").arg(&layer).ok().out;
    let here = frozen.sandbox.root().to_str().unwrap().to_owned();
    assert!(!text.contains(&here), "{here}");
    let names = frozen.sandbox.run("tar").arg("-tzf").arg(&layer).ok().out;
    assert!(names.starts_with("mlenv\n") || names.starts_with("mlenv/\n"), "{names}");
    assert!(
        names.contains("mlenv/envs/env/.wh..wh..opq\n") && names.contains("fresh/__pycache__/"),
        "{names}"
    );
    std::fs::create_dir(frozen.sandbox.path("elsewhere")).unwrap();
    frozen.env("elsewhere/env");
    let again = frozen.freeze("elsewhere/env", &["-o", "again.oci.tar"]).ok();
    assert_eq!(again.out, told.out);
    let names = frozen.sandbox.run("tar").args(["-tf", "again.oci.tar"]).ok().out;
    assert!(names.contains("oci-layout\n") && names.contains("blobs/sha256/"), "{names}");
    frozen.freeze("env", &["-o", "again.oci.tar"]).fails(1, "is there already");
}

#[test]
fn what_is_private_stays_at_home_and_is_told() {
    let frozen = Frozen::new(201);
    let env = frozen.sandbox.path("env");
    std::fs::write(env.join(".netrc"), "p4ssw0rd").unwrap();
    std::fs::write(env.join("data.txt"), "mine").unwrap();
    std::fs::write(env.join("pip.conf"), "[global]\nindex-url = https://me:s3cr3t@x/\n").unwrap();
    frozen.sandbox.mlenv(["vars", "set", "-p", "env", "TOKEN=s3cr3t", "THREADS=4"]).ok();
    let words = ["-o", "oci:out", "--include", "data.txt", "--with-vars", "THREADS"];
    let told = frozen.freeze("env", &words).ok().says(".netrc: no package owns it");
    assert!(!told.err.contains("data.txt"), "{told}");
    let mut all = Vec::new();
    for blob in frozen.sandbox.path("out/blobs/sha256").read_dir().unwrap().flatten() {
        let bytes = std::fs::read(blob.path()).unwrap();
        if bytes.starts_with(&[0x1f, 0x8b]) {
            let mut text = Vec::new();
            std::io::Read::read_to_end(&mut flate2::read::GzDecoder::new(&bytes[..]), &mut text)
                .unwrap();
            all.extend(text);
        }
        all.extend(bytes);
    }
    let all = String::from_utf8_lossy(&all);
    assert!(all.contains("mine") && all.contains("THREADS=4"));
    assert!(!all.contains("p4ssw0rd") && !all.contains("s3cr3t"));
    frozen.freeze("env", &["-o", "oci:x", "--with-vars", "NONE"]).fails(1, "has no variable NONE");
    let project = "[project]\nname = 'own'\nversion = '1'\n[build-system]\nrequires = []\nbuild-backend = 'b'\n";
    frozen.sandbox.write("own/pyproject.toml", project);
    let site = env.join("lib").join(&crate::support::testbase::base().python).join("site-packages");
    let info = site.join("own-1.dist-info");
    std::fs::create_dir(&info).unwrap();
    std::fs::write(info.join("METADATA"), "Metadata-Version: 2.1\nName: own\nVersion: 1\n")
        .unwrap();
    std::fs::write(
        info.join("direct_url.json"),
        r#"{"url": "file:///x/own", "dir_info": {"editable": true}}"#,
    )
    .unwrap();
    frozen.freeze("env", &["-o", "oci:x"]).fails(1, "own is installed in place, from /x/own");
    assert!(!frozen.sandbox.path("x").exists());
}

#[test]
fn what_the_base_has_is_mounted_and_the_manifest_comes_last() {
    let frozen = Frozen::new(201);
    let target = frozen.fake.image("me/ana:v3");
    let told = frozen.freeze("env", &["--push", &target]).ok().says("mounted 2 layers");
    assert!(told.out.starts_with("sha256:"));
    let taken = frozen.taken.lock().unwrap().clone();
    let words: Vec<&str> = taken.iter().map(|(what, _)| what.as_str()).collect();
    assert_eq!(words, ["POST mount", "POST mount", "PUT blob", "PUT blob", "PUT manifest"]);
}

#[test]
fn what_cannot_be_mounted_is_copied_only_where_that_is_wanted() {
    let frozen = Frozen::new(202);
    let target = frozen.fake.image("me/ana:v3");
    frozen
        .freeze("env", &["--push", &target])
        .fails(1, "cannot be mounted from lab/app")
        .hints("--copy-base");
    let words = |taken: &[(String, usize)]| -> Vec<String> {
        taken.iter().map(|(what, _)| what.clone()).collect()
    };
    let first = words(&frozen.taken.lock().unwrap());
    assert_eq!(
        first,
        ["POST mount", "DELETE upload", "POST mount", "DELETE upload"],
        "no half image"
    );
    frozen.taken.lock().unwrap().clear();
    frozen.freeze("env", &["--push", &target, "--copy-base"]).ok().says("mounted 0 layers");
    let second = words(&frozen.taken.lock().unwrap());
    assert_eq!(second.iter().filter(|word| *word == "PUT blob").count(), 4);
    assert_eq!(second.last().unwrap(), "PUT manifest");
}

#[test]
fn the_image_has_to_be_known_and_to_be_the_one_that_the_env_stands_on() {
    let frozen = Frozen::new(201);
    let other = Fake::plain(|_| Reply::new(404, ""));
    let named = other.image("lab/app:v1");
    frozen.freeze("env", &["-o", "oci:out", "--base-image", &named]).end();
    let mut store = Store::default();
    image_of(&mut store, &with_base("another"));
    let another = Fake::plain(move |request| store.answer(request));
    let told =
        frozen.freeze("env", &["-o", "oci:out", "--base-image", &another.image("lab/app:v1")]);
    told.fails(1, "means another image by now").hints("--base-image");
    assert!(!frozen.sandbox.path("out").exists());
    let base = &crate::support::testbase::base().prefix;
    frozen.sandbox.mlenv(["create", "-q", "--no-save", "-p", "plain", "--base"]).arg(base).ok();
    frozen
        .freeze("plain", &["-o", "oci:out"])
        .fails(1, "it is not known which image has ")
        .hints("--base-image");
    let place = ["-o", "oci:out", "--place", "relative"];
    frozen.freeze("env", &place).fails(2, "an env cannot be at relative");
}

#[test]
fn an_image_is_built_of_what_a_file_asks_for_and_twice_the_same() {
    let sandbox = Sandbox::new();
    let (fake, taken) = registry(201);
    wheel::build(&sandbox.path("wheels"), "fresh", "1.0");
    let text = format!(
        "channels: ['{}']\nvariables: {{COURSE: hep}}\ndependencies:\n  - app\n  - pip:\n    - fresh\n",
        crate::kit::client::address()
    );
    sandbox.write("course/environment.yml", text);
    let build = |words: &[&str]| {
        let run = sandbox.mlenv(["image", "build", "course", "--base-image"]);
        let run = run.arg(fake.image("lab/app:v1")).args(words).var("PIP_NO_INDEX", "1");
        run.var("PIP_FIND_LINKS", sandbox.path("wheels")).var("MLENV_SITE", sandbox.path("no-site"))
    };
    let first = build(&["-o", "oci:out"]).ok().out;
    let target = fake.image("me/course:v1");
    let second = build(&["--push", &target, "-o", "course.oci.tar"]).ok();
    assert_eq!(first, second.out);
    second.says("pushed ").says("mounted 2 layers");
    assert_eq!(taken.lock().unwrap().last().unwrap().0, "PUT manifest");
    let written = Written(sandbox.path("out"));
    let config = written.config();
    assert!(config["config"]["Env"].as_array().unwrap().contains(&"COURSE=hep".into()));
    let labels = &config["config"]["Labels"];
    assert!(labels["mlenv.packages"].as_str().unwrap().contains("app=1.0="), "{labels}");
    let spec = std::fs::read(sandbox.path("course/environment.yml")).unwrap();
    assert_eq!(labels["mlenv.spec"], digest(&spec));
    let layer = written.layer(2);
    let names = sandbox.run("tar").arg("-tzf").arg(&layer).ok().out;
    for name in ["mlenv/envs/course/bin/app\n", "site-packages/fresh/__init__.py\n"] {
        assert!(names.contains(name), "{name}: {names}");
    }
    let text = sandbox.run("tar").arg("-xzOf").arg(&layer).ok().out;
    assert!(!text.contains(sandbox.root().to_str().unwrap()), "nothing names this machine");
    sandbox.write("course/environment.yml", "dependencies: [nowhere-to-be-had]\n");
    build(&["-o", "oci:other"]).end();
    assert!(!sandbox.path("other").exists());
    build(&["-o", "oci:out"]).end();
}

#[test]
fn a_login_is_told_to_the_registry_alone_and_a_mount_that_is_refused_is_no_end() {
    let frozen = Frozen::new(201);
    let told: Arc<Mutex<Vec<String>>> = Arc::default();
    let kept = Arc::clone(&told);
    // A store of blobs elsewhere, to which the registry sends what is uploaded.
    let store = Fake::plain(move |request| {
        let login = request.header("authorization").unwrap_or("nobody").to_owned();
        kept.lock().unwrap().push(login);
        Reply::new(201, "")
    });
    let place = format!("http://{}/upload?state=x", store.address);
    let registry = Fake::plain(move |request| {
        let asks = Reply::new(401, "").with("www-authenticate", "Basic realm=\"x\"");
        if request.header("authorization").is_none() {
            return asks;
        }
        match request.method.as_str() {
            "HEAD" => Reply::new(404, ""),
            "POST" if request.path.contains("mount=") => asks,
            "POST" => Reply::new(202, "").with("location", &place),
            _ => Reply::new(201, ""),
        }
    });
    let login = "{\"auths\": {\"HOST\": {\"auth\": \"bWU6c2VjcmV0\"}}}";
    let login = login.replace("HOST", &registry.address.to_string());
    frozen.sandbox.write("home/.docker/config.json", login);
    let target = registry.image("me/ana:v3");
    let words = ["--push", &target, "--copy-base", "--mount-from", "lab/app"];
    frozen.freeze("env", &words).ok().says("mounted 0 layers");
    let told = told.lock().unwrap().clone();
    assert_eq!(told, vec!["nobody"; 4], "two layers of the base, the new one, the config");
}
