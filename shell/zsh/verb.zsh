# The `mlenv` command of a hooked zsh. Follows hook.zsh.

if [[ -o interactive ]]; then

  # The verbs that change this shell are evaluated in it; all others are the program itself.
  function mlenv {
    \builtin local __mlenv_word __mlenv_verb= __mlenv_hand="$__mlenv_by" __mlenv_code
    for __mlenv_word in "$@"; do
      case $__mlenv_word in
        (-h|--help|-V|--version|--json|--shell|--shell=*) __mlenv_verb=plain && \builtin break ;;
        (-*) ;;
        (*) [[ -n $__mlenv_verb ]] || __mlenv_verb=$__mlenv_word ;;
      esac
    done
    case ${1-}:$__mlenv_verb in
      (activate:activate|deactivate:deactivate|create:create) ;;
      (status:*)
        \builtin shift
        "$__mlenv_exe" status --hook "$(__mlenv_health)" "$@"
        \builtin return
        ;;
      (*)
        "$__mlenv_exe" "$@"
        \builtin return
        ;;
    esac
    \builtin shift
    __mlenv_code="$("$__mlenv_exe" "$__mlenv_verb" --shell zsh --hooked "$@")" || \builtin return
    \builtin eval "$__mlenv_code"
    # What a marker says here counts as decided, but for an env left that was activated by hand.
    if [[ $__mlenv_verb == deactivate && $__mlenv_hand == hand ]]; then __mlenv_seen='?'; else __mlenv_settle; fi
    \builtin return 0
  }

  function __mlenv_health {
    \builtin emulate -L zsh
    \builtin local found=
    (( ${precmd_functions[(I)__mlenv_hook]} )) && found+=,prompt
    (( ${chpwd_functions[(I)__mlenv_hook]} )) && found+=,cd
    \builtin print -r -- "zsh$found"
  }
fi
