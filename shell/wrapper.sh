#!/bin/sh
# Runs a command of a container from the host, and in the container the command itself. Written by
# `mlenv container wrap`, which writes it anew when the container was made anew. It needs no PATH, no HOME and no
# activation, so it works in batch jobs.

__mlenv_command=@COMMAND@
__mlenv_id=@ID@

PATH=${PATH:-/usr/local/bin:/usr/bin:/bin}
export PATH
case $0 in
  /*) __mlenv_own=$0 ;;
  *) __mlenv_own=$PWD/$0 ;;
esac

# A venv's link to this file: its Python has to be called by the link's name to find the venv.
__mlenv_name=''
if [ -h "$__mlenv_own" ] && [ -e "${__mlenv_own%/*}/../pyvenv.cfg" ]; then __mlenv_name=$__mlenv_own; fi

# Our word alone may have been carried out of the container, as `srun` does: the table of mounts has to agree.
__mlenv_inside=no
case ${MLENV_LAUNCH-} in
  *"%22id%22:%22$__mlenv_id%22"*)
    while read -r __mlenv_line; do
      case $__mlenv_line in
        @SIGNS@) __mlenv_inside=yes ;;
      esac
    done </proc/self/mountinfo
    ;;
esac
if [ "$__mlenv_inside" = yes ]; then
  if [ -n "$__mlenv_name" ] && command -v bash >/dev/null 2>&1; then
    # shellcheck disable=SC2016 # expanded by that bash
    exec bash -c 'name=$1 program=$2; shift 2; exec -a "$name" "$program" "$@"' mlenv "$__mlenv_name" "$__mlenv_command" "$@"
  fi
  exec "$__mlenv_command" "$@"
fi

__mlenv_engine=@PROGRAM@
if ! [ -x "$__mlenv_engine" ]; then __mlenv_engine=@ENGINE@; fi
if ! command -v "$__mlenv_engine" >/dev/null 2>&1; then
  printf '%s\n' "mlenv: $__mlenv_engine, which runs the container of this command, is not on this machine" >&2
  exit 127
fi
# shellcheck disable=SC2195 # patterns come in its place
case $PWD/ in
  @SEEN@) __mlenv_dir=$PWD ;;
  *) __mlenv_dir=@DIR@ ;;
esac
if [ -n "$__mlenv_name" ]; then
  # shellcheck disable=SC2016 # expanded in the container
  set -- bash -c 'name=$1 program=$2; shift 2; exec -a "$name" "$program" "$@"' mlenv "$__mlenv_name" "$__mlenv_command" "$@"
else
  set -- "$__mlenv_command" "$@"
fi
@CALL@
