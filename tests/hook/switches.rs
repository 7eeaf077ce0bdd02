//! The variables by which a user tames the hook.

use std::fs;

use crate::pty::{Start, Terminal};
use crate::shells::Shell;
use crate::world::World;

#[test]
fn the_hook_can_be_turned_off_or_bound_to_cd() {
    for shell in Shell::ALL {
        let world = World::new();
        let mut terminal = Terminal::start(
            shell,
            &world,
            Start { vars: &[("MLENV_HOOK", "off")], ..Start::default() },
        );
        terminal.cd("one");
        terminal.expect_nothing();
        let mut terminal = Terminal::start(
            shell,
            &world,
            Start { vars: &[("MLENV_HOOK", "cd")], ..Start::default() },
        );
        terminal.cd("one");
        terminal.expect_active("one");
        fs::remove_file(world.marker("one")).unwrap();
        terminal.line("");
        terminal.expect_active("one");
        terminal.cd("one/sub");
        terminal.expect_nothing();
    }
}
