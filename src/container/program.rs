//! The few programs for `/bin/sh` in an image, real files in `shell/image`. Constant texts: what they work on arrives as their arguments, and
//! nothing is ever put together. POSIX, since an image may have only busybox.

/// `MARK`: the first process of a container that stays: waits, and ends at once when asked to. In a container of an
/// image that was made of ours, where nothing is mounted at `MARK`, it is a shell.
pub(crate) const KEEP_ALIVE: &str = include_str!("../../shell/image/keep_alive.sh");

/// `HOME COMMAND...`: becomes the command, with this home.
pub(crate) const AT_HOME: &str = include_str!("../../shell/image/at_home.sh").trim_ascii_end();

/// Becomes the first of the shells named that the image has, as a login shell. apptainer's own prompt, which would
/// come over any other, is left out.
pub(crate) const LOGIN_SHELL: &str = include_str!("../../shell/image/login_shell.sh");

/// `PROGRAM WORDS...`: runs one of our programs by bash, where the image has it, since packages' scripts are written
/// for that, and without anybody's files.
pub(crate) const BY_BASH: &str = include_str!("../../shell/image/by_bash.sh");

/// `ENV COUNT NAME=VALUE... COMMAND...`: activates the env and becomes the command.
pub(crate) const ACTIVATED: &str = include_str!("../../shell/image/activated.sh");

/// `VERSION PROGRAM PROGRAM WORDS...`: becomes mlenv: the first of this version, at those paths or on `PATH`, else the
/// first that starts.
pub(crate) const OWN: &str = include_str!("../../shell/image/own.sh");

/// `ENV SHELL...`: becomes the first of the shells named that the image has, interactive, with what is active kept
/// active after its rc files. bash is the one that can be told what to read.
pub(crate) const INTERACTIVE_SHELL: &str = include_str!("../../shell/image/interactive_shell.sh");

/// Tells what packages the image has: conda's history and records, and what pip and its like installed.
pub(crate) const PACKAGES: &str = include_str!("../../shell/image/packages.sh");

/// Prints the paths that tell which packages there are: conda's records, and what Python's packagers left.
pub(crate) const PATHS: &str = include_str!("../../shell/image/paths.sh");

/// `NAME`: prints the path of a command. `command -v` tells no path of what a shell has built in.
pub(crate) const WHERE: &str = include_str!("../../shell/image/where.sh");

/// `DIRECTORY`: prints the paths of the programs in it.
pub(crate) const PROGRAMS: &str = include_str!("../../shell/image/programs.sh");

/// `PATH`: says whether it is there.
pub(crate) const SEEN: &str = include_str!("../../shell/image/seen.sh");

/// `CLIENT-VERB PREFIX ARGUMENTS...`: runs the conda client that the image has.
pub(crate) const CONDA: &str = include_str!("../../shell/image/conda.sh");

/// `PREFIX ARGUMENTS...`: runs the image's Python.
pub(crate) const PYTHON: &str = include_str!("../../shell/image/python.sh");

/// Imports what the named distributions bring; prints the name of each that cannot be.
pub(crate) const IMPORTS: &str = include_str!("../../shell/image/imports.py");

/// Takes a program from stdin to where it will be found, if it starts in this image.
pub(crate) const CARRY_IN: &str = include_str!("../../shell/image/carry_in.sh");
