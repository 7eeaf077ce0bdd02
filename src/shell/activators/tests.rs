//! The carried files, sourced by the real shells: by themselves, and with a program called mlenv on `PATH`.

#![expect(clippy::disallowed_methods, reason = "tests build worlds of their own")]

#[path = "../../../tests/support/shells/mod.rs"]
#[expect(dead_code, reason = "the harness serves other tests too")]
mod shells;

mod scripts;

use super::*;
use crate::base::BaseKind;
use crate::env::layout::search_path;
use shells::sandbox::{Layout, Sandbox};
use shells::{Shell, Step, get, path, text};

fn carrier(env: &Path, family: Family) -> Carrier<'_> {
    let kind = if family == Family::Conda { BaseKind::Conda } else { BaseKind::Python };
    let bins = search_path(kind);
    Carrier { env, family, bins, user_site: false, container: None, former: false }
}

fn carry(env: &Path, family: Family) {
    for (file, bytes) in activators(&carrier(env, family)).unwrap() {
        crate::fs::write_atomic(&env.join(file), &bytes).unwrap();
    }
}

fn conda_env() -> (Sandbox, PathBuf) {
    let sandbox = Sandbox::new();
    let env = sandbox.simple();
    carry(&env, Family::Conda);
    (sandbox, env)
}

/// What a user types to source the file for this shell.
fn source(shell: Shell, env: &Path) -> String {
    let file = match shell {
        Shell::Bash | Shell::Zsh => env.join("bin/activate"),
        Shell::Tcsh => env.join("bin/activate.csh"),
        Shell::Fish => env.join("bin/activate.fish"),
    };
    format!("source {}", shell.quote(text(&file)))
}

#[test]
fn no_token_is_left_and_none_is_replaced_twice() {
    let carrier = carrier(Path::new("/a @LABEL@ 'b"), Family::Conda);
    for (path, bytes) in activators(&carrier).unwrap() {
        let text = String::from_utf8(bytes).unwrap();
        let tokens = ["@ENV@", "@LEAVE@", "@BINS@", "@BINS_BACK@", "@RESTORE@", "@VARIABLES@"];
        assert!(!tokens.iter().any(|token| text.contains(token)), "{}", path.display());
        assert!(text.contains("/a @LABEL@ "), "{}", path.display());
    }
}

#[test]
fn a_path_that_an_env_cannot_have_is_refused() {
    let carrier = carrier(Path::new("/a\nb"), Family::Venv);
    assert!(activators(&carrier).is_err());
}

#[test]
fn the_shells_find_no_fault_in_the_text() {
    let (sandbox, env) = conda_env();
    let checks = [("bash", "bin/activate"), ("zsh", "bin/activate"), ("sh", "bin/activate")];
    let more = [("fish", "bin/activate.fish"), ("sh", "setupMe-on-host.sh")];
    for (shell, file) in checks.iter().chain(&more) {
        let output = sandbox.command(shell).arg("-n").arg(env.join(file)).output().unwrap();
        assert!(output.status.success() && output.stderr.is_empty(), "{shell} {file}: {output:?}");
    }
}

