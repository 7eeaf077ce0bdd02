//! What others may try with a directory, a marker, an env or a variable. Nothing of theirs runs, and nothing of
//! theirs reaches the terminal raw.

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::Path;
use std::process::Command;

use crate::pty::{Start, Terminal};
use crate::support::machine;
use crate::support::shells::{Shell, get};
use crate::world::{Act, World, everywhere};

/// Names of directories; each tries to make the file `PWNED` in home, or to colour the terminal.
const NAMES: [&str; 15] = [
    "`touch PWNED`",
    "$(touch PWNED)",
    "it's '; touch PWNED; '",
    "\"; touch PWNED; \"",
    "a;touch PWNED",
    "{a,b} * ? [x] ~",
    "\u{1b}]0;title\u{7}\u{1b}[31mred",
    "new\nline; touch PWNED",
    "!x !! %n %% \\",
    "-n",
    "$HOME ${x} $x",
    "$x:q",
    "&& touch PWNED || (touch PWNED) # ",
    "\\`touch PWNED\\`",
    "é\u{202e}ü",
];

fn is_safe(world: &World) {
    let pwned = ["home/PWNED", "PWNED"].iter().any(|name| world.sandbox.path(name).exists());
    assert!(!pwned);
    for entry in fs::read_dir(world.home("")).unwrap() {
        assert!(!entry.unwrap().path().join("PWNED").exists());
    }
}

#[test]
fn names_of_directories_are_only_names() {
    for shell in Shell::ALL {
        let world = World::new();
        for name in &NAMES {
            world.env(&format!("{name}/env"));
            world.write_marker(name, "env = './env'");
            // Opened inside, since a name with a newline is hard to type.
            let mut terminal =
                Terminal::start(shell, &world, Start { dir: name, ..Start::default() });
            terminal.expect_nothing();
            terminal.expect_said("is not trusted", 1);
            // Our words only: fish itself shows names raw, in its title.
            let shown = terminal.shown();
            let mut ours = shown
                .split("mlenv: ")
                .skip(1)
                .map(|words| words.lines().next().unwrap_or_default());
            assert!(!ours.any(|words| words.contains("\u{1b}[31m")), "{shell:?} {name:?}");
            is_safe(&world);
            world.mlenv(name, &["allow"]);
            terminal.line("");
            let inside = terminal.look();
            is_safe(&world);
            let env = world.home(name).join("env");
            // PATH cannot hold every name: such an env is refused with a sentence.
            let expected = env.to_str().filter(|env| !env.contains(['\n', ':']));
            assert_eq!(
                get(&inside, "CONDA_PREFIX"),
                expected,
                "{shell:?} {name:?}\n{}",
                terminal.shown()
            );
            terminal.cd("");
            terminal.expect_nothing();
            is_safe(&world);
        }
    }
}

#[test]
fn an_untrusted_directory_leaves_no_trace_in_the_environment() {
    everywhere(&[
        Act::Meanwhile(&|world: &World| {
            world.env("plain/env");
            world.write_marker("plain", "env = 'env'");
        }),
        Act::Cd("plain"),
        Act::Nothing,
        Act::Said("is not trusted", 1),
        Act::Said("run `mlenv allow`", 1),
        Act::Cd(""),
        Act::Cd("plain/deep"),
        Act::Cd("plain"),
        Act::Said("is not trusted", 1),
        Act::Type("mlenv allow"),
        Act::Active("plain"),
        Act::Type("mlenv deny"),
        Act::Nothing,
        Act::Said("was denied", 1),
        Act::Meanwhile(&|world: &World| world.write_marker("plain", "env = './env'")),
        Act::Nothing,
    ]);
}

#[test]
fn a_name_that_only_looks_like_an_allowed_one() {
    let copy = |world: &World| {
        world.env("one-evil/env");
        fs::copy(world.marker("one"), world.marker("one-evil")).unwrap();
    };
    everywhere(&[
        Act::Meanwhile(&copy),
        Act::Cd("one-evil"),
        Act::Nothing,
        Act::Said("is not trusted", 1),
    ]);
}

