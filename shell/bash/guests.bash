# What users of conda and of venvs are used to: `conda deactivate` leaves an env of ours, and so does a plain `deactivate`.
# Follows hook.bash.
# shellcheck disable=SC2154 # hook.bash sets them.

if [[ $- == *i* ]]; then

  # What the session made of the variable $1, into __mlenv_was; false where it made nothing.
  function __mlenv_recall {
    __mlenv_was=${__MLENV_SESSION-}
    [[ $__mlenv_was == *" v:$1:="* ]] || \builtin return 1
    __mlenv_was=${__mlenv_was#*" v:$1:="}
    __mlenv_decode __mlenv_was "${__mlenv_was%%:*}"
  }

  # conda has taken it off: it counts less that is active than it did with the env.
  function __mlenv_was_left {
    \builtin local __mlenv_was
    [[ ${CONDA_PREFIX-} != "$__mlenv_prefix" ]] && __mlenv_recall CONDA_SHLVL || \builtin return 1
    [[ ${CONDA_SHLVL:-0}$__mlenv_was != *[!0123456789]* ]] || \builtin return 1
    ((10#${CONDA_SHLVL:-0} < 10#$__mlenv_was))
  }

  # conda has another one active on top of it, and will come back to it.
  function __mlenv_is_below {
    \builtin local __mlenv_was
    __mlenv_recall CONDA_SHLVL || \builtin return 1
    [[ $__mlenv_was == [0123456789]* && $__mlenv_was != *[!0123456789]* ]] || \builtin return 1
    __mlenv_was=CONDA_PREFIX_$__mlenv_was
    [[ ${!__mlenv_was-} == "$__mlenv_prefix" ]]
  }

  # Leaves what somebody else has taken off, as `mlenv deactivate` does.
  function __mlenv_follow {
    # shellcheck disable=SC2015 # without the program, and where it fails, it is undone here
    __mlenv_find && __mlenv_evaluate deactivate || __mlenv_undo
    [[ $__mlenv_seen != '?' ]] || __mlenv_check
  }

  # Where conda comes back to it, it names it in a way of its own.
  function __mlenv_relabel {
    \builtin local __mlenv_was __mlenv_ps="${PS1-}"
    [[ -n ${__MLENV_SESSION-} && ${CONDA_PREFIX-} == "$__mlenv_prefix" ]] && __mlenv_recall CONDA_PROMPT_MODIFIER || \builtin return 0
    [[ ${CONDA_PROMPT_MODIFIER-} != "$__mlenv_was" ]] || \builtin return 0
    if [[ -n $__mlenv_ps && (-z ${__mlenv_ps1-} || $__mlenv_ps != *"$__mlenv_ps1"*) ]]; then
      if [[ -n ${CONDA_PROMPT_MODIFIER-} ]]; then __mlenv_ps=${__mlenv_ps/"$CONDA_PROMPT_MODIFIER"/}; fi
      # Not an assignment, which would end everything where the variable is read-only.
      \builtin printf -v PS1 %s "${__mlenv_ps1-}$__mlenv_ps"
    fi
    \builtin export CONDA_PROMPT_MODIFIER="$__mlenv_was"
  }

  # A plain `deactivate` while an env is active, where nothing else has that name.
  function __mlenv_offer {
    if [[ -z ${__MLENV_SESSION-} ]]; then
      __mlenv_withdraw
    elif ! \builtin type deactivate &>/dev/null; then
      # Not read before it is known that no alias has the name.
      # shellcheck disable=SC2016 # A text for eval.
      \builtin eval 'function deactivate { __mlenv_plain "$@"; }'
    fi
  }

  # A venv's own activation calls what has the name with a word, and means itself.
  function __mlenv_plain {
    [[ ${1-} == nondestructive ]] || mlenv deactivate
  }

  # Takes it back if it is still ours. bash tells what a function is by printing it alone: into the pipe, or the nameless
  # file, of a here-string, since a substitution would be a process.
  function __mlenv_withdraw {
    \builtin declare -F deactivate &>/dev/null || \builtin return 0
    \builtin local REPLY=''
    {
      \builtin declare -f deactivate >|/proc/self/fd/7 && \builtin read -r -d '' -u 7
    } 2>/dev/null 7<<<'' || \builtin :
    [[ $REPLY == *deactivate* ]] || REPLY=$(\builtin declare -f deactivate)
    [[ $REPLY != *__mlenv_plain* ]] || \builtin unset -f deactivate
  }
fi
