//! What the prompt shows, and that nothing of it stays.

use crate::support::shells::sandbox::{Layout, Sandbox};
use crate::support::shells::{Shell, Step, get};

/// Copies the prompt, as the shell has it, into an exported variable.
fn copy(shell: Shell, name: &str) -> String {
    match shell {
        Shell::Bash | Shell::Zsh => format!("export {name}=\"$PS1\""),
        Shell::Tcsh => format!("setenv {name} \"$prompt:q\""),
        Shell::Fish => format!("set -gx {name} (fish_prompt | string collect)"),
    }
}

fn set(shell: Shell, prompt: &str) -> String {
    let quoted = shell.quote(prompt);
    match shell {
        Shell::Bash | Shell::Zsh => format!("PS1={quoted}"),
        Shell::Tcsh => format!("set prompt = {quoted}"),
        Shell::Fish => format!("function fish_prompt; printf '%s' {quoted}; end"),
    }
}

/// The prompts before, inside and after `env`, with `between` said inside.
fn prompts(
    sandbox: &Sandbox,
    shell: Shell,
    prompt: &str,
    before: &str,
    between: &str,
) -> Vec<String> {
    let (set, one, two, three) =
        (set(shell, prompt), copy(shell, "ONE"), copy(shell, "TWO"), copy(shell, "THREE"));
    let story = [
        Step::Say(&set),
        Step::Say(&one),
        Step::Say(before),
        Step::Activate("env"),
        Step::Say(&two),
        Step::Say(between),
        Step::Deactivate,
        Step::Say(&three),
        Step::Look,
    ];
    let looks = shell.tell(sandbox, &story);
    ["ONE", "TWO", "THREE"].map(|name| get(&looks[0], name).unwrap_or_default().to_owned()).to_vec()
}

const HARD: &str = "\\u@\\h `x` $(y) %n%# !{a,b} 'q' \"d\" \\$ & ~ ";

#[test]
fn it_shows_the_env_and_comes_back_exactly() {
    let sandbox = Sandbox::new();
    sandbox.simple();
    for shell in [Shell::Bash, Shell::Zsh, Shell::Tcsh] {
        let seen = prompts(&sandbox, shell, HARD, "", "");
        assert_eq!(seen, [HARD.into(), format!("(env) {HARD}"), HARD.into()], "{shell:?}");
    }
}

#[test]
fn it_is_not_shown_where_the_user_says_so() {
    let sandbox = Sandbox::new();
    sandbox.simple();
    for shell in [Shell::Bash, Shell::Zsh, Shell::Tcsh] {
        let off = if shell == Shell::Tcsh {
            "set MLENV_DISABLE_PROMPT"
        } else {
            "MLENV_DISABLE_PROMPT=1"
        };
        assert_eq!(prompts(&sandbox, shell, "$ ", off, ""), ["$ "; 3], "{shell:?}");
    }
    sandbox.write("home/.condarc", "changeps1: false\n");
    for shell in [Shell::Bash, Shell::Zsh, Shell::Tcsh] {
        assert_eq!(prompts(&sandbox, shell, "$ ", "", ""), ["$ "; 3], "{shell:?}");
    }
}

#[test]
fn a_prompt_that_the_user_changed_stays_changed() {
    let sandbox = Sandbox::new();
    sandbox.simple();
    for shell in [Shell::Bash, Shell::Zsh] {
        let seen = prompts(&sandbox, shell, "$ ", "", "PS1=\"<$PS1>\"");
        assert_eq!(seen[2], "<$ >", "{shell:?}");
    }
    let seen = prompts(&sandbox, Shell::Tcsh, "$ ", "", "set prompt = mine");
    assert_eq!(seen[2], "mine");
}

#[test]
fn in_conda_ours_replaces_condas_and_gives_it_back() {
    let sandbox = Sandbox::new();
    sandbox.simple();
    let conda = "export CONDA_SHLVL=1 CONDA_PREFIX=/c CONDA_PROMPT_MODIFIER='(base) '";
    for shell in [Shell::Bash, Shell::Zsh] {
        let seen = prompts(&sandbox, shell, "(base) $ ", conda, "");
        assert_eq!(seen, ["(base) $ ", "(env) $ ", "(base) $ "], "{shell:?}");
    }
}

