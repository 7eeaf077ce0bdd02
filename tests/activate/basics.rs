//! Entering, leaving, switching: the laws, in the real shells.

use std::path::Path;

use crate::support::shells::sandbox::{Layout, Sandbox};
use crate::support::shells::{Shell, Step, get, path, text};

#[test]
fn an_env_on_conda_is_entered_and_left_without_a_trace() {
    let sandbox = Sandbox::new();
    let env = sandbox.simple();
    for shell in Shell::ALL {
        let story = [
            Step::Set("PYTHONHOME", "/mine"),
            Step::Set("VIRTUAL_ENV", ""),
            Step::Look,
            Step::Activate("env"),
            Step::Look,
            Step::Deactivate,
            Step::Look,
        ];
        let looks = shell.tell(&sandbox, &story);
        let inside = &looks[1];
        let here = |name: &str| get(inside, name);
        assert_eq!(path(inside)[0], text(&env.join("bin")), "{shell:?}");
        assert_eq!(here("CONDA_PREFIX"), Some(text(&env)));
        assert_eq!(here("CONDA_DEFAULT_ENV"), Some(text(&env)));
        assert_eq!(here("CONDA_SHLVL"), Some("1"));
        assert_eq!(here("CONDA_PROMPT_MODIFIER"), Some("(env) "));
        assert_eq!(here("PYTHONNOUSERSITE"), Some("1"));
        let base = env.join("baseEnv_dir");
        assert_eq!(here("MAMBA_ROOT_PREFIX"), Some(text(&base)));
        assert_eq!(here("MAMBA_EXE"), Some(text(&base.join("../../bin/micromamba"))));
        for gone in [
            "PYTHONHOME",
            "VIRTUAL_ENV",
            "PYTHONPATH",
            "SSL_CERT_FILE",
            "JUPYTER_PATH",
            "EnvTopDir",
        ] {
            assert_eq!(here(gone), None, "{shell:?} {gone}");
        }
        assert_eq!(looks[2], looks[0], "{shell:?}");
    }
}

#[test]
fn an_env_on_plain_python_is_a_venv_to_tools() {
    let sandbox = Sandbox::new();
    let base = sandbox.write("python/lib/python3.11/os.py", "");
    let env = sandbox.env("env", base.ancestors().nth(3).unwrap(), "python", Layout::Sparse);
    for shell in Shell::ALL {
        let looks = shell
            .tell(&sandbox, &[Step::Activate("./env"), Step::Look, Step::Deactivate, Step::Look]);
        assert_eq!(get(&looks[0], "VIRTUAL_ENV"), Some(text(&env)), "{shell:?}");
        assert_eq!(get(&looks[0], "VIRTUAL_ENV_PROMPT"), Some("env"));
        assert_eq!(get(&looks[0], "CONDA_PREFIX"), None);
        assert_eq!(path(&looks[0]), [text(&env.join("bin")), "/usr/bin", "/bin"]);
        assert_eq!(get(&looks[1], "VIRTUAL_ENV"), None);
    }
}

#[test]
fn a_sparse_env_on_conda_has_its_base_behind_it() {
    let sandbox = Sandbox::new();
    let image = sandbox.image("image:tag");
    let env = sandbox.env("env", &image.join("opt/conda"), "conda", Layout::Sparse);
    let base = env.join("baseEnv_dir");
    for shell in Shell::ALL {
        let looks = shell.tell(&sandbox, &[Step::Activate("env"), Step::Look]);
        assert_eq!(
            path(&looks[0])[..2],
            [text(&env.join("bin")), text(&base.join("bin"))],
            "{shell:?}"
        );
        assert_eq!(get(&looks[0], "SSL_CERT_FILE"), Some(text(&base.join("ssl/cacert.pem"))));
        assert_eq!(get(&looks[0], "JUPYTER_PATH"), Some(text(&base.join("share/jupyter"))));
    }
}

