# What decides differs from the last decision. What is tried is remembered first: it is not tried again before something
# differs anew.

set __mlenv_was = "$__mlenv_f:q $__mlenv_fc $__mlenv_fs $__mlenv_fi" __mlenv_seen = "$__mlenv_key:q" __mlenv_todo = nothing __mlenv_fresh = 0 __mlenv_untold = ""
source "$__mlenv_dir:q/relabel.tcsh"
if ( $__mlenv_lost == 1 && "$__mlenv_fault" != first && "$__mlenv_level" != "" ) source "$__mlenv_dir:q/left.tcsh"
if ( $__mlenv_todo == follow ) then
  source "$__mlenv_dir:q/verb.tcsh" -- deactivate
  goto done
endif
if ( $__mlenv_by == hand ) then
  # Gone: the marker here is looked at afterwards.
  if ( "$__mlenv_env:q" != "" && ! -e "$__mlenv_env:q" ) set __mlenv_lost = 3 __mlenv_racy
  # What the user activated stays until the user leaves it; it is only put back on a PATH that was reset. On top of it
  # conda may have another one.
  if ( $__mlenv_lost == 1 && "$__mlenv_other:q" != "" ) set __mlenv_lost = 0
  if ( $__mlenv_lost || "$__mlenv_strange:q" != "" ) set __mlenv_todo = ask
else if ( "$__mlenv_other:q" != "" ) then
  # conda or a venv has something active: it stays.
  if ( $__mlenv_by == marker && "$__mlenv_f:q" != "$__mlenv_mark:q" ) set __mlenv_todo = leave
  # Not the one that conda will come back to.
  if ( $__mlenv_todo == leave && "$__mlenv_outer:q" != "" ) eval $__mlenv_outer:q
else if ( "$__mlenv_f:q" != "" ) then
  set __mlenv_todo = ask
else if ( $__mlenv_by == marker ) then
  set __mlenv_todo = leave
endif

if ( $__mlenv_todo == leave ) source "$__mlenv_dir:q/leave.tcsh"
if ( $__mlenv_todo == ask ) then
  set __mlenv_old = "$__mlenv_mark:q"
  source "$__mlenv_dir:q/ask.tcsh"
  # An env whose own marker cannot be asked about stays; one of another directory does not. What was looked at before
  # counts as decided, since it may have changed while it was asked about.
  if ( $__mlenv_failed ) then
    set __mlenv_todo = nothing
    if ( $__mlenv_by == marker && "$__mlenv_f:q" != "$__mlenv_old:q" ) set __mlenv_todo = leave
    if ( $__mlenv_todo == leave ) source "$__mlenv_dir:q/leave.tcsh"
  endif
endif
if ( $__mlenv_todo != nothing ) then
  # What was just entered is as the program told; else it has to be found out.
  if ( $__mlenv_fresh ) set __mlenv_at = "$?__MLENV_SESSION$?VIRTUAL_ENV$?CONDA_PREFIX $path:q" __mlenv_by = $__mlenv_owner __mlenv_strange = "" __mlenv_lost = 0 __mlenv_other = ""
  if ( ! $__mlenv_fresh ) source "$__mlenv_dir:q/state.tcsh"
  source "$__mlenv_dir:q/stamp.tcsh"
  set __mlenv_seen = "$__mlenv_key:q"
  # Changed while it was asked about.
  if ( "$__mlenv_was:q" != "$__mlenv_f:q $__mlenv_fc $__mlenv_fs $__mlenv_fi" ) set __mlenv_racy
endif
source "$__mlenv_dir:q/offer.tcsh"

# A marker that was just written may change again within the same second: look once more at the next prompt.
if ( $?__mlenv_racy ) then
  set __mlenv_seen = "?"
  if ( "$__mlenv_mode:q" != cd ) set __mlenv_fc = -9
  unset __mlenv_racy
endif
done:
