# mlenv's hook for bash 3.2 and later:  eval "$(mlenv hook bash)"
#
# At each prompt, and after each cd, builtins alone compare what decides (the nearest marker, its text, the env's
# record, the user's answer, whether the env is still on PATH) with the last decision. Only a difference starts a
# process, and leaving needs none: the session variable tells how to undo it (src/plan/session.rs).
# Each name starts with __mlenv_, each builtin is called as one, and no option, trap or variable is touched.

if [[ $- == *i* ]]; then

  __mlenv_exe=::MLENV::
  __mlenv_known='' __mlenv_mine='' __mlenv_by='' __mlenv_mark='' __mlenv_prefix='' __mlenv_bin=
  __mlenv_pwd='' __mlenv_answer='' __mlenv_back='' __mlenv_told=${__mlenv_told-} __mlenv_file=
  __mlenv_nothing=$'\n\n\n\n\n' __mlenv_key='' __mlenv_marker='' __mlenv_gone=
  # An env that came with the surroundings is looked at once, whatever lies here.
  __mlenv_seen=$__mlenv_nothing
  if [[ -n ${__MLENV_SESSION-} ]]; then __mlenv_seen='?'; fi

  # Words are for people: they go to a terminal or nowhere.
  function __mlenv_say {
    if [[ -t 2 ]]; then \builtin printf 'mlenv: %s\n' "$1" >&2; fi
  }

  # Bytes of a session's text, into the variable $1. Only printf's own escapes are left after the check.
  function __mlenv_decode {
    [[ $2 != *[!ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_./+@,%-]* ]] || \builtin return 1
    \builtin printf -v "$1" '%b' "${2//[%]/\\x}"
  }

  # Takes from a new session what the look needs: who activated, which prefix, which directory on PATH.
  function __mlenv_learn {
    \builtin local __mlenv_rest __mlenv_item
    __mlenv_known=${__MLENV_SESSION-} __mlenv_by='' __mlenv_mark='' __mlenv_prefix='' __mlenv_bin=
    __mlenv_rest=$__mlenv_known
    while [[ -n $__mlenv_rest ]]; do
      __mlenv_item=${__mlenv_rest%% *}
      __mlenv_rest=${__mlenv_rest#"$__mlenv_item"} __mlenv_rest=${__mlenv_rest# }
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
    \builtin local __mlenv_dir="$PWD" __mlenv_end="${MLENV_CEILING:-${HOME-}}"
    __mlenv_pwd=$PWD __mlenv_paths=()
    while [[ $__mlenv_dir == /?* ]]; do
      case $__mlenv_dir in /home | /net | /misc | /afs | /cvmfs | /nfs | /Users) \builtin break ;; esac
      __mlenv_paths+=("$__mlenv_dir/.mlenv.toml")
      [[ $__mlenv_dir == "$__mlenv_end" ]] && \builtin break
      __mlenv_dir=${__mlenv_dir%/*}
    done
    \builtin return 0
  }

  # All that decides, as one text in __mlenv_key. Of each file the first 4 KiB; a pipe or a directory is no file.
  function __mlenv_look {
    \builtin local __mlenv_text='' __mlenv_record='' __mlenv_consent='' __mlenv_path
    __mlenv_lost='' __mlenv_other=
    [[ ${__MLENV_SESSION-} == "$__mlenv_known" ]] || __mlenv_learn
    [[ $PWD == "$__mlenv_pwd" ]] || __mlenv_walk
    __mlenv_file=
    for __mlenv_path in ${__mlenv_paths[@]+"${__mlenv_paths[@]}"}; do
      if [[ -f $__mlenv_path ]]; then
        __mlenv_file=$__mlenv_path
        \builtin break
      fi
    done
    if [[ -r $__mlenv_file ]]; then
      IFS='' \builtin read -r -d '' -n 4096 __mlenv_text <"$__mlenv_file" || \builtin :
    fi
    __mlenv_path=$__mlenv_prefix/mlenv.toml
    if [[ -n $__mlenv_prefix && -f $__mlenv_path && -r $__mlenv_path ]]; then
      IFS='' \builtin read -r -d '' -n 4096 __mlenv_record <"$__mlenv_path" || \builtin :
    fi
    if [[ -f $__mlenv_answer && -r $__mlenv_answer ]]; then
      IFS='' \builtin read -r -d '' -n 4096 __mlenv_consent <"$__mlenv_answer" || \builtin :
    fi
    if [[ -n $__mlenv_bin && ":${PATH-}:" != *":$__mlenv_bin:"* ]]; then __mlenv_lost=lost; fi
    if [[ -n ${VIRTUAL_ENV-} && $VIRTUAL_ENV != "$__mlenv_prefix" ]]; then
      __mlenv_other=$VIRTUAL_ENV
    elif [[ ${CONDA_SHLVL:-0} != 0 && -n ${CONDA_PREFIX-} && $CONDA_PREFIX != "$__mlenv_prefix" &&
      ${CONDA_DEFAULT_ENV-} != base && $CONDA_PREFIX != "${CONDA_EXE%/bin/*}" ]]; then
      __mlenv_other=$CONDA_PREFIX
    fi
    __mlenv_marker=$__mlenv_file$'\n'$__mlenv_text
    __mlenv_key=$__mlenv_marker$'\n'$__mlenv_record$'\n'$__mlenv_consent$'\n'$__mlenv_lost$'\n'$__mlenv_other
  }

  function __mlenv_hook {
    \builtin local __mlenv_status="$?"
    case ${MLENV_HOOK-} in
      off) \builtin return "$__mlenv_status" ;;
      cd) [[ $PWD == "$__mlenv_pwd" && $__mlenv_seen != '?' ]] && \builtin return "$__mlenv_status" ;;
    esac
    __mlenv_look
    [[ $__mlenv_key == "$__mlenv_seen" ]] || __mlenv_change
    # Under `set -e` a prompt command that fails would end the shell.
    [[ $- == *e* ]] && \builtin return 0
    \builtin return "$__mlenv_status"
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

  # Runs the program and evals its answer, if it is a whole one.
  function __mlenv_ask {
    __mlenv_find || \builtin return 1
    \builtin local __mlenv_code __mlenv_failed=0
    __mlenv_code=$(\command "$__mlenv_exe" answer --shell bash --told "$__mlenv_told" "$@") || __mlenv_failed=$?
    if ((__mlenv_failed > 2)); then __mlenv_say "no answer about this directory (status $__mlenv_failed); nothing was changed"; fi
    ((__mlenv_failed == 0)) || \builtin return 1
    \builtin eval "$__mlenv_code"
    \builtin return 0
  }

  # The program where it was, else on PATH; its absence is said once.
  function __mlenv_find {
    [[ -x $__mlenv_exe ]] && \builtin return 0
    if \builtin type -P mlenv >/dev/null; then
      __mlenv_exe=mlenv
      \builtin return 0
    fi
    [[ -n $__mlenv_gone ]] || __mlenv_say "the program is gone: envs are left, but not entered"
    __mlenv_gone=1
    \builtin return 1
  }

  # Leaves the env of a marker that no longer decides here.
  function __mlenv_undo_other {
    if [[ $__mlenv_by == marker && $__mlenv_file != "$__mlenv_mark" ]]; then __mlenv_undo; fi
  }

  # Leaves the active env with builtins alone: by the text that the program gave on entering, if it is for this
  # session, else by decoding the session.
  function __mlenv_undo {
    if [[ -n ${__MLENV_SESSION-} && $__MLENV_SESSION == "$__mlenv_mine" && -n $__mlenv_back ]]; then
      \builtin eval "$__mlenv_back"
      __mlenv_end
    else
      __mlenv_decode_and_undo
    fi
  }

  # What ends each leaving.
  function __mlenv_end {
    if [[ -n ${PS1-} && -n ${__mlenv_ps1-} ]]; then PS1=${PS1/"$__mlenv_ps1"/"${__mlenv_ps0-}"}; fi
    \builtin unset -v __mlenv_ps1 __mlenv_ps0
    \builtin unset -v __MLENV_SESSION
    __mlenv_known='' __mlenv_by='' __mlenv_mark='' __mlenv_prefix='' __mlenv_bin='' __mlenv_back=''
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
    # Scripts run only where this shell itself entered, and not where somebody else has left already.
    if [[ -n $__mlenv_intact && ${__MLENV_SESSION-} == "$__mlenv_mine" ]]; then
      for __mlenv_item in ${__mlenv_scripts[@]+"${__mlenv_scripts[@]}"}; do
        __mlenv_decode __mlenv_item "$__mlenv_item"
        # shellcheck disable=SC1090 # A package's script.
        if [[ -f $__mlenv_item ]]; then \builtin source "$__mlenv_item"; fi
      done
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
      o: | o:/* | e:/* | d:/*/etc/conda/deactivate.d/*) \builtin return 0 ;;
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

  # Takes the directory $2 out of the colon list $1, once; a list that had nothing else is unset.
  function __mlenv_drop {
    \builtin local __mlenv_v
    if [[ ${!1-} == "$2" ]]; then
      \builtin unset -v "$1"
      \builtin return 0
    fi
    __mlenv_v=:${!1-}:
    [[ $__mlenv_v == *":$2:"* ]] || \builtin return 0
    __mlenv_v=${__mlenv_v%%":$2:"*}:${__mlenv_v#*":$2:"}
    __mlenv_v=${__mlenv_v#:}
    \builtin export "$1=${__mlenv_v%:}"
  }

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
        \command "$__mlenv_exe" status --hook "$(__mlenv_health)" "$@"
        \builtin return
        ;;
      *)
        \command "$__mlenv_exe" "$@"
        \builtin return
        ;;
    esac
    __mlenv_code=$(\command "$__mlenv_exe" "$@" --shell bash) || \builtin return
    \builtin eval "$__mlenv_code"
    __mlenv_mine=${__MLENV_SESSION-}
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

  # First in the prompt, so that what draws it sees the env; once; a string stays a string, an array an array.
  function __mlenv_install {
    \builtin local __mlenv_i
    if [[ -n ${bash_preexec_imported-}${__bp_imported-} ]]; then
      for __mlenv_i in ${precmd_functions[@]+"${precmd_functions[@]}"}; do
        [[ $__mlenv_i == __mlenv_hook ]] && \builtin return 0
      done
      precmd_functions=(__mlenv_hook ${precmd_functions[@]+"${precmd_functions[@]}"})
      \builtin return 0
    fi
    for __mlenv_i in ${PROMPT_COMMAND[@]+"${PROMPT_COMMAND[@]}"}; do
      case ";$__mlenv_i;" in *[\;[:space:]]__mlenv_hook[\;[:space:]]*) \builtin return 0 ;; esac
    done
    # bash 5.1 runs each element with the status and PIPESTATUS of the user's command.
    if ((BASH_VERSINFO[0] * 100 + BASH_VERSINFO[1] >= 501)) && [[ -n ${PROMPT_COMMAND+set} && ${PROMPT_COMMAND@a} == *a* ]]; then
      PROMPT_COMMAND=(__mlenv_hook "${PROMPT_COMMAND[@]}")
    else
      __mlenv_i=${PROMPT_COMMAND-}
      __mlenv_i=${__mlenv_i#"${__mlenv_i%%[![:space:];]*}"}
      # shellcheck disable=SC2178 # Element 0 of an array, or the string.
      PROMPT_COMMAND=__mlenv_hook${__mlenv_i:+;$__mlenv_i}
    fi
  }
  __mlenv_install

  # `cd DIR && command` on one line: look right after the cd, where nobody has made cd their own. Not in subshells.
  if [[ -z ${MLENV_NO_CD-} ]]; then
    for __mlenv_path in cd pushd popd; do
      \builtin declare -F "$__mlenv_path" >/dev/null || \builtin alias "$__mlenv_path" &>/dev/null ||
        \builtin eval "function $__mlenv_path { \\builtin $__mlenv_path \"\$@\" || \\builtin return; \
[[ \$BASH_SUBSHELL != 0 ]] || __mlenv_hook; \\builtin return 0; }"
    done
    \builtin unset -v __mlenv_path
  fi
fi