#[test]
fn an_image_whose_path_holds_a_colon_works() {
    let sandbox = Sandbox::new();
    let image = sandbox.image("ml-base:alma9");
    for shell in Shell::ALL {
        let story = [
            Step::Look,
            Step::Activate("./ml-base:alma9"),
            Step::Look,
            Step::Say("basetool > said"),
            Step::Activate("./ml-base:alma9/opt/conda"),
            Step::Look,
            Step::Deactivate,
            Step::Look,
        ];
        let looks = shell.tell(&sandbox, &story);
        assert_eq!(
            std::fs::read_to_string(sandbox.path("said")).unwrap(),
            "from-base\n",
            "{shell:?}"
        );
        let top = Path::new(get(&looks[1], "EnvTopDir").unwrap());
        assert_eq!(top.canonicalize().unwrap(), image);
        let colon = b"ml-base:alma9/";
        let bad =
            looks[1].iter().find(|(_, value)| value.windows(colon.len()).any(|part| part == colon));
        assert_eq!(bad, None, "{shell:?}");
        assert_eq!(path(&looks[1]), [text(&top.join("opt/conda/bin")), "/usr/bin", "/bin"]);
        assert_eq!(get(&looks[1], "CONDA_DEFAULT_ENV"), Some("base"));
        assert_eq!(get(&looks[1], "CONDA_PROMPT_MODIFIER"), Some("(ml-base:alma9) "));
        assert_eq!(
            get(&looks[1], "SSL_CERT_FILE"),
            Some(text(&top.join("opt/conda/ssl/cacert.pem")))
        );
        assert_eq!(get(&looks[2], "EnvTopDir"), None);
        assert!(get(&looks[2], "MAMBA_EXE").unwrap().ends_with("/../../bin/micromamba"));
        assert_eq!(looks[3], looks[0]);
    }
    let views = sandbox.path("home/.local/state/mlenv/views");
    assert_eq!(views.read_dir().unwrap().count(), 2);
    assert_eq!(std::os::unix::fs::MetadataExt::mode(&views.metadata().unwrap()) & 0o777, 0o700);
}

#[test]
fn what_the_user_set_is_not_replaced_and_what_the_user_changed_is_kept() {
    let sandbox = Sandbox::new();
    sandbox.image("image");
    for shell in Shell::ALL {
        let story = [
            Step::Set("SSL_CERT_FILE", "/my/ca"),
            Step::Set("JUPYTER_PATH", ""),
            Step::Activate("./image"),
            Step::Set("MAMBA_EXE", "mine"),
            Step::Unset("PYTHONNOUSERSITE"),
            Step::Set("EnvTopDir", ""),
            Step::Around("/front", "/back"),
            Step::Set("OTHER", "x"),
            Step::Look,
            Step::Deactivate,
            Step::Look,
        ];
        let looks = shell.tell(&sandbox, &story);
        let after = |name: &str| get(&looks[1], name);
        assert_eq!(get(&looks[0], "SSL_CERT_FILE"), Some("/my/ca"), "{shell:?}");
        assert!(get(&looks[0], "JUPYTER_PATH").unwrap().ends_with("share/jupyter"), "{shell:?}");
        assert_eq!(after("JUPYTER_PATH"), Some(""), "{shell:?}");
        assert_eq!(after("MAMBA_EXE"), Some("mine"));
        assert_eq!(after("PYTHONNOUSERSITE"), None);
        assert_eq!(after("EnvTopDir"), Some(""));
        assert_eq!(after("OTHER"), Some("x"));
        assert_eq!(path(&looks[1]), ["/front", "/usr/bin", "/bin", "/back"], "{shell:?}");
    }
}

#[test]
fn twice_is_once_and_prints_nothing() {
    let sandbox = Sandbox::new();
    sandbox.simple();
    for shell in Shell::ALL {
        let again = match shell {
            Shell::Bash | Shell::Zsh => "\"$MLENV\" activate --shell bash env > again",
            Shell::Tcsh => "$MLENV:q activate --shell tcsh:$tcsh env > again",
            Shell::Fish => "\"$MLENV\" activate --shell fish env > again",
        };
        let _ = std::fs::remove_file(sandbox.path("again"));
        let story = [
            Step::Activate("env"),
            Step::Look,
            Step::Say(again),
            Step::Activate("env"),
            Step::Look,
        ];
        let looks = shell.tell(&sandbox, &story);
        assert_eq!(looks[0], looks[1], "{shell:?}");
        assert_eq!(std::fs::read(sandbox.path("again")).unwrap(), b"", "{shell:?}");
    }
}

