//! Packages' scripts, also in the shells for which packages ship none.

use crate::support::shells::sandbox::{Layout, Sandbox};
use crate::support::shells::{Shell, Step, get, path, text};

/// Three packages: one for sh only, one for every shell, one that undoes itself on leaving.
fn with_scripts() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.simple();
    let put = |file: &str, text: &str| drop(sandbox.write(&format!("env/etc/conda/{file}"), text));
    put("activate.d/b-all.sh", "export ALL=\"$FIRST-sh\"\n");
    put("activate.d/b-all.csh", "setenv ALL csh\n");
    put("activate.d/b-all.fish", "set -gx ALL fish\n");
    put(
        "activate.d/a-sh.sh",
        "echo noise; export FIRST=1\nexport HERE=\"$CONDA_PREFIX/x\"\nexport PATH=\"$CONDA_PREFIX/more:$PATH\"\nexport LD_LIBRARY_PATH=\"$CONDA_PREFIX/lib:${LD_LIBRARY_PATH:-}\"\nunset PYTHONNOUSERSITE\n",
    );
    put(
        "deactivate.d/a-all.sh",
        "export LEFT=\"${LEFT:-}a\"; unset FIRST HERE; export PATH=\"${PATH#*/more:}\"; unset LD_LIBRARY_PATH\n",
    );
    put("deactivate.d/b-all.sh", "export LEFT=\"${LEFT:-}b\"; unset ALL\n");
    put("deactivate.d/a-all.csh", "setenv LEFT \"${LEFT}a\"\n");
    put("deactivate.d/b-all.csh", "unsetenv ALL; setenv LEFT b\n");
    put("deactivate.d/a-all.fish", "set -gx LEFT \"$LEFT\"a\n");
    put("deactivate.d/b-all.fish", "set -eg ALL; set -gx LEFT b\n");
    sandbox
}

#[test]
fn they_run_in_order_and_back() {
    let sandbox = with_scripts();
    for shell in [Shell::Bash, Shell::Zsh] {
        let say = Step::Say("noise() { :; }; exec 3>&1 >/dev/null");
        let story = [say, Step::Activate("env"), Step::Look, Step::Deactivate, Step::Look];
        let looks = shell.tell(&sandbox, &story);
        assert_eq!(get(&looks[0], "ALL"), Some("1-sh"), "{shell:?}");
        assert_eq!(get(&looks[0], "PYTHONNOUSERSITE"), None);
        assert_eq!(get(&looks[1], "LEFT"), Some("ba"), "{shell:?}");
        assert_eq!(path(&looks[1]), ["/usr/bin", "/bin"], "{shell:?}");
        assert_eq!(get(&looks[1], "ALL"), None);
    }
}

#[test]
fn tcsh_and_fish_get_the_effect_of_sh_scripts() {
    let sandbox = with_scripts();
    let env = sandbox.path("env");
    for shell in [Shell::Tcsh, Shell::Fish] {
        let story = [
            Step::Set("LD_LIBRARY_PATH", "/mine"),
            Step::Look,
            Step::Activate("env"),
            Step::Look,
            Step::Deactivate,
            Step::Unset("LEFT"),
            Step::Look,
        ];
        let looks = shell.tell(&sandbox, &story);
        let inside = &looks[1];
        assert_eq!(get(inside, "FIRST"), Some("1"), "{shell:?}");
        assert_eq!(get(inside, "HERE"), Some(text(&env.join("x"))), "{shell:?}");
        assert_eq!(get(inside, "ALL"), Some(if shell == Shell::Tcsh { "csh" } else { "fish" }));
        assert_eq!(
            path(inside)[..2],
            [text(&env.join("more")), text(&env.join("bin"))],
            "{shell:?}"
        );
        let libraries = format!("{}:/mine", text(&env.join("lib")));
        assert_eq!(get(inside, "LD_LIBRARY_PATH"), Some(libraries.as_str()), "{shell:?}");
        assert_eq!(get(inside, "PYTHONNOUSERSITE"), None, "{shell:?}");
        assert_eq!(looks[2], looks[0], "{shell:?}");
    }
}

#[test]
fn what_they_do_is_remembered_until_one_changes() {
    let sandbox = with_scripts();
    sandbox.write("env/etc/conda/activate.d/c.sh", "echo x >> \"$HOME/ran\"; export C=1; exit 3\n");
    let ran = || std::fs::read_to_string(sandbox.path("home/ran")).unwrap().lines().count();
    let story = || [Step::Activate("env"), Step::Look];
    assert_eq!(get(&Shell::Tcsh.tell(&sandbox, &story())[0], "C"), Some("1"));
    assert_eq!(get(&Shell::Tcsh.tell(&sandbox, &story())[0], "C"), Some("1"));
    assert_eq!(ran(), 1);
    sandbox.write("env/etc/conda/activate.d/c.sh", "echo x >> \"$HOME/ran\"; export C=22\n");
    assert_eq!(get(&Shell::Tcsh.tell(&sandbox, &story())[0], "C"), Some("22"));
    assert_eq!(ran(), 2);
}

#[test]
fn a_sparse_env_runs_its_bases_scripts_as_the_base_knows_itself() {
    let sandbox = Sandbox::new();
    let image = sandbox.image("image:tag");
    let env = sandbox.env("env", &image.join("opt/conda"), "conda", Layout::Sparse);
    let put = |file: &str, text: &str| drop(sandbox.write(file, text));
    put("image:tag/opt/conda/etc/conda/activate.d/a.sh", "export SEEN=\"$CONDA_PREFIX\"\n");
    put("image:tag/opt/conda/etc/conda/activate.d/b.sh", "export WHO=base\n");
    put("env/etc/conda/activate.d/b.sh", "export WHO=env\n");
    put("image:tag/opt/conda/etc/conda/deactivate.d/a.sh", "unset SEEN WHO\n");
    put("image:tag/opt/conda/etc/conda/env_vars.d/a.json", r#"{"FROM": "base"}"#);
    for shell in Shell::ALL {
        let looks = shell.tell(
            &sandbox,
            &[Step::Look, Step::Activate("env"), Step::Look, Step::Deactivate, Step::Look],
        );
        let inside = |name: &str| get(&looks[1], name);
        assert_eq!(inside("SEEN"), Some(text(&env.join("baseEnv_dir"))), "{shell:?}");
        assert_eq!(
            (inside("CONDA_PREFIX"), inside("WHO")),
            (Some(text(&env)), Some("env")),
            "{shell:?}"
        );
        assert_eq!(inside("FROM"), Some("base"));
        assert_eq!(looks[2], looks[0], "{shell:?}");
    }
}

#[test]
fn another_shell_inside_can_leave_too() {
    let sandbox = with_scripts();
    let inside = Shell::Bash.tell(&sandbox, &[Step::Activate("env"), Step::Look]).remove(0);
    let session = get(&inside, "__MLENV_SESSION").unwrap();
    assert!(session.contains("deactivate.d"));
    for shell in [Shell::Tcsh, Shell::Fish] {
        let list = get(&inside, "PATH").unwrap();
        let story = [
            Step::Set("PATH", list),
            Step::Set("__MLENV_SESSION", session),
            Step::Deactivate,
            Step::Look,
        ];
        let looks = shell.tell(&sandbox, &story);
        assert_eq!(get(&looks[0], "__MLENV_SESSION"), None, "{shell:?}");
        assert!(!get(&looks[0], "PATH").unwrap().contains("env/bin"), "{shell:?}");
    }
}

#[test]
fn a_script_that_fails_keeps_nobody_in() {
    let sandbox = Sandbox::new();
    sandbox.simple();
    for (end, fault) in
        [("sh", "false; return 3"), ("csh", "echo $undefined"), ("fish", "false; return 3")]
    {
        sandbox.write(&format!("env/etc/conda/deactivate.d/a.{end}"), &format!("{fault}\n"));
    }
    for shell in Shell::ALL {
        // tcsh says what is wrong with the script and ends with it: look at what it made of its variables first.
        let leave = match shell {
            Shell::Tcsh => {
                "$MLENV:q deactivate --shell tcsh:$tcsh | sed 's/; if ( -r.*//' >! left; source left"
            }
            _ => &shell.evaluate("deactivate", ""),
        };
        let looks = shell
            .tell(&sandbox, &[Step::Look, Step::Activate("env"), Step::Say(leave), Step::Look]);
        assert_eq!(looks[1], looks[0], "{shell:?}");
    }
}

#[test]
fn leaving_works_when_env_and_base_are_gone() {
    for shell in Shell::ALL {
        let sandbox = with_scripts();
        sandbox.write("env/etc/conda/activate.d/a-sh.sh", "");
        let story = [
            Step::Look,
            Step::Activate("env"),
            Step::Say("/bin/rm -r env image"),
            Step::Deactivate,
            Step::Unset("ALL"), // the scripts that would have done it are gone
            Step::Look,
        ];
        let looks = shell.tell(&sandbox, &story);
        assert_eq!(looks[1], looks[0], "{shell:?}");
    }
}

#[test]
fn the_old_scripts_own_pythonpath_is_not_followed() {
    let sandbox = Sandbox::new();
    sandbox.simple();
    sandbox.write("env/etc/conda/activate.d/activate-python.sh", "export PYTHONPATH=/evil\n");
    for shell in Shell::ALL {
        let looks = shell.tell(&sandbox, &[Step::Activate("env"), Step::Look]);
        assert_eq!(get(&looks[0], "PYTHONPATH"), None, "{shell:?}");
    }
}

/// Packages whose scripts set what may be there already, with a counterpart that unsets it, or with none.
fn with_careless_scripts() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.simple();
    let put = |file: &str, text: &str| drop(sandbox.write(&format!("env/etc/conda/{file}"), text));
    put(
        "activate.d/a.sh",
        "export ACTPKG=\"$CONDA_PREFIX\" LD_LIBRARY_PATH=\"$CONDA_PREFIX/lib\" EMPTY=full\nunset GONE\nexport LEFT_BEHIND=$'it\\'s\\n100% \\xe9'\nexport PATH=\"$CONDA_PREFIX/more:$PATH\" MANPATH=\"$CONDA_PREFIX/man${MANPATH:+:$MANPATH}\"\n",
    );
    put(
        "activate.d/a.csh",
        "setenv ACTPKG \"${CONDA_PREFIX:q}\"; setenv LD_LIBRARY_PATH \"${CONDA_PREFIX:q}/lib\"; setenv EMPTY full\nunsetenv GONE\nsetenv LEFT_BEHIND 'it is 100%'\nsetenv PATH \"${CONDA_PREFIX:q}/more:${PATH:q}\"\nif ( $?MANPATH ) then\nsetenv MANPATH \"${CONDA_PREFIX:q}/man:${MANPATH:q}\"\nelse\nsetenv MANPATH \"${CONDA_PREFIX:q}/man\"\nendif\n",
    );
    put(
        "activate.d/a.fish",
        "set -gx ACTPKG $CONDA_PREFIX; set -gx LD_LIBRARY_PATH $CONDA_PREFIX/lib; set -gx EMPTY full\nset -e GONE\nset -gx LEFT_BEHIND \"it's\"\\n'100% \'\\xe9\nset -gx PATH $CONDA_PREFIX/more $PATH; set -gx MANPATH $CONDA_PREFIX/man $MANPATH\n",
    );
    put("deactivate.d/a.sh", "unset ACTPKG LD_LIBRARY_PATH EMPTY UNTOUCHED\n");
    put("deactivate.d/a.csh", "unsetenv ACTPKG LD_LIBRARY_PATH EMPTY UNTOUCHED\n");
    put(
        "deactivate.d/a.fish",
        "for name in ACTPKG LD_LIBRARY_PATH EMPTY UNTOUCHED; set -e $name; end\n",
    );
    sandbox
}

