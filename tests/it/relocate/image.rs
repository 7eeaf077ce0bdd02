//! A base as image builds leave it: everything in it names the path that it was built at, where nothing is any more.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use crate::kit::compile::Source;
use crate::support::sandbox::Sandbox;
use crate::support::testbase::base;

/// Where it was built; longer than any relative path that takes its place.
pub(crate) const BUILT: &str = "/opt/built-by-nobody/conda";

/// The base at `at`, in the sandbox or anywhere.
pub(crate) fn image(at: &Path) -> PathBuf {
    let prefix = base().twin(at);
    for entry in std::fs::read_dir(prefix.join("bin")).unwrap().flatten() {
        if !entry.file_type().unwrap().is_file() {
            continue; // there are a pipe and a socket, which nobody would answer
        }
        let Ok(text) = std::fs::read_to_string(entry.path()) else { continue };
        let new = text.replace(base().prefix.to_str().unwrap(), BUILT);
        if new != text {
            put(&prefix, &format!("bin/{}", entry.file_name().to_string_lossy()), &new, 0o755);
        }
    }
    put(&prefix, "bin/perltool", &format!("#!{BUILT}/bin/perl -w\nprint \"perl\\n\";\n"), 0o755);
    put(&prefix, "bin/root-config", ROOT_CONFIG, 0o755);
    let kernel = format!("{{\"argv\": [\"{BUILT}/bin/{}\", \"-m\", \"x\"]}}\n", base().python);
    put(&prefix, "share/jupyter/kernels/python3/kernel.json", &kernel, 0o644);
    put(&prefix, "share/doc/readme", &format!("see {BUILT}/share\n"), 0o644);
    put(&prefix, "share/doc/other", &format!("see {BUILT}-other\n"), 0o644);
    std::fs::write(prefix.join("share/doc/binary"), format!("\0{BUILT}\0")).unwrap();
    programs(&prefix);
    prefix
}

const ROOT_CONFIG: &str = "#!/bin/sh\ncase `uname` in\nLinux)\n   auxlibs=\"-lm -ldl\" ;;\nesac\n\
                           case \"$1\" in\n--libs) echo \"-lCore $auxlibs\" ;;\nesac\n";

/// A program and libraries whose search paths name the build path, beside a relative one, in front of it, and alone.
fn programs(prefix: &Path) {
    let lib = |name: &str| prefix.join("lib").join(name);
    let library = |name: &str, text: &str, needs: &[PathBuf], path: &str| {
        let linker = ["--disable-new-dtags", path];
        Source { to: lib(name), text, soname: Some(name), needs, linker: &linker }.compile()
    };
    let alone = format!("-rpath={BUILT}/lib");
    let deep = library("libdeep.so.1", "int deep(void) {return 7;}", &[], "-rpath=$ORIGIN");
    let text = "int deep(void); int here(void) {return deep();}";
    let here = library("libhere.so.1", text, &[deep], &alone);
    let path = format!("-rpath={BUILT}/lib:$ORIGIN/../lib");
    let text =
        "#include <stdio.h>\nint here(void); int main(void) {printf(\"%d\\n\", here()); return 0;}";
    let linker = ["--enable-new-dtags", path.as_str()];
    Source { to: prefix.join("bin/heretool"), text, soname: None, needs: &[here], linker: &linker }
        .compile();
}

pub(crate) fn put(prefix: &Path, path: &str, text: &str, mode: u32) {
    let path = prefix.join(path);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    let _ = std::fs::remove_file(&path); // a twin shares its files
    std::fs::write(&path, text).unwrap();
    std::fs::set_permissions(&path, PermissionsExt::from_mode(mode)).unwrap();
}

/// The sorts of findings of `base check`, and its exit code must fit.
#[track_caller]
pub(crate) fn findings(sandbox: &Sandbox, prefix: &Path) -> Vec<String> {
    let outcome = sandbox.mlenv(["base", "check", "--json"]).arg(prefix).end();
    let told = outcome.json();
    let kinds = told["findings"].as_array().unwrap().iter();
    let kinds: Vec<String> =
        kinds.map(|finding| finding["kind"].as_str().unwrap().to_owned()).collect();
    let failed = told["starts"].as_array().unwrap().iter().any(|start| start["works"] != true);
    assert_eq!(outcome.status.code(), Some(i32::from(failed || !kinds.is_empty())), "{outcome}");
    kinds
}
