# mlenv's hook for zsh 5.0 and later:  eval "$(mlenv hook zsh)"
#
# The same decisions as in hook.bash, which explains them. Each function restores zsh's own options for itself, so
# that ksh_arrays, no_unset, sh_word_split and friends of the user change nothing in here.

if [[ -o interactive ]] && \builtin zmodload zsh/system 2>/dev/null; then

  \builtin typeset -g __mlenv_exe=::MLENV::
  \builtin typeset -g __mlenv_known= __mlenv_mine= __mlenv_by= __mlenv_mark= __mlenv_prefix= __mlenv_bin=
  \builtin typeset -g __mlenv_pwd= __mlenv_answer= __mlenv_back= __mlenv_told=${__mlenv_told-} __mlenv_file= __mlenv_gone=
  \builtin typeset -g __mlenv_key= __mlenv_marker= __mlenv_lost= __mlenv_other= __mlenv_seen=$'\n\n\n\n\n'
  \builtin typeset -ga __mlenv_paths
  # An env that came with the surroundings is looked at once, whatever lies here.
  if [[ -n ${__MLENV_SESSION-} ]]; then __mlenv_seen='?'; fi

  function __mlenv_say {
    \builtin emulate -L zsh
    if [[ -t 2 ]]; then \builtin print -r -u 2 -- "mlenv: $1"; fi
  }

  # Bytes of a session's text, into the variable $1. Only printf's own escapes are left after the check.
  function __mlenv_decode {
    \builtin emulate -L zsh
    [[ $2 != *[^ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_./+@,%-]* ]] || \builtin return 1
    \builtin printf -v "$1" '%b' "${2//[%]/\\x}"
  }

  function __mlenv_learn {
    \builtin emulate -L zsh
    \builtin local __mlenv_item
    __mlenv_known=${__MLENV_SESSION-} __mlenv_by= __mlenv_mark= __mlenv_prefix= __mlenv_bin=
    for __mlenv_item in "${(@s: :)__mlenv_known}"; do
      case $__mlenv_item in
        o:) __mlenv_by=hand ;;
        o:*) __mlenv_by=marker && __mlenv_decode __mlenv_mark "${__mlenv_item#o:}" ;;
        e:*) __mlenv_decode __mlenv_prefix "${__mlenv_item#e:}" ;;
        p:PATH:*) [[ -n $__mlenv_bin ]] || __mlenv_decode __mlenv_bin "${__mlenv_item#p:PATH:}" ;;
      esac
    done
    \builtin return 0
  }

  # Where a marker may lie: here and above, to $MLENV_CEILING or $HOME, never in / or where automounters live.
  function __mlenv_walk {
    \builtin emulate -L zsh
    \builtin local dir="$PWD" end="${MLENV_CEILING:-${HOME-}}"
    __mlenv_pwd=$PWD __mlenv_paths=()
    while [[ $dir == /?* ]]; do
      case $dir in (/home|/net|/misc|/afs|/cvmfs|/nfs|/Users) \builtin break ;; esac
      __mlenv_paths+=("$dir/.mlenv.toml")
      [[ $dir == "$end" ]] && \builtin break
      dir=${dir%/*}
    done
    \builtin return 0
  }

  # All that decides, as one text in __mlenv_key. One read(2) of 4 KiB for each file, and only for regular ones.
  function __mlenv_look {
    \builtin emulate -L zsh
    \builtin local f text= record= consent=
    __mlenv_lost= __mlenv_other=
    [[ ${__MLENV_SESSION-} == "$__mlenv_known" ]] || __mlenv_learn
    [[ $PWD == "$__mlenv_pwd" ]] || __mlenv_walk
    for f in "${(@)__mlenv_paths}" ''; do [[ -f $f ]] && \builtin break; done
    __mlenv_file=$f
    [[ -r $f ]] && \builtin sysread -s 4096 text <$f
    f=$__mlenv_prefix/mlenv.toml
    [[ -n $__mlenv_prefix && -f $f && -r $f ]] && \builtin sysread -s 4096 record <$f
    [[ -f $__mlenv_answer && -r $__mlenv_answer ]] && \builtin sysread -s 4096 consent <$__mlenv_answer
    [[ -n $__mlenv_bin && ":${PATH-}:" != *":$__mlenv_bin:"* ]] && __mlenv_lost=lost
    if [[ -n ${VIRTUAL_ENV-} && $VIRTUAL_ENV != "$__mlenv_prefix" ]]; then
      __mlenv_other=$VIRTUAL_ENV
    elif [[ ${CONDA_SHLVL:-0} != 0 && -n ${CONDA_PREFIX-} && $CONDA_PREFIX != "$__mlenv_prefix" &&
      ${CONDA_DEFAULT_ENV-} != base && $CONDA_PREFIX != "${${CONDA_EXE-}%/bin/*}" ]]; then
      __mlenv_other=$CONDA_PREFIX
    fi
    __mlenv_marker=$__mlenv_file$'\n'$text
    __mlenv_key=$__mlenv_marker$'\n'$record$'\n'$consent$'\n'$__mlenv_lost$'\n'$__mlenv_other
  }

  function __mlenv_hook {
    \builtin emulate -L zsh
    (( ZSH_SUBSHELL )) && \builtin return 0
    case ${MLENV_HOOK-} in
      (off) \builtin return 0 ;;
      (cd) [[ $PWD == "$__mlenv_pwd" && $__mlenv_seen != '?' ]] && \builtin return 0 ;;
    esac
    __mlenv_look
    [[ $__mlenv_key == "$__mlenv_seen" ]] || __mlenv_change
    \builtin return 0
  }

  # Something differs. What was tried is remembered first: it is not tried again before something differs anew.
  function __mlenv_change {
    \builtin local __mlenv_was="$__mlenv_marker"
    __mlenv_seen=$__mlenv_key
    if [[ $__mlenv_by == hand ]]; then
      # What the user activated stays until the user leaves it; it is only put back on a PATH that was reset.
      [[ -z $__mlenv_lost ]] || __mlenv_ask || \builtin :
    elif [[ -n $__mlenv_other ]]; then
      # conda or a venv has something active: it stays.
      __mlenv_undo_other
    elif [[ -n $__mlenv_file ]]; then
      # An env whose own marker cannot be asked about stays; one of another directory does not.
      __mlenv_ask --marker "$__mlenv_file" || __mlenv_undo_other
    elif [[ -n $__mlenv_known ]]; then
      # A session that this shell did not make itself is for the program to read.
      if [[ $__mlenv_known == "$__mlenv_mine" ]]; then
        __mlenv_undo
      else
        __mlenv_ask || __mlenv_undo
      fi
    fi
    __mlenv_settle
    # Changed while it was asked about: look once more.
    if [[ $__mlenv_marker != "$__mlenv_was" ]]; then __mlenv_seen='?'; fi
  }

  # What is now counts as decided.
  function __mlenv_settle {
    __mlenv_look
    __mlenv_seen=$__mlenv_key
  }

  # Runs the program and evals its answer, with the user's options for the sake of packages' scripts.
  function __mlenv_ask {
    __mlenv_find || \builtin return 1
    \builtin local __mlenv_code __mlenv_failed=0
    __mlenv_code="$(\command "$__mlenv_exe" answer --shell zsh --told "$__mlenv_told" "$@")" || __mlenv_failed=$?
    if (( __mlenv_failed > 2 )); then
      __mlenv_say "no answer about this directory (status $__mlenv_failed); nothing was changed"
    fi
    (( __mlenv_failed == 0 )) || \builtin return 1
    \builtin eval "$__mlenv_code"
    \builtin return 0
  }

  # The program where it was, else on PATH; its absence is said once.
  function __mlenv_find {
    \builtin emulate -L zsh
    [[ -x $__mlenv_exe ]] && \builtin return 0
    if \builtin whence -p mlenv >/dev/null; then
      __mlenv_exe=mlenv
      \builtin return 0
    fi
    [[ -n $__mlenv_gone ]] || __mlenv_say "the program is gone: envs are left, but not entered"
    __mlenv_gone=1
    \builtin return 1
  }

  function __mlenv_undo_other {
    if [[ $__mlenv_by == marker && $__mlenv_file != "$__mlenv_mark" ]]; then __mlenv_undo; fi
  }

  # Leaves the active env with builtins alone: by the text that the program gave on entering, if it is for this
  # session, else by decoding the session.
  function __mlenv_undo {
    \builtin emulate -L zsh
    if [[ -n ${__MLENV_SESSION-} && $__MLENV_SESSION == "$__mlenv_mine" && -n $__mlenv_back ]]; then
      \builtin eval "$__mlenv_back"
      __mlenv_end
    else
      __mlenv_decode_and_undo
    fi
  }

  # What ends each leaving.
  function __mlenv_end {
    \builtin emulate -L zsh
    if [[ -n ${PS1-} && -n ${__mlenv_ps1-} ]]; then PS1=${PS1/"$__mlenv_ps1"/"${__mlenv_ps0-}"}; fi
    \builtin unset -v __mlenv_ps1 __mlenv_ps0 __MLENV_SESSION
    __mlenv_known='' __mlenv_by='' __mlenv_mark='' __mlenv_prefix='' __mlenv_bin='' __mlenv_back=''
  }

  # Nothing is touched unless all of it can be read.
  function __mlenv_decode_and_undo {
    \builtin emulate -L zsh
    \builtin local __mlenv_item __mlenv_name __mlenv_old __mlenv_intact=1
    \builtin local -a __mlenv_vars __mlenv_lists __mlenv_scripts
    if [[ ${__MLENV_SESSION-} != '1 '* ]]; then
      __mlenv_say "this shell's session was written by another version of mlenv: start a new shell"
      \builtin return 1
    fi
    for __mlenv_item in "${(@s: :)${__MLENV_SESSION#1 }}"; do
      if ! __mlenv_is_item "$__mlenv_item"; then
        __mlenv_say "this shell's session is damaged: start a new shell"
        \builtin return 1
      fi
      case $__mlenv_item in
        (v:*) __mlenv_vars=("${__mlenv_item#v:}" "${(@)__mlenv_vars}") ;;
        (p:*) __mlenv_lists+=("${__mlenv_item#p:}") ;;
        (d:*) __mlenv_scripts+=("${__mlenv_item#d:}") ;;
      esac
    done
    for __mlenv_item in "${(@)__mlenv_lists}"; do __mlenv_take_out "$__mlenv_item"; done
    for __mlenv_item in "${(@)__mlenv_vars}"; do
      case $__mlenv_item in
        (CONDA_PREFIX:*|VIRTUAL_ENV:*) __mlenv_is_ours "$__mlenv_item" || __mlenv_intact= ;;
      esac
    done
    # Scripts run only where this shell itself entered, and not where somebody else has left already.
    if [[ -n $__mlenv_intact && ${__MLENV_SESSION-} == "$__mlenv_mine" ]]; then
      for __mlenv_item in "${(@)__mlenv_scripts}"; do
        __mlenv_decode __mlenv_item "$__mlenv_item"
        if [[ -f $__mlenv_item ]]; then \builtin source "$__mlenv_item"; fi
      done
    fi
    for __mlenv_item in "${(@)__mlenv_vars}"; do
      __mlenv_is_ours "$__mlenv_item" || \builtin continue
      __mlenv_name=${__mlenv_item%%:*} __mlenv_old=${__mlenv_item##*:}
      if [[ $__mlenv_old == '!' ]]; then
        \builtin unset -v "$__mlenv_name"
      else
        __mlenv_decode __mlenv_old "${__mlenv_old#=}"
        \builtin typeset -gx "$__mlenv_name=$__mlenv_old"
      fi
    done
    __mlenv_end
    \builtin return 0
  }

  # True for an item that keeps the session's rules, so that a damaged one changes and runs nothing.
  function __mlenv_is_item {
    \builtin emulate -L zsh
    \builtin local word="${1#?:}" name
    [[ $word != *[^ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_./+@,%:=!-]* ]] || \builtin return 1
    name=${word%%:*}
    case $1 in
      (o:|o:/*|e:/*|d:/*/etc/conda/deactivate.d/*) \builtin return 0 ;;
      (v:*:[=!]*:[=!]*|p:*:/*) ;;
      (*) \builtin return 1 ;;
    esac
    case $name in
      (''|[0-9]*|*[^ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_]*) \builtin return 1 ;;
      (PROMPT*|PS[0-4]|RPS[12]|SPROMPT|PSVAR|RPROMPT*|ENV|IFS|PWD|OLDPWD|UID|EUID|GID|EGID|PPID|SHLVL|ZDOTDIR) \builtin return 1 ;;
      (CDPATH|FPATH|HISTCMD|LINENO|RANDOM|SECONDS|OPTIND|OPTARG|*_functions|__mlenv*) \builtin return 1 ;;
      (aliases|argv|cdpath|commands|fignore|fpath|functions|histchars|history|mailpath|manpath) \builtin return 1 ;;
      (module_path|options|parameters|path|pipestatus|prompt|psvar|status|watch) \builtin return 1 ;;
      (PATH) [[ $1 == p:* ]] || \builtin return 1 ;;
    esac
    \builtin return 0
  }

  # True while the variable of `NAME:new:old` has the value that it was given.
  function __mlenv_is_ours {
    \builtin emulate -L zsh
    \builtin local __mlenv_n="${1%%:*}" __mlenv_v="${${1#*:}%%:*}"
    if [[ $__mlenv_v == '!' ]]; then
      [[ -z ${(P)__mlenv_n+set} ]]
    else
      __mlenv_decode __mlenv_v "${__mlenv_v#=}"
      [[ -n ${(P)__mlenv_n+set} && ${(P)__mlenv_n} == "$__mlenv_v" ]]
    fi
  }

  # Takes the directory of `NAME:dir` out of the colon list NAME.
  function __mlenv_take_out {
    \builtin emulate -L zsh
    \builtin local __mlenv_d
    __mlenv_decode __mlenv_d "${1#*:}"
    __mlenv_drop "${1%%:*}" "$__mlenv_d"
  }

  # Takes the directory $2 out of the colon list $1, once; a list that had nothing else is unset.
  function __mlenv_drop {
    \builtin emulate -L zsh
    \builtin local __mlenv_v
    if [[ ${(P)1-} == "$2" ]]; then
      \builtin unset -v "$1"
      \builtin return 0
    fi
    __mlenv_v=:${(P)1-}:
    [[ $__mlenv_v == *":$2:"* ]] || \builtin return 0
    __mlenv_v=${__mlenv_v%%":$2:"*}:${__mlenv_v#*":$2:"}
    __mlenv_v=${__mlenv_v#:}
    \builtin typeset -gx "$1=${__mlenv_v%:}"
  }

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
        \command "$__mlenv_exe" status --hook "$(__mlenv_health)" "$@"
        \builtin return
        ;;
      (*)
        \command "$__mlenv_exe" "$@"
        \builtin return
        ;;
    esac
    __mlenv_code="$(\command "$__mlenv_exe" "$@" --shell zsh)" || \builtin return
    \builtin eval "$__mlenv_code"
    __mlenv_mine=${__MLENV_SESSION-}
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

  \builtin typeset -ga precmd_functions chpwd_functions
  () {
    \builtin emulate -L zsh
    precmd_functions=(__mlenv_hook "${(@)precmd_functions:#__mlenv_hook}")
    chpwd_functions=(__mlenv_hook "${(@)chpwd_functions:#__mlenv_hook}")
  }
fi
