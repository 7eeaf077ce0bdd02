//! A plain `deactivate`, as venv users type it.

use crate::support::shells::sandbox::Sandbox;
use crate::support::shells::{Shell, Step, get, text};

#[test]
fn a_plain_deactivate_works_without_the_hook_too() {
    let sandbox = Sandbox::new();
    let env = sandbox.simple();
    for shell in Shell::ALL {
        let looks = shell.tell(
            &sandbox,
            &[
                Step::Look,
                Step::Activate("env"),
                Step::Say("deactivate nondestructive"),
                Step::Look,
                Step::Say("deactivate"),
                Step::Look,
            ],
        );
        assert_eq!(get(&looks[1], "CONDA_PREFIX"), Some(text(&env)), "{shell:?}");
        assert_eq!(looks[2], looks[0], "{shell:?}");
        let (gone, own) = match shell {
            Shell::Bash | Shell::Zsh => {
                ("! type deactivate >/dev/null 2>&1", "deactivate() { :; }")
            }
            Shell::Tcsh => {
                ("if ( \"`alias deactivate`\" != '' ) exit 9", "alias deactivate 'set kept'")
            }
            Shell::Fish => ("not functions -q deactivate; or exit 9", "function deactivate; end"),
        };
        let kept = match shell {
            Shell::Bash | Shell::Zsh => "type deactivate >/dev/null || exit 9",
            Shell::Tcsh => "if ( \"`alias deactivate`\" !~ *kept* ) exit 9",
            Shell::Fish => "functions -q deactivate; or exit 9",
        };
        let story = [Step::Activate("env"), Step::Deactivate, Step::Say(gone), Step::Say("true")];
        shell.tell(&sandbox, &story);
        for before in [true, false] {
            let (first, second) = if before {
                (Step::Say(own), Step::Activate("env"))
            } else {
                (Step::Activate("env"), Step::Say(own))
            };
            let story = [
                first,
                second,
                Step::Say("deactivate"),
                Step::Look,
                Step::Deactivate,
                Step::Say(kept),
            ];
            let looks = shell.tell(&sandbox, &story);
            assert_eq!(get(&looks[0], "CONDA_PREFIX"), Some(text(&env)), "{shell:?}");
        }
    }
}
