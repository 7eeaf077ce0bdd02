# The `mlenv` command of a hooked bash. Follows hook.bash.
# shellcheck disable=SC2154 # hook.bash sets them.

if [[ $- == *i* ]]; then

  # The verbs that change this shell are evaluated in it; all others are the program itself.
  function mlenv {
    \builtin local __mlenv_word __mlenv_verb='' __mlenv_hand="$__mlenv_by" __mlenv_code
    for __mlenv_word in "$@"; do
      case $__mlenv_word in
        -h | --help | -V | --version | --json | --shell | --shell=*) __mlenv_verb=plain && \builtin break ;;
        -*) ;;
        *) [[ -n $__mlenv_verb ]] || __mlenv_verb=$__mlenv_word ;;
      esac
    done
    case ${1-}:$__mlenv_verb in
      activate:activate | deactivate:deactivate | create:create) ;;
      status:*)
        \builtin shift
        "$__mlenv_exe" status --hook "$(__mlenv_health)" "$@"
        \builtin return
        ;;
      *)
        "$__mlenv_exe" "$@"
        \builtin return
        ;;
    esac
    \builtin shift
    __mlenv_code=$("$__mlenv_exe" "$__mlenv_verb" --shell bash --hooked "$@") || \builtin return
    \builtin eval "$__mlenv_code"
    # What a marker says here counts as decided, but for an env left that was activated by hand.
    if [[ $__mlenv_verb == deactivate && $__mlenv_hand == hand ]]; then __mlenv_seen='?'; else __mlenv_settle; fi
    \builtin return 0
  }

  function __mlenv_health {
    \builtin local __mlenv_i __mlenv_found=
    for __mlenv_i in ${PROMPT_COMMAND[@]+"${PROMPT_COMMAND[@]}"} ${precmd_functions[@]+"${precmd_functions[@]}"}; do
      [[ $__mlenv_i == *__mlenv_hook* ]] && __mlenv_found=,prompt
    done
    [[ $(\builtin declare -f cd) == *__mlenv_hook* ]] && __mlenv_found+=,cd
    \builtin printf 'bash%s' "$__mlenv_found"
  }
fi
