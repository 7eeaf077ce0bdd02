# What is active, by whom, and whether it is still on PATH; stamp.tcsh comes next.
set __mlenv_at = "$?__MLENV_SESSION$?VIRTUAL_ENV$?CONDA_PREFIX $path:q" __mlenv_by = nobody __mlenv_strange = "" __mlenv_lost = 0 __mlenv_other = "" __mlenv_i = ( $path:q - )
# What the program told about a session holds for that session only. A variable in a one-line `if` is looked up also
# where the condition does not hold.
if ( $?__MLENV_SESSION ) then
  if ( "$__MLENV_SESSION:q" == "$__mlenv_session:q" ) then
    set __mlenv_by = $__mlenv_owner
  else
    set __mlenv_strange = "$__MLENV_SESSION:q" __mlenv_by = marker
    if ( "$__mlenv_strange:q" =~ 1" o: "* ) set __mlenv_by = hand
    if ( "$__mlenv_strange:q" == "" ) set __mlenv_by = nobody
  endif
endif
if ( $__mlenv_by == nobody || "$__mlenv_strange:q" != "" ) set __mlenv_guard = "" __mlenv_env = "" __mlenv_bin = "" __mlenv_mark = "" __mlenv_level = "" __mlenv_named = "" __mlenv_outer = "" __mlenv_r = "$__mlenv_missing:q"
# Word by word: a pattern would take the `[` in a name for its own. Most often it is the first.
if ( "$__mlenv_bin:q" != "" && "$__mlenv_i[1]:q" != "$__mlenv_bin:q" ) then
  set __mlenv_lost = 1
  foreach __mlenv_i ( $path:q )
    if ( "$__mlenv_i:q" == "$__mlenv_bin:q" ) set __mlenv_lost = 0
  end
endif
# Somebody else's directory lies where the user's own was entered.
if ( "$__mlenv_guard:q" != "" ) then
  if ( -d "$__mlenv_guard:q" && ! -o "$__mlenv_guard:q" ) set __mlenv_lost = 2
endif
# Whether somebody else has an env active can only be said where we know which one is ours.
if ( "$__mlenv_strange:q" == "" && ( $?VIRTUAL_ENV || $?CONDA_PREFIX ) ) source "$__mlenv_dir:q/other.tcsh"
