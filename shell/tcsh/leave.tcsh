# Leaves the active env without the program, from what it told on entering: variables that still have our value go
# back. Lists go back only as a whole; if one was changed since, the program takes our entry out of it.
set __mlenv_whole = 1
if ( "$__mlenv_known:q" != "$__mlenv_session:q" || ! $?__mlenv_lists || ! $?__mlenv_vars ) set __mlenv_whole = 0
if ( $__mlenv_whole ) then
  set __mlenv_l = ( $__mlenv_lists:q )
  while ( $#__mlenv_l )
    set __mlenv_v = "!"
    eval 'if ( $?'"$__mlenv_l[1]"' ) set __mlenv_v = "=$'"$__mlenv_l[1]"':q"'
    if ( "$__mlenv_v:q" != "$__mlenv_l[2]:q" ) set __mlenv_whole = 0
    shift __mlenv_l
    shift __mlenv_l
    shift __mlenv_l
    shift __mlenv_l
  end
endif
if ( ! $__mlenv_whole ) then
  set __mlenv_keep = "$__mlenv_f:q"
  set __mlenv_f = ""
  source "$__mlenv_dir:q/ask.tcsh"
  set __mlenv_f = "$__mlenv_keep:q"
  unset __mlenv_keep
  goto done
endif

foreach __mlenv_i ( $__mlenv_scripts:q )
  if ( -r "$__mlenv_i:q" ) source "$__mlenv_i:q"
end
set __mlenv_l = ( $__mlenv_vars:q $__mlenv_lists:q )
while ( $#__mlenv_l )
  set __mlenv_v = "!"
  eval 'if ( $?'"$__mlenv_l[1]"' ) set __mlenv_v = "=$'"$__mlenv_l[1]"':q"'
  if ( "$__mlenv_v:q" == "$__mlenv_l[2]:q" ) then
    if ( "$__mlenv_l[3]" == "=" ) then
      setenv $__mlenv_l[1] "$__mlenv_l[4]:q"
    else
      unsetenv $__mlenv_l[1]
    endif
  endif
  shift __mlenv_l
  shift __mlenv_l
  shift __mlenv_l
  shift __mlenv_l
end
unsetenv __MLENV_SESSION
unset __mlenv_vars __mlenv_lists __mlenv_scripts
if ( $?__mlenv_shown ) then
  if ( $?prompt ) then
    if ( "$prompt:q" == "$__mlenv_shown:q" ) set prompt = "$__mlenv_prompt:q"
  endif
  unset __mlenv_shown __mlenv_prompt
endif
done:
