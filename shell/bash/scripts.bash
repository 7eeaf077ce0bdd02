# What packages' scripts change, found out with builtins alone, and written into the session, so that leaving gives it back.
# The program puts this before scripts, where there are any; a shell without the hook forgets it behind them.

# The names of all that is exported, into __mlenv_all, but for what belongs to shells. Since 4.4 bash tells without a process.
function __mlenv_exported {
  \builtin local IFS=$' \t\n' __mlenv_n
  if ((BASH_VERSINFO[0] * 100 + BASH_VERSINFO[1] >= 404)); then
    __mlenv_all=' '
    for __mlenv_n in "${!A@}" "${!B@}" "${!C@}" "${!D@}" "${!E@}" "${!F@}" "${!G@}" "${!H@}" "${!I@}" "${!J@}" "${!K@}" "${!L@}" "${!M@}" "${!N@}" "${!O@}" "${!P@}" "${!Q@}" "${!R@}" "${!S@}" "${!T@}" "${!U@}" "${!V@}" "${!W@}" "${!X@}" "${!Y@}" "${!Z@}" "${!_@}" "${!a@}" "${!b@}" "${!c@}" "${!d@}" "${!e@}" "${!f@}" "${!g@}" "${!h@}" "${!i@}" "${!j@}" "${!k@}" "${!l@}" "${!m@}" "${!n@}" "${!o@}" "${!p@}" "${!q@}" "${!r@}" "${!s@}" "${!t@}" "${!u@}" "${!v@}" "${!w@}" "${!x@}" "${!y@}" "${!z@}"; do
      [[ ${!__mlenv_n@a} != *x* ]] || __mlenv_all+="$__mlenv_n "
    done
  else
    __mlenv_all=$(\builtin compgen -e)
    __mlenv_all=" ${__mlenv_all//$'\n'/ } "
  fi
}

# Remembers all that is exported.
function __mlenv_keep {
  \builtin local IFS=$' \t\n' __mlenv_n
  __mlenv_kept=() __mlenv_values=()
  __mlenv_exported
  for __mlenv_n in $__mlenv_all; do
    case $__mlenv_n in @OWN@ | *_functions | __mlenv* | __MLENV* | CONDA_PREFIX | VIRTUAL_ENV) \builtin continue ;; esac
    __mlenv_kept+=("$__mlenv_n") __mlenv_values+=("${!__mlenv_n-}")
  done
}

# Gives what was there its value back.
function __mlenv_restore {
  \builtin local __mlenv_i __mlenv_n
  for __mlenv_i in ${__mlenv_kept[@]+"${!__mlenv_kept[@]}"}; do
    __mlenv_n=${__mlenv_kept[__mlenv_i]}
    [[ -n ${!__mlenv_n+set} && ${!__mlenv_n} == "${__mlenv_values[__mlenv_i]}" ]] || \builtin export "$__mlenv_n=${__mlenv_values[__mlenv_i]}"
  done
  \builtin unset -v __mlenv_all __mlenv_kept __mlenv_values
}

# Writes what is different now into the session.
function __mlenv_record {
  \builtin local IFS=$' \t\n' __mlenv_i __mlenv_n __mlenv_old __mlenv_was __mlenv_items=''
  __mlenv_was=" ${__mlenv_kept[*]-} "
  for __mlenv_i in ${__mlenv_kept[@]+"${!__mlenv_kept[@]}"}; do
    __mlenv_n=${__mlenv_kept[__mlenv_i]} __mlenv_old=${__mlenv_values[__mlenv_i]}
    [[ -n ${!__mlenv_n+set} && ${!__mlenv_n} == "$__mlenv_old" ]] || __mlenv_note "$__mlenv_n" "$__mlenv_old" set
  done
  __mlenv_keep
  for __mlenv_n in ${__mlenv_kept[@]+"${__mlenv_kept[@]}"}; do
    [[ $__mlenv_was == *" $__mlenv_n "* ]] || __mlenv_note "$__mlenv_n" '' ''
  done
  if [[ -n $__mlenv_items && -n ${__MLENV_SESSION-} ]]; then __MLENV_SESSION="$__MLENV_SESSION s:$__mlenv_items"; fi
  \builtin unset -v __mlenv_all __mlenv_kept __mlenv_values __mlenv_code
}

# NAME OLD set|'': adds items for a variable. Directories that were put around those of a list count one by one.
function __mlenv_note {
  \builtin local __mlenv_new='!' __mlenv_old='!' __mlenv_more=
  __mlenv_added "$@"
  while [[ -n $__mlenv_more ]]; do
    __mlenv_encode "${__mlenv_more%%:*}"
    __mlenv_items+=" p:$1:$__mlenv_code"
    __mlenv_new='' __mlenv_more=${__mlenv_more#"${__mlenv_more%%:*}"} __mlenv_more=${__mlenv_more#:}
  done
  [[ -n $__mlenv_new && $1 != PATH ]] || \builtin return 0
  if [[ -n $3 ]]; then __mlenv_encode "$2" && __mlenv_old="=$__mlenv_code"; fi
  if [[ -n ${!1+set} ]]; then __mlenv_encode "${!1}" && __mlenv_new="=$__mlenv_code"; fi
  __mlenv_items+=" v:$1:$__mlenv_new:$__mlenv_old"
}

# What was put around a list, into __mlenv_more, where to take that out gives back what was there; of PATH whatever is new.
function __mlenv_added {
  \builtin local __mlenv_v="${!1-}" __mlenv_d
  case $1 in *PATH | *_DIRS) ;; *) \builtin return 0 ;; esac
  if [[ -z $3 ]]; then
    __mlenv_more=$__mlenv_v
  elif [[ $__mlenv_v == *":$2" ]]; then
    __mlenv_more=${__mlenv_v%":$2"}
  elif [[ -n $2 && $__mlenv_v == "$2:"* ]]; then
    __mlenv_more=${__mlenv_v#"$2:"}
    [[ $__mlenv_more != *:* && ":$2:" != *":$__mlenv_more:"* ]] || __mlenv_more=
  fi
  [[ ":$__mlenv_more:" != *:[!/]* ]] || __mlenv_more=
  [[ $1 == PATH && -z $__mlenv_more ]] || \builtin return 0
  while [[ -n $__mlenv_v ]]; do
    __mlenv_d=${__mlenv_v%%:*} __mlenv_v=${__mlenv_v#"${__mlenv_v%%:*}"} __mlenv_v=${__mlenv_v#:}
    [[ $__mlenv_d != /* || ":$2:" == *":$__mlenv_d:"* ]] || __mlenv_more+=${__mlenv_more:+:}$__mlenv_d
  done
}

# A value as the session has it, into __mlenv_code: byte by byte.
function __mlenv_encode {
  \builtin local LC_ALL=C __mlenv_s="$1" __mlenv_c
  __mlenv_code=
  while [[ $__mlenv_s == *[!ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_./+@,-]* ]]; do
    __mlenv_c=${__mlenv_s%%[!ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_./+@,-]*}
    __mlenv_code+=$__mlenv_c
    __mlenv_s=${__mlenv_s:${#__mlenv_c}}
    \builtin printf -v __mlenv_c %02X "'${__mlenv_s:0:1}"
    __mlenv_code+=%${__mlenv_c: -2}
    __mlenv_s=${__mlenv_s:1}
  done
  __mlenv_code+=$__mlenv_s
}
