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
