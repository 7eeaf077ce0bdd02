//! Words of others in the place of packages: what a tool would take for an option is refused before it starts.

use std::os::unix::fs::PermissionsExt;

use crate::pack::story::hollow;
use crate::support::sandbox::Sandbox;
use crate::support::testbase::base;

/// The export of an env with these lines at its end.
fn export(sandbox: &Sandbox, lines: &str) {
    let told = sandbox.mlenv(["export", "env"]).ok();
    sandbox.write("named", told.out + lines);
}

#[test]
fn an_export_that_names_options_makes_nothing() {
    let (sandbox, _) = hollow(&[]);
    for lines in [
        "[pip]\nsix = '1.0 --target=/x'\n",
        "[pip]\n'--target' = 'victim'\n",
        "[pip]\n'--target=victim' = '1'\n",
        "[conda]\n'--prefix' = 'victim'\n",
        "[conda]\n'--root-prefix=victim' = '1=0'\n",
        "[conda]\nsix = '--prefix=victim'\n",
        "[requests]\nchannels = ['--override-channels']\n",
        "[requests.pip]\nsix = '--target=victim'\n",
        "[requests.pip]\nsix = '-e --target=victim'\n",
        "[requests.conda]\nsix = '--root-prefix=victim'\n",
        "[direct]\nsix = '--target=victim'\n[pip]\nsix = '1'\n",
        "[direct]\nsix = '-e --target=victim'\n[pip]\nsix = '1'\n",
    ] {
        export(&sandbox, lines);
        let told = sandbox.mlenv(["create", "-p", "made", "--base", "base", "--from", "named"]);
        let told = told.fails(2, "could not use");
        assert!(
            told.err.contains(" is not a package") || told.err.contains(" is not a channel"),
            "{lines}: {told}"
        );
        assert!(!sandbox.path("made").exists() && !sandbox.path("victim").exists(), "{lines}");
    }
}

#[test]
fn what_a_record_or_a_package_says_is_never_an_option_of_a_tool() {
    let sandbox = Sandbox::new();
    let env = sandbox.env("env", &base().prefix);
    let site = env.join(base().site()).join("own-1.0.dist-info");
    std::fs::create_dir_all(&site).unwrap();
    std::fs::write(site.join("METADATA"), "Name: --target=victim\nVersion: 1.0\n").unwrap();
    std::fs::write(site.join("INSTALLER"), "pip\n").unwrap();
    let told =
        sandbox.mlenv(["uninstall", "-y", "-p"]).arg(&env).args(["--", "--target=victim"]).end();
    assert!(!told.status.success() && told.err.contains("is not a package"), "{told}");
    assert!(!sandbox.path("victim").exists());
}

#[test]
fn words_on_the_command_line_stand_behind_all_options() {
    let sandbox = Sandbox::new();
    let env = sandbox.env("env", &base().prefix);
    let client =
        sandbox.write("micromamba", "#!/bin/sh\necho started >> \"$HOME/started\"\nexit 1\n");
    std::fs::set_permissions(&client, PermissionsExt::from_mode(0o755)).unwrap();
    for word in ["six --prefix=victim", "--prefix=victim", "-c", "x::--prefix", "six\n--prefix"] {
        for tool in ["--pip", "--conda"] {
            let told = sandbox
                .mlenv(["install", "-y", tool, "-p"])
                .arg(&env)
                .arg(word)
                .var("MAMBA_EXE", &client)
                .end();
            assert!(!told.status.success() && !told.err.contains("panicked"), "{told}");
        }
    }
    assert!(!sandbox.path("home/started").exists() && !sandbox.path("victim").exists());
}
