# Whether conda has taken the env off: it counts less that is active than it did with the env. A variable in a one-line
# `if` is looked up also where the condition does not hold.
set __mlenv_i = ( 0 / )
if ( $?CONDA_SHLVL ) then
  if ( "$CONDA_SHLVL:q" =~ [0-9]* && "$CONDA_SHLVL:q" !~ *[^0-9]* ) set __mlenv_i[1] = "$CONDA_SHLVL:q"
endif
if ( $?CONDA_PREFIX ) then
  set __mlenv_i[2] = "$CONDA_PREFIX:q"
endif
if ( "$__mlenv_i[2]:q" != "$__mlenv_env:q" && $__mlenv_i[1] < $__mlenv_level ) set __mlenv_todo = follow