#[test]
fn sourcing_enters_and_deactivate_restores() {
    let (sandbox, env) = conda_env();
    for file in ["a.sh", "a.csh", "a.fish"] {
        let set = if file == "a.sh" {
            "export SEEN=\"$CONDA_PREFIX\""
        } else {
            "setenv SEEN \"$CONDA_PREFIX\""
        };
        sandbox.write(&format!("env/etc/conda/activate.d/{file}"), &format!("{set}\n"));
        sandbox.write(&format!("env/etc/conda/deactivate.d/{file}"), "unset nothing\n");
    }
    sandbox.write("env/etc/conda/activate.d/a.fish", "set -gx SEEN $CONDA_PREFIX\n");
    sandbox.write("env/etc/conda/deactivate.d/a.fish", "set -eg SEEN\n");
    sandbox.write("env/etc/conda/deactivate.d/a.csh", "unsetenv SEEN\n");
    sandbox.write("env/etc/conda/deactivate.d/a.sh", "unset SEEN\n");
    for shell in Shell::ALL {
        let enter = source(shell, &env);
        let story = [
            Step::Set("PYTHONHOME", "/mine it's"),
            Step::Set("PIP_TARGET", "/mine"),
            Step::Set("CONDA_DEFAULT_ENV", "was"),
            Step::Look,
            Step::Say(&enter),
            Step::Look,
            Step::Around("/front", "/back"),
            Step::Set("PYTHONNOUSERSITE", "mine"),
            Step::Say("deactivate"),
            Step::Look,
        ];
        let looks = shell.tell(&sandbox, &story);
        let inside = |name: &str| get(&looks[1], name);
        assert_eq!(
            path(&looks[1])[..2],
            [text(&env.join("bin")), text(&env.join("baseEnv_dir/bin"))],
            "{shell:?}"
        );
        assert_eq!(
            (inside("CONDA_PREFIX"), inside("SEEN")),
            (Some(text(&env)), Some(text(&env))),
            "{shell:?}"
        );
        assert_eq!(
            (inside("PYTHONNOUSERSITE"), inside("PYTHONHOME"), inside("PIP_TARGET")),
            (Some("1"), None, None),
            "{shell:?}"
        );
        let mut expected = looks[0].clone();
        expected.insert(b"PATH".into(), b"/front:/usr/bin:/bin:/back".into());
        expected.insert(b"PYTHONNOUSERSITE".into(), b"mine".into());
        assert_eq!(looks[2], expected, "{shell:?}");
    }
}

#[test]
fn a_venv_is_a_venv_and_twice_is_once() {
    let sandbox = Sandbox::new();
    let base = sandbox.write("python/bin/x", "");
    let env = sandbox.env("env", base.ancestors().nth(2).unwrap(), "python", Layout::Sparse);
    carry(&env, Family::Venv);
    for shell in [Shell::Bash, Shell::Zsh, Shell::Fish] {
        let enter = source(shell, &env);
        let story = [
            Step::Look,
            Step::Say(&enter),
            Step::Say(&enter),
            Step::Look,
            Step::Say("deactivate"),
            Step::Look,
        ];
        let looks = shell.tell(&sandbox, &story);
        assert_eq!(get(&looks[1], "VIRTUAL_ENV"), Some(text(&env)), "{shell:?}");
        assert_eq!(path(&looks[1]), [text(&env.join("bin")), "/usr/bin", "/bin"], "{shell:?}");
        assert_eq!(looks[2], looks[0], "{shell:?}");
    }
}

#[test]
fn strict_shells_and_the_setup_file() {
    let (sandbox, env) = conda_env();
    let setup = format!(". {}", Shell::Bash.quote(text(&env.join("setupMe-on-host.sh"))));
    for (shell, options) in [
        (Shell::Bash, "set -euC"),
        (Shell::Zsh, "set -euC; setopt ksh_arrays"),
        (Shell::Zsh, "setopt no_unset"),
    ] {
        let story = [
            Step::Say(options),
            Step::Look,
            Step::Say(&setup),
            Step::Look,
            Step::Say("deactivate"),
            Step::Look,
        ];
        let looks = shell.tell(&sandbox, &story);
        assert_eq!(get(&looks[1], "CONDA_PREFIX"), Some(text(&env)), "{shell:?}");
        assert_eq!(looks[2], looks[0], "{shell:?} {options}");
    }
}

