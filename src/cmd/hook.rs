//! `mlenv hook SHELL`: the lines for an rc file. Static: no configuration is read, nothing is looked for.

use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use crate::cli::Hook;
use crate::context::Context;
use crate::error::{Attempt, Error, Result};
use crate::ownership::Judge;
use crate::shell::{Dialect, hook};

/// Prints the hook.
pub(super) fn run(context: &Context, arguments: &Hook) -> Result<()> {
    let dialect = Dialect::new(&arguments.shell)?;
    let program = context.host.program()?;
    let text = match dialect {
        Dialect::Tcsh(_) => hook::tcsh_line(dialect, &install_tcsh(context, dialect, &program)?)?,
        _ => hook::text(dialect, &program)?,
    };
    super::print(&text)
}

/// Puts tcsh's files where only the user can write, under a name made of what they say: an upgrade does not change
/// the files of a shell that is running. Returns their directory.
fn install_tcsh(context: &Context, dialect: Dialect, program: &Path) -> Result<PathBuf> {
    let nowhere = hook::tcsh_files(dialect, program, Path::new(""))?;
    let hash =
        nowhere.iter().fold(Sha256::new(), |hash, (_, text)| hash.chain_update(text)).finalize();
    let version = crate::text::hex(&hash[..8]);
    let dir = context.dirs.cache.join("tcsh").join(version);
    Judge::new().make_private_dir(&dir).map_err(|cause| {
        cause.hint("tcsh's hook lives there: set XDG_CACHE_HOME to a directory of yours")
    })?;
    for (name, text) in hook::tcsh_files(dialect, program, &dir)? {
        let path = dir.join(name);
        crate::fs::keep_private(&path, &text).attempt("write", &path)?;
    }
    if dir.to_str().is_some_and(|dir| dir.contains('\n')) {
        return Err(Error::new("tcsh cannot source a file whose name has a newline in it"));
    }
    Ok(dir)
}