#[test]
fn what_they_change_is_given_back() {
    let sandbox = with_careless_scripts();
    let env = sandbox.path("env");
    for shell in Shell::ALL {
        for outside in [true, false] {
            let mut story = Vec::new();
            if outside {
                story.extend([
                    Step::Set("ACTPKG", "outer"),
                    Step::Set("LD_LIBRARY_PATH", "/mine:"),
                    Step::Set("EMPTY", ""),
                    Step::Set("GONE", "here"),
                    Step::Set("UNTOUCHED", "it's"),
                    Step::Set("MANPATH", "/man:/mine"),
                ]);
            }
            story.extend([
                Step::Look,
                Step::Activate("env"),
                Step::Look,
                Step::Deactivate,
                Step::Look,
            ]);
            let looks = shell.tell(&sandbox, &story);
            let inside = |name: &str| get(&looks[1], name);
            assert_eq!(inside("ACTPKG"), Some(text(&env)), "{shell:?}");
            assert_eq!((inside("EMPTY"), inside("GONE")), (Some("full"), None), "{shell:?}");
            assert_eq!(path(&looks[1])[0], text(&env.join("more")), "{shell:?}");
            assert_eq!(looks[2], looks[0], "{shell:?} {outside}");
        }
    }
}

#[test]
fn what_the_user_changed_in_between_stays() {
    let sandbox = with_careless_scripts();
    for shell in Shell::ALL {
        let story = [
            Step::Set("MANPATH", "/man"),
            Step::Activate("env"),
            Step::Set("ACTPKG", "mine"),
            Step::Set("NEW", "1"),
            Step::Around("/front", "/back"),
            Step::Look,
            Step::Activate("env"),
            Step::Look,
            Step::Deactivate,
            Step::Look,
        ];
        let looks = shell.tell(&sandbox, &story);
        assert_eq!(looks[1], looks[0], "{shell:?}");
        let after = |name: &str| get(&looks[2], name);
        assert_eq!((after("ACTPKG"), after("NEW")), (Some("mine"), Some("1")), "{shell:?}");
        assert_eq!(after("PATH"), Some("/front:/usr/bin:/bin:/back"), "{shell:?}");
        assert_eq!(after("MANPATH"), Some("/man"), "{shell:?}");
        assert_eq!((after("LD_LIBRARY_PATH"), after("LEFT_BEHIND")), (None, None), "{shell:?}");
    }
}

