# Something changed: find out what decides now, and act if that differs from the last decision. See hook.tcsh.

set __mlenv_mode = on
if ( $?MLENV_HOOK ) then
  set __mlenv_mode = "$MLENV_HOOK:q"
endif
if ( "$__mlenv_mode:q" == off ) then
  set __mlenv_cwd = "$cwd:q"
  set __mlenv_at = "$?__MLENV_SESSION$?VIRTUAL_ENV$?CONDA_PREFIX $path:q"
  goto quit
endif

# Where a marker may lie: here and above, to $MLENV_CEILING or $HOME, never in / or where automounters live.
set __mlenv_cwd = "$cwd:q"
set __mlenv_f = ""
set __mlenv_w = ()
set __mlenv_d = "$cwd:q"
set __mlenv_end = "$home:q"
if ( $?MLENV_CEILING ) then
  set __mlenv_end = "$MLENV_CEILING:q"
endif
while ( "$__mlenv_d:q" != "/" && "$__mlenv_d:q" != "" )
  switch ( "$__mlenv_d:q" )
  case "/home":
  case "/net":
  case "/misc":
  case "/afs":
  case "/cvmfs":
  case "/nfs":
  case "/Users":
    set __mlenv_d = "/"
    breaksw
  endsw
  if ( "$__mlenv_d:q" == "/" ) break
  if ( -f "$__mlenv_d:q/.mlenv.toml" ) then
    set __mlenv_f = "$__mlenv_d:q/.mlenv.toml"
    break
  endif
  set __mlenv_w = ( $__mlenv_w:q "$__mlenv_d:q/.mlenv.toml" )
  if ( "$__mlenv_d:q" == "$__mlenv_end:q" ) break
  set __mlenv_d = "$__mlenv_d:h"
end
# The test at each prompt looks at the twelve nearest; a marker that appears deeper than that is seen at the next cd.
set __mlenv_n = ( $__mlenv_w:q $__mlenv_none:q )
if ( $#__mlenv_w == 0 ) then
  alias __mlenv_hook "$__mlenv_test0:q"
else if ( $#__mlenv_w <= 4 ) then
  alias __mlenv_hook "$__mlenv_test4:q"
else
  alias __mlenv_hook "$__mlenv_test12:q"
endif

source "$__mlenv_dir:q/stamp.tcsh"
if ( "$__mlenv_key:q" == "$__mlenv_seen:q" ) goto done

# What is tried is remembered first: it is not tried again before something differs anew.
set __mlenv_seen = "$__mlenv_key:q"
set __mlenv_todo = nothing
if ( $__mlenv_by == hand ) then
  # What the user activated stays until the user leaves it; it is only put back on a PATH that was reset.
  if ( $__mlenv_lost || "$__mlenv_known:q" != "$__mlenv_session:q" ) set __mlenv_todo = ask
else if ( "$__mlenv_other:q" != "" ) then
  # conda or a venv has something active: it stays.
  if ( $__mlenv_by == marker && "$__mlenv_f:q" != "$__mlenv_mark:q" ) set __mlenv_todo = leave
else if ( "$__mlenv_f:q" != "" ) then
  set __mlenv_todo = ask
else if ( $__mlenv_by == marker ) then
  set __mlenv_todo = leave
endif
set __mlenv_was = "$__mlenv_f:q $__mlenv_fc $__mlenv_fs $__mlenv_fi"

if ( $__mlenv_todo == leave ) source "$__mlenv_dir:q/leave.tcsh"
if ( $__mlenv_todo == ask ) then
  set __mlenv_old = "$__mlenv_mark:q"
  source "$__mlenv_dir:q/ask.tcsh"
  # An env whose own marker cannot be asked about stays; one of another directory does not.
  if ( $__mlenv_failed && $__mlenv_by == marker && "$__mlenv_f:q" != "$__mlenv_old:q" ) source "$__mlenv_dir:q/leave.tcsh"
endif
if ( $__mlenv_todo != nothing ) then
  source "$__mlenv_dir:q/stamp.tcsh"
  set __mlenv_seen = "$__mlenv_key:q"
  # Changed while it was asked about.
  if ( "$__mlenv_was:q" != "$__mlenv_f:q $__mlenv_fc $__mlenv_fs $__mlenv_fi" ) set __mlenv_racy
endif

done:
# A marker that was just written may change again within the same second: look once more at the next prompt.
if ( $?__mlenv_racy ) then
  set __mlenv_seen = "?"
  if ( "$__mlenv_mode:q" != cd ) set __mlenv_fc = -9
  unset __mlenv_racy
endif
# Only a cd counts: the test at each prompt gets nothing to look at.
if ( "$__mlenv_mode:q" == cd ) then
  set __mlenv_n = ( $__mlenv_none:q )
  alias __mlenv_hook "$__mlenv_test0:q"
  set __mlenv_f = ""
  set __mlenv_r = ""
  set __mlenv_a = ""
  set __mlenv_fc = -1
  set __mlenv_fs = -1
  set __mlenv_fi = -1
  set __mlenv_rc = -1
  set __mlenv_ri = -1
  set __mlenv_ac = -1
  set __mlenv_ai = -1
endif
quit:
