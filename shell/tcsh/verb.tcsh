# The `mlenv` command of a hooked tcsh, called as `source verb.tcsh -- WORDS`: verbs that change this shell are
# evaluated in it, all others are the program itself, whose status stays.
set __mlenv_words = ( $argv:q )
shift __mlenv_words
set __mlenv_verb = ""
foreach __mlenv_i ( $__mlenv_words:q )
  switch ( "$__mlenv_i:q" )
  case "-h":
  case "--help":
  case "-V":
  case "--version":
  case "--json":
  case "--shell":
  case "--shell=*":
    set __mlenv_verb = plain
    break
  case "-*":
    breaksw
  default:
    if ( "$__mlenv_verb" == "" ) set __mlenv_verb = "$__mlenv_i:q"
    breaksw
  endsw
  if ( "$__mlenv_verb:q" == plain ) break
end
set __mlenv_first = ""
if ( $#__mlenv_words ) set __mlenv_first = "$__mlenv_words[1]:q"
# Of the variables of an env only a change of them concerns this shell.
if ( "$__mlenv_verb:q" == vars && $#__mlenv_words > 1 ) then
  if ( "$__mlenv_words[2]:q" !~ {set,unset} ) set __mlenv_verb = plain
else if ( "$__mlenv_verb:q" == vars ) then
  set __mlenv_verb = plain
endif

if ( "$__mlenv_first:q" == status ) then
  shift __mlenv_words
  set __mlenv_i = tcsh
  if ( "`alias precmd`" =~ *__mlenv_hook* ) set __mlenv_i = "$__mlenv_i,prompt"
  if ( "`alias cwdcmd`" =~ *__mlenv_hook* ) set __mlenv_i = "$__mlenv_i,cd"
  "$__mlenv_exe:q" status --hook $__mlenv_i $__mlenv_words:q
  set __mlenv_failed = $status
else if ( "$__mlenv_verb:q" != "$__mlenv_first:q" || "$__mlenv_verb:q" !~ {activate,deactivate,create,vars} ) then
  "$__mlenv_exe:q" $__mlenv_words:q
  set __mlenv_failed = $status
else
  shift __mlenv_words
  set __mlenv_code = "`"'"$__mlenv_exe:q" $__mlenv_verb --shell "tcsh:$tcsh" --hooked $__mlenv_words:q'"`"
  set __mlenv_failed = $status
  if ( $__mlenv_failed == 0 ) then
    set __mlenv_hand = $__mlenv_by
    eval $__mlenv_code:q
    source "$__mlenv_dir:q/state.tcsh"
    source "$__mlenv_dir:q/offer.tcsh"
    source "$__mlenv_dir:q/stamp.tcsh"
    set __mlenv_seen = "$__mlenv_key:q"
    # What a marker says here counts as decided, but for another env than one left that was activated by hand, and for a
    # marker that may change again unseen.
    if ( ! $?__mlenv_same ) set __mlenv_same = ""
    if ( "$__mlenv_verb" == deactivate && $__mlenv_hand == hand && "$__mlenv_same" == "" || $?__mlenv_racy ) then
      set __mlenv_seen = "?"
      set __mlenv_fc = -9
      unset __mlenv_racy
    endif
  endif
endif
set status = $__mlenv_failed