#[test]
fn from_one_env_to_the_other_each_has_its_own() {
    let sandbox = with_careless_scripts();
    sandbox.env("other", &sandbox.path("image/opt/conda"), "conda", Layout::Standard);
    for (end, line) in [
        ("sh", "export ACTPKG=other"),
        ("csh", "setenv ACTPKG other"),
        ("fish", "set -gx ACTPKG other"),
    ] {
        sandbox.write(&format!("other/etc/conda/activate.d/o.{end}"), &format!("{line}\n"));
    }
    for shell in Shell::ALL {
        let story = [
            Step::Set("ACTPKG", "outer"),
            Step::Look,
            Step::Activate("env"),
            Step::Activate("other"),
            Step::Look,
            Step::Activate("env"),
            Step::Look,
            Step::Deactivate,
            Step::Look,
        ];
        let looks = shell.tell(&sandbox, &story);
        assert_eq!(get(&looks[1], "ACTPKG"), Some("other"), "{shell:?}");
        assert_eq!(get(&looks[1], "LEFT_BEHIND"), None, "{shell:?}");
        assert_eq!(get(&looks[2], "ACTPKG"), Some(text(&sandbox.path("env"))), "{shell:?}");
        assert_eq!(looks[3], looks[0], "{shell:?}");
    }
}
