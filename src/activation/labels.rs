//! Whether the prompt is to show what is active: the user, or a program that draws the prompt, may not want it.

use std::ffi::OsStr;

use crate::config::PROMPT_OFF;
use crate::foreign;
use crate::host::Host;
use crate::shell::Dialect;

/// Variables by which programs that draw the whole prompt, and show envs by themselves, make themselves known.
const DRAWN: [&str; 3] = ["POSH_THEME", "POSH_SESSION_ID", "POWERLINE_COMMAND"];

/// powerlevel10k, which exists for zsh alone. Its variables reach the shells that are started from it.
const DRAWN_IN_ZSH: [&str; 2] = ["P9K_TTY", "_P9K_TTY"];

/// True unless the prompt is somebody else's business.
pub(super) fn is_wanted(host: &Host, dialect: Dialect) -> bool {
    let off = [PROMPT_OFF, "VIRTUAL_ENV_DISABLE_PROMPT"]
        .iter()
        .chain(&DRAWN)
        .any(|name| host.var(name).is_some());
    let p10k = dialect == Dialect::Zsh && DRAWN_IN_ZSH.iter().any(|name| host.var(name).is_some());
    let starship = host.var("STARSHIP_SHELL").is_some_and(|shell| shell == dialect.name());
    let conda_says = host.var("CONDA_CHANGEPS1").and_then(OsStr::to_str).map(|value| !is_no(value));
    !off && !p10k && !starship && conda_says.or_else(|| conda_settings(host)).unwrap_or(true)
}

/// `changeps1` in the user's conda settings.
fn conda_settings(host: &Host) -> Option<bool> {
    let home = host.home().ok()?;
    [".condarc", ".mambarc"].iter().find_map(|file| {
        let text = foreign::read_text(home.join(file), foreign::FileKind::Note).ok()?;
        text.lines()
            .filter_map(|line| line.strip_prefix("changeps1:"))
            .next_back()
            .map(|value| !is_no(value))
    })
}

fn is_no(value: &str) -> bool {
    let value = value.split('#').next().unwrap_or_default().trim().trim_matches(['"', '\'']);
    ["false", "no", "off", "0", "n"].iter().any(|no| value.eq_ignore_ascii_case(no))
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "tests build worlds of their own")]
mod tests {
    use super::*;

    fn wanted(vars: &[(&str, &str)], condarc: &str) -> bool {
        let home = tempfile::tempdir().unwrap();
        std::fs::write(home.path().join(".condarc"), condarc).unwrap();
        let mut vars = vars.to_vec();
        vars.push(("HOME", home.path().to_str().unwrap()));
        is_wanted(&Host::fake(&vars, home.path()), Dialect::Zsh)
    }

    #[test]
    fn it_is_shown_unless_somebody_says_no() {
        assert!(wanted(&[], "channels: []\n"));
        assert!(wanted(&[("STARSHIP_SHELL", "bash")], "changeps1: true\n"));
        assert!(!wanted(&[("STARSHIP_SHELL", "zsh")], ""));
        assert!(!wanted(&[("MLENV_DISABLE_PROMPT", "1")], ""));
        assert!(!wanted(&[("VIRTUAL_ENV_DISABLE_PROMPT", "1")], ""));
        assert!(!wanted(&[("P9K_TTY", "old")], ""));
        assert!(!wanted(&[("POSH_THEME", "x")], ""));
        assert!(!wanted(&[], "changeps1: False # mine\n"));
        assert!(wanted(&[("CONDA_CHANGEPS1", "true")], "changeps1: no\n"));
    }
}
