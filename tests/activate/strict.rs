//! Odd options, aliases and functions of the user: the same round trip all the same.

use crate::support::shells::sandbox::Sandbox;
use crate::support::shells::{Shell, Step, get};

const TRAPS: &str = "\
export() { false; }; unset() { false; }; source() { false; }; __mlenv_hook() { false; }
alias export=false unset=false builtin=false eval=false source=false set=false
\\set -euC; IFS=\"abcE'_=\"";

#[track_caller]
fn check(shell: Shell, before: &str) {
    let sandbox = Sandbox::new();
    sandbox.simple();
    sandbox.write(
        "env/etc/conda/activate.d/a.sh",
        "x=$not_set; false; X=1; \\export X 2>/dev/null || :\n",
    );
    sandbox.write("env/etc/conda/deactivate.d/a.sh", "false; x=$not_set_either\n");
    let evaluate = |verb: &str, env: &str| {
        format!("\\eval \"$(\"$MLENV\" {verb} --shell {} {env})\"", shell.name())
    };
    let (enter, leave) = (evaluate("activate", "env"), evaluate("deactivate", ""));
    let still = "case $- in *e*) ;; *) exit 9;; esac; case $- in *u*) ;; *) exit 8;; esac";
    let story = [
        Step::Say(before),
        Step::Look,
        Step::Say(&enter),
        Step::Look,
        Step::Say(still),
        Step::Say(&leave),
        Step::Look,
    ];
    let looks = shell.tell(&sandbox, &story);
    assert_eq!(get(&looks[1], "CONDA_SHLVL"), Some("1"), "{shell:?}");
    let mut after = looks[2].clone();
    after.remove(b"X".as_slice());
    assert_eq!(after, looks[0], "{shell:?}");
}

#[test]
fn bash() {
    check(Shell::Bash, &format!("shopt -s expand_aliases extglob nullglob\n{TRAPS}"));
    check(Shell::Bash, "set -euC -o posix -o pipefail");
}

#[test]
fn zsh() {
    check(Shell::Zsh, &format!("setopt aliases ksh_arrays extended_glob\n{TRAPS}"));
    check(Shell::Zsh, "emulate sh; set -euC");
    check(
        Shell::Zsh,
        "setopt warn_create_global no_unset err_exit sh_word_split glob_subst magic_equal_subst null_glob",
    );
}

#[test]
fn tcsh() {
    let sandbox = Sandbox::new();
    sandbox.simple();
    let before = Step::Say(
        "set noclobber; set backslash_quote; set noglob; set nonomatch; set echo_style = both",
    );
    let looks = Shell::Tcsh.tell(
        &sandbox,
        &[before, Step::Look, Step::Activate("env"), Step::Look, Step::Deactivate, Step::Look],
    );
    assert_eq!(get(&looks[1], "CONDA_SHLVL"), Some("1"));
    assert_eq!(looks[2], looks[0]);
}

#[test]
fn fish() {
    let sandbox = Sandbox::new();
    sandbox.simple();
    let before =
        Step::Say("function export; false; end; function setenv; false; end; set -g IFS a");
    let looks = Shell::Fish.tell(
        &sandbox,
        &[before, Step::Look, Step::Activate("env"), Step::Look, Step::Deactivate, Step::Look],
    );
    assert_eq!(get(&looks[1], "CONDA_SHLVL"), Some("1"));
    assert_eq!(looks[2], looks[0]);
}
