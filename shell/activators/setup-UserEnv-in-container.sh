# shellcheck shell=bash
# This env lives in a container. Source this file in bash on the host to enter it with the env active; in the container
# it activates the env. `mlenv shell` and `mlenv run` do the same, in any shell and in batch jobs.

# For tools that read them.
Image=@IMAGE@
BindPaths=@BINDS@
# shellcheck disable=SC2034 # read by others
UserEnv=@ENV@

__mlenv_env=@ENV@
__mlenv_engine=@ENGINE@
if [[ -n ${__mlenv_rc-} ]]; then
  # In place of ~/.bashrc.
  unset __mlenv_rc
  # shellcheck disable=SC1090 # the user's
  if [[ -r ~/.bashrc ]]; then . ~/.bashrc; fi
fi
case ${PROMPT_COMMAND-} in *Apptainer* | *Singularity*) unset PROMPT_COMMAND ;; esac
if [[ -e $__mlenv_env/baseEnv_dir/bin && -n ${MLENV_LAUNCH-}${CONTAINER_USERENV-}${APPTAINER_CONTAINER-}${SINGULARITY_CONTAINER-} ]]; then
  # shellcheck disable=SC1091
  . "$__mlenv_env/bin/activate"
elif command mlenv --version >/dev/null 2>&1; then
  command mlenv shell "$(CDPATH='' builtin cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && builtin pwd)"
elif [[ -n $Image && ($__mlenv_engine == apptainer || $__mlenv_engine == singularity) ]] &&
  command -v "$__mlenv_engine" >/dev/null 2>&1; then
  __mlenv_binds=()
  if [[ -n $BindPaths ]]; then __mlenv_binds=(-B "$BindPaths"); fi
  APPTAINERENV_CONTAINER_USERENV=yes SINGULARITYENV_CONTAINER_USERENV=yes \
    "$__mlenv_engine" exec "${__mlenv_binds[@]}" "$Image" /bin/bash --rcfile "$__mlenv_env/setup-UserEnv-in-container.sh"
  unset __mlenv_binds
else
  printf '%s\n' "mlenv: this env lives in a container, and mlenv, which enters it, is not on PATH" >&2
fi
unset __mlenv_env __mlenv_engine
