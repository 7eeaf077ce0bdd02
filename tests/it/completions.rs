//! The committed completions: what the program prints now, and text that the shells take.

use crate::sandbox::Sandbox;

const FILES: [(&str, &str); 3] =
    [("bash", "mlenv.bash"), ("zsh", "_mlenv"), ("fish", "mlenv.fish")];

#[test]
fn the_committed_completions_are_what_the_program_prints() {
    let sandbox = Sandbox::new();
    for (shell, file) in FILES {
        let told = sandbox.mlenv(["completions", shell]).ok().out;
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("completions").join(file);
        let kept = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(kept == told, "stale: run `mlenv completions {shell} > completions/{file}`");
    }
}

#[test]
fn every_shell_takes_its_completions() {
    let sandbox = Sandbox::new();
    for (shell, file) in FILES {
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("completions").join(file);
        sandbox.run(shell).arg("-n").arg(&path).ok();
    }
    let list = "source \"$0\"; COMP_WORDS=(mlenv cre); COMP_CWORD=1; _mlenv mlenv cre mlenv; echo \"${COMPREPLY[@]}\"";
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/completions/mlenv.bash");
    assert_eq!(sandbox.run("bash").args(["-c", list, path]).ok().out, "create\n");
}
