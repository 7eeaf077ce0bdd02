# Reads a session (src/plan/session.rs) with builtins alone: what is active, and how to undo it where the program is
# gone and this shell did not enter itself. Follows hook.bash.
# shellcheck disable=SC2154 # hook.bash sets them.

if [[ $- == *i* ]]; then

  # Bytes of a session's text, into the variable $1. Only printf's own escapes are left after the check.
  function __mlenv_decode {
    [[ $2 != *[!ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_./+@,%-]* ]] || \builtin return 1
    \builtin printf -v "$1" '%b' "${2//[%]/\\x}"
  }

  # Takes from a new session what the look needs: who activated, which prefix, which directory on PATH.
  function __mlenv_learn {
    \builtin local __mlenv_rest="${__MLENV_SESSION-}" __mlenv_item
    __mlenv_by='' __mlenv_mark='' __mlenv_prefix='' __mlenv_birth='' __mlenv_bin='' __mlenv_guard=
    __mlenv_head=${__mlenv_rest%% v:*}
    while [[ -n $__mlenv_rest ]]; do
      __mlenv_item=${__mlenv_rest%% *}
      __mlenv_rest=${__mlenv_rest#"$__mlenv_item"} __mlenv_rest=${__mlenv_rest# }
      case $__mlenv_item in
        o:) __mlenv_by=hand ;;
        o:*) __mlenv_by=marker && __mlenv_decode __mlenv_mark "${__mlenv_item#o:}" ;;
        e:*) __mlenv_decode __mlenv_prefix "${__mlenv_item#e:}" && __mlenv_birth=$__mlenv_prefix/mlenv.toml ;;
        p:PATH:*) [[ -n $__mlenv_bin ]] || __mlenv_decode __mlenv_bin "${__mlenv_item#p:PATH:}" ;;
      esac
    done
    \builtin return 0
  }

  # Nothing is touched unless all of it can be read.
  function __mlenv_decode_and_undo {
    \builtin local __mlenv_rest="${__MLENV_SESSION-}" __mlenv_item __mlenv_name __mlenv_new __mlenv_old __mlenv_i
    \builtin local __mlenv_intact=1
    \builtin local __mlenv_vars __mlenv_lists __mlenv_scripts
    __mlenv_vars=() __mlenv_lists=() __mlenv_scripts=()
    if [[ $__mlenv_rest != '1 '* ]]; then
      __mlenv_say "this shell's session was written by another version of mlenv: start a new shell"
      \builtin return 1
    fi
    __mlenv_rest=${__mlenv_rest#1 }
    while [[ -n $__mlenv_rest ]]; do
      __mlenv_item=${__mlenv_rest%% *}
      __mlenv_rest=${__mlenv_rest#"$__mlenv_item"} __mlenv_rest=${__mlenv_rest# }
      if ! __mlenv_is_item "$__mlenv_item"; then
        __mlenv_say "this shell's session is damaged: start a new shell"
        \builtin return 1
      fi
      case $__mlenv_item in
        v:*) __mlenv_vars=("${__mlenv_item#v:}" ${__mlenv_vars[@]+"${__mlenv_vars[@]}"}) ;;
        p:*) __mlenv_lists+=("${__mlenv_item#p:}") ;;
        d:*) __mlenv_scripts+=("${__mlenv_item#d:}") ;;
      esac
    done
    for __mlenv_item in ${__mlenv_lists[@]+"${__mlenv_lists[@]}"}; do __mlenv_take_out "$__mlenv_item"; done
    for __mlenv_item in ${__mlenv_vars[@]+"${__mlenv_vars[@]}"}; do
      case $__mlenv_item in
        CONDA_PREFIX:* | VIRTUAL_ENV:*) __mlenv_is_ours "$__mlenv_item" || __mlenv_intact='' ;;
      esac
    done
    # Scripts run only where this shell itself entered, not where somebody else has left already, and not where the
    # directory has another owner now.
    [[ -z $__mlenv_guard || -O $__mlenv_guard ]] || __mlenv_intact=
    if [[ -n $__mlenv_intact && ${__MLENV_SESSION-} == "$__mlenv_mine" ]]; then
      [[ ${#__mlenv_scripts[@]} == 0 ]] || __mlenv_keep
      for __mlenv_item in ${__mlenv_scripts[@]+"${__mlenv_scripts[@]}"}; do
        __mlenv_decode __mlenv_item "$__mlenv_item"
        # shellcheck disable=SC1090 # A package's script.
        if [[ -f $__mlenv_item ]]; then \builtin source "$__mlenv_item" >&8 2>&9 8>&- 9>&-; fi
      done
      [[ ${#__mlenv_scripts[@]} == 0 ]] || __mlenv_restore
    fi
    for __mlenv_item in ${__mlenv_vars[@]+"${__mlenv_vars[@]}"}; do
      __mlenv_is_ours "$__mlenv_item" || \builtin continue
      __mlenv_name=${__mlenv_item%%:*} __mlenv_old=${__mlenv_item##*:}
      if [[ $__mlenv_old == '!' ]]; then
        \builtin unset -v "$__mlenv_name"
      else
        __mlenv_decode __mlenv_old "${__mlenv_old#=}"
        \builtin export "$__mlenv_name=$__mlenv_old"
      fi
    done
    __mlenv_end
    \builtin return 0
  }

  # True for an item that keeps the session's rules, so that a damaged one changes and runs nothing.
  function __mlenv_is_item {
    \builtin local __mlenv_word="${1#?:}" __mlenv_n
    [[ $__mlenv_word != *[!ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_./+@,%:=!-]* ]] || \builtin return 1
    __mlenv_n=${__mlenv_word%%:*}
    case $1 in
      o: | s: | o:/* | e:/* | d:/*/etc/conda/deactivate.d/*) \builtin return 0 ;;
      v:*:[=!]*:[=!]* | p:*:/*) ;;
      *) \builtin return 1 ;;
    esac
    case $__mlenv_n in
      '' | [0-9]* | *[!ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_]*) \builtin return 1 ;;
      PROMPT_COMMAND | PS[0-4] | BASH* | SHELLOPTS | ENV | IFS | PWD | OLDPWD | UID | EUID | PPID | SHLVL) \builtin return 1 ;;
      CDPATH | HISTCMD | LINENO | RANDOM | SECONDS | OPTIND | OPTARG | POSIXLY_CORRECT | *_functions | __mlenv*) \builtin return 1 ;;
      PATH) [[ $1 == p:* ]] || \builtin return 1 ;;
    esac
    \builtin return 0
  }

  # True while the variable of `NAME:new:old` has the value that it was given.
  function __mlenv_is_ours {
    \builtin local __mlenv_n="${1%%:*}" __mlenv_v="${1#*:}"
    __mlenv_v=${__mlenv_v%%:*}
    if [[ $__mlenv_v == '!' ]]; then
      [[ -z ${!__mlenv_n+set} ]]
    else
      __mlenv_decode __mlenv_v "${__mlenv_v#=}"
      [[ -n ${!__mlenv_n+set} && ${!__mlenv_n} == "$__mlenv_v" ]]
    fi
  }

  # Takes the directory of `NAME:dir` out of the colon list NAME.
  function __mlenv_take_out {
    \builtin local __mlenv_d
    __mlenv_decode __mlenv_d "${1#*:}"
    __mlenv_drop "${1%%:*}" "$__mlenv_d"
  }
fi
