//! What a record says is what it claims to be, or the record is refused where it is read: an env's, a parcel's, that of a
//! directory's container. Its fields go into paths that are written, into an engine's words and onto the terminal.

use crate::kit::forge::{self, Entry, hollow_base};
use crate::pack::story::{hollow, pack};
use crate::support::sandbox::Sandbox;
use crate::support::tree;

/// Fields of an env's record and values that are not what they claim, as TOML.
const FIELDS: [(&str, &[&str]); 5] = [
    (
        "python-lib",
        &[
            "'../../outside'",
            "'/etc'",
            "'python3.11/../../../outside'",
            "'-x'",
            r#""python3.11\n""#,
            r#""\u001B[31mpython3.11""#,
            "''",
        ],
    ),
    ("python", &[r#""3.11.7\nhome = /outside""#, "'-v'", r#""\u001B[31m""#]),
    ("packages", &["'../../../outside'", "'/etc/passwd'", r#""a\nb""#]),
    ("prefix", &["'outside'", "'../outside'", "'/a/../b'", "'-x'", "''"]),
    ("layout", &["'../../outside'"]),
];

/// The section of a container with one hostile field each.
const CONTAINERS: [&str; 11] = [
    "engine = '../sh'",
    "engine = 'podman'\nimage = '--privileged'",
    "engine = 'podman'\nimage = '-v/:/host'",
    "engine = 'podman'\nimage = \"a\\nb\"",
    "engine = 'podman'\ncontainer = '--all'",
    "engine = 'podman'\ncontainer = '../x'",
    "engine = 'podman'\ndigest = '-x'",
    "engine = 'podman'\nhome = '-x'",
    "engine = 'podman'\ndirectory = '../x'",
    "engine = 'podman'\nid = '../x'",
    "engine = 'podman'\n[[container.bind]]\nsource = '/etc'\ntarget = '../x'",
];

/// A record with one value in place of what a field has wherever it stands.
fn with(record: &str, field: &str, value: &str) -> String {
    let line = |line: &str| match line.split_once(" = ") {
        Some((key, _)) if key == field => format!("{key} = {value}\n"),
        _ => format!("{line}\n"),
    };
    record.lines().map(line).collect()
}

fn hostile(record: &str) -> Vec<String> {
    let fields =
        FIELDS.iter().flat_map(|(field, values)| values.iter().map(move |value| (field, value)));
    let fields = fields.map(|(field, value)| with(record, field, value));
    fields.chain(CONTAINERS.iter().map(|text| format!("{record}\n[container]\n{text}\n"))).collect()
}

#[test]
fn an_envs_record_with_a_field_that_is_not_what_it_claims_is_refused_by_every_verb() {
    let (sandbox, env) = hollow(&[]);
    let good = std::fs::read_to_string(env.join("mlenv.toml")).unwrap();
    for record in hostile(&good) {
        std::fs::write(env.join("mlenv.toml"), &record).unwrap();
        let before = tree::snapshot(sandbox.root());
        for words in [
            &["info", "env"][..],
            &["doctor", "--fix", "env"],
            &["user-site", "on", "env"],
            &["clone", "env", "-p", "other"],
            &["rename", "env", "other"],
            &["pack", "env", "-o", "parcel"],
            &["rebase", "env", "--base", "base"],
            &["activate", "--shell", "bash", "env"],
            &["run", "-p", "env", "true"],
        ] {
            let told = sandbox.mlenv(words).fails(2, "could not");
            assert!(!told.err.contains('\u{1b}') && told.err.lines().count() < 4, "{told}");
        }
        sandbox.mlenv(["list"]).ok();
        tree::assert_same(&before, &tree::snapshot(sandbox.root()), &record);
    }
    std::fs::write(env.join("mlenv.toml"), good).unwrap();
    sandbox.mlenv(["info", "env"]).ok();
}

#[test]
fn a_parcel_whose_record_is_not_what_it_claims_is_refused_and_nothing_is_written() {
    let (sandbox, env) = hollow(&[]);
    pack(&sandbox, &env);
    let about = forge::about_parcel(&sandbox);
    let tar = forge::tar(&[Entry::dir("etc")]);
    let size = u32::try_from(tar.len()).unwrap();
    let head = "[record]\n";
    let (front, record) = about.split_once(head).expect("the record is the last of it");
    let mut bad: Vec<String> = FIELDS
        .iter()
        .flat_map(|(field, values)| values.iter().map(move |value| with(record, field, value)))
        .collect();
    let of_container = |text: &&str| {
        let text = text.replace("[[container", "[[record.container");
        format!("{record}\n[record.container]\n{text}\n")
    };
    bad.extend(CONTAINERS.iter().map(of_container));
    sandbox.write("bad", "");
    let before = tree::snapshot(sandbox.root());
    for record in bad {
        let about = format!("{front}{head}{record}");
        std::fs::write(sandbox.path("bad"), forge::framed(&tar, &about, size)).unwrap();
        let told = sandbox.mlenv(["unpack", "bad", "--to", "node"]);
        told.fails(2, "the parcel is not fit for use").hints("nothing was written");
        std::fs::write(sandbox.path("bad"), "").unwrap();
        let mut after = tree::snapshot(sandbox.root());
        after.insert("bad".into(), before[std::path::Path::new("bad")].clone());
        tree::assert_same(&before, &after, &about);
    }
}

/// A directory that was cloned may have it: what it names is removed, and told to an engine.
#[test]
fn a_containers_state_names_nothing_outside_of_its_directory_and_no_option_of_an_engine() {
    let sandbox = Sandbox::new();
    sandbox.write("precious/file", "");
    sandbox.write("front/podman", "#!/bin/sh\necho \"$@\" >>\"$0.log\"\n");
    sandbox.run("chmod").args(["+x", "front/podman"]).ok();
    let precious = sandbox.path("precious");
    let path = format!("{}:/usr/bin:/bin", sandbox.path("front").display());
    let outside = [
        format!("sandbox = '{}'", precious.display()),
        "sandbox = '../precious'".into(),
        "sandbox = 'in/../../precious'".into(),
        "sandbox = '.'".into(),
    ];
    let words = ["name = '--all'", "container = '--all'", "name = \"a\\nb\"", "digest = '-x'"];
    let lines = outside.iter().map(String::as_str).chain(words);
    for line in lines.chain(["image = '--privileged'", "instance = '../x'", "id = 'a b'"]) {
        sandbox.write("project/.mlenv-container.toml", state(line));
        for words in
            [&["remove", "-y"][..], &["info"], &["enter", "--", "true"], &["remove", "--dry-run"]]
        {
            let run = sandbox.mlenv([&["container"], words].concat());
            let run = run.cwd(sandbox.path("project")).var("PATH", &path);
            run.fails(2, "could not understand");
        }
        assert!(precious.join("file").exists() && sandbox.path("project").is_dir(), "{line}");
        assert!(!sandbox.path("front/podman.log").exists(), "{line}");
    }
    sandbox.write("project/.mlenv-container.toml", state("name = 'u_ml_1'"));
    let run = sandbox.mlenv(["container", "remove", "--dry-run"]).cwd(sandbox.path("project"));
    assert!(run.var("PATH", &path).ok().out.contains("u_ml_1"));
}

/// The state of a container with a line of its own, in place of the usual one.
fn state(line: &str) -> String {
    let usual = [("id", "0a"), ("instance", "0b"), ("image", "r/ml:1")];
    let usual = usual.iter().filter(|(key, _)| !line.starts_with(&format!("{key} =")));
    let usual: Vec<String> = usual.map(|(key, value)| format!("{key} = '{value}'")).collect();
    let usual = usual.join("\n");
    format!(
        "schema = 1\nmlenv = '1'\nengine = 'podman'\npowers = 'user'\ncreated = 'x'\n{usual}\n{line}\n"
    )
}

/// The same data for programs, and lines that nobody can add to.
#[test]
fn a_record_adds_no_line_to_what_is_told_of_it() {
    let sandbox = Sandbox::new();
    let env = sandbox.env("env", &hollow_base(&sandbox.path("base")));
    let good = std::fs::read_to_string(env.join("mlenv.toml")).unwrap();
    let evil = r#""x\nbase state   fine\u009B2J\u202E""#;
    let record = with(&with(&good, "created", evil), "mlenv", evil);
    let record = record.replace("[base]\n", &format!("[base]\nname = {evil}\n"));
    std::fs::write(env.join("mlenv.toml"), record).unwrap();
    for words in [&["info", "env"][..], &["list"], &["info", "env", "--json"], &["list", "--json"]]
    {
        let told = sandbox.mlenv(words).ok().out;
        let forged = told.lines().any(|line| line.starts_with("base state   fine"));
        assert!(!forged && !told.contains(['\u{9b}', '\u{202e}']), "{told}");
    }
    let told = sandbox.mlenv(["info", "env", "--json"]).ok().out;
    let told: serde_json::Value = serde_json::from_str(&told).unwrap();
    assert!(told.to_string().contains("fine\u{9b}2J\u{202e}"), "{told}");
}

/// A base that was downloaded may have it: undoing it changes files of the base and no others.
#[test]
fn what_a_base_says_was_prepared_changes_nothing_outside_of_it() {
    let sandbox = Sandbox::new();
    let base = hollow_base(&sandbox.path("base"));
    sandbox.write("precious/file", "abc");
    std::os::unix::fs::symlink(sandbox.path("precious"), base.join("link")).unwrap();
    std::os::unix::fs::symlink("../precious/file", base.join("file")).unwrap();
    let sum = |text: &str| {
        sandbox.write("sum", text);
        sandbox.run("sha256sum").arg("sum").ok().out.split(' ').next().unwrap().to_owned()
    };
    let (old, new) = (sum("xyz"), sum("abc"));
    std::fs::remove_file(sandbox.path("sum")).unwrap();
    let before = tree::snapshot(&sandbox.path("precious"));
    let absolute = sandbox.path("precious/file").display().to_string();
    for path in ["../precious/file", &absolute, "lib/../../precious/file", "link/file", "file"] {
        let edit = serde_json::json!({
            "path": path, "kind": "scripts", "old-sha256": old, "new-sha256": new,
            "splices": [{"offset": 0, "old": "78797a", "new": "616263"}]
        });
        let written = serde_json::json!({"path": path, "sha256": new});
        for (edits, written) in [(vec![edit], vec![]), (vec![], vec![written])] {
            let record = serde_json::json!({
                "format": 1, "mlenv": "1", "built-at": "/b", "edits": edits, "written": written
            });
            std::fs::write(base.join("mlenv-prepared.json"), record.to_string()).unwrap();
            let told = sandbox.mlenv(["base", "prepare", "--undo"]).arg(&base).end();
            assert!(!told.err.contains("panicked"), "{told}");
            tree::assert_same(&before, &tree::snapshot(&sandbox.path("precious")), path);
        }
    }
}
