//! The few programs for `/bin/sh` in an image. Constant texts: what they work on arrives as their arguments, and
//! nothing is ever put together. POSIX, since an image may have only busybox.

/// The first process of a container that stays: waits, and ends at once when asked to.
pub(crate) const KEEP_ALIVE: &str =
    "trap 'exit 0' TERM INT HUP; while :; do sleep 86400 & wait $!; done";

/// `HOME COMMAND...`: becomes the command, with this home.
pub(crate) const AT_HOME: &str = "HOME=$1; export HOME; shift; exec \"$@\"";

/// Becomes the first of the shells named that the image has, as a login shell. apptainer's own prompt, which would
/// come over any other, is left out.
pub(crate) const LOGIN_SHELL: &str = r#"
case ${PROMPT_COMMAND-} in *Apptainer*|*Singularity*) unset PROMPT_COMMAND ;; esac
for shell do
  if command -v "$shell" >/dev/null 2>&1; then SHELL=$(command -v "$shell"); export SHELL; exec "$shell" -l; fi
done
exec /bin/sh
"#;

/// `PROGRAM WORDS...`: runs one of our programs by bash, where the image has it, since packages' scripts are written
/// for that, and without anybody's files.
pub(crate) const BY_BASH: &str = r#"
program=$1
shift
if command -v bash >/dev/null 2>&1; then exec bash --noprofile --norc -c "$program" mlenv "$@"; fi
exec /bin/sh -c "$program" mlenv "$@"
"#;

/// `ENV COUNT NAME=VALUE... COMMAND...`: activates the env and becomes the command.
pub(crate) const ACTIVATED: &str = r#"
case ${PROMPT_COMMAND-} in *Apptainer*|*Singularity*) unset PROMPT_COMMAND ;; esac
if ! [ -r "$1/bin/activate" ]; then
  printf '%s\n' "mlenv: the env is not where it was made, $1, in this container" >&2; exit 2
fi
. "$1/bin/activate" || exit 2
__mlenv_given=$2
shift 2
while [ "$__mlenv_given" -gt 0 ]; do export "$1"; shift; __mlenv_given=$((__mlenv_given - 1)); done
unset __mlenv_given
exec "$@"
"#;

/// `ENV SHELL...`: becomes the first of the shells named that the image has, interactive, with what is active kept
/// active after its rc files. bash is the one that can be told what to read.
pub(crate) const INTERACTIVE_SHELL: &str = r#"
env=$1; shift
for shell do
  if command -v "$shell" >/dev/null 2>&1; then
    SHELL=$(command -v "$shell"); export SHELL
    case $shell in
      bash) __mlenv_rc=1; export __mlenv_rc; exec bash --rcfile "$env/setup-UserEnv-in-container.sh" -i ;;
      *) exec "$shell" -i ;;
    esac
  fi
done
exec /bin/sh -i
"#;

/// Tells what packages the image has: conda's history and records, and what pip and its like installed.
pub(crate) const PACKAGES: &str = r#"
prefix=${CONDA_PREFIX:-/opt/conda}
[ -d "$prefix/conda-meta" ] || prefix=/opt/conda
if [ -d "$prefix/conda-meta" ]; then
  printf '@prefix %s\n@history\n' "$prefix"
  if [ -r "$prefix/conda-meta/history" ]; then cat "$prefix/conda-meta/history"; fi
  printf '\n@records\n'
  for file in "$prefix"/conda-meta/*.json; do
    if [ -e "$file" ]; then file=${file##*/}; printf '%s\n' "${file%.json}"; fi
  done
