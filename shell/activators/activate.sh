# shellcheck shell=sh
# Source this file in bash, zsh or any POSIX shell: `. ENV/bin/activate`. It makes the env active; `deactivate` undoes it.
# Where mlenv is on PATH it does the work, and the env's own variables are set too; else this file does the essential.

# Left by an earlier activation of this kind.
if command -v __mlenv_act_leave >/dev/null 2>&1; then deactivate; fi

__mlenv_act_env=@ENV@
__mlenv_act_label=@LABEL@
__mlenv_act_shell='' __mlenv_act_file=''
if [ -n "${BASH_VERSION-}" ]; then
  __mlenv_act_shell=bash
  eval '__mlenv_act_file=${BASH_SOURCE[0]}'
elif [ -n "${ZSH_VERSION-}" ]; then
  __mlenv_act_shell=zsh
  eval '__mlenv_act_file=${(%):-%x}'
fi

# Other shells do not tell which file is read: there the env is where it was made.
case $__mlenv_act_file in
  */*) __mlenv_act_file=${__mlenv_act_file%/*}/.. ;;
  *) __mlenv_act_file=.. ;;
esac
# shellcheck disable=SC3013 # only bash and zsh come so far, and both know -ef
if [ -n "$__mlenv_act_shell" ] && [ -f "$__mlenv_act_file/mlenv.toml" ] && ! [ "$__mlenv_act_file" -ef "$__mlenv_act_env" ]; then
  __mlenv_act_env=$(CDPATH='' builtin cd -- "$__mlenv_act_file" >/dev/null && builtin pwd -P)
  printf '%s\n' "mlenv: this env was moved, its programs still look for the old place" "hint: run \`mlenv doctor --fix\` on it" >&2
fi

if ! [ -e "$__mlenv_act_env/baseEnv_dir/bin" ]; then
  printf '%s\n' "mlenv: the base of this env is gone" "hint: mount it again, or run \`mlenv rebase\`" >&2
  unset __mlenv_act_env __mlenv_act_label __mlenv_act_shell __mlenv_act_file
  # shellcheck disable=SC2317 # a file that is run instead of sourced
  return 1 2>/dev/null || exit 1
fi

__mlenv_act_leave() {
  #{
  unset -f __mlenv_act_each __mlenv_act_keep __mlenv_act_compare __mlenv_act_new __mlenv_act_note __mlenv_act_drop 2>/dev/null || :
  unset __mlenv_act_rest __mlenv_act_word __mlenv_act_line __mlenv_act_kept __mlenv_act_dirs
  #}
  unset -f deactivate __mlenv_act_leave __mlenv_act_set __mlenv_act_source 2>/dev/null || :
  unset __mlenv_act_env __mlenv_act_label __mlenv_act_shell __mlenv_act_file __mlenv_act_code __mlenv_act_names __mlenv_act_name __mlenv_act_flags __mlenv_act_count
}

# NAME VALUE, or NAME alone to unset it: remembers what was there.
__mlenv_act_set() {
  eval "__mlenv_act_had_$1=\${$1+x} __mlenv_act_old_$1=\${$1-} __mlenv_act_new_$1=\${2-}"
  if [ $# -eq 2 ]; then eval "$1=\$2; export $1"; else unset "$1"; fi
  __mlenv_act_names="$1 ${__mlenv_act_names-}"
}

#{
# Calls $1 with the name of each variable that is exported, and perhaps of others.
__mlenv_act_each() {
  __mlenv_act_rest=$(export -p)
  while [ -n "$__mlenv_act_rest" ]; do
    __mlenv_act_word=${__mlenv_act_rest%%"
"*}
    __mlenv_act_rest=${__mlenv_act_rest#"$__mlenv_act_word"}
    __mlenv_act_rest=${__mlenv_act_rest#"
"}
    __mlenv_act_word=${__mlenv_act_word%%=*}
    __mlenv_act_word=${__mlenv_act_word##* }
    case $__mlenv_act_word in
      '' | [0-9]* | *[!ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_]*) ;;
      PATH | BASH* | *_functions | __mlenv* | __MLENV* | @OWN@) ;;
      *) if eval "[ -n \"\${$__mlenv_act_word+x}\" ]"; then "$1" "$__mlenv_act_word"; fi ;;
    esac
  done
  "$1" PATH
}

# Remembers what a variable is before scripts run.
__mlenv_act_keep() {
  eval "__mlenv_act_was_$1=\$$1"
  __mlenv_act_kept="${__mlenv_act_kept- }$1 "
}

# After the scripts of leaving, what was there is as it was. After those of entering, what differs is noted, and undone later.
__mlenv_act_compare() {
  __mlenv_act_rest=${__mlenv_act_kept# }
  while [ -n "$__mlenv_act_rest" ]; do
    __mlenv_act_word=${__mlenv_act_rest%% *} __mlenv_act_rest=${__mlenv_act_rest#* }
    if eval "[ \"\${$__mlenv_act_word+x}\$$__mlenv_act_word\" = \"x\$__mlenv_act_was_$__mlenv_act_word\" ]"; then
      :
    elif [ "$__mlenv_act_name" = leave ]; then
      eval "$__mlenv_act_word=\$__mlenv_act_was_$__mlenv_act_word; export $__mlenv_act_word"
    else
      __mlenv_act_note "$__mlenv_act_word" x
    fi
  done
  if [ "$__mlenv_act_name" = enter ]; then __mlenv_act_each __mlenv_act_new; fi
  while [ -n "${__mlenv_act_kept# }" ]; do
    __mlenv_act_kept=${__mlenv_act_kept# } __mlenv_act_word=${__mlenv_act_kept%% *}
    unset "__mlenv_act_was_${__mlenv_act_kept%% *}"
    __mlenv_act_kept=${__mlenv_act_kept#"$__mlenv_act_word"}
  done
  unset __mlenv_act_kept __mlenv_act_rest __mlenv_act_word
}

__mlenv_act_new() {
  case $__mlenv_act_kept in *" $1 "*) ;; *) __mlenv_act_note "$1" '' ;; esac
}

# NAME x|'': a variable that was there, or was not.
__mlenv_act_note() {
  if [ "$1" = PATH ]; then
    __mlenv_act_line=$PATH:
    while [ -n "$__mlenv_act_line" ]; do
      # shellcheck disable=SC2154 # set by name, in __mlenv_act_keep
      case ":$__mlenv_act_was_PATH:" in
        *":${__mlenv_act_line%%:*}:"*) ;;
        *) __mlenv_act_dirs=${__mlenv_act_line%%:*}:${__mlenv_act_dirs-} ;;
      esac
      __mlenv_act_line=${__mlenv_act_line#*:}
    done
    return 0
  fi
  case " ${__mlenv_act_names-} " in
    *" $1 "*) ;;
    *)
      eval "__mlenv_act_had_$1=\$2 __mlenv_act_old_$1=\${__mlenv_act_was_$1-}"
      __mlenv_act_names="$1 ${__mlenv_act_names-}"
      ;;
  esac
  eval "__mlenv_act_new_$1=\${$1-}"
}

# Takes a directory out of PATH.
__mlenv_act_drop() {
  case ":$PATH:" in
    *":$1:"*)
      PATH=":$PATH:"
      PATH="${PATH%%":$1:"*}:${PATH#*":$1:"}"
      PATH=${PATH#:} PATH=${PATH%:}
      ;;
  esac
}

#}
# enter|leave DIRECTORY: sources the scripts of packages, which know nothing of `set -eu`.
__mlenv_act_source() {
  __mlenv_act_flags=$- __mlenv_act_name=$1 __mlenv_act_count=1
  set +eu
  if [ -n "${ZSH_VERSION-}" ]; then eval 'set -- "$2"/*.sh(N)'; else set -- "$2"/*.sh; fi
  if [ "$__mlenv_act_name" = leave ]; then __mlenv_act_count=$#; fi
  #{
  if [ $# -gt 0 ] && [ -e "$1" ]; then __mlenv_act_each __mlenv_act_keep; fi
  #}
  while [ "$__mlenv_act_count" -ge 1 ] && [ "$__mlenv_act_count" -le $# ]; do
    eval "__mlenv_act_file=\${$__mlenv_act_count}"
    # shellcheck disable=SC1090
    if [ -r "$__mlenv_act_file" ]; then . "$__mlenv_act_file"; fi
    if [ "$__mlenv_act_name" = leave ]; then __mlenv_act_count=$((__mlenv_act_count - 1)); else __mlenv_act_count=$((__mlenv_act_count + 1)); fi
  done
  #{
  if [ -n "${__mlenv_act_kept-}" ]; then __mlenv_act_compare; fi
  #}
  case $__mlenv_act_flags in *u*) set -u ;; esac
  case $__mlenv_act_flags in *e*) set -e ;; esac
}

if [ -n "$__mlenv_act_shell" ] && command mlenv --version >/dev/null 2>&1; then
  if __mlenv_act_code=$(command mlenv activate --shell "$__mlenv_act_shell" "$__mlenv_act_env"); then
    eval "$__mlenv_act_code"
    deactivate() {
      __mlenv_act_code=$(command mlenv deactivate --shell "$__mlenv_act_shell") || __mlenv_act_code=
      eval "$__mlenv_act_code"
      __mlenv_act_leave
    }
  else
    __mlenv_act_leave
    # shellcheck disable=SC2317
    return 1 2>/dev/null || exit 1
  fi
else
  deactivate() {
    __mlenv_act_source leave "$__mlenv_act_env/etc/conda/deactivate.d"
    while [ -n "$__mlenv_act_names" ]; do
      __mlenv_act_name=${__mlenv_act_names%% *} __mlenv_act_names=${__mlenv_act_names#* }
      # What was changed in between stays.
      if eval "[ \"\${$__mlenv_act_name-}\" = \"\$__mlenv_act_new_$__mlenv_act_name\" ]"; then
        if eval "[ -n \"\$__mlenv_act_had_$__mlenv_act_name\" ]"; then
          eval "$__mlenv_act_name=\$__mlenv_act_old_$__mlenv_act_name; export $__mlenv_act_name"
        else
          unset "$__mlenv_act_name"
        fi
      fi
      unset "__mlenv_act_had_$__mlenv_act_name" "__mlenv_act_old_$__mlenv_act_name" "__mlenv_act_new_$__mlenv_act_name"
    done
    #{
    while [ -n "${__mlenv_act_dirs-}" ]; do
      __mlenv_act_drop "${__mlenv_act_dirs%%:*}"
      __mlenv_act_dirs=${__mlenv_act_dirs#*:}
    done
    #}
    # shellcheck disable=SC2043 # one word here, more in the file that is made of it
    for __mlenv_act_name in @BINS@; do
      case ":$PATH:" in
        *":$__mlenv_act_env/$__mlenv_act_name:"*)
          PATH=":$PATH:"
          PATH="${PATH%%":$__mlenv_act_env/$__mlenv_act_name:"*}:${PATH#*":$__mlenv_act_env/$__mlenv_act_name:"}"
          PATH=${PATH#:} PATH=${PATH%:}
          ;;
      esac
    done
    PS1=${PS1-}
    PS1=${PS1#"$__mlenv_act_label"}
    __mlenv_act_leave
  }
  # shellcheck disable=SC2043
  for __mlenv_act_name in @BINS_BACK@; do PATH=$__mlenv_act_env/$__mlenv_act_name:$PATH; done
  export PATH
  @VARIABLES@
  if [ -n "${PS1-}" ] && [ -z "${MLENV_DISABLE_PROMPT-}${VIRTUAL_ENV_DISABLE_PROMPT-}" ]; then
    PS1=$__mlenv_act_label$PS1
  fi
  __mlenv_act_source enter "$__mlenv_act_env/etc/conda/activate.d"
fi
