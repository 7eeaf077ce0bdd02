//! What is not activated: one line, a cure, and a shell as it was.

use std::os::unix::fs::symlink;
use std::path::Path;

use crate::support::shells::sandbox::{Layout, Sandbox};
use crate::support::shells::{Shell, Step, text};

/// `mlenv ARGUMENTS` prints nothing to stdout, ends with `code`, and says `words` and a hint.
#[track_caller]
fn refused(sandbox: &Sandbox, arguments: &[&str], code: i32, words: &str) {
    let output = sandbox.mlenv(arguments);
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.stdout, b"", "{said}");
    assert_eq!(output.status.code(), Some(code), "{said}");
    assert!(said.contains(words), "`{words}` is not in: {said}");
    assert_eq!(said.lines().count(), 2, "{said}");
    assert!(said.lines().nth(1).is_some_and(|line| line.starts_with("hint: ")), "{said}");
}

const ACTIVATE: [&str; 3] = ["activate", "--shell", "bash"];

#[track_caller]
fn not_activated(sandbox: &Sandbox, named: &str, code: i32, words: &str) {
    refused(sandbox, &[&ACTIVATE[..], &[named]].concat(), code, words);
}

#[test]
fn a_base_that_is_gone() {
    let sandbox = Sandbox::new();
    sandbox.simple();
    std::fs::remove_dir_all(sandbox.path("image")).unwrap();
    not_activated(&sandbox, "env", 2, "the base of");
    not_activated(&sandbox, "env", 2, "is gone");
}

#[test]
fn a_base_with_another_python() {
    let sandbox = Sandbox::new();
    sandbox.simple();
    std::fs::rename(
        sandbox.path("image/opt/conda/lib/python3.11"),
        sandbox.path("image/opt/conda/lib/python3.12"),
    )
    .unwrap();
    not_activated(&sandbox, "env", 2, "no longer holds Python 3.11.7");
}

#[test]
fn an_env_that_was_moved_but_not_one_behind_a_link() {
    let sandbox = Sandbox::new();
    let env = sandbox.simple();
    symlink(&env, sandbox.path("link")).unwrap();
    for shell in Shell::ALL {
        let looks = shell.tell(&sandbox, &[Step::Activate("./link"), Step::Look]);
        assert_eq!(
            crate::support::shells::get(&looks[0], "CONDA_PREFIX"),
            Some(text(&env)),
            "{shell:?}"
        );
    }
    std::fs::rename(&env, sandbox.path("moved")).unwrap();
    not_activated(&sandbox, "./moved", 2, "was moved");
}

#[test]
fn paths_that_no_list_can_hold_and_things_that_are_no_env() {
    let sandbox = Sandbox::new();
    let image = sandbox.image("image");
    sandbox.env("a:b", &image.join("opt/conda"), "conda", Layout::Standard);
    sandbox.env("a\nb", &image.join("opt/conda"), "conda", Layout::Standard);
    not_activated(&sandbox, "a:b", 2, "cannot be on PATH");
    not_activated(&sandbox, "./a\nb", 2, "cannot be on PATH");
    not_activated(&sandbox, "home", 1, "is not an env");
    not_activated(&sandbox, "nowhere", 1, "no env called `nowhere`");
    sandbox.write("newer/mlenv.toml", "schema = 99\nlayout = \"standard\"\nprefix = \"/x\"\n[base]\npath=\"/b\"\nprefix=\"/b\"\nkind=\"conda\"\npython=\"3\"\npython-lib=\"p\"\n");
    not_activated(&sandbox, "newer", 2, "newer mlenv");
    sandbox.write("broken/mlenv.toml", "schema = ");
    assert_eq!(sandbox.mlenv(&[&ACTIVATE[..], &["broken"]].concat()).status.code(), Some(2));
}

#[test]
fn without_a_shell_it_explains_itself() {
    let sandbox = Sandbox::new();
    refused(&sandbox, &["activate"], 2, "has to change your shell");
    refused(&sandbox, &["deactivate"], 2, "has to change your shell");
    refused(&sandbox, &["activate", "--shell", "ksh", "x"], 2, "unknown shell `ksh`");
    refused(&sandbox, &ACTIVATE, 2, "which env?");
    let output = sandbox
        .command(env!("CARGO_BIN_EXE_mlenv"))
        .arg("activate")
        .env("SHELL", "/bin/tcsh")
        .output()
        .unwrap();
    assert!(String::from_utf8_lossy(&output.stderr).contains("~/.tcshrc"));
    assert_eq!(sandbox.mlenv(&["deactivate", "--shell", "fish"]).status.code(), Some(1));
}

/// How a shell activates the env `env` without showing what is said: a line to begin with, and the activation.
fn wordless(sandbox: &Sandbox, shell: Shell) -> (&'static str, String) {
    match shell {
        Shell::Bash | Shell::Zsh => ("exec 2>/dev/null", shell.evaluate("activate", "env")),
        Shell::Tcsh => {
            // A file: inside of tcsh's backquotes no quote of another shell's is safe.
            sandbox.write("quiet.sh", "exec \"$MLENV\" activate --shell tcsh env 2>/dev/null\n");
            ("alias nothing echo", "eval \"`sh quiet.sh`\"".to_owned())
        }
        Shell::Fish => (
            "function nothing; end",
            "\"$MLENV\" activate --shell fish env 2>/dev/null | source".to_owned(),
        ),
    }
}

