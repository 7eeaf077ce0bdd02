//! What an env shows of its base and the base has no more. A few directory reads.

use std::path::Path;

use crate::base::conda::is_of_base;

/// True where a link in `bin` leads nowhere.
pub(super) fn lost_program(env: &Path) -> bool {
    let entries = std::fs::read_dir(env.join("bin")).into_iter().flatten().flatten();
    let mut links = entries.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_symlink()));
    links.any(|link| {
        let there = link.path().metadata();
        there.is_err_and(|cause| cause.kind() == std::io::ErrorKind::NotFound)
    })
}

/// True where the env has a copy of a record that its base has no more.
pub(super) fn lost_record(env: &Path, base: &Path) -> bool {
    let names = |dir: &Path| {
        let entries = std::fs::read_dir(dir.join("conda-meta")).into_iter().flatten().flatten();
        entries.map(|entry| entry.file_name()).collect::<std::collections::HashSet<_>>()
    };
    let there = names(base);
    let gone = names(env).into_iter().filter(|name| !there.contains(name));
    gone.map(|name| env.join("conda-meta").join(name)).any(|record| is_of_base(&record))
}
