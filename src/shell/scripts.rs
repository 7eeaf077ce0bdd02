//! What stands around packages' scripts in a text: functions that find out what scripts change, so that leaving gives it
//! back. Where there are no scripts there is nothing of it.

use crate::plan::name::SHELLS_OWN;
use crate::shell::{Dialect, hook};

const BASH: &str = include_str!("../../shell/bash/scripts.bash");
const ZSH: &str = include_str!("../../shell/zsh/scripts.zsh");
const FISH: &str = include_str!("../../shell/fish/scripts.fish");

/// Stands for the names that belong to shells.
const OWN: &str = "@OWN@";

/// The functions; none in tcsh, which has none.
pub(crate) fn functions(dialect: Dialect) -> Vec<u8> {
    let (text, between) = match dialect {
        Dialect::Bash => (BASH, " | "),
        Dialect::Zsh => (ZSH, "|"),
        Dialect::Fish => (FISH, " "),
        Dialect::Tcsh(_) => return Vec::new(),
    };
    hook::bare(text).replace(OWN, &SHELLS_OWN.join(between)).into_bytes()
}

/// What a shell without the hook evaluates behind it.
pub(super) fn forgotten(dialect: Dialect) -> &'static [u8] {
    match dialect {
        Dialect::Bash => b"if [[ -z ${__mlenv_exe-} ]]; then \\builtin unset -f __mlenv_exported __mlenv_keep __mlenv_restore __mlenv_record __mlenv_note __mlenv_added __mlenv_encode; fi;\n",
        Dialect::Zsh => b"if [[ -z ${__mlenv_exe-} ]]; then \\builtin unset -f __mlenv_keep __mlenv_restore __mlenv_record __mlenv_note __mlenv_added __mlenv_encode; fi;\n",
        Dialect::Fish => b"set -q __mlenv_exe; or functions -e __mlenv_keep __mlenv_restore __mlenv_forget __mlenv_record __mlenv_note __mlenv_encode\n",
        Dialect::Tcsh(_) => b"",
    }
}