#[test]
fn what_others_can_write_is_refused_until_that_is_allowed() {
    for (name, mode) in [
        ("one/.mlenv.toml", 0o666),
        ("one/.mlenv.toml", 0o664), // by a group alone
        ("one", 0o777),
        ("one/env", 0o775),
        ("one/env", 0o777),
        ("one/env/bin", 0o757),
    ] {
        let is_root = nix::unistd::Uid::effective().is_root();
        if mode & 0o002 == 0 && !is_root {
            machine::lacks("root, who can hand files to any group");
            continue;
        }
        let open = |world: &World| {
            if mode & 0o002 == 0 {
                chown(world.home(name), None, Some(4242)).unwrap();
            }
            fs::set_permissions(world.home(name), Permissions::from_mode(mode)).unwrap();
        };
        let allow = |world: &World| {
            let (success, words) = world.try_mlenv("one", &["allow"]);
            assert!(!success && words.contains("mlenv allow --shared"), "{words}");
            world.mlenv("one", &["allow", "--shared"]);
        };
        everywhere(&[
            Act::Meanwhile(&open),
            Act::Cd("one"),
            Act::Nothing,
            Act::Said("one/.mlenv.toml is not trusted", 1),
            Act::Meanwhile(&allow),
            Act::Active("one"),
        ]);
    }
}

#[test]
fn another_env_at_the_same_path() {
    let swap = |world: &World| {
        fs::rename(world.home("one/env"), world.home("one/old")).unwrap();
        world.env("one/env");
        world.sandbox.program("home/one/env/bin/envtool", "evil");
    };
    everywhere(&[
        Act::Meanwhile(&swap),
        Act::Cd("one"),
        Act::Nothing,
        Act::Said("is not the env that was allowed", 1),
    ]);
}

#[test]
fn a_link_that_leads_to_a_project_cannot_be_turned_later() {
    for shell in Shell::ALL {
        let world = World::new();
        let link = world.home("link");
        std::os::unix::fs::symlink(world.home("one"), &link).unwrap();
        let mut terminal = Terminal::new(shell, &world);
        terminal.cd("link");
        let path = get(&terminal.look(), "PATH").unwrap().to_owned();
        let bin = world.home("one/env/bin");
        assert_eq!(path.split(':').next(), bin.to_str(), "{shell:?}");
        terminal.cd("");
        terminal.expect_nothing();
    }
}

#[test]
fn a_crafted_session_runs_nothing() {
    let touch = "touch%20PWNED";
    let crafted = [
        format!("1 o: e:/e v:PROMPT_COMMAND:!:={touch}"),
        format!("1 o:/x/.mlenv.toml e:/e v:PROMPT_COMMAND:!:={touch}"),
        "1 o:/x/.mlenv.toml e:/e v:A[$(touch\tPWNED)]:!:!".to_owned(),
        "1 o:/x/.mlenv.toml e:/e v:x[$(touch${IFS}PWNED)]:=1:!".to_owned(),
        "1 o:/x/.mlenv.toml e:$(touch PWNED)".to_owned(),
        "1 o:/x/.mlenv.toml e:/e p:PATH:/`touch${IFS}PWNED`".to_owned(),
        "1 o:/x/.mlenv.toml e:/%60touch%20PWNED%60 p:PATH:/%24%28touch%20PWNED%29 v:B:=%60touch%20PWNED%60:=%24%28id%29".to_owned(),
        "2 something else".to_owned(),
        "1".to_owned(),
        "1 o:/x/.mlenv.toml e:/e v:A:=%:!".to_owned(),
        "`touch PWNED`".to_owned(),
        "1 o:/x/.mlenv.toml e:/e v:__mlenv_exe:!:=/bin/false v:PATH:=x:=/evil".to_owned(),
    ];
    for shell in Shell::ALL {
        let world = World::new();
        for session in &crafted {
            for name in ["", "one"] {
                let vars = [("__MLENV_SESSION", session.as_str())];
                let start = Start { vars: &vars, dir: name, ..Start::default() };
                let mut terminal = Terminal::start(shell, &world, start);
                terminal.line("");
                terminal.cd("one");
                terminal.cd("");
                terminal.line("");
                let after = terminal.look();
                assert_eq!(get(&after, "PATH"), Some("/usr/bin:/bin"), "{shell:?} {session}");
                is_safe(&world);
                assert!(terminal.said("mlenv:") <= 3, "{shell:?} {session}\n{}", terminal.shown());
            }
        }
    }
}

