//! What published images hold besides Python: programs in every form, libraries with chains of links, activation
//! scripts, kernels, and things that are nobody's.

use std::os::unix::fs::{PermissionsExt, symlink};
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};

use nix::sys::stat::Mode;

use super::packages::write_record;

/// Owned files that the layouts `standard` and `full` link.
pub(crate) const OWNED_STANDARD: [&str; 13] = [
    "bin/elftool",
    "bin/shelltool",
    "bin/.tools-pre-unlink.sh",
    "etc/tools.conf",
    "etc/conda/activate.d/tools.sh",
    "etc/conda/deactivate.d/tools.sh",
    "share/jupyter/kernels/tools/kernel.json",
    "include/tools.h",
    "Menu/tools.json",
    "ssl/cacert.pem",
    "lib/libtools.so.1.0",
    "x86_64-conda-linux-gnu/bin/ld",
    "sbin/toolsd",
];

/// Owned files that only `full` links.
pub(crate) const OWNED_FULL_ONLY: [&str; 3] =
    ["share/man/man1/tools.1", "libexec/tools/helper", "share/terminfo/x/xterm"];

/// Files of nobody that an env gets as real files.
pub(crate) const CARRIED: [&str; 2] =
    ["etc/conda/activate.d/zz-image.sh", "share/jupyter/kernels/image/kernel.json"];

/// What no layout ever holds: files of nobody, litter, sockets and pipes, links that lead nowhere.
pub(crate) const NEVER: [&str; 13] = [
    "lib/unowned.txt",
    "etc/image.conf",
    "include/unowned.h",
    "README.image",
    "pkgs/cache.json",
    "lib/__pycache__/x.pyc",
    "etc/tools.log",
    "bin/socket",
    "bin/fifo",
    "bin/gone",
    "lib/libgone.so",
    "share/jupyter/unowned.json",
    "libexec/unowned",
];

/// Python scripts in `bin`, one of every form.
pub(crate) const SCRIPTS: [&str; 4] = ["absolute", "envpython", "longpath", "imagetool"];

/// What every script of SCRIPTS does.
const BODY: &str = "import sys\nprint(sys.prefix)\nprint(sys.argv[1:])\n";

/// Adds all of it. Scripts name `place`, where the prefix will be.
pub(crate) fn add(prefix: &Path, place: &Path) {
    for path in OWNED_STANDARD.iter().chain(&OWNED_FULL_ONLY).chain(&CARRIED) {
        write(prefix, path, &format!("# {path}\n"));
    }
    // One that nobody trusts for anything: what reads such a file wants to find certificates.
    write(prefix, "ssl/cacert.pem", include_str!("cacert.pem"));
    for path in NEVER
        .iter()
        .filter(|path| !["bin/socket", "bin/fifo", "bin/gone", "lib/libgone.so"].contains(path))
    {
        write(prefix, path, "nobody's\n");
    }
    programs(prefix, place);
    links(prefix);
    special(prefix);
    let unlisted = ["bin/imagetool", "bin/gone"];
    let links =
        ["lib/libtools.so", "lib/libtools.so.1", "lib/terminfo", "lib/libgone.so", "etc/tools.log"];
    let scripts = SCRIPTS
        .iter()
        .map(|name| format!("bin/{name}"))
        .filter(|path| !unlisted.contains(&path.as_str()));
    let owned =
        OWNED_STANDARD.iter().chain(&OWNED_FULL_ONLY).chain(&links).map(|path| (*path).to_owned());
    write_record(
        prefix,
        ("tools", "2.0"),
        &owned.chain(scripts).map(PathBuf::from).collect::<Vec<_>>(),
    );
}

fn programs(prefix: &Path, place: &Path) {
    let place = place.to_str().unwrap();
    let long = format!("/opt/{}/bin/python3", "x".repeat(120));
    let scripts = [
        ("absolute", format!("#!{place}/bin/python3\n{BODY}")),
        ("envpython", format!("#!/usr/bin/env python\n{BODY}")),
        ("longpath", format!("#!/bin/sh\n'''exec' {long} \"$0\" \"$@\"\n' '''\n{BODY}")),
        ("imagetool", format!("#!/bin/bash\n# -*- coding: utf-8 -*-\n{POLYGLOT}{BODY}")),
        ("shelltool", "#!/bin/sh\necho shell \"$@\"\n".to_owned()),
        (".tools-pre-unlink.sh", "#!/bin/sh\n".to_owned()),
    ];
    for (name, text) in scripts {
        write(prefix, &format!("bin/{name}"), &text);
    }
    std::fs::copy("/bin/true", prefix.join("bin/elftool")).unwrap();
    for name in SCRIPTS.iter().chain(&["shelltool", "elftool", ".tools-pre-unlink.sh"]) {
        let path = prefix.join("bin").join(name);
        std::fs::set_permissions(path, PermissionsExt::from_mode(0o755)).unwrap();
    }
}

/// A shell script to the shell and a string to Python, as image builds write it in place of an interpreter line.
const POLYGLOT: &str = r#""true" '''\'
here=$(cd "$(dirname "$0")" && pwd)
exec "$here/python3" "$0" "$@"
exit 127
'''
"#;

fn links(prefix: &Path) {
    for (target, path) in [
        ("libtools.so.1.0", "lib/libtools.so.1"),
        ("libtools.so.1", "lib/libtools.so"),
        ("libgone.so.7", "lib/libgone.so"),
        ("../share/terminfo", "lib/terminfo"),
        ("/nowhere/program", "bin/gone"),
    ] {
        symlink(target, prefix.join(path)).unwrap();
    }
}

/// A socket's address is short, so it is bound through a descriptor of its directory.
fn special(prefix: &Path) {
    use std::os::fd::AsRawFd;
    let bin = std::fs::File::open(prefix.join("bin")).unwrap();
    drop(UnixListener::bind(format!("/proc/self/fd/{}/socket", bin.as_raw_fd())).unwrap());
    nix::unistd::mkfifo(&prefix.join("bin/fifo"), Mode::S_IRWXU).unwrap();
}

fn write(prefix: &Path, path: &str, text: &str) {
    let path = prefix.join(path);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, text).unwrap();
}
