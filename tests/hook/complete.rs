//! Tab in real shells: verbs, flags, and the names of envs and bases as they are now.

use std::path::Path;

use crate::pty::{Start, Terminal};
use crate::support::shells::Shell;
use crate::world::World;

/// What a user has in the rc file for completions.
fn set_up(shell: Shell) -> Vec<String> {
    let file = match shell {
        Shell::Bash => "mlenv.bash",
        Shell::Zsh => "_mlenv",
        Shell::Tcsh => "mlenv.tcsh",
        Shell::Fish => "mlenv.fish",
    };
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("completions").join(file);
    let source = format!("source {}", shell.quote(file.to_str().unwrap()));
    match shell {
        Shell::Zsh => vec!["autoload -Uz compinit; compinit -D -u".to_owned(), source],
        _ => vec![source],
    }
}

/// Types `keys`, with tabs in them, so that the whole is a command whose output goes to a file; returns that.
fn typed(terminal: &mut Terminal, keys: &str) -> String {
    let file = terminal.mark();
    let quoted = terminal.shell.quote(file.to_str().unwrap());
    let before = terminal.shown().len();
    for part in keys.split_inclusive('\t') {
        terminal.send(part);
        // Keys that come while a shell completes may be taken for something else.
        std::thread::sleep(std::time::Duration::from_millis(400));
    }
    terminal.send(&format!(" > {quoted}\n"));
    terminal.settle();
    let shown = terminal.shown()[before..].to_owned();
    std::fs::read_to_string(&file)
        .unwrap_or_else(|_| panic!("{:?}: {keys:?}: {shown}", terminal.shell))
}

#[test]
fn tab_completes_verbs_flags_and_the_names_of_envs_and_bases() {
    for shell in Shell::ALL {
        let world = World::new();
        world.mlenv("", &["create", "-q", "--no-save", "-n", "tune", "--base", "/usr"]);
        world.mlenv("", &["base", "add", "/usr", "--name", "site:python"]);
        let mut terminal = Terminal::start(shell, &world, Start::default());
        for line in set_up(shell) {
            terminal.line(&line);
        }
        let told = typed(&mut terminal, "mlenv inf\t tun\t --js\t");
        assert!(told.contains("\"layout\": \"sparse\""), "{shell:?}: {told}");
        let told = typed(&mut terminal, "mlenv base info site:py\t");
        assert!(told.contains("/usr"), "{shell:?}: {told}");
        let told = typed(&mut terminal, "mlenv info ./one/e\t");
        assert!(told.contains("one/env"), "{shell:?}: {told}");
    }
}

#[test]
fn tab_completes_paths_piece_by_piece_and_names_with_blanks() {
    for shell in Shell::ALL {
        let world = World::new();
        world.mlenv("", &["create", "-q", "--no-save", "-n", "my tune", "--base", "/usr"]);
        world.mlenv("", &["create", "-q", "--no-save", "-p", "deep er/down/env", "--base", "/usr"]);
        let mut terminal = Terminal::start(shell, &world, Start::default());
        for line in set_up(shell) {
            terminal.line(&line);
        }
        for keys in [
            "mlenv info one/e\t",
            "mlenv info on\te\t",
            "mlenv info ./on\te\t",
            "mlenv info -p on\te\t",
        ] {
            let told = typed(&mut terminal, keys);
            assert!(told.contains("one/env"), "{shell:?}: {keys:?}: {told}");
        }
        // tcsh splits what a program answers at blanks, and knows paths by their `/`.
        let begun = if shell == Shell::Tcsh { "./dee" } else { "dee" };
        for keys in [&format!("mlenv info {begun}\tdo\te\t"), "mlenv info deep\\ er/do\te\t"] {
            let told = typed(&mut terminal, keys);
            assert!(told.contains("deep er/down/env"), "{shell:?}: {keys:?}: {told}");
        }
        let told = typed(&mut terminal, "mlenv info -n my\t");
        assert!(told.contains("my tune"), "{shell:?}: {told}");
    }
}