#[test]
fn no_name_runs_anything() {
    let sandbox = Sandbox::new();
    let image = sandbox.image("image");
    let name = "a`id`$(id)\\w%n!^x";
    sandbox.env(name, &image.join("opt/conda"), "conda", Layout::Standard);
    let named = format!("./{name}");
    let expect = [
        (Shell::Bash, "(a?id??(id)?w%n!^x) $ "),
        (Shell::Zsh, "(a?id??(id)?w%%n!^x) $ "),
        (Shell::Tcsh, "(a?id??(id)?w%%n\\!\\^x) $ "),
    ];
    for (shell, prompt) in expect {
        let (set, copy) = (set(shell, "$ "), copy(shell, "SEEN"));
        let looks = shell.tell(
            &sandbox,
            &[Step::Say(&set), Step::Activate(&named), Step::Say(&copy), Step::Look],
        );
        assert_eq!(get(&looks[0], "SEEN"), Some(prompt), "{shell:?}");
    }
    let bang = [
        Step::Say("setopt prompt_bang no_prompt_percent; PS1='$ '"),
        Step::Activate(&named),
        Step::Say("export SEEN=$PS1"),
        Step::Look,
    ];
    assert_eq!(get(&Shell::Zsh.tell(&sandbox, &bang)[0], "SEEN"), Some("(a?id??(id)?w%n!!^x) $ "));
}

#[test]
fn fish_draws_it_and_gives_the_function_back() {
    let sandbox = Sandbox::new();
    sandbox.simple();
    let script = "\
function fish_prompt; printf '%s<%s> ' \"$status:$pipestatus\" (pwd | string length -q; echo x); end
set -gx ONE (true | false; fish_prompt | string collect)
\"$MLENV\" activate --shell fish env | source
set -gx TWO (true | false; fish_prompt | string collect)
\"$MLENV\" deactivate --shell fish | source
set -gx THREE (true | false; fish_prompt | string collect)
string match -q '*__mlenv_fish_prompt*' -- (functions --all); and set -gx LEFT yes
\"$MLENV\" activate --shell fish env | source
functions -c fish_prompt theirs; function fish_prompt; printf '<'; theirs; end
set -gx FOUR (true | false; fish_prompt | string collect)
\"$MLENV\" deactivate --shell fish | source
set -gx FIVE (true | false; fish_prompt | string collect)
\"$MLENV\" activate --shell fish env | source
set -gx SIX (true | false; fish_prompt | string collect)
function fish_prompt; echo new; end
\"$MLENV\" deactivate --shell fish | source
\"$MLENV\" activate --shell fish env | source
set -gx SEVEN (fish_prompt | string collect)
/usr/bin/env -0 > seen
exit 0
";
    let mut command = Shell::Fish.command(&sandbox);
    let status = command.args(["-i", "-c", script]).output().unwrap().status;
    assert!(status.success());
    let seen = String::from_utf8(std::fs::read(sandbox.path("seen")).unwrap()).unwrap();
    let value =
        |name: &str| seen.split('\0').find_map(|pair| pair.strip_prefix(name)).map(str::to_owned);
    assert_eq!(value("ONE="), value("THREE="));
    assert_eq!(value("ONE=").as_deref(), Some("1:0 1<x> "));
    assert!(
        value("TWO=").unwrap().ends_with(&format!("(env) {}", value("ONE=").unwrap())),
        "{:?}",
        value("TWO=")
    );
    assert_eq!(value("LEFT="), None);
    // Others may wrap ours, or put another one in its place; the label is shown once.
    let five = value("FIVE=").unwrap();
    assert_eq!(five, "<0:0<x> ", "the wrapper's printf is the last command that it sees");
    for name in ["FOUR=", "SIX="] {
        assert_eq!(value(name).unwrap().matches("(env) ").count(), 1, "{name}");
    }
    assert!(value("SEVEN=").unwrap().ends_with("(env) new"), "{:?}", value("SEVEN="));
}
