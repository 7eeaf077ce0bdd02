//! Samples as they are found in the wild, and a few that once did harm.

use std::path::Path;

fn all(texts: &[&str]) -> Vec<Vec<u8>> {
    texts.iter().map(|text| text.as_bytes().to_vec()).collect()
}

pub(crate) fn sessions() -> Vec<Vec<u8>> {
    all(&[
        "",
        "1 o: e:/e",
        "1 o:/p/.mlenv.toml e:/a%20b v:CONDA_PREFIX:=/a%20b:! v:X:!:=%C3%A9%0Ay v:Y:=1:= p:PATH:/a%20b/bin \
         p:MANPATH:/a/man d:/a%20b/etc/conda/deactivate.d/x.sh d:/a%20b/etc/conda/deactivate.d/x.csh",
        "1 o: e:/e v:PS1:=x:! v:PATH:=/x:=/y p:path:/x d:/etc/conda/deactivate.d/x.sh",
        "2 o: e:/e",
    ])
}

pub(crate) fn markers() -> Vec<Vec<u8>> {
    all(&[
        "env = \"../my env\"\n",
        "# mine\nenv = 'name'\n[hooks]\nx = 1\n",
        "env = { percent = \"/a%FFb\" }\n",
        "env = ./no quotes\n",
        "env = 1",
    ])
}

const RECORD: &str = r#"schema = 2
mlenv = "0.1.0"
created = "2026-01-01T00:00:00Z"
layout = "standard"
user-site = false
prefix = "/e"

[base]
name = "ml:1"
path = "/b"
prefix = "/b"
kind = "conda"
python = "3.11.7"
python-lib = "python3.11"

[base.fingerprint]
packages = "0a1b"
stamp = 1700000000
root = "1:2"
"#;

const MORE: &str = r#"
[container]
engine = "podman"
image = "docker.io/u/ml:1"
digest = "sha256:00"
container = "u_ml"
directory = "/p/my dir"
id = "0a1b"
gpu = true

[requests]
channels = ["conda-forge", "https://x/t/tk-1/lab"]

[requests.conda]
numpy = "numpy>=2"

[requests.pip]
demo = "demo @ https://u:p@x/y?token=1#egg=demo"
local = "-e /a b"
"#;

pub(crate) fn records() -> Vec<Vec<u8>> {
    let whole = format!("{RECORD}{MORE}");
    let newer = "schema = 9\nmlenv = \"\\u001b[31m\\n9\"\n";
    let odd = RECORD.replace("\"/e\"", "{ percent = \"/a%FF%0A%+1\" }");
    all(&[&whole, RECORD, newer, &odd, &RECORD.replace("standard", "st\\nrd")])
}

/// What an index says of itself.
pub(crate) const ABOUT_INDEX: &str = "format = 1\nlayout = \"standard\"\npackages = \"0a1b\"\n";

/// What a packed env says of itself.
pub(crate) fn about_parcel() -> String {
    let record = RECORD.replace("[base", "[record.base");
    format!(
        "parcel = 1\npacked = \"2026-01-01T00:00:00Z\"\ndirs = 1\nlarge = []\npyvenv = \"home = /b/bin\\n\"\n\n[record]\n{record}"
    )
}

pub(crate) fn references() -> Vec<Vec<u8>> {
    let pinned = format!("docker://ghcr.io/a/b/c:1.0-x@sha256:{}", "0a".repeat(32));
    all(&[
        "python:3.12",
        "docker.io/library/python",
        "localhost:5000/a__b/c-d.e:latest",
        "[::1]:5000/x",
        &pinned,
        "https://x/y",
        "./here",
    ])
}

pub(crate) fn answers() -> Vec<Vec<u8>> {
    let digest = format!("sha256:{}", "0a".repeat(32));
    let part = format!(
        r#"{{"mediaType": "application/vnd.oci.image.layer.v1.tar+gzip", "digest": "{digest}", "size": 18446744073709551615}}"#
    );
    let config = part.replace("layer", "config");
    let image = format!(
        r#"{{"schemaVersion": 2, "config": {config}, "layers": [{part}, {part}], "annotations": {{"a": "b", "c": [1]}}}}"#
    );
    let index = format!(
        r#"{{"schemaVersion": 2, "manifests": [{{"digest": "{digest}", "size": 1, "platform": {{"os": "li\nnux", "architecture": "arm\u001b", "variant": "v8"}}}}]}}"#
    );
    all(&[
        &image,
        &index,
        r#"{"schemaVersion": 1, "config": null}"#,
        r#"{"created": "2026-01-01T00:00:00Z", "os": "linux", "architecture": "amd64", "config": {"Labels": {"x": "y", "z": null}}}"#,
        r#"{"token": "abc.def", "expires_in": 300}"#,
        r#"{"access_token": "a\nb"}"#,
        r#"{"errors": [{"code": "NAME_UNKNOWN", "message": "no\nsuch \u001b[31mthing"}]}"#,
        "Bearer realm=\"https://a/token\",service=\"x\",scope=\"repository:a/b:pull\"\nBasic realm=x",
        &digest,
    ])
}

