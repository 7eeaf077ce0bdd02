# mlenv's hook for zsh 5.0 and later:  eval "$(mlenv hook zsh)"
#
# The same decisions as in hook.bash, which explains them. Each function restores zsh's own options for itself, so
# ksh_arrays, no_unset, sh_word_split and friends of the user change nothing in here.
#
# All of it runs with its output in /dev/null, so that nothing shows of xtrace, of warnings of options, or of a DEBUG trap;
# 8 and 9 are the shell's own stdout and stderr. Under all_export nothing of it is exported.

if [[ -o all_export ]]; then \builtin setopt no_all_export && __mlenv_export=1; fi
if [[ -o interactive ]] && \builtin zmodload zsh/system zsh/parameter 2>/dev/null; then

  \builtin typeset -g __mlenv_exe=::MLENV:: __mlenv_told=${__mlenv_told-} __mlenv_untold= __mlenv_gone=
  # What is active, by whom, and what leaves it.
  \builtin typeset -g __mlenv_by= __mlenv_mark= __mlenv_prefix= __mlenv_birth= __mlenv_bin= __mlenv_mine= __mlenv_back=
  # What was looked at last, and what was decided about.
  \builtin typeset -g __mlenv_guard= __mlenv_own= __mlenv_head= __mlenv_pwd= __mlenv_near= __mlenv_file= __mlenv_answer= __mlenv_key= __mlenv_seen=
  \builtin typeset -g __mlenv_text= __mlenv_record= __mlenv_consent= __mlenv_lost= __mlenv_other=
  \builtin typeset -ga __mlenv_paths
  # An env that came with the surroundings is looked at once, whatever lies here.
  \builtin typeset -g __mlenv_first=
  if [[ -n ${__MLENV_SESSION-} ]]; then __mlenv_seen='?' __mlenv_first=first; fi

  function __mlenv_say {
    \builtin emulate -L zsh
    if [[ -t 9 ]]; then \builtin print -r -u 9 -- "mlenv: $1"; fi
  }

  # Where a marker may lie: here and above, to $MLENV_CEILING or $HOME, never in / or where automounters live. The
  # search ends at the last word, which is empty.
  function __mlenv_walk {
    \builtin emulate -L zsh
    \builtin local dir="$PWD" end="${MLENV_CEILING:-${HOME-}}"
    __mlenv_pwd=$PWD __mlenv_near= __mlenv_paths=()
    while [[ $dir == /?* ]]; do
      case $dir in (/home|/net|/misc|/afs|/cvmfs|/nfs|/Users) \builtin break ;; esac
      __mlenv_paths+=("$dir/.mlenv.toml")
      [[ -n $__mlenv_near || ! -f $dir/pyproject.toml ]] || __mlenv_near=$dir
      [[ $dir == "$end" ]] && \builtin break
      dir=${dir%/*}
    done
    __mlenv_paths+=('')
  }

  # Compares all that decides, as one text in __mlenv_key, with what was decided about; given a word, it only looks.
  # One read(2) for each file, and only for regular ones; of a record only its start, which says when the env was made.
  # Not a redirection of the function itself: zsh forgets those where it calls a function of precmd_functions.
  # In one function, which calls none and restores no options, since that takes as long as all the rest: what stands
  # here means the same under any.
  function __mlenv_hook {
    {
      [[ ! -o all_export ]] || \builtin setopt local_options no_all_export
      [[ $ZSH_SUBSHELL == 0 ]] || \builtin return 0
      case ${1-}${MLENV_HOOK-} in
        (off) \builtin return 0 ;;
        (cd) [[ $PWD == "$__mlenv_pwd" && $__mlenv_seen != '?' ]] && \builtin return 0 ;;
      esac
      [[ "${__MLENV_SESSION-} v:" == "$__mlenv_head v:"* ]] || __mlenv_learn
      [[ $PWD == "$__mlenv_pwd" ]] || __mlenv_walk
      __mlenv_text= __mlenv_record= __mlenv_consent= __mlenv_lost= __mlenv_own= __mlenv_other=
      for __mlenv_file in "${__mlenv_paths[@]}"; do [[ ! -f $__mlenv_file ]] || \builtin break; done
      [[ ! -r $__mlenv_file ]] || \builtin sysread -s 4096 __mlenv_text <"$__mlenv_file" || \builtin :
      [[ ! -f $__mlenv_birth || ! -r $__mlenv_birth ]] ||
        \builtin sysread -s 128 __mlenv_record <"$__mlenv_birth" || \builtin :
      if [[ -f $__mlenv_answer ]]; then
        # Consent to what is active need only be there: a denial takes it away.
        [[ $__mlenv_by == marker || ! -r $__mlenv_answer ]] ||
          \builtin sysread -s 4096 __mlenv_consent <"$__mlenv_answer" || \builtin :
        __mlenv_consent=allowed$__mlenv_consent
      fi
      [[ -z $__mlenv_bin || ${PATH-} == "$__mlenv_bin:"* || ":${PATH-}:" == *":$__mlenv_bin:"* ]] || __mlenv_lost=lost
      # The marker's owner, and whether somebody else's directory lies where the user's own was entered.
      [[ ! -O $__mlenv_file ]] || __mlenv_own=own
      [[ -z $__mlenv_guard || -O $__mlenv_guard || ! -d $__mlenv_guard ]] || __mlenv_lost=taken
      if [[ -n ${VIRTUAL_ENV-} && $VIRTUAL_ENV != "$__mlenv_prefix" ]]; then
        __mlenv_other=$VIRTUAL_ENV
      elif [[ ${CONDA_SHLVL:-0} != 0 && -n ${CONDA_PREFIX-} && $CONDA_PREFIX != "$__mlenv_prefix" &&
        ${CONDA_DEFAULT_ENV-} != base && $CONDA_PREFIX != "${${CONDA_EXE-}%/bin/*}" ]]; then
        __mlenv_other=$CONDA_PREFIX
      fi
      __mlenv_key=$__mlenv_file$'\n'$__mlenv_text$'\n'$__mlenv_record$'\n'$__mlenv_consent$'\n'$__mlenv_lost$__mlenv_own$__mlenv_other$'\n'$__mlenv_near
      # A refusal that was kept back, since stderr was no terminal, is told once it is one.
      [[ ( $__mlenv_key == "$__mlenv_seen" && ( -z $__mlenv_untold || ! -t 9 ) ) || -n ${1-} ]] || __mlenv_change
      \builtin return 0
    } 8>&1 9>&2 &>/dev/null
  }

  # While cd runs, xtrace writes to a copy of the terminal. What `case` looks at is expanded before it is traced, which
  # turns xtrace off unseen; local_options brings it back. A variable of the user's may hide `options`.
  function __mlenv_chpwd {
    case ${${(M)${(t)options-}:#*special*}:+${options[localoptions]::=on}${options[xtrace]::=off}} in
      (*) __mlenv_hook ;;
    esac
  }

  # Something differs. What was tried is remembered first: it is not tried again before something differs anew.
  function __mlenv_change {
    \builtin emulate -L zsh
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
    __mlenv_hook look
    __mlenv_seen=$__mlenv_key
  }

  # Runs the program and evals its answer.
  function __mlenv_ask {
    __mlenv_find || \builtin return 1
    \builtin local __mlenv_code __mlenv_failed=0
    __mlenv_code="$("$__mlenv_exe" answer --shell zsh --told "$__mlenv_told" --lost "$__mlenv_lost" "$@" 2>&9 8>&- 9>&-)" || __mlenv_failed=$?
    if (( __mlenv_failed > 2 )); then
      __mlenv_say "no answer about this directory (status $__mlenv_failed); nothing was changed"
    fi
    (( __mlenv_failed == 0 )) || \builtin return 1
    __mlenv_eval "$__mlenv_code"
    \builtin return 0
  }

  # What packages' scripts say is shown, and nothing else.
  function __mlenv_eval {
    \builtin setopt local_options no_xtrace no_warn_create_global
    # Since 5.4.
    \builtin setopt no_warn_nested_var || \builtin :
    \builtin eval "$1" >&8 2>&9 8>&- 9>&-
  }

  # The program where it was, else on PATH; its absence is said once. Always a path: a name may be a function's.
  function __mlenv_find {
    \builtin emulate -L zsh
    [[ -x $__mlenv_exe ]] && \builtin return 0
    \builtin local path_of
    if path_of=$(\builtin whence -p mlenv); then
      __mlenv_exe=$path_of
      \builtin return 0
    fi
    [[ -n $__mlenv_gone ]] || __mlenv_say "the program is gone: envs are left, but not entered"
    [[ ! -t 9 ]] || __mlenv_gone=1
    \builtin return 1
  }

  # Not the one that conda will come back to.
  function __mlenv_undo_other {
    if [[ $__mlenv_by == marker && $__mlenv_file != "$__mlenv_mark" ]] && ! __mlenv_is_below; then __mlenv_undo; fi
  }

  # Leaves the active env with builtins alone: by the text that the program gave on entering, if it is for this
  # session, else by decoding the session.
  function __mlenv_undo {
    \builtin emulate -L zsh
    if [[ -n ${__MLENV_SESSION-} && $__MLENV_SESSION == "$__mlenv_mine" && -n $__mlenv_back ]]; then
      __mlenv_eval "$__mlenv_back"
      __mlenv_end
    else
      __mlenv_decode_and_undo
    fi
  }

  # What ends each leaving.
  function __mlenv_end {
    \builtin emulate -L zsh
    if [[ -n ${PS1-} && -n ${__mlenv_ps1-} && ${(t)PS1} != *readonly* ]]; then PS1=${PS1/"$__mlenv_ps1"/"${__mlenv_ps0-}"}; fi
    \builtin unset -v __mlenv_ps1 __mlenv_ps0 __MLENV_SESSION
    __mlenv_mine= __mlenv_back=
    __mlenv_learn
    __mlenv_offer
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

  # Each unless it is read-only; status tells.
  () {
    \builtin emulate -L zsh
    if [[ ${(t)precmd_functions} != *readonly* ]]; then
      \builtin typeset -ga precmd_functions
      precmd_functions=(__mlenv_hook "${(@)precmd_functions:#__mlenv_hook}")
    fi
    if [[ ${(t)chpwd_functions} != *readonly* ]]; then
      \builtin typeset -ga chpwd_functions
      chpwd_functions=(__mlenv_chpwd "${(@)chpwd_functions:#__mlenv_chpwd}")
    fi
    # A prompt that the rc file has set anew shows what is active as before.
    if [[ -n ${__mlenv_ps1-} && ${PS1-} != *"$__mlenv_ps1"* && ${(t)PS1} != *readonly* ]]; then
      __mlenv_ps0= PS1=$__mlenv_ps1${PS1-}
    fi
  }
fi
