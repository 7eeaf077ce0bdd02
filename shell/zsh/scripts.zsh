# What packages' scripts change, found out with builtins alone, and written into the session, so that leaving gives it back.
# The program puts this before scripts, where there are any; a shell without the hook forgets it behind them. scripts.bash
# explains.

# Remembers all that is exported, but for what belongs to shells.
function __mlenv_keep {
  \builtin emulate -L zsh
  \builtin local __mlenv_n
  \builtin typeset -gA __mlenv_kept
  __mlenv_kept=()
  for __mlenv_n in "${(@k)parameters[(R)*export*]}"; do
    case $__mlenv_n in (@OWN@|*_functions|__mlenv*|__MLENV*|CONDA_PREFIX|VIRTUAL_ENV|*[^a-zA-Z0-9_]*) \builtin continue ;; esac
    __mlenv_kept[$__mlenv_n]=${(P)__mlenv_n}
  done
}

# Gives what was there its value back.
function __mlenv_restore {
  \builtin emulate -L zsh
  \builtin local __mlenv_n
  for __mlenv_n in "${(@k)__mlenv_kept}"; do
    [[ -n ${(P)__mlenv_n+set} && ${(P)__mlenv_n} == "$__mlenv_kept[$__mlenv_n]" ]] || \builtin typeset -gx "$__mlenv_n=$__mlenv_kept[$__mlenv_n]"
  done
  \builtin unset -v __mlenv_kept
}

# Writes what is different now into the session.
function __mlenv_record {
  \builtin emulate -L zsh
  \builtin local __mlenv_n __mlenv_items= __mlenv_code=
  \builtin local -A __mlenv_was
  __mlenv_was=("${(@kv)__mlenv_kept}")
  for __mlenv_n in "${(@ko)__mlenv_was}"; do
    [[ -n ${(P)__mlenv_n+set} && ${(P)__mlenv_n} == "$__mlenv_was[$__mlenv_n]" ]] || __mlenv_note "$__mlenv_n" "$__mlenv_was[$__mlenv_n]" set
  done
  __mlenv_keep
  for __mlenv_n in "${(@ko)__mlenv_kept}"; do
    [[ -n ${__mlenv_was[$__mlenv_n]+set} ]] || __mlenv_note "$__mlenv_n" '' ''
  done
  if [[ -n $__mlenv_items && -n ${__MLENV_SESSION-} ]]; then __MLENV_SESSION="$__MLENV_SESSION s:$__mlenv_items"; fi
  \builtin unset -v __mlenv_kept
}

# NAME OLD set|'': adds items for a variable. Directories that were put around those of a list count one by one.
function __mlenv_note {
  \builtin emulate -L zsh
  \builtin local __mlenv_new='!' __mlenv_old='!' __mlenv_more= __mlenv_d
  __mlenv_added "$@"
  if [[ -n $__mlenv_more ]]; then
    for __mlenv_d in "${(@s.:.)__mlenv_more}"; do
      __mlenv_encode "$__mlenv_d"
      __mlenv_items+=" p:$1:$__mlenv_code"
    done
    \builtin return 0
  fi
  [[ $1 != PATH ]] || \builtin return 0
  if [[ -n $3 ]]; then __mlenv_encode "$2" && __mlenv_old="=$__mlenv_code"; fi
  if [[ -n ${(P)1+set} ]]; then __mlenv_encode "${(P)1}" && __mlenv_new="=$__mlenv_code"; fi
  __mlenv_items+=" v:$1:$__mlenv_new:$__mlenv_old"
}

# What was put around a list, into __mlenv_more, where to take that out gives back what was there; of PATH whatever is new.
function __mlenv_added {
  \builtin emulate -L zsh
  \builtin local __mlenv_v="${(P)1-}" __mlenv_d
  case $1 in (*PATH|*_DIRS) ;; (*) \builtin return 0 ;; esac
  if [[ -z $3 ]]; then
    __mlenv_more=$__mlenv_v
  elif [[ $__mlenv_v == *":$2" ]]; then
    __mlenv_more=${__mlenv_v%":$2"}
  elif [[ -n $2 && $__mlenv_v == "$2:"* ]]; then
    __mlenv_more=${__mlenv_v#"$2:"}
    [[ $__mlenv_more != *:* && ":$2:" != *":$__mlenv_more:"* ]] || __mlenv_more=
  fi
  [[ ":$__mlenv_more:" != *:[^/]* ]] || __mlenv_more=
  [[ $1 == PATH && -z $__mlenv_more ]] || \builtin return 0
  for __mlenv_d in "${(@s.:.)__mlenv_v}"; do
    [[ $__mlenv_d != /* || ":$2:" == *":$__mlenv_d:"* ]] || __mlenv_more+=${__mlenv_more:+:}$__mlenv_d
  done
}

# A value as the session has it, into __mlenv_code: byte by byte.
function __mlenv_encode {
  \builtin emulate -L zsh
  \builtin setopt no_multibyte
  \builtin local __mlenv_s="$1" __mlenv_c
  __mlenv_code=
  while [[ $__mlenv_s == *[^ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_./+@,-]* ]]; do
    __mlenv_c=${__mlenv_s%%[^ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_./+@,-]*}
    __mlenv_code+=$__mlenv_c
    __mlenv_s=${__mlenv_s:${#__mlenv_c}}
    \builtin printf -v __mlenv_c %02X $(( #__mlenv_s ))
    __mlenv_code+=%${__mlenv_c[-2,-1]}
    __mlenv_s=${__mlenv_s:1}
  done
  __mlenv_code+=$__mlenv_s
}
