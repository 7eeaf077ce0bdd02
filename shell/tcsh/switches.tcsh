# The variables by which a user tames the look.
if ( $?MLENV_HOOK ) then
  set __mlenv_mode = "$MLENV_HOOK:q"
endif
if ( $?MLENV_CEILING ) then
  set __mlenv_end = "$MLENV_CEILING:q"
endif
if ( "$__mlenv_mode:q" == off ) set __mlenv_at = "$?__MLENV_SESSION$?VIRTUAL_ENV$?CONDA_PREFIX $path:q"
