# The `mlenv` command of a hooked bash. Follows hook.bash.
# shellcheck disable=SC2154 # hook.bash sets them.

if [[ $- == *i* ]]; then

  # The verbs that change this shell are evaluated in it; all others are the program itself.
  function mlenv {
    { __mlenv_sort "$@"; } 2>/dev/null
    case $? in
      0) "$__mlenv_exe" "$@" ;;
      1) "$__mlenv_exe" status --hook "$(__mlenv_health)" "${@:2}" ;;
      *) { __mlenv_verb "$@"; } 8>&1 9>&2 &>/dev/null ;;
    esac
  }

  # 2 for a verb that changes the shell, 1 for the one that wants to know about the hook.
  function __mlenv_sort {
    \builtin local __mlenv_word __mlenv_first=
    for __mlenv_word in "$@"; do
      case $__mlenv_word in
        -h | --help | -V | --version | --json | --shell | --shell=*) __mlenv_first=plain && \builtin break ;;
        -*) ;;
        *) [[ -n $__mlenv_first ]] || __mlenv_first=$__mlenv_word ;;
      esac
    done
    case ${1-}:$__mlenv_first in
      activate:activate | deactivate:deactivate | create:create) \builtin return 2 ;;
      vars:vars) [[ ${2-} != set && ${2-} != unset ]] || \builtin return 2 ;;
      status:*) \builtin return 1 ;;
    esac
    \builtin return 0
  }

  function __mlenv_verb {
    \builtin local __mlenv_hand="$__mlenv_by" __mlenv_flags="$-" __mlenv_failed=0
    if [[ $__mlenv_flags == *[aeuxET]* ]]; then
      \builtin local -
      \builtin set +aeuxET
    fi
    __mlenv_evaluate "$@" || __mlenv_failed=$?
    [[ $__mlenv_flags != *[aeuxET]* ]] || \builtin set "-${__mlenv_flags//[!aeuxET]/}"
    \builtin return "$__mlenv_failed"
  }

  function __mlenv_evaluate {
    \builtin local __mlenv_code
    __mlenv_code=$(\builtin exec "$__mlenv_exe" "$1" --shell bash --hooked "${@:2}" 2>&9 8>&- 9>&-) || \builtin return
    \builtin eval "$__mlenv_code" >&8 2>&9 8>&- 9>&-
    __mlenv_offer
    # What a marker says here counts as decided, but for another env than one left that was activated by hand.
    if [[ $1 == deactivate && $__mlenv_hand == hand && -z ${__mlenv_same-} ]]; then __mlenv_seen='?'; else __mlenv_settle; fi
    \builtin return 0
  }

  # Where the hook is, or why not.
  function __mlenv_health {
    \builtin local __mlenv_i __mlenv_prompt=unset __mlenv_cd=cd
    if [[ -n ${PROMPT_COMMAND[0]+set} ]]; then __mlenv_prompt=replaced; fi
    __mlenv_is_free PROMPT_COMMAND || __mlenv_prompt='readonly'
    for __mlenv_i in ${PROMPT_COMMAND[@]+"${PROMPT_COMMAND[@]}"} ${precmd_functions[@]+"${precmd_functions[@]}"}; do
      case $__mlenv_i in *__mlenv_hook* | __mlenv_precmd) __mlenv_prompt= ;; esac
    done
    if [[ $(\builtin declare -f cd) != *__mlenv_hook* ]]; then __mlenv_cd=cd-own; fi
    \builtin printf 'bash,prompt%s,%s' "${__mlenv_prompt:+-$__mlenv_prompt}" "$__mlenv_cd"
  }
fi
[[ $__mlenv_flags != *a* ]] || \builtin set -a
\builtin unset -v __mlenv_flags
