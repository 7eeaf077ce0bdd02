# mlenv's hook for bash 3.2 and later:  eval "$(mlenv hook bash)"
#
# At each prompt, and after each cd, builtins alone compare what decides (the nearest marker, its text, the env's
# record, the user's answer, whether the env is still on PATH) with the last decision. Only a difference starts a
# process, and leaving needs none: the program told on entering how to leave (undo.bash where it did not).
# Each name starts with __mlenv_, each builtin is called as one, and no option, trap or variable is touched.
#
# All of it runs with its output in /dev/null, so that nothing shows of `set -x`, or of a DEBUG trap, which bash runs before
# each command of the prompt; 8 and 9 are the shell's own stdout and stderr. Under `set -a` nothing of it is exported.

__mlenv_flags=$-
\builtin set +a
if [[ $- == *i* ]]; then

  __mlenv_exe=::MLENV::
  __mlenv_told=${__mlenv_told-} __mlenv_untold='' __mlenv_gone=''
  # What is active, by whom, and what leaves it; what was looked at last, and what was decided about.
  __mlenv_by='' __mlenv_mark='' __mlenv_prefix='' __mlenv_birth='' __mlenv_bin='' __mlenv_mine='' __mlenv_back=
  __mlenv_guard='' __mlenv_head='' __mlenv_pwd='' __mlenv_near='' __mlenv_paths=('') __mlenv_file='' __mlenv_answer='' __mlenv_key='' __mlenv_seen=
  # An env that came with the surroundings is looked at once, whatever lies here.
  __mlenv_first=''
  if [[ -n ${__MLENV_SESSION-} ]]; then __mlenv_seen='?' __mlenv_first=first; fi

  # Words are for people: they go to a terminal or nowhere.
  function __mlenv_say {
    if [[ -t 9 ]]; then \builtin printf 'mlenv: %s\n' "$1" >&9; fi
  }

  # Where a marker may lie: here and above, to $MLENV_CEILING or $HOME, never in / or where automounters live. The
  # last word is empty: no array is, and the search ends there. Whose project this is decides what uv is told.
  function __mlenv_walk {
    \builtin local __mlenv_dir="$PWD" __mlenv_end="${MLENV_CEILING:-${HOME-}}"
    __mlenv_pwd=$PWD __mlenv_near='' __mlenv_paths=()
    while [[ $__mlenv_dir == /?* ]]; do
      case $__mlenv_dir in /home | /net | /misc | /afs | /cvmfs | /nfs | /Users) \builtin break ;; esac
      __mlenv_paths+=("$__mlenv_dir/.mlenv.toml")
      [[ -n $__mlenv_near || ! -f $__mlenv_dir/pyproject.toml ]] || __mlenv_near=$__mlenv_dir
      [[ $__mlenv_dir == "$__mlenv_end" ]] && \builtin break
      __mlenv_dir=${__mlenv_dir%/*}
    done
    __mlenv_paths+=('')
  }

  # All that decides, as one text in __mlenv_key. Of a marker the first 4 KiB, of a record its start, which says when
  # the env was made; a pipe or a directory is not a file. `read` without a name keeps spaces, whatever IFS is. A session
  # is known by its start, which holds who activated and what.
  function __mlenv_look {
    \builtin local REPLY=''
    [[ "${__MLENV_SESSION-} v:" == "$__mlenv_head v:"* ]] || __mlenv_learn
    [[ $PWD == "$__mlenv_pwd" ]] || __mlenv_walk
    __mlenv_text='' __mlenv_record='' __mlenv_consent='' __mlenv_lost='' __mlenv_own='' __mlenv_other=
    for __mlenv_file in "${__mlenv_paths[@]}"; do
      [[ ! -f $__mlenv_file ]] || \builtin break
    done
    if [[ -r $__mlenv_file ]]; then
      \builtin read -r -d '' -n 4096 <"$__mlenv_file" || \builtin :
      __mlenv_text=$REPLY
    fi
    if [[ -f $__mlenv_birth && -r $__mlenv_birth ]]; then
      \builtin read -r -d '' -n 128 <"$__mlenv_birth" || \builtin :
      __mlenv_record=$REPLY
    fi
    if [[ -f $__mlenv_answer ]]; then
      # Consent to what is active need only be there: a denial takes it away.
      if [[ $__mlenv_by != marker && -r $__mlenv_answer ]]; then
        \builtin read -r -d '' -n 4096 <"$__mlenv_answer" || \builtin :
        __mlenv_consent=$REPLY
      fi
      __mlenv_consent=allowed$__mlenv_consent
    fi
    [[ -z $__mlenv_bin || ${PATH-} == "$__mlenv_bin:"* || ":${PATH-}:" == *":$__mlenv_bin:"* ]] || __mlenv_lost=lost
    # The marker's owner, and whether somebody else's directory lies where the user's own was entered.
    [[ ! -O $__mlenv_file ]] || __mlenv_own=own
    [[ -z $__mlenv_guard || -O $__mlenv_guard || ! -d $__mlenv_guard ]] || __mlenv_lost=taken
    if [[ -n ${VIRTUAL_ENV-} && $VIRTUAL_ENV != "$__mlenv_prefix" ]]; then
      __mlenv_other=$VIRTUAL_ENV
    elif [[ ${CONDA_SHLVL:-0} != 0 && -n ${CONDA_PREFIX-} && $CONDA_PREFIX != "$__mlenv_prefix" &&
      ${CONDA_DEFAULT_ENV-} != base && $CONDA_PREFIX != "${CONDA_EXE%/bin/*}" ]]; then
      __mlenv_other=$CONDA_PREFIX
    fi
    __mlenv_key=$__mlenv_file$'\n'$__mlenv_text$'\n'$__mlenv_record$'\n'$__mlenv_consent$'\n'$__mlenv_lost$__mlenv_own$__mlenv_other$'\n'$__mlenv_near
  }

  # What the prompt and `cd` call. Options that export, trace, or end a shell at a failure rest meanwhile, and so does
  # nocasematch, for which two directories may be one. Of 4.4 and later they come back after Ctrl-C as well.
  function __mlenv_hook {
    \builtin local __mlenv_status="$?" __mlenv_flags="$-" __mlenv_case=
    if [[ $__mlenv_flags == *[aeuxET]* ]]; then
      \builtin local -
      \builtin set +aeuxET
    fi
    # shellcheck disable=SC2050 # Two letters that are one under nocasematch alone.
    if [[ a == A ]]; then __mlenv_case=s && \builtin shopt -u nocasematch; fi
    case ${MLENV_HOOK-} in
      off) ;;
      cd) [[ $PWD == "$__mlenv_pwd" && $__mlenv_seen != '?' ]] || __mlenv_check ;;
      *) __mlenv_check ;;
    esac
    [[ -z $__mlenv_case ]] || \builtin shopt -s nocasematch
    [[ $__mlenv_flags != *[aeuxET]* ]] || \builtin set "-${__mlenv_flags//[!aeuxET]/}"
    \builtin return "$__mlenv_status"
  }

  function __mlenv_check {
    __mlenv_look
    # A refusal that was kept back, since stderr was no terminal, is told once it is one.
    [[ $__mlenv_key == "$__mlenv_seen" && (-z $__mlenv_untold || ! -t 9) ]] || __mlenv_change
  }

  # The same for who calls it by its name alone.
  function __mlenv_precmd {
    __mlenv_hook || \builtin :
  } 8>&1 9>&2 &>/dev/null

  # Something differs. What was tried is remembered first: it is not tried again before something differs anew.
  function __mlenv_change {
    \builtin local __mlenv_was="$__mlenv_file $__mlenv_text" __mlenv_hand="$__mlenv_by"
    __mlenv_seen=$__mlenv_key __mlenv_untold=
    __mlenv_relabel
    if [[ $__mlenv_lost == lost && -z $__mlenv_first ]] && __mlenv_was_left; then
      __mlenv_follow
      \builtin return 0
    fi
    # What an rc file has put before an env that came with the surroundings goes behind it, once.
    __mlenv_lost=${__mlenv_lost:-$__mlenv_first} __mlenv_first=
    if [[ $__mlenv_by == hand && ! -e $__mlenv_prefix ]]; then __mlenv_lost=gone; fi
    if [[ $__mlenv_by == hand ]]; then
      # What the user activated stays until the user leaves it; it is only put back on a PATH that was reset. On top
      # of it conda may have another one.
      [[ -z $__mlenv_lost || $__mlenv_lost$__mlenv_other == lost/* ]] || __mlenv_ask || \builtin :
    elif [[ -n $__mlenv_other ]]; then
      # conda or a venv has something active: it stays.
      __mlenv_undo_other
    elif [[ -n $__mlenv_file ]]; then
      if ! __mlenv_ask --marker "$__mlenv_file"; then
        # An env whose own marker cannot be asked about stays; one of another directory does not. What was looked at
        # before counts as decided, since it may have changed while it was asked about.
        [[ $__mlenv_by == marker && $__mlenv_file != "$__mlenv_mark" ]] || \builtin return 0
        __mlenv_undo
      fi
    elif [[ -n ${__MLENV_SESSION-} ]]; then
      # A session that this shell did not make itself is for the program to read.
      if [[ $__MLENV_SESSION == "$__mlenv_mine" ]]; then
        __mlenv_undo
      else
        __mlenv_ask || __mlenv_undo
      fi
    fi
    __mlenv_offer
    __mlenv_settle
    # Changed while it was asked about, or no more kept out by what was activated by hand: look once more.
    if [[ "$__mlenv_file $__mlenv_text" != "$__mlenv_was" ]]; then __mlenv_seen='?'; fi
    if [[ $__mlenv_hand == hand && -z ${__MLENV_SESSION-} ]]; then __mlenv_seen='?'; fi
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
    __mlenv_code=$(\builtin exec "$__mlenv_exe" answer --shell bash --told "$__mlenv_told" --lost "$__mlenv_lost" "$@" 2>&9 8>&- 9>&-) || __mlenv_failed=$?
    if ((__mlenv_failed > 2)); then __mlenv_say "no answer about this directory (status $__mlenv_failed); nothing was changed"; fi
    ((__mlenv_failed == 0)) || \builtin return 1
    \builtin eval "$__mlenv_code" >&8 2>&9 8>&- 9>&-
    \builtin return 0
  }

  # The program where it was, else on PATH; its absence is said once. Always a path: a name may be a function's.
  function __mlenv_find {
    [[ -x $__mlenv_exe ]] && \builtin return 0
    \builtin local __mlenv_path
    if __mlenv_path=$(\builtin type -P mlenv); then
      __mlenv_exe=$__mlenv_path
      \builtin return 0
    fi
    [[ -n $__mlenv_gone ]] || __mlenv_say "the program is gone: envs are left, but not entered"
    [[ ! -t 9 ]] || __mlenv_gone=1
    \builtin return 1
  }

  # Leaves the env of a marker that no longer decides here, but for one that conda will come back to.
  function __mlenv_undo_other {
    if [[ $__mlenv_by == marker && $__mlenv_file != "$__mlenv_mark" ]] && ! __mlenv_is_below; then __mlenv_undo; fi
  }

  # Leaves the active env with builtins alone: by the text that the program gave on entering, if it is for this
  # session, else by decoding the session.
  function __mlenv_undo {
    if [[ -n ${__MLENV_SESSION-} && $__MLENV_SESSION == "$__mlenv_mine" && -n $__mlenv_back ]]; then
      \builtin eval "$__mlenv_back" >&8 2>&9 8>&- 9>&-
      __mlenv_end
    else
      __mlenv_decode_and_undo
    fi
  }

  # What ends each leaving.
  function __mlenv_end {
    # Not an assignment, which would end everything where the variable is read-only.
    if [[ -n ${PS1-} && -n ${__mlenv_ps1-} ]]; then
      \builtin local __mlenv_ps
      __mlenv_ps=${PS1/"$__mlenv_ps1"/"${__mlenv_ps0-}"}
      \builtin printf -v PS1 %s "$__mlenv_ps"
    fi
    \builtin unset -v __mlenv_ps1 __mlenv_ps0
    \builtin unset -v __MLENV_SESSION
    __mlenv_mine='' __mlenv_back=
    __mlenv_learn
    __mlenv_offer
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

  # First in the prompt, so that what draws it sees the env; once; a string stays a string, an array an array. The text
  # keeps `$?` for what comes behind it, wakes no ERR trap (a list does not where its last command was not reached), and
  # does nothing in a shell that has inherited it without the function.
  function __mlenv_install {
    # shellcheck disable=SC2016 # A text for PROMPT_COMMAND.
    \builtin local __mlenv_i __mlenv_run='{ "${__mlenv_hook-eval}" "(exit $?)" && :; } 8>&1 9>&2 &>/dev/null'
    for __mlenv_i in ${PROMPT_COMMAND[@]+"${PROMPT_COMMAND[@]}"} ${precmd_functions[@]+"${precmd_functions[@]}"}; do
      case $__mlenv_i in *"$__mlenv_run"* | __mlenv_precmd) \builtin return 0 ;; esac
    done
    if [[ -n ${bash_preexec_imported-}${__bp_imported-} ]]; then
      precmd_functions=(__mlenv_precmd ${precmd_functions[@]+"${precmd_functions[@]}"})
      \builtin return 0
    fi
    # Read-only: cd is left, and status tells.
    __mlenv_is_free PROMPT_COMMAND || \builtin return 0
    # bash 5.1 runs each element with the status and PIPESTATUS of the user's command.
    if ((BASH_VERSINFO[0] * 100 + BASH_VERSINFO[1] >= 501)) && [[ -n ${PROMPT_COMMAND+set} && ${PROMPT_COMMAND@a} == *a* ]]; then
      PROMPT_COMMAND=("$__mlenv_run" "${PROMPT_COMMAND[@]}")
    else
      __mlenv_i=${PROMPT_COMMAND-}
      __mlenv_i=${__mlenv_i#"${__mlenv_i%%[![:space:];]*}"}
      # shellcheck disable=SC2178 # Element 0 of an array, or the string.
      PROMPT_COMMAND=$__mlenv_run${__mlenv_i:+;$__mlenv_i}
    fi
  }
  function __mlenv_is_free {
    \builtin local "$1" 2>/dev/null
  }
  __mlenv_hook=__mlenv_hook
  __mlenv_install
  # A prompt that the rc file has set anew shows what is active as before.
  if [[ -n ${__mlenv_ps1-} && ${PS1-} != *"$__mlenv_ps1"* ]]; then
    __mlenv_ps0=''
    \builtin printf -v PS1 %s "$__mlenv_ps1${PS1-}" 2>/dev/null
  fi

  # `cd DIR && command` on one line: look right after the cd, where nobody has made cd their own. Not in subshells, and
  # not where `declare -f` has carried the function elsewhere.
  if [[ -z ${MLENV_NO_CD-} ]]; then
    for __mlenv_path in cd pushd popd; do
      \builtin declare -F "$__mlenv_path" >/dev/null || \builtin alias "$__mlenv_path" &>/dev/null ||
        \builtin eval "function $__mlenv_path { \\builtin $__mlenv_path \"\$@\" >&8 2>&9 8>&- 9>&- || \\builtin return; \
[[ \$BASH_SUBSHELL != 0 ]] || \"\${__mlenv_hook-:}\" || \\builtin :; \\builtin return 0; } 8>&1 9>&2 &>/dev/null"
    done
    \builtin unset -v __mlenv_path
  fi
fi
