# Leaves the active env without the program, by the text that it gave on entering: what still has our value goes back.
# A colon list goes back only as a whole; where one was changed since, the program takes our entry out of it.

set __mlenv_whole = 1
if ( "$__mlenv_known:q" != "$__mlenv_session:q" ) set __mlenv_whole = 0
if ( $__mlenv_whole ) eval $__mlenv_check:q
if ( ! $__mlenv_whole ) then
  set __mlenv_keep = "$__mlenv_f:q"
  set __mlenv_f = ""
  source "$__mlenv_dir:q/ask.tcsh"
  set __mlenv_f = "$__mlenv_keep:q"
  goto done
endif

# Whoever has left the prefix behind our back has run the scripts already.
set __mlenv_intact = 0
if ( $?CONDA_PREFIX ) then
  if ( "$CONDA_PREFIX:q" == "$__mlenv_env:q" ) set __mlenv_intact = 1
endif
if ( $?VIRTUAL_ENV ) then
  if ( "$VIRTUAL_ENV:q" == "$__mlenv_env:q" ) set __mlenv_intact = 1
endif
@ __mlenv_i = 1
while ( $__mlenv_intact && $__mlenv_i <= $#__mlenv_scripts )
  if ( -r "$__mlenv_scripts[$__mlenv_i]:q" ) source "$__mlenv_scripts[$__mlenv_i]:q"
  @ __mlenv_i++
end
eval $__mlenv_undo:q
unsetenv __MLENV_SESSION
if ( $?__mlenv_shown ) then
  if ( $?prompt ) then
    if ( "$prompt:q" == "$__mlenv_shown:q" ) set prompt = "$__mlenv_prompt:q"
  endif
  unset __mlenv_shown __mlenv_prompt
endif
done:
