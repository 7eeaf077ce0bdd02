//! Where the hook cannot take its usual place, or is carried to another one.

use crate::pty::{Start, Terminal};
use crate::support::shells::{Shell, get};
use crate::world::World;

/// Lines before the hook, lines behind it, and what `status` says then.
const TAKEN: [(Shell, &[&str], &[&str], &str); 6] = [
    (Shell::Bash, &["PROMPT_COMMAND=true; readonly PROMPT_COMMAND"], &[], "read-only"),
    (Shell::Bash, &[], &["PROMPT_COMMAND='seen=1'"], "replaced PROMPT_COMMAND"),
    (Shell::Bash, &[], &["unset PROMPT_COMMAND"], "taken it out of PROMPT_COMMAND"),
    (Shell::Zsh, &["typeset -ga precmd_functions; readonly precmd_functions"], &[], "read-only"),
    (Shell::Zsh, &[], &["precmd_functions=()"], "taken it out of precmd_functions"),
    (Shell::Tcsh, &[], &["alias precmd true"], "the alias precmd"),
];

#[test]
fn a_hook_without_its_place_enters_by_cd_and_status_says_why() {
    for (shell, before, after, cause) in TAKEN {
        let world = World::new();
        let mut terminal = Terminal::start(shell, &world, Start { before, ..Start::default() });
        for line in after {
            terminal.line(line);
        }
        terminal.cd("one");
        terminal.expect_active("one");
        let json = terminal.output("mlenv status --json | cat");
        assert!(json.contains("\"prompt\": false") && json.contains(cause), "{shell:?} {json}");
        let words = terminal.output("mlenv status");
        assert!(words.contains("after cd only") && words.contains(cause), "{shell:?} {words}");
        terminal.cd("plain");
        terminal.expect_nothing();
    }
}

#[test]
fn a_read_only_prompt_keeps_no_env_out() {
    for (shell, before) in [(Shell::Bash, "readonly PS1"), (Shell::Zsh, "readonly PS1")] {
        let world = World::new();
        let start = Start { before: &[before], ..Start::default() };
        let mut terminal = Terminal::start(shell, &world, start);
        for _ in 0..2 {
            terminal.cd("one");
            terminal.expect_active("one");
            terminal.cd("");
            terminal.expect_nothing();
        }
        terminal.expect_said("read-only variable", 0);
        terminal.expect_said("readonly variable", 0);
    }
}

#[test]
fn an_exported_prompt_command_does_nothing_where_the_function_is_missing() {
    let world = World::new();
    let before = ["PROMPT_COMMAND='seen=$?'"];
    let start = Start { before: &before, ..Start::default() };
    let mut terminal = Terminal::start(Shell::Bash, &world, start);
    terminal.line("export PROMPT_COMMAND; trap 'seen=err' ERR");
    terminal.line("bash --noprofile --norc -i");
    terminal.line("trap 'echo WO''KEN >&2' ERR");
    terminal.line("true");
    for (run, status) in [("(exit 5)", "5"), ("true", "0")] {
        terminal.send(&format!("{run}\n"));
        let file = terminal.mark();
        let quoted = Shell::Bash.quote(file.to_str().unwrap());
        terminal.send(&format!("echo $seen > {quoted}\n"));
        terminal.settle();
        assert_eq!(std::fs::read_to_string(&file).unwrap().trim(), status);
    }
    terminal.expect_said("not found", 0);
    terminal.expect_said("WOKEN", 1);
}

#[test]
fn what_set_a_exports_is_not_ours() {
    for shell in [Shell::Bash, Shell::Zsh] {
        for around in [&["set -a"][..], &["set -a", "set +a"]] {
            let world = World::new();
            let start = Start { before: &around[..1], ..Start::default() };
            let mut terminal = Terminal::start(shell, &world, start);
            around[1..].iter().for_each(|line| terminal.line(line));
            for dir in ["plain", "one", "plain", "two"] {
                terminal.cd(dir);
                let vars = terminal.look();
                let ours = vars.keys().map(|name| String::from_utf8_lossy(name).into_owned());
                let ours: Vec<String> =
                    ours.filter(|name| name.contains("mlenv") || name.contains("FUNC")).collect();
                assert!(ours.is_empty(), "{shell:?} {around:?} {dir} {ours:?}");
            }
            assert!(get(&terminal.look(), "__MLENV_SESSION").is_some());
            let option = if shell == Shell::Bash { "allexport" } else { "all_export" };
            let set = terminal.output(&format!("[[ -o {option} ]]; echo $?"));
            assert_eq!(set, (around.len() - 1).to_string(), "{shell:?} {around:?}");
        }
    }
}

#[test]
fn a_cd_that_was_carried_elsewhere_is_a_cd() {
    let world = World::new();
    let mut terminal = Terminal::new(Shell::Bash, &world);
    terminal.line("declare -f cd pushd popd > carried");
    let words =
        "bash --norc -uec '. ./carried; cd /usr; cd bin && pwd; pushd /; cd /nosuch || cd -'";
    let seen = terminal.output(words);
    assert_eq!(seen.lines().collect::<Vec<_>>(), ["/usr/bin", "/ /usr/bin", "/usr/bin"], "{seen}");
    terminal.expect_said("/nosuch: No such file or directory", 1);
    terminal.expect_said("not found", 0);
}

/// As where a prompt is drawn before the rc file was read, with the shell's output in a file until then.
#[test]
fn what_was_said_while_stderr_was_a_file_is_said_again_on_the_terminal() {
    for shell in [Shell::Bash, Shell::Zsh] {
        let world = World::new();
        world.write_marker("plain", "env = '../one/env'");
        let start = Start { before: &["exec 7>&2 2>words"], ..Start::default() };
        let mut terminal = Terminal::start(shell, &world, start);
        terminal.cd("plain");
        terminal.line("");
        terminal.expect_said("is not trusted", 0);
        terminal.line("exec 2>&7 7>&-");
        terminal.line("");
        terminal.line("");
        terminal.expect_said("is not trusted", 1);
        terminal.expect_nothing();
    }
}
