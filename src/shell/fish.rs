//! fish. Lists such as `PATH` are split at colons by fish itself, when they are set.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

use crate::plan::name::{Name, PATH, SESSION};
use crate::plan::{Prompt, Script, Step};
use crate::shell::{Dialect, runs, scripts};

/// fish draws its prompt by a function; ours calls the user's before anything else, so that it finds `$status` and
/// `$pipestatus` of the last command: no command can give `$pipestatus` back. Each wrapping has a name of its own, since
/// others may wrap ours: of several in a row the outermost shows the label.
const SHOW: &str = "\
if status is-interactive; and functions -q fish_prompt; and not string match -q '*__mlenv_fish_prompt_*' -- (functions fish_prompt)
  set -g __mlenv_wrap \"$__mlenv_wrap\"x
  functions -c fish_prompt __mlenv_fish_prompt_$__mlenv_wrap
  function fish_prompt --inherit-variable __mlenv_wrap
    set -g __mlenv_drawn $__mlenv_drawn x
    set -l __mlenv_text (__mlenv_fish_prompt_$__mlenv_wrap | string collect -N)
    set -e __mlenv_drawn[1]
    if set -q __mlenv_prompt; and not set -q __mlenv_drawn[1]
      set_color normal; printf '%s' $__mlenv_prompt
    end
    printf '%s' $__mlenv_text
  end
end
";

/// What others have wrapped stays, and shows nothing.
const HIDE: &str = "\
if string match -q '*__mlenv_fish_prompt_*' -- (functions fish_prompt)
  functions -e fish_prompt; functions -c __mlenv_fish_prompt_$__mlenv_wrap fish_prompt
  functions -e __mlenv_fish_prompt_$__mlenv_wrap
end
set -eg __mlenv_prompt
";

pub(super) fn render(steps: &[Step]) -> Vec<u8> {
    let mut out = Vec::new();
    let enters =
        steps.iter().any(|step| matches!(step, Step::Set(name, _) if name.as_str() == SESSION));
    for run in runs(steps) {
        match run[0] {
            Step::Enter(_) => sources(&mut out, run, b"__mlenv_record\n"),
            Step::Leave(_) => sources(&mut out, run, b"__mlenv_restore\n"),
            _ => run.iter().for_each(|step| plain(&mut out, step, enters)),
        }
    }
    out
}

fn plain(out: &mut Vec<u8>, step: &Step, enters: bool) {
    match step {
        Step::Set(name, value) if !enters && name.as_str() != PATH => {
            out.extend([&give_back(name, value), b"\n".as_slice()].concat());
        }
        Step::Set(name, value) => {
            out.extend(
                [b"set -gx ", name.as_str().as_bytes(), b" ", &quote(value), b"\n"].concat(),
            );
        }
        Step::Unset(name) => {
            out.extend([b"set -eg ", name.as_str().as_bytes(), b"\n"].concat());
        }
        Step::Prompt(prompt) => out.extend(prompt_text(prompt)),
        Step::Enter(_) | Step::Leave(_) => {}
    }
}

/// `after` is what becomes of what they change; see `scripts`.
fn sources(out: &mut Vec<u8>, run: &[Step], after: &[u8]) {
    out.extend(scripts::functions(Dialect::Fish));
    out.extend(b"__mlenv_keep\n");
    for step in run {
        if let Step::Enter(script) | Step::Leave(script) = step {
            out.extend(source(script));
        }
    }
    out.extend([after, scripts::forgotten(Dialect::Fish)].concat());
}

/// A value that was there before. Where that was a universal variable's, which ours hid, the variable is seen again:
/// a global one of that value would hide it from then on.
pub(super) fn give_back(name: &Name, value: &OsStr) -> Vec<u8> {
    let (name, value) = (name.as_str(), quote(value));
    let seen = format!("set -eg {name}; set -qUx {name}; and test \"${name}\" = ").into_bytes();
    [seen.as_slice(), &value, format!("; or set -gx {name} ").as_bytes(), &value].concat()
}

/// Inside single quotes only `\` and `'` need a backslash.
pub(super) fn quote(value: &OsStr) -> Vec<u8> {
    let mut out = vec![b'\''];
    for &byte in value.as_bytes() {
        if matches!(byte, b'\\' | b'\'') {
            out.push(b'\\');
        }
        out.push(byte);
    }
    out.push(b'\'');
    out
}

fn source(Script { path, prefix }: &Script) -> Vec<u8> {
    let path = quote(path.as_os_str());
    let local = prefix.as_ref().map(|prefix| {
        [b"set -lx CONDA_PREFIX ".as_slice(), &quote(prefix.as_os_str()), b"; "].concat()
    });
    let local = local.unwrap_or_default();
    [b"if test -r ".as_slice(), &path, b"; ", &local, b"source ", &path, b"; end\n"].concat()
}

fn prompt_text(prompt: &Prompt) -> Vec<u8> {
    let Prompt::Show { label, .. } = prompt else { return HIDE.into() };
    let label = quote(label.as_str().as_ref());
    let off = b"if test -z \"$MLENV_DISABLE_PROMPT$VIRTUAL_ENV_DISABLE_PROMPT\"\n".as_slice();
    [off, b"set -g __mlenv_prompt ", &label, b"\n", SHOW.as_bytes(), b"end\n"].concat()
}