#[test]
fn a_shell_stays_as_it_was_when_activation_fails() {
    let sandbox = Sandbox::new();
    let env = sandbox.simple();
    std::fs::remove_file(env.join("baseEnv_dir")).unwrap();
    for shell in Shell::ALL {
        let (quiet, activate) = wordless(&sandbox, shell);
        let looks =
            shell.tell(&sandbox, &[Step::Say(quiet), Step::Look, Step::Say(&activate), Step::Look]);
        assert_eq!(looks[0], looks[1], "{shell:?}");
    }
}

#[test]
fn a_damaged_env_says_so_in_one_line_and_the_shell_is_whole_in_it_and_after_it() {
    let sandbox = Sandbox::new();
    let env = sandbox.simple();
    for lost in ["pyvenv.cfg", "bin/python3"] {
        std::fs::rename(env.join(lost), sandbox.path("kept")).unwrap();
        let output = sandbox.mlenv(&[&ACTIVATE[..], &["env"]].concat());
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!((output.status.code(), said.lines().count()), (Some(0), 1), "{said}");
        assert!(
            said.contains(&format!("is damaged, {lost} is missing from it: `mlenv doctor --fix ")),
            "{said}"
        );
        for shell in Shell::ALL {
            let (quiet, activate) = wordless(&sandbox, shell);
            let before = [Step::Say(quiet), Step::Look, Step::Say(&activate)];
            let after = [Step::Look, Step::Deactivate, Step::Look];
            let steps: Vec<Step> = before.into_iter().chain(after).collect();
            let looks = shell.tell(&sandbox, &steps);
            assert_eq!(
                crate::support::shells::get(&looks[1], "CONDA_PREFIX"),
                Some(text(&env)),
                "{shell:?}"
            );
            assert_eq!(looks[0], looks[2], "{shell:?}");
        }
        std::fs::rename(sandbox.path("kept"), env.join(lost)).unwrap();
    }
}

#[test]
fn a_session_that_mlenv_did_not_write_does_nothing() {
    let sandbox = Sandbox::new();
    sandbox.simple();
    sandbox.write("evil/etc/conda/deactivate.d/x.sh", "touch \"$HOME/ran\"\n");
    let evil = [
        "1 o: e:/e v:PROMPT_COMMAND:!:=touch%20ran",
        "1 o: e:/e v:A[$(touch%20ran)]:!:=1",
        "1 o: e:/e d:/tmp/x.sh",
        "2 o: e:/e",
        "$(touch ran)",
        "1 o: e:/e v:PATH:!:=/evil",
        "'; touch ran; '",
        "1",
    ];
    for session in evil {
        for arguments in
            [&["deactivate", "--shell", "bash"][..], &["activate", "--shell", "bash", "env"]]
        {
            let mut command = sandbox.command(env!("CARGO_BIN_EXE_mlenv"));
            let output = command.args(arguments).env("__MLENV_SESSION", session).output().unwrap();
            assert_eq!(
                (output.status.code(), output.stdout.as_slice()),
                (Some(2), &b""[..]),
                "{session}"
            );
        }
    }
}

#[test]
fn a_memory_that_others_can_change_is_not_used() {
    let sandbox = Sandbox::new();
    sandbox.image("image:tag");
    let views = sandbox.path("home/.local/state/mlenv/views");
    std::fs::create_dir_all(&views).unwrap();
    std::fs::set_permissions(&views, std::os::unix::fs::PermissionsExt::from_mode(0o777)).unwrap();
    not_activated(&sandbox, "./image:tag", 2, "can be changed by other users");
}

#[test]
fn scripts_of_another_user_are_not_run_on_leaving() {
    if std::os::unix::fs::MetadataExt::uid(&Path::new("/proc/self").metadata().unwrap()) != 0 {
        return; // only root can make files of another user
    }
    let sandbox = Sandbox::new();
    let script = sandbox.write("evil/etc/conda/deactivate.d/x.sh", "touch ran\n");
    let evil = sandbox.path("evil");
    let bytes = text(&evil).bytes().map(|byte| format!("%{byte:02X}"));
    let encoded = bytes.collect::<Vec<_>>().concat();
    let session = format!("1 o: e:{encoded} d:{encoded}/etc/conda/deactivate.d/x.sh");
    let leave = |owner: u32| {
        std::os::unix::fs::chown(&script, Some(owner), None).unwrap();
        let mut command = sandbox.command(env!("CARGO_BIN_EXE_mlenv"));
        command.args(["deactivate", "--shell", "bash"]).env("__MLENV_SESSION", &session);
        String::from_utf8(command.output().unwrap().stdout).unwrap()
    };
    assert!(leave(0).contains("deactivate.d/x.sh"));
    assert!(!leave(1234).contains("deactivate.d/x.sh"));
}
