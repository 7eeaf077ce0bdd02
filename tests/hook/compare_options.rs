//! The options under which shells are compared: all that each shell tells of itself, each the other way round than it is,
//! and pairs that shells' manuals or users' reports name together.

use crate::support::shells::Shell;
use crate::support::shells::sandbox::Sandbox;

/// One way to set a shell up.
pub(crate) struct Case {
    /// The line that does it.
    pub(crate) set: String,
    /// Behind the hook's line, where before it the shell would show that line itself.
    pub(crate) after: bool,
}

/// What ends a session or forbids it, and what shows the text of a prompt's commands whatever that is.
const LEFT_OUT: [(Shell, &str, &str); 14] = [
    (Shell::Bash, "onecmd", "ends the shell after one command"),
    (Shell::Bash, "restricted_shell", "read-only; a restricted shell cannot run the hook's line"),
    (Shell::Bash, "login_shell", "read-only"),
    (Shell::Bash, "verbose", "bash shows the text of PROMPT_COMMAND, whatever that is"),
    (Shell::Zsh, "exec", "nothing is run"),
    (Shell::Zsh, "interactive", "cannot be changed"),
    (Shell::Zsh, "restricted", "forbids what the hook's line does"),
    (Shell::Zsh, "singlecommand", "cannot be changed"),
    (Shell::Zsh, "shinstdin", "cannot be changed"),
    (Shell::Zsh, "zle", "another line editor, which repaints when it likes"),
    (Shell::Zsh, "privileged", "changes the user"),
    (Shell::Zsh, "login", "changes how the shell ends"),
    (Shell::Tcsh, "echo", "tcsh shows each command of precmd, whatever that is"),
    (Shell::Tcsh, "verbose", "tcsh shows each line of a file that precmd reads"),
];

/// What traces: before the hook's line it would trace that line.
const TRACES: [&str; 5] = ["xtrace", "verbose", "fish_trace", "set -xa", "setopt xtrace"];

/// Variables that mean something to tcsh, from its manual. `time` prints times, `path` and `cwd` are tcsh's own needs.
const TCSH: &str = "addsuffix afsuser ampm autocorrect autoexpand autolist autologout=0 autorehash backslash_quote \
    catalog color colorcat command complete=igncase continue continue_args correct=cmd compat_expr csubstnonl dextract \
    dspmbyte dunique echo_style=both edit ellipsis euid fignore filec globdot globstar highlight histchars= histdup=all \
    histfile histlit history=5 ignoreeof implicitcd implicitcd=verbose inputmode=overwrite killdup=all killring=5 \
    listflags=x listjobs listlinks listmax=5 listmaxrows=5 loginsh logout mail matchbeep=never nobeep noclobber noding \
    noglob nokanji nonomatch nostat=/x notify padhour parseoctal printexitvalue prompt2 promptchars pushdsilent \
    pushdtohome recexact recognize_only_executables rmstar savedirs savehist=5 slow symlinks=chase symlinks=ignore \
    symlinks=expand visiblebell watch who wordchars anyerror echo verbose";

/// Variables that mean something to fish.
const FISH: &str = "fish_trace fish_handle_reflow fish_autosuggestion_enabled fish_history CDPATH fish_greeting \
    fish_private_mode VIRTUAL_ENV_DISABLE_PROMPT dirprev IFS";

const PAIRS: [(Shell, &str); 18] = [
    (Shell::Bash, ":"),
    (Shell::Bash, "set -eu"),
    (Shell::Bash, "set -ET"),
    (Shell::Bash, "shopt -s extdebug; set -T"),
    (Shell::Bash, "set -xa"),
    (Shell::Bash, "set -C; shopt -s nullglob"),
    (Shell::Bash, "set -o posix; set -E"),
    (Shell::Bash, "shopt -s nocasematch failglob"),
    (Shell::Bash, "IFS=_; set -f"),
    (Shell::Zsh, ":"),
    (Shell::Zsh, "setopt ksh_arrays sh_word_split glob_subst"),
    (Shell::Zsh, "setopt err_return no_unset"),
    (Shell::Zsh, "setopt warn_create_global warn_nested_var"),
    (Shell::Zsh, "setopt xtrace warn_nested_var all_export"),
    (Shell::Zsh, "setopt no_clobber csh_null_glob"),
    (Shell::Zsh, "IFS=_; setopt sh_word_split no_glob"),
    (Shell::Tcsh, "set noclobber noglob backslash_quote histlit"),
    (Shell::Fish, "true"),
];

/// All that is tried in this shell.
pub(crate) fn cases(sandbox: &Sandbox, shell: Shell) -> Vec<Case> {
    let tells = |arguments: &[&str]| {
        let output = sandbox.command(shell.name()).args(arguments).output().unwrap().stdout;
        String::from_utf8(output).unwrap()
    };
    let lines: Vec<(String, String)> = match shell {
        Shell::Bash => {
            let mut all = flipped(&tells(&["--norc", "-ic", "shopt"]), "shopt -u", "shopt -s");
            all.extend(flipped(&tells(&["--norc", "-ic", "set -o"]), "set +o", "set -o"));
            all
        }
        Shell::Zsh => {
            flipped(&tells(&["-fic", "setopt ksh_option_print; setopt"]), "unsetopt", "setopt")
        }
        Shell::Tcsh => named(TCSH, "set ").collect(),
        Shell::Fish => named(FISH, "set -g ").collect(),
    };
    assert!(lines.len() > 5, "{shell:?} tells no options");
    let left_out = |name: &str| {
        let is = |option: &str| name == option || name.strip_prefix("no") == Some(option);
        LEFT_OUT.iter().any(|(of, option, _)| *of == shell && is(option))
    };
    let single = lines.into_iter().filter(|(name, _)| !left_out(name)).map(|(_, line)| line);
    let pairs = PAIRS.iter().filter(|(of, _)| *of == shell).map(|(_, line)| (*line).to_owned());
    let case = |set: String| Case { after: TRACES.iter().any(|name| set.contains(name)), set };
    single.chain(pairs).map(case).collect()
}

/// Names and lines out of a table of `NAME on` and `NAME off`.
fn flipped(table: &str, off: &str, on: &str) -> Vec<(String, String)> {
    let rows = table.lines().filter_map(|line| {
        let mut words = line.split_whitespace();
        let (name, state) = (words.next()?, words.next()?);
        Some((name.to_owned(), format!("{} {name}", if state == "on" { off } else { on })))
    });
    rows.collect()
}

/// `NAME` or `NAME=VALUE`, each set to something.
fn named(words: &str, verb: &str) -> impl Iterator<Item = (String, String)> {
    words.split_whitespace().map(move |word| {
        let (name, value) = word.split_once('=').unwrap_or((word, "1"));
        let sign = if verb == "set " { "=" } else { " " };
        (name.to_owned(), format!("{verb}{name}{sign}{value}"))
    })
}
