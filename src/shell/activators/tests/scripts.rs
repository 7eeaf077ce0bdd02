//! What packages' scripts change is given back by `deactivate`.

use super::*;

/// What scripts set, with a counterpart that unsets it or with none.
#[test]
fn what_scripts_change_is_given_back() {
    let (sandbox, env) = conda_env();
    let put = |file: &str, text: &str| drop(sandbox.write(&format!("env/etc/conda/{file}"), text));
    put(
        "activate.d/a.sh",
        "export ACTPKG=in EMPTY=full LEFT=\"it's 100%\" PYTHONNOUSERSITE=2\nunset GONE\nexport PATH=\"$CONDA_PREFIX/more:$PATH\"\n",
    );
    put("deactivate.d/a.sh", "unset ACTPKG EMPTY UNTOUCHED\n");
    put(
        "activate.d/a.fish",
        "set -gx ACTPKG in; set -gx EMPTY full; set -gx LEFT in; set -gx PYTHONNOUSERSITE 2; set -e GONE; set -gx PATH $CONDA_PREFIX/more $PATH\n",
    );
    put("deactivate.d/a.fish", "set -e ACTPKG; set -e EMPTY; set -e UNTOUCHED\n");
    for shell in [Shell::Bash, Shell::Zsh, Shell::Fish] {
        let enter = source(shell, &env);
        let story = [
            Step::Set("ACTPKG", "outer it's"),
            Step::Set("EMPTY", ""),
            Step::Set("GONE", "here"),
            Step::Set("UNTOUCHED", "a\nexport FAKE=1"),
            Step::Look,
            Step::Say(&enter),
            Step::Look,
            Step::Say("deactivate"),
            Step::Look,
            Step::Say(&enter),
            Step::Set("LEFT", "mine"),
            Step::Around("/front", "/back"),
            Step::Say("deactivate"),
            Step::Look,
        ];
        let looks = shell.tell(&sandbox, &story);
        let inside = |name: &str| get(&looks[1], name);
        assert_eq!((inside("ACTPKG"), inside("GONE")), (Some("in"), None), "{shell:?}");
        assert_eq!(path(&looks[1])[0], text(&env.join("more")), "{shell:?}");
        assert_eq!(looks[2], looks[0], "{shell:?}");
        let mut expected = looks[0].clone();
        expected.insert(b"PATH".into(), b"/front:/usr/bin:/bin:/back".into());
        expected.insert(b"LEFT".into(), b"mine".into());
        assert_eq!(looks[3], expected, "{shell:?}");
    }
    let script = format!(
        "set -eu\nexport ACTPKG=outer\n. {}\necho \"$ACTPKG $LEFT\"\ndeactivate\necho \"$ACTPKG ${{LEFT-none}} $PATH\"\nset | grep -c __mlenv || :\n",
        Shell::Bash.quote(text(&env.join("bin/activate")))
    );
    let output = sandbox.command("/bin/sh").args(["-c", &script]).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(said, "in it's 100%\nouter none /usr/bin:/bin\n0\n", "{output:?}");
}

/// Those that envs carried before are known again.
#[test]
fn former_files_have_nothing_of_it() {
    let files = |former| {
        activators(&Carrier { former, ..carrier(Path::new("/e"), Family::Conda) }).unwrap()
    };
    for (then, now) in files(true).iter().zip(files(false)) {
        assert!(!then.1.windows(15).any(|part| part == b"__mlenv_act_was"));
        assert!(!now.1.windows(3).any(|part| part == b"\n#{"));
    }
}
