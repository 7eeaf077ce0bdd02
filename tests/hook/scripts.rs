//! What packages' scripts change is given back, whoever leaves: the shell that entered, a shell inside, by any way.

use crate::pty::{Start, Terminal};
use crate::support::shells::{Shell, get};
use crate::trips::export;
use crate::world::World;

/// Scripts that set what is there already, and unset it on leaving; one thing is never taken back.
pub(crate) fn careless(world: &World, project: &str) {
    let texts = [
        (
            "sh",
            "export ACTPKG=inside LD_LIBRARY_PATH=/env/lib STAYS=1\nexport PATH=\"/more:$PATH\"\n",
            "unset ACTPKG LD_LIBRARY_PATH\n",
        ),
        (
            "csh",
            "setenv ACTPKG inside; setenv LD_LIBRARY_PATH /env/lib; setenv STAYS 1; setenv PATH \"/more:${PATH:q}\"\n",
            "unsetenv ACTPKG LD_LIBRARY_PATH\n",
        ),
        (
            "fish",
            "set -gx ACTPKG inside; set -gx LD_LIBRARY_PATH /env/lib; set -gx STAYS 1; set -gx PATH /more $PATH\n",
            "set -e ACTPKG; set -e LD_LIBRARY_PATH\n",
        ),
    ];
    for (end, enter, leave) in texts {
        for (dir, text) in [("activate.d", enter), ("deactivate.d", leave)] {
            let dir = world.home(project).join("env/etc/conda").join(dir);
            std::fs::create_dir_all(&dir).unwrap();
            std::fs::write(dir.join(format!("a.{end}")), text).unwrap();
        }
    }
}

/// conda's base is active, and has such a package as well.
const OUTSIDE: [(&str, &str); 5] = [
    ("CONDA_PREFIX", "/c"),
    ("CONDA_SHLVL", "1"),
    ("CONDA_DEFAULT_ENV", "base"),
    ("ACTPKG", "outer it's"),
    ("LD_LIBRARY_PATH", ""),
];

#[test]
fn what_scripts_change_is_given_back_on_every_way_out() {
    for shell in Shell::ALL {
        for by_hand in [false, true] {
            let world = World::new();
            careless(&world, "one");
            let start = Start { vars: &OUTSIDE, ..Start::default() };
            let mut terminal = Terminal::start(shell, &world, start);
            let before = terminal.look();
            let ways: &[&str] = if by_hand {
                &["mlenv deactivate", "deactivate"]
            } else {
                &["cd ../plain", "deactivate"]
            };
            for way in ways {
                terminal.enter(by_hand);
                let inside = terminal.look();
                assert_eq!(
                    get(&inside, "ACTPKG"),
                    Some("inside"),
                    "{shell:?} {}",
                    terminal.shown()
                );
                assert_eq!(get(&inside, "STAYS"), Some("1"), "{shell:?}");
                terminal.line("");
                // Nothing to do.
                terminal.line(if by_hand { "mlenv activate one/env" } else { "mlenv activate" });
                terminal.line(way);
                terminal.cd("");
                assert_eq!(terminal.look(), before, "{shell:?} {way}\n{}", terminal.shown());
            }
            // What was changed in between stays.
            terminal.enter(by_hand);
            terminal.line(&export(shell, "ACTPKG", "mine"));
            terminal.line(ways[0]);
            terminal.cd("");
            assert_eq!(get(&terminal.look(), "ACTPKG"), Some("mine"), "{shell:?}");
            assert_eq!(get(&terminal.look(), "LD_LIBRARY_PATH"), Some(""), "{shell:?}");
            terminal.expect_said("mlenv:", 0);
            terminal.expect_said("not found", 0);
        }
    }
}

#[test]
fn a_shell_inside_gives_it_back_too() {
    for shell in Shell::ALL {
        let world = World::new();
        careless(&world, "one");
        let start = Start { vars: &OUTSIDE, ..Start::default() };
        let mut terminal = Terminal::start(shell, &world, start);
        let mut before = terminal.look();
        terminal.cd("one");
        terminal.line(&crate::nested::start(shell, &world));
        terminal.line(terminal.hook());
        terminal.expect_active("one");
        terminal.line("");
        terminal.cd("plain");
        let mut after = terminal.look();
        for vars in [&mut before, &mut after] {
            vars.insert(b"SHLVL".to_vec(), Vec::new());
        }
        assert_eq!(after, before, "{shell:?}\n{}", terminal.shown());
        terminal.expect_said("not found", 0);
    }
}