#[test]
fn a_switch_leaves_the_first_and_enters_the_second() {
    let sandbox = Sandbox::new();
    let first = sandbox.simple();
    let second =
        sandbox.env("env two", &sandbox.path("image/opt/conda"), "conda", Layout::Standard);
    sandbox.write("env/conda-meta/state", r#"{"env_vars": {"ONLY_FIRST": "1", "BOTH": "1"}}"#);
    sandbox.write("env two/conda-meta/state", r#"{"env_vars": {"BOTH": "2"}}"#);
    for shell in Shell::ALL {
        let story = [
            Step::Set("BOTH", "user"),
            Step::Look,
            Step::Activate("./env two"),
            Step::Look,
            Step::Deactivate,
            Step::Activate("env"),
            Step::Activate("./env two"),
            Step::Look,
            Step::Deactivate,
            Step::Look,
        ];
        let looks = shell.tell(&sandbox, &story);
        assert_eq!(looks[2], looks[1], "{shell:?}");
        assert_eq!(get(&looks[2], "BOTH"), Some("2"));
        assert_eq!(path(&looks[2])[0], text(&second.join("bin")));
        assert!(!path(&looks[2]).contains(&text(&first.join("bin"))));
        assert_eq!(looks[3], looks[0], "{shell:?}");
    }
}

#[test]
fn hostile_values_of_an_env_arrive_unchanged() {
    let sandbox = Sandbox::new();
    let env = sandbox.simple();
    let values = [
        "it's \"x\" $HOME `id` $(id)",
        "!a !! !$ ^x^y",
        "{a,b} * ? ~ [x]",
        "a\\b \\! \\",
        "a\nb\n",
        "",
        " ",
        "=ls",
        "日本 é",
        "#x;y&z|<>()",
        "%n%%",
        "-n",
        "\u{1b}[31m\r\t",
    ];
    let vars: Vec<String> =
        values.iter().enumerate().map(|(at, value)| format!("V{at}={value}")).collect();
    let mut arguments = vec!["vars", "set", "-p", text(&env)];
    arguments.extend(vars.iter().map(String::as_str));
    assert!(sandbox.mlenv(&arguments).status.success());
    for shell in Shell::ALL {
        let story = [
            Step::Set("V0", "it's mine !x"),
            Step::Look,
            Step::Activate("env"),
            Step::Look,
            Step::Deactivate,
            Step::Look,
        ];
        let looks = shell.tell(&sandbox, &story);
        for (at, value) in values.iter().enumerate() {
            assert_eq!(get(&looks[1], &format!("V{at}")), Some(*value), "{shell:?}");
        }
        assert_eq!(looks[2], looks[0], "{shell:?}");
    }
}

#[test]
fn python_is_the_envs_own() {
    let sandbox = Sandbox::new();
    let env = sandbox.env("env", Path::new("/usr"), "system", Layout::Sparse);
    let python = Path::new("/usr/bin/python3").canonicalize().unwrap();
    let library = python.file_name().unwrap().to_str().unwrap().to_owned();
    let record = std::fs::read_to_string(env.join("mlenv.toml")).unwrap();
    std::fs::write(env.join("mlenv.toml"), record.replace("python3.11", &library)).unwrap();
    std::fs::remove_file(env.join("bin/python3")).unwrap();
    std::os::unix::fs::symlink("../baseEnv_dir/bin/python3", env.join("bin/python3")).unwrap();
    sandbox.write("env/pyvenv.cfg", "home = /usr/bin\ninclude-system-site-packages = true\n");
    for shell in Shell::ALL {
        let say =
            Step::Say("python3 -c 'import sys; print(sys.prefix, sys.flags.no_user_site)' > said");
        shell.tell(&sandbox, &[Step::Activate("env"), say]);
        let said = std::fs::read_to_string(sandbox.path("said")).unwrap();
        assert_eq!(said, format!("{} 1\n", text(&env)), "{shell:?}");
        std::fs::remove_file(sandbox.path("said")).unwrap();
    }
}
