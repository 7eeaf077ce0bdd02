# Whether conda or a venv has an env active that is not ours; conda's base counts as none.
if ( $?VIRTUAL_ENV ) then
  if ( "$VIRTUAL_ENV:q" != "$__mlenv_env:q" ) set __mlenv_other = "$VIRTUAL_ENV:q"
endif
if ( "$__mlenv_other:q" == "" && $?CONDA_PREFIX && $?CONDA_SHLVL ) then
  if ( "$CONDA_SHLVL:q" != "0" && "$CONDA_PREFIX:q" != "$__mlenv_env:q" ) then
    set __mlenv_other = "$CONDA_PREFIX:q"
    if ( $?CONDA_DEFAULT_ENV ) then
      if ( "$CONDA_DEFAULT_ENV:q" == "base" ) set __mlenv_other = ""
    endif
    if ( $?CONDA_EXE ) then
      if ( "$CONDA_EXE:q" == "$CONDA_PREFIX:q/bin/conda" ) set __mlenv_other = ""
    endif
  endif
endif
