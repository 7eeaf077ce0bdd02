//! A shell of another user inside ours: the session that it inherits is not its own.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;

use crate::attacks::{OTHER, USER, give};
use crate::pty::Terminal;
use crate::support::shells::Shell;
use crate::trips::export;
use crate::world::World;

#[test]
fn su_runs_nothing_of_the_session_that_it_inherits() {
    for shell in Shell::ALL {
        let world = World::new();
        let scripts = world.home("one/env/etc/conda/deactivate.d");
        fs::create_dir_all(&scripts).unwrap();
        let pwned = world.sandbox.path("PWNED");
        for suffix in ["sh", "csh", "fish"] {
            let words = format!("touch {}\n", Shell::Bash.quote(pwned.to_str().unwrap()));
            fs::write(scripts.join(format!("x.{suffix}")), words).unwrap();
        }
        let theirs = world.sandbox.path("theirs");
        fs::create_dir(&theirs).unwrap();
        if !give(&world, "theirs", USER) {
            return;
        }
        let mut terminal = Terminal::new(shell, &world);
        terminal.cd("one");
        terminal.expect_active("one");
        // Root's own env would be as good as one's own.
        assert!(give(&world, "home/one", OTHER));
        // Marks of both users lie here.
        fs::set_permissions(world.sandbox.path(""), Permissions::from_mode(0o1777)).unwrap();
        terminal.line(&format!("su -s /usr/bin/{} nobody", shell.name()));
        assert_eq!(terminal.output("id -u"), USER.to_string(), "{}", terminal.shown());
        terminal.line(&export(shell, "HOME", &shell.quote(theirs.to_str().unwrap())));
        terminal.line(terminal.hook());
        terminal.line("");
        terminal.expect_nothing();
        terminal.cd("plain");
        terminal.cd("one");
        terminal.expect_nothing();
        assert!(!pwned.exists(), "{shell:?}\n{}", terminal.shown());
        terminal.line("exit");
        assert_eq!(terminal.output("id -u"), "0", "{}", terminal.shown());
        terminal.cd("");
        terminal.expect_nothing();
    }
}
