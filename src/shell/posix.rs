//! bash and zsh. Everything is called as `\builtin`, so that aliases and functions of the same name stay out.
//!
//! All variables change in one `export` and one `unset`, so that Ctrl-C cannot leave half an env behind. The
//! text holds under `set -eu`, noclobber, `ksh_arrays` and any `$IFS`: nothing unquoted is expanded, every
//! conditional is an `if`, nothing is redirected, no array is touched.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

use crate::plan::{Prompt, Script, Step};
use crate::shell::{Dialect, runs, scripts};

/// Packages' scripts are written for shells without `-e` and `-u`; the user's options come back after them.
const RELAX: &[u8] = b"__mlenv_set=$-; \\builtin set +eu;\n";
const TIGHTEN: &[u8] = b"\
if [[ $__mlenv_set == *u* ]]; then \\builtin set -u; else \\builtin set +u; fi;
if [[ $__mlenv_set == *e* ]]; then \\builtin set -e; else \\builtin set +e; fi;
\\builtin unset -v __mlenv_set;\n";

/// Takes out what we show, wherever it stands by now, and puts back what it replaced. `@` is the variable with the prompt.
const HIDE: &str = r#"if [[ -n ${__mlenv_ps1-} ]]; then @=${@/"$__mlenv_ps1"/"${__mlenv_ps0-}"}; fi;
\builtin unset -v __mlenv_ps1 __mlenv_ps0;
"#;

const SHOW: &str = r#"if [[ -n ${__mlenv_ps0-} && $@ == *"$__mlenv_ps0"* ]]; then @=${@/"$__mlenv_ps0"/"$__mlenv_ps1"};
else __mlenv_ps0=; @=$__mlenv_ps1$@; fi;
"#;

/// To assign to a read-only variable would end everything. bash tells only by the failure of a builtin.
const SET_IN_BASH: &str = r#"\builtin printf -v PS1 %s "$__mlenv_ps" 2>/dev/null || \builtin :; \builtin unset -v __mlenv_ps;
"#;

pub(super) fn render(dialect: Dialect, steps: &[Step]) -> Vec<u8> {
    let mut out = Vec::new();
    for run in runs(steps) {
        match run[0] {
            Step::Set(..) => command(&mut out, b"\\builtin export", run),
            Step::Unset(_) => command(&mut out, b"\\builtin unset -v", run),
            Step::Enter(_) => sources(&mut out, dialect, run, b"__mlenv_record"),
            Step::Leave(_) => sources(&mut out, dialect, run, b"__mlenv_restore"),
            Step::Prompt(_) => prompts(&mut out, dialect, run),
        }
    }
    out
}

/// `'` ends the literal, stands alone behind a backslash, and the literal goes on.
pub(super) fn quote(value: &OsStr) -> Vec<u8> {
    let mut out = Vec::with_capacity(value.len() + 2);
    out.push(b'\'');
    for (at, part) in value.as_bytes().split(|byte| *byte == b'\'').enumerate() {
        if at > 0 {
            out.extend(b"'\\''");
        }
        out.extend(part);
    }
    out.push(b'\'');
    out
}

fn command(out: &mut Vec<u8>, verb: &[u8], run: &[Step]) {
    out.extend(verb);
    for step in run {
        match step {
            Step::Set(name, value) => {
                out.extend([b" ", name.as_str().as_bytes(), b"="].concat());
                out.extend(quote(value));
            }
            Step::Unset(name) => out.extend([b" ", name.as_str().as_bytes()].concat()),
            Step::Enter(_) | Step::Leave(_) | Step::Prompt(_) => {}
        }
    }
    out.extend(b";\n");
}

/// `after` is what becomes of what they change; see `scripts`.
fn sources(out: &mut Vec<u8>, dialect: Dialect, run: &[Step], after: &[u8]) {
    out.extend(RELAX);
    out.extend(scripts::functions(dialect));
    out.extend(b"__mlenv_keep;\n");
    for step in run {
        if let Step::Enter(script) | Step::Leave(script) = step {
            source(out, script);
        }
    }
    out.extend([b"\\builtin set +eu;\n", after, b";\n", scripts::forgotten(dialect)].concat());
    out.extend(TIGHTEN);
}

fn source(out: &mut Vec<u8>, Script { path, prefix }: &Script) {
    let path = quote(path.as_os_str());
    let mut body = [b"\\builtin . ".as_slice(), &path, b";"].concat();
    if let Some(prefix) = prefix {
        // Not `CONDA_PREFIX=.. . FILE`: with POSIX rules that stays after the command.
        let prefix = quote(prefix.as_os_str());
        let enter = b"__mlenv_prefix=$CONDA_PREFIX; \\builtin export CONDA_PREFIX=".as_slice();
        let back = b" \\builtin export CONDA_PREFIX=\"$__mlenv_prefix\"; \\builtin unset -v __mlenv_prefix;".as_slice();
        body = [enter, &prefix, b"; ", &body, back].concat();
    }
    out.extend([b"if [[ -r ".as_slice(), &path, b" ]]; then ", &body, b" fi;\n"].concat());
}

fn prompts(out: &mut Vec<u8>, dialect: Dialect, run: &[Step]) {
    let is_zsh = dialect == Dialect::Zsh;
    let read_only = if is_zsh { " && ${(t)PS1} != *readonly*" } else { "" };
    let (variable, after) = if is_zsh { ("PS1", "") } else { ("__mlenv_ps", SET_IN_BASH) };
    for step in run {
        if let Step::Prompt(prompt) = step {
            out.extend(format!("if [[ -n ${{PS1-}}{read_only} ]]; then\n").as_bytes());
            if !is_zsh {
                out.extend(b"__mlenv_ps=$PS1;\n");
            }
            out.extend(HIDE.replace('@', variable).as_bytes());
            if let Prompt::Show { label, instead_of } = prompt {
                out.extend(
                    b"if [[ -z ${MLENV_DISABLE_PROMPT-}${VIRTUAL_ENV_DISABLE_PROMPT-} ]]; then\n",
                );
                out.extend(
                    [b"__mlenv_ps1=".as_slice(), &quote(label.as_str().as_ref()), b";\n"].concat(),
                );
                if is_zsh {
                    out.extend(zsh_escapes(label.as_str()));
                }
                let outer = quote(instead_of.as_deref().unwrap_or_default());
                out.extend([b"__mlenv_ps0=".as_slice(), &outer, b";\n"].concat());
                out.extend([SHOW.replace('@', variable).as_bytes(), b"fi;\n"].concat());
            }
            out.extend([after.as_bytes(), b"fi;\n"].concat());
        }
    }
}

/// zsh expands `%` and `!` in prompts only while options say so: they are doubled then.
fn zsh_escapes(label: &str) -> Vec<u8> {
    let mut out = Vec::new();
    for (character, option) in [('%', "prompt_percent"), ('!', "prompt_bang")] {
        if label.contains(character) {
            let double = format!(
                "if [[ -o {option} ]]; then __mlenv_ps1=${{__mlenv_ps1//'{character}'/'{character}{character}'}}; fi;\n"
            );
            out.extend(double.as_bytes());
        }
    }
    out
}
