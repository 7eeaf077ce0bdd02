# All that decides, as one text in __mlenv_key, and the stamps that the test at each prompt compares.
set __mlenv_at = "$?__MLENV_SESSION$?VIRTUAL_ENV$?CONDA_PREFIX $path:q"
set __mlenv_known = ""
# A variable in a one-line `if` is looked up also where the condition does not hold.
if ( $?__MLENV_SESSION ) then
  set __mlenv_known = "$__MLENV_SESSION:q"
endif
set __mlenv_by = nobody
if ( "$__mlenv_known:q" != "" ) set __mlenv_by = marker
if ( "$__mlenv_known:q" =~ 1" o: "* ) set __mlenv_by = hand
# What the program told about the session holds for that session only.
if ( "$__mlenv_known:q" != "$__mlenv_session:q" ) then
  set __mlenv_env = ""
  set __mlenv_bin = ""
  set __mlenv_mark = ""
  set __mlenv_r = ""
endif
# Word by word: a pattern would take the `[` in a name for its own.
set __mlenv_lost = 0
if ( "$__mlenv_bin:q" != "" ) then
  set __mlenv_lost = 1
  foreach __mlenv_i ( $path:q )
    if ( "$__mlenv_i:q" == "$__mlenv_bin:q" ) set __mlenv_lost = 0
  end
endif
# Whether somebody else has an env active can only be said where we know which one is ours.
set __mlenv_other = ""
set __mlenv_clear = 0
if ( "$__mlenv_known:q" == "$__mlenv_session:q" || "$__mlenv_known:q" == "" ) set __mlenv_clear = 1
if ( $__mlenv_clear && $?VIRTUAL_ENV ) then
  if ( "$VIRTUAL_ENV:q" != "$__mlenv_env:q" ) set __mlenv_other = "$VIRTUAL_ENV:q"
endif
if ( $__mlenv_clear && "$__mlenv_other:q" == "" && $?CONDA_PREFIX && $?CONDA_SHLVL ) then
  set __mlenv_base = 0
  if ( "$CONDA_SHLVL:q" == "0" || "$CONDA_PREFIX:q" == "" || "$CONDA_PREFIX:q" == "$__mlenv_env:q" ) set __mlenv_base = 1
  if ( $?CONDA_DEFAULT_ENV ) then
    if ( "$CONDA_DEFAULT_ENV:q" == "base" ) set __mlenv_base = 1
  endif
  if ( $?CONDA_EXE ) then
    if ( "$CONDA_EXE:q" == "$CONDA_PREFIX:q/bin/conda" ) set __mlenv_base = 1
  endif
  if ( ! $__mlenv_base ) set __mlenv_other = "$CONDA_PREFIX:q"
endif
@ __mlenv_fc = ( -C "$__mlenv_f:q" )
@ __mlenv_fs = ( -Z "$__mlenv_f:q" )
@ __mlenv_fi = ( -I "$__mlenv_f:q" )
@ __mlenv_rc = ( -C "$__mlenv_r:q" )
@ __mlenv_ri = ( -I "$__mlenv_r:q" )
@ __mlenv_ac = ( -C "$__mlenv_a:q" )
@ __mlenv_ai = ( -I "$__mlenv_a:q" )
set __mlenv_key = "$__mlenv_f:q $__mlenv_fc $__mlenv_fs $__mlenv_fi $__mlenv_rc $__mlenv_ri $__mlenv_ac $__mlenv_ai $__mlenv_lost $__mlenv_known:q $__mlenv_other:q"
if ( "$__mlenv_f:q$__mlenv_known:q$__mlenv_other:q" == "" ) set __mlenv_key = "-"