#[test]
fn a_session_from_outside_does_not_run_scripts_that_others_wrote() {
    for shell in Shell::ALL {
        let world = World::new();
        let script = format!("home/evil/etc/conda/deactivate.d/x.{}", suffix(shell));
        let pwned = world.home("PWNED");
        let script = world
            .sandbox
            .write(&script, &format!("touch {}\n", shell.quote(pwned.to_str().unwrap())));
        fs::set_permissions(world.home("evil"), Permissions::from_mode(0o777)).unwrap();
        let enc = |path: &Path| path.to_str().unwrap().bytes().map(encode).collect::<String>();
        let session =
            format!("1 o:/x/.mlenv.toml e:{} d:{}", enc(&world.home("evil")), enc(&script));
        let vars = [("__MLENV_SESSION", session.as_str())];
        let mut terminal =
            Terminal::start(shell, &world, Start { vars: &vars, ..Start::default() });
        terminal.line("");
        terminal.expect_nothing();
        is_safe(&world);
    }
}

fn suffix(shell: Shell) -> &'static str {
    match shell {
        Shell::Tcsh => "csh",
        Shell::Fish => "fish",
        Shell::Bash | Shell::Zsh => "sh",
    }
}

fn encode(byte: u8) -> String {
    let plain = byte.is_ascii_alphanumeric() || b"_./+@,-".contains(&byte);
    if plain { char::from(byte).to_string() } else { format!("%{byte:02X}") }
}

/// Hands everything to an ordinary user; only root can.
pub(crate) fn give(world: &World, below: &str, uid: u32) -> bool {
    let path = world.sandbox.path(below);
    let owner = format!("{uid}:{uid}");
    let chown = Command::new("chown").args(["-R", "-h", &owner]).arg(&path).output();
    let given = chown.unwrap().status.success();
    if !given {
        machine::lacks("root, who can hand files to other users");
    }
    given
}

pub(crate) const USER: u32 = 65534;
pub(crate) const OTHER: u32 = 12345;

#[test]
fn what_another_user_owns_is_refused() {
    let under = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"];
    for shell in Shell::ALL {
        for theirs in ["home/one/.mlenv.toml", "home/one/env", "home/one", "home/one/env/bin"] {
            let world = World::new();
            if !give(&world, "", USER) || !give(&world, "..", USER) {
                return;
            }
            assert!(give(&world, theirs, OTHER));
            let mut terminal =
                Terminal::start(shell, &world, Start { under: &under, ..Start::default() });
            terminal.cd("two");
            terminal.expect_active("two");
            terminal.cd("one");
            terminal.expect_nothing();
            terminal.expect_said("one/.mlenv.toml is not trusted", 1);
            assert!(terminal.said("belongs to another user (uid 12345)") > 0);
            terminal.line("mlenv allow");
            terminal.line("");
            terminal.expect_nothing();
            terminal.line("mlenv allow --shared");
            terminal.expect_active("one");
        }
    }
}

#[test]
fn root_does_not_follow_an_ordinary_users_marker() {
    let world = World::new();
    if !give(&world, "home/one", OTHER) {
        return;
    }
    let mut terminal = Terminal::new(Shell::Bash, &world);
    terminal.cd("one");
    terminal.expect_nothing();
    // Only the marker is theirs.
    chown(world.home("one/env"), Some(0), Some(0)).unwrap();
    terminal.cd("");
    terminal.cd("one");
    terminal.expect_nothing();
}
