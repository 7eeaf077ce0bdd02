# The `mlenv` command of a hooked zsh. Follows hook.zsh.

if [[ -o interactive ]]; then

  # The verbs that change this shell are evaluated in it; all others are the program itself.
  function mlenv {
    { __mlenv_sort "$@"; } 2>/dev/null
    case $? in
      (0) "$__mlenv_exe" "$@" ;;
      (1)
        \builtin shift
        "$__mlenv_exe" status --hook "$(__mlenv_health)" "$@"
        ;;
      (*) __mlenv_verb "$@" ;;
    esac
  }

  # 2 for a verb that changes the shell, 1 for the one that wants to know about the hook.
  function __mlenv_sort {
    \builtin emulate -L zsh
    \builtin local word verb=
    for word in "$@"; do
      case $word in
        (-h|--help|-V|--version|--json|--shell|--shell=*) verb=plain && \builtin break ;;
        (-*) ;;
        (*) [[ -n $verb ]] || verb=$word ;;
      esac
    done
    case ${1-}:$verb in
      (activate:activate|deactivate:deactivate|create:create) \builtin return 2 ;;
      (vars:vars) [[ ${2-} != set && ${2-} != unset ]] || \builtin return 2 ;;
      (status:*) \builtin return 1 ;;
    esac
    \builtin return 0
  }

  function __mlenv_verb {
    \builtin setopt local_options no_all_export
    \builtin local __mlenv_verb="$1" __mlenv_hand="$__mlenv_by" __mlenv_code
    \builtin shift
    __mlenv_code="$("$__mlenv_exe" "$__mlenv_verb" --shell zsh --hooked "$@" 2>&9 8>&- 9>&-)" || \builtin return
    __mlenv_eval "$__mlenv_code"
    __mlenv_offer
    # What a marker says here counts as decided, but for another env than one left that was activated by hand.
    if [[ $__mlenv_verb == deactivate && $__mlenv_hand == hand && -z ${__mlenv_same-} ]]; then __mlenv_seen='?'; else __mlenv_settle; fi
    \builtin return 0
  } 8>&1 9>&2 &>/dev/null

  # Where the hook is, or why not.
  function __mlenv_health {
    \builtin emulate -L zsh
    \builtin local found=zsh
    if (( ${precmd_functions[(I)__mlenv_hook]} )); then
      found+=,prompt
    elif [[ ${(t)precmd_functions} == *readonly* ]]; then
      found+=,prompt-readonly
    fi
    if (( ${chpwd_functions[(I)__mlenv_chpwd]} )); then found+=,cd; fi
    \builtin print -r -- "$found"
  }
fi
if [[ -n ${__mlenv_export-} ]]; then \builtin unset -v __mlenv_export && \builtin setopt all_export; fi
