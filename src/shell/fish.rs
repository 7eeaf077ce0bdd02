//! fish. Lists such as `PATH` are split at colons by fish itself, when they are set.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

use crate::plan::{Prompt, Script, Step};

/// fish draws its prompt by a function; ours calls the user's, with the status that it expects. Each wrapping has a
/// name of its own, since others may wrap ours: of several in a row the first shows the label.
const SHOW: &str = "\
if status is-interactive; and functions -q fish_prompt; and not string match -q '*__mlenv_fish_prompt_*' -- (functions fish_prompt)
  set -g __mlenv_wrap \"$__mlenv_wrap\"x
  functions -c fish_prompt __mlenv_fish_prompt_$__mlenv_wrap
  function __mlenv_status; return $argv[1]; end
  function fish_prompt --inherit-variable __mlenv_wrap
    set -l __mlenv_last $status
    if set -q __mlenv_prompt; and not set -q __mlenv_drawn
      set_color normal; printf '%s' $__mlenv_prompt
    end
    set -g __mlenv_drawn
    __mlenv_status $__mlenv_last
    __mlenv_fish_prompt_$__mlenv_wrap
    set -eg __mlenv_drawn
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
    for step in steps {
        match step {
            Step::Set(name, value) => {
                out.extend(
                    [b"set -gx ", name.as_str().as_bytes(), b" ", &quote(value), b"\n"].concat(),
                );
            }
            Step::Unset(name) => {
                out.extend([b"set -eg ", name.as_str().as_bytes(), b"\n"].concat());
            }
            Step::Source(script) => out.extend(source(script)),
            Step::Prompt(prompt) => out.extend(prompt_text(prompt)),
        }
    }
    out
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
