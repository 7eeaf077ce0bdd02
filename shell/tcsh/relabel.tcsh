# Where conda comes back to the env, it names it in a way of its own.
if ( $__mlenv_by != nobody && "$__mlenv_named:q" != "" && $?CONDA_PREFIX && $?CONDA_PROMPT_MODIFIER ) then
  if ( "$CONDA_PREFIX:q" == "$__mlenv_env:q" && "$CONDA_PROMPT_MODIFIER:q" != "$__mlenv_named:q" ) then
    if ( $?prompt && $?__mlenv_shown ) then
      if ( "$prompt:q" == "${CONDA_PROMPT_MODIFIER:q}$__mlenv_prompt:q" ) set prompt = "$__mlenv_shown:q"
    endif
    setenv CONDA_PROMPT_MODIFIER "$__mlenv_named:q"
  endif
endif