fi
printf '@dists\n'
for dir in "$prefix"/lib/python3*/site-packages/*.dist-info \
  /usr/local/lib/python3*/site-packages/*.dist-info /usr/local/lib/python3*/dist-packages/*.dist-info \
  /usr/lib/python3*/site-packages/*.dist-info; do
  [ -d "$dir" ] || continue
  installer='' requested=no url=''
  if [ -r "$dir/INSTALLER" ]; then read -r installer <"$dir/INSTALLER" || :; fi
  if [ -e "$dir/REQUESTED" ]; then requested=yes; fi
  if [ -r "$dir/direct_url.json" ]; then read -r url <"$dir/direct_url.json" || :; fi
  printf '%s\t%s\t%s\t%s\n' "$dir" "$installer" "$requested" "$url"
done
"#;

/// Prints the paths that tell which packages there are: conda's records, and what Python's packagers left.
pub(crate) const PATHS: &str = r#"
for path in "${CONDA_PREFIX:-/opt/conda}"/conda-meta/*.json /opt/conda/conda-meta/*.json \
  "${CONDA_PREFIX:-/opt/conda}"/lib/python3*/site-packages/*.dist-info \
  /opt/conda/lib/python3*/site-packages/*.dist-info \
  /usr/local/lib/python3*/site-packages/*.dist-info /usr/local/lib/python3*/dist-packages/*.dist-info \
  /usr/lib/python3*/site-packages/*.dist-info /usr/lib/python3/dist-packages/*.dist-info; do
  if [ -e "$path" ]; then printf '%s\n' "$path"; fi
done
"#;

/// `NAME`: prints the path of a command. `command -v` tells no path of what a shell has built in.
pub(crate) const WHERE: &str = r#"
case $1 in /*) if [ -x "$1" ]; then printf '%s\n' "$1"; fi; exit ;; esac
IFS=:
for dir in $PATH; do
  if [ -f "$dir/$1" ] && [ -x "$dir/$1" ]; then printf '%s\n' "$dir/$1"; exit; fi
done
"#;

/// `CLIENT-VERB PREFIX ARGUMENTS...`: runs the conda client that the image has.
pub(crate) const CONDA: &str = r#"
verb=$1 prefix=$2
shift 2
for client in "${MAMBA_EXE:-}" micromamba mamba conda "$prefix/bin/mamba" "$prefix/bin/conda"; do
  if [ -n "$client" ] && command -v "$client" >/dev/null 2>&1; then exec "$client" "$verb" -y -p "$prefix" "$@"; fi
done
printf '%s\n' 'no conda client in the image' >&2
exit 127
"#;

/// `PREFIX ARGUMENTS...`: runs the image's Python.
pub(crate) const PYTHON: &str = r#"
prefix=$1
shift
for python in "$prefix/bin/python" "$prefix/bin/python3" python3 python; do
  if command -v "$python" >/dev/null 2>&1; then exec "$python" "$@"; fi
done
printf '%s\n' 'no Python in the image' >&2
exit 127
"#;

/// Imports what the named distributions bring; prints the name of each that cannot be.
pub(crate) const IMPORTS: &str = r#"
import importlib, importlib.metadata, sys
for name in sys.argv[1:]:
    try:
        found = importlib.metadata.distribution(name)
        tops = (found.read_text("top_level.txt") or "").split()
        if not tops:
            files = [file.parts for file in found.files or [] if file.suffix == ".py"]
            tops = sorted({parts[0].removesuffix(".py") for parts in files if ".." not in parts})
        for top in tops:
            if top.isidentifier():
                importlib.import_module(top)
    except BaseException as cause:
        print(name, type(cause).__name__, str(cause).replace("\n", " "), sep="\t")
"#;

/// Takes a program from stdin to where it will be found, if it starts in this image.
pub(crate) const CARRY_IN: &str = r#"
if command -v mlenv >/dev/null 2>&1; then exit 0; fi
target=/usr/local/bin/mlenv
[ -d /usr/local/bin ] || target=/usr/bin/mlenv
cat >"$target.new" && chmod 755 "$target.new" && "$target.new" --version >/dev/null 2>&1 && mv "$target.new" "$target" && exit 0
rm -f "$target.new"
exit 3
"#;