pub(crate) fn conda_records() -> Vec<Vec<u8>> {
    all(&[
        r#"{"name": "x", "version": "1", "depends": ["a >=1"], "files": ["bin/x", "lib/python3.11/x.py"], "paths_data": {"paths": [{"_path": "bin/x", "prefix_placeholder": "/old", "file_mode": "text"}, {"_path": "lib/x"}], "paths_version": 1}}"#,
        r#"{"mlenv": "user", "files": ["../../etc/passwd", "\ud83d\ude42"], "paths_data": {}}"#,
        "a.py,sha256=x,1\n\"../../../share/a,b.json\",sha256=q,1\n../../../bin/tool,,\n",
        r#"{"success": true, "actions": {"LINK": [{"name": "x", "version": "1", "channel": "c"}], "UNLINK": [{"name": "y", "version": "2"}], "PREFIX": "/e"}, "prefix": "/e"}"#,
        r#"{"success": false, "error": "no\nsuch", "message": "x\u001b[31m", "exception_name": "E"}"#,
        r#"{"version": "1", "install": [{"metadata": {"name": "x", "version": "1"}, "is_direct": true, "requested": true, "download_info": {"url": "https://x/y.whl"}}]}"#,
        r#"{"version": "1", "install": {"a\nb": 1}}"#,
        r#"{"url": "file:///a%20b", "dir_info": {"editable": true}, "subdirectory": "p"}"#,
        r#"{"url": "https://u:t@x/r.git?token=1", "vcs_info": {"vcs": "git", "commit_id": "c0"}}"#,
    ])
}

const EXPORT: &str = r#"schema = 2
mlenv = "0.1.0"
layout = "standard"
user-site = false

[base]
name = "ml:1"
path = "/b"
kind = "conda"
python = "3.11.7"
packages = "0a1b"

[base.container]
engine = "podman"
image = "docker.io/u/ml:1"

[requests.pip]
six = "six>=1"

[conda]
numpy = "2.0=py311_0"

[pip]
six = "1.16.0"

[direct]
six = "git+https://x/y@c0#subdirectory=z"
"#;

pub(crate) fn env_files() -> Vec<Vec<u8>> {
    let mut wide = vec![0xff, 0xfe];
    wide.extend("six>=1\nnumpy\n".encode_utf16().flat_map(u16::to_le_bytes));
    let mut found = all(&[
        EXPORT,
        &EXPORT.replace("2.0=py311_0", "2.0\\n--prefix=/x"),
        "# all\nnumpy>=1.26,<2  # x\n-r more.txt\n-e ./here\nuproot[http] (>=5); python_version > '3' and (extra == 'x' or os_name == 'posix')\n\
         demo @ https://x/y#sha256=1\nsix==1.* \\\n  --hash=sha256:1\nb===1.x\n",
        "numpy ==1.26 0\nsix>=1\n",
        "name: x\nchannels:\n - y\ndependencies:\n - numpy\n",
        "[project]\nname = 'x'\ndependencies = ['six']\n",
    ]);
    found.push(wide);
    found
}

/// A condition that once filled the stack.
pub(crate) fn deep_condition() -> String {
    format!("x; {}'a' == 'a'", "(".repeat(200_000))
}

/// The smallest program of the machine that there is, and what the loader looks at of it.
pub(crate) fn elf_files() -> Vec<Vec<u8>> {
    let names = ["/usr/bin/true", "/bin/true", "/usr/bin/id", "/usr/bin/env"];
    let mut found: Vec<Vec<u8>> =
        names.iter().filter_map(|name| std::fs::read(Path::new(name)).ok()).collect();
    found.sort_by_key(Vec::len);
    found.truncate(2);
    found.push(library());
    assert!(found.iter().any(|bytes| bytes.len() > 4096), "no program to look at: {names:?}");
    found
}

/// A tiny 64-bit library: one mapped segment, a dynamic section with a search path, a hash table, a string table.
fn library() -> Vec<u8> {
    let strings = b"\0$ORIGIN/../lib:/b/lib\0libx.so.1\0";
    let (dynamic, hash, table) = (176_u64, 176 + 7 * 16, 176 + 7 * 16 + 32);
    let size = table + strings.len() as u64;
    let mut out = b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0\x03\0\x3e\0\x01\0\0\0".to_vec();
    for word in [0, 64, 0] {
        out.extend(u64::to_le_bytes(word));
    }
    out.extend([0, 0, 0, 0, 64, 0, 56, 0, 2, 0, 0, 0, 0, 0, 0, 0]);
    for (kind, offset, size) in [(1_u32, 0, size), (2, dynamic, 7 * 16)] {
        out.extend(kind.to_le_bytes());
        out.extend(4_u32.to_le_bytes());
        out.extend([offset, offset, offset, size, size, 8].map(u64::to_le_bytes).concat());
    }
    let entries =
        [(29, 1), (1, 23), (5, table), (10, strings.len() as u64), (6, hash), (4, hash), (0, 0)];
    out.extend(entries.iter().flat_map(|(tag, value)| [*tag, *value]).flat_map(u64::to_le_bytes));
    out.extend(
        [[1_u32, 1], [0, 0], [0, 0], [0, 0]].concat().into_iter().flat_map(u32::to_le_bytes),
    );
    out.extend(strings);
    out
}