#[test]
fn dash_can_read_it_too() {
    let (sandbox, env) = conda_env();
    let script = format!(
        "set -eu\n. {}\necho \"$CONDA_PREFIX\"\ndeactivate\necho \"${{CONDA_PREFIX-none}} $PATH\"\n",
        Shell::Bash.quote(text(&env.join("setupMe-on-host.sh")))
    );
    let output = sandbox.command("/bin/sh").args(["-c", &script]).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(
        said,
        format!("{}\nnone /usr/bin:/bin\n", text(&env)),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

#[test]
fn the_prompt_shows_it_and_comes_back() {
    let (sandbox, env) = conda_env();
    for shell in [Shell::Bash, Shell::Zsh, Shell::Tcsh] {
        let enter = source(shell, &env);
        let (set, copy) = match shell {
            Shell::Tcsh => ("set prompt = '%~ $ '", "setenv SEEN \"$prompt:q\""),
            _ => ("PS1='%~ $ '", "export SEEN=\"$PS1\""),
        };
        let say = [set, &enter, copy].map(Step::Say);
        let mut story: Vec<Step> = say.into();
        story.extend([Step::Look, Step::Say("deactivate"), Step::Say(copy), Step::Look]);
        let looks = shell.tell(&sandbox, &story);
        assert_eq!(get(&looks[0], "SEEN"), Some("(env) %~ $ "), "{shell:?}");
        assert_eq!(get(&looks[1], "SEEN"), Some("%~ $ "), "{shell:?}");
    }
}

#[test]
fn a_moved_env_is_entered_where_it_is_and_said() {
    let (sandbox, env) = conda_env();
    let moved = sandbox.path("moved");
    std::fs::rename(&env, &moved).unwrap();
    for shell in [Shell::Bash, Shell::Zsh, Shell::Fish] {
        let script = format!("{}; echo $CONDA_PREFIX", source(shell, &moved));
        let output = shell.command(&sandbox).args(["-c", &script]).output().unwrap();
        let (said, words) =
            (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert_eq!(said.trim_end(), text(&moved), "{shell:?}");
        assert!(words.contains("was moved") && words.contains("doctor"), "{shell:?}: {words}");
    }
}

#[test]
fn without_its_base_nothing_changes() {
    let (sandbox, env) = conda_env();
    std::fs::remove_dir_all(sandbox.path("image")).unwrap();
    for shell in Shell::ALL {
        let script = format!("{}\n/usr/bin/env", source(shell, &env));
        let output = shell.command(&sandbox).args(["-c", &script]).output().unwrap();
        let (said, words) =
            (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(
            !said.contains("CONDA") && said.contains("PATH=/usr/bin:/bin\n"),
            "{shell:?}: {said}"
        );
        assert!(words.contains("base") && words.contains("gone"), "{shell:?}: {words}");
    }
}

#[test]
fn where_mlenv_is_there_it_does_the_work() {
    let (sandbox, env) = conda_env();
    // A stand-in: that it was asked, with what, and that its answer is evaluated, is the matter here.
    let answer = "#!/bin/sh\ncase \"$1 $3\" in\n\
        'activate fish') echo 'set -gx ASKED yes' ;;\n'deactivate fish') echo 'set -eg ASKED' ;;\n\
        'activate tcsh'*) printf 'setenv ASKED \"$__mlenv_act_env:q\"\\n' ;;\n'deactivate tcsh'*) echo 'unsetenv ASKED' ;;\n\
        activate*) echo 'export ASKED=\"$__mlenv_act_env\"' ;;\n deactivate*) echo 'unset ASKED' ;;\n esac\n";
    sandbox.program("stand-in/mlenv", "");
    sandbox.write("stand-in/mlenv", answer);
    for shell in Shell::ALL {
        let enter = source(shell, &env);
        let dir = sandbox.path("stand-in");
        let list = format!("{}:/usr/bin:/bin", text(&dir));
        let story = [
            Step::Set("PATH", &list),
            Step::Look,
            Step::Say(&enter),
            Step::Look,
            Step::Say("deactivate"),
            Step::Look,
        ];
        let looks = shell.tell(&sandbox, &story);
        assert!(
            get(&looks[1], "ASKED")
                .is_some_and(|asked| shell == Shell::Fish || asked == text(&env)),
            "{shell:?}"
        );
        assert_eq!(get(&looks[1], "CONDA_PREFIX"), None, "{shell:?}");
        assert_eq!(looks[2], looks[0], "{shell:?}");
    }
}
