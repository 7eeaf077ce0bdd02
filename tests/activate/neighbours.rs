//! conda and other tools in the same shell. What conda's commands do is written out, in its own order, so that
//! the tests need no conda.

use crate::support::shells::sandbox::Sandbox;
use crate::support::shells::{Shell, Step, get, path, text};

/// The state after `conda activate base`.
fn conda_base<'a>() -> Vec<Step<'a>> {
    vec![
        Step::Set("PATH", "/c/bin:/c/condabin:/usr/bin:/bin"),
        Step::Set("CONDA_PREFIX", "/c"),
        Step::Set("CONDA_SHLVL", "1"),
        Step::Set("CONDA_DEFAULT_ENV", "base"),
        Step::Set("CONDA_PROMPT_MODIFIER", "(base) "),
    ]
}

#[test]
fn inside_conda_we_stack_and_leave_conda_as_it_was() {
    let sandbox = Sandbox::new();
    let env = sandbox.simple();
    for shell in Shell::ALL {
        let mut story = conda_base();
        story.extend([Step::Look, Step::Activate("env"), Step::Look, Step::Deactivate, Step::Look]);
        let looks = shell.tell(&sandbox, &story);
        assert_eq!(get(&looks[1], "CONDA_SHLVL"), Some("2"), "{shell:?}");
        assert_eq!(get(&looks[1], "CONDA_PREFIX_1"), Some("/c"));
        assert_eq!(get(&looks[1], "CONDA_STACKED_2"), Some("true"));
        // The base's programs that no package owns follow the env's own.
        let below = env.join("baseEnv_dir/bin");
        assert_eq!(path(&looks[1])[..3], [text(&env.join("bin")), text(&below), "/c/bin"]);
        assert_eq!(looks[2], looks[0], "{shell:?}");
    }
}

#[test]
fn conda_deactivate_in_our_env_ends_sane() {
    let sandbox = Sandbox::new();
    sandbox.simple();
    for shell in Shell::ALL {
        let mut story = conda_base();
        story.extend([
            Step::Look,
            Step::Activate("env"),
            // `conda deactivate` on a stacked env: its bin leaves PATH, the outer prefix is named again.
            Step::Set("PATH", "/c/bin:/c/condabin:/usr/bin:/bin"),
            Step::Unset("CONDA_PREFIX_1"),
            Step::Unset("CONDA_STACKED_2"),
            Step::Set("CONDA_PREFIX", "/c"),
            Step::Set("CONDA_SHLVL", "1"),
            Step::Set("CONDA_DEFAULT_ENV", "base"),
            Step::Set("CONDA_PROMPT_MODIFIER", "(base) "),
            Step::Deactivate,
            Step::Look,
        ]);
        let looks = shell.tell(&sandbox, &story);
        assert_eq!(looks[1], looks[0], "{shell:?}");
    }
}

#[test]
fn after_conda_deactivate_the_env_can_be_entered_again() {
    let sandbox = Sandbox::new();
    let env = sandbox.simple();
    for shell in Shell::ALL {
        let story = [
            Step::Activate("env"),
            Step::Set("PATH", "/usr/bin:/bin"),
            Step::Set("CONDA_SHLVL", "0"),
            Step::Unset("CONDA_PREFIX"),
            Step::Unset("CONDA_DEFAULT_ENV"),
            Step::Unset("CONDA_PROMPT_MODIFIER"),
            Step::Activate("env"),
            Step::Look,
        ];
        let looks = shell.tell(&sandbox, &story);
        assert_eq!(get(&looks[0], "CONDA_PREFIX"), Some(text(&env)), "{shell:?}");
        let (own, below) = (env.join("bin"), env.join("baseEnv_dir/bin"));
        let expected = [text(&own), text(&below), "/usr/bin", "/bin"];
        assert_eq!(path(&looks[0]), expected, "{shell:?}");
    }
}

#[test]
fn what_others_activated_is_not_ours_to_leave() {
    let sandbox = Sandbox::new();
    let mut command = sandbox.command(env!("CARGO_BIN_EXE_mlenv"));
    let output =
        command.args(["deactivate", "--shell", "zsh"]).env("CONDA_PREFIX", "/c").output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("/c was activated by something else"));
}
