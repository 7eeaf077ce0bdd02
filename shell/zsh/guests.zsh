# What users of conda and of venvs are used to: `conda deactivate` leaves an env of ours, and so does a plain `deactivate`.
# Follows hook.zsh; guests.bash explains.

if [[ -o interactive ]]; then

  # What the session made of the variable $1, into __mlenv_was; false where it made nothing.
  function __mlenv_recall {
    \builtin emulate -L zsh
    __mlenv_was=${__MLENV_SESSION-}
    [[ $__mlenv_was == *" v:$1:="* ]] || \builtin return 1
    __mlenv_was=${__mlenv_was#*" v:$1:="}
    __mlenv_decode __mlenv_was "${__mlenv_was%%:*}"
  }

  # conda has taken it off: it counts less that is active than it did with the env.
  function __mlenv_was_left {
    \builtin emulate -L zsh
    \builtin local __mlenv_was
    [[ ${CONDA_PREFIX-} != "$__mlenv_prefix" ]] && __mlenv_recall CONDA_SHLVL || \builtin return 1
    [[ ${CONDA_SHLVL:-0}$__mlenv_was != *[^0123456789]* ]] || \builtin return 1
    (( 10#${CONDA_SHLVL:-0} < 10#$__mlenv_was ))
  }

  # conda has another one active on top of it, and will come back to it.
  function __mlenv_is_below {
    \builtin emulate -L zsh
    \builtin local __mlenv_was
    __mlenv_recall CONDA_SHLVL || \builtin return 1
    [[ $__mlenv_was == [0123456789]* && $__mlenv_was != *[^0123456789]* ]] || \builtin return 1
    __mlenv_was=CONDA_PREFIX_$__mlenv_was
    [[ ${(P)__mlenv_was-} == "$__mlenv_prefix" ]]
  }

  # Leaves what somebody else has taken off, as `mlenv deactivate` does.
  function __mlenv_follow {
    __mlenv_find && __mlenv_verb deactivate >&8 2>&9 || __mlenv_undo
    [[ $__mlenv_seen != '?' ]] || __mlenv_hook
  }

  # Where conda comes back to it, it names it in a way of its own.
  function __mlenv_relabel {
    \builtin emulate -L zsh
    \builtin local __mlenv_was
    [[ -n ${__MLENV_SESSION-} && ${CONDA_PREFIX-} == "$__mlenv_prefix" ]] && __mlenv_recall CONDA_PROMPT_MODIFIER || \builtin return 0
    [[ ${CONDA_PROMPT_MODIFIER-} != "$__mlenv_was" ]] || \builtin return 0
    if [[ -n ${PS1-} && ${(t)PS1} != *readonly* && ( -z ${__mlenv_ps1-} || $PS1 != *"$__mlenv_ps1"* ) ]]; then
      if [[ -n ${CONDA_PROMPT_MODIFIER-} ]]; then PS1=${PS1/"$CONDA_PROMPT_MODIFIER"/}; fi
      PS1=${__mlenv_ps1-}$PS1
    fi
    \builtin typeset -gx CONDA_PROMPT_MODIFIER="$__mlenv_was"
  }

  # A plain `deactivate` while an env is active, where nothing else has that name; taken back if it is still ours.
  function __mlenv_offer {
    \builtin emulate -L zsh
    if [[ -z ${__MLENV_SESSION-} ]]; then
      if [[ ${functions[deactivate]-} == *__mlenv_plain* ]]; then \builtin unset -f deactivate; fi
    elif ! \builtin whence deactivate >/dev/null; then
      # Not read before it is known that no alias has the name.
      \builtin eval 'function deactivate { __mlenv_plain "$@"; }'
    fi
  }

  # A venv's own activation calls what has the name with a word, and means itself.
  function __mlenv_plain {
    [[ ${1-} == nondestructive ]] || mlenv deactivate
  }
fi
