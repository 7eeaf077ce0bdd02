# Leaves the active env without the program, from what it told on entering: four words for each variable, which are
# its name, the value that is ours, whether it was set before, and its value then. A variable that still has our value
# goes back. Lists go back only as a whole; where one was changed since, the program takes our entry out of it.

set __mlenv_whole = 1
if ( "$__mlenv_known:q" != "$__mlenv_session:q" ) set __mlenv_whole = 0
@ __mlenv_i = 1
while ( $__mlenv_whole && $__mlenv_i < $#__mlenv_lists )
  @ __mlenv_j = $__mlenv_i + 1
  set __mlenv_v = "!"
  set __mlenv_name = "$__mlenv_lists[$__mlenv_i]:q"
  eval 'if ( $?'"$__mlenv_name"' ) eval '"'"'set __mlenv_v = "=$'"$__mlenv_name"':q"'"'"
  if ( "$__mlenv_v:q" != "$__mlenv_lists[$__mlenv_j]:q" ) set __mlenv_whole = 0
  @ __mlenv_i += 4
end

if ( ! $__mlenv_whole ) then
  set __mlenv_keep = "$__mlenv_f:q"
  set __mlenv_f = ""
  source "$__mlenv_dir:q/ask.tcsh"
  set __mlenv_f = "$__mlenv_keep:q"
  goto done
endif

@ __mlenv_i = 1
while ( $__mlenv_i <= $#__mlenv_scripts )
  if ( -r "$__mlenv_scripts[$__mlenv_i]:q" ) source "$__mlenv_scripts[$__mlenv_i]:q"
  @ __mlenv_i++
end

set __mlenv_which = vars
again:
@ __mlenv_i = 1
eval '@ __mlenv_end = $#__mlenv_'"$__mlenv_which"
while ( $__mlenv_i < $__mlenv_end )
  @ __mlenv_j = $__mlenv_i + 1
  @ __mlenv_k = $__mlenv_i + 2
  @ __mlenv_l = $__mlenv_i + 3
  eval 'set __mlenv_name = "$__mlenv_'"$__mlenv_which"'[$__mlenv_i]:q"'
  eval 'set __mlenv_ours = "$__mlenv_'"$__mlenv_which"'[$__mlenv_j]:q"'
  eval 'set __mlenv_had = "$__mlenv_'"$__mlenv_which"'[$__mlenv_k]:q"'
  eval 'set __mlenv_old = "$__mlenv_'"$__mlenv_which"'[$__mlenv_l]:q"'
  set __mlenv_v = "!"
  eval 'if ( $?'"$__mlenv_name"' ) eval '"'"'set __mlenv_v = "=$'"$__mlenv_name"':q"'"'"
  if ( "$__mlenv_v:q" == "$__mlenv_ours:q" ) then
    if ( "$__mlenv_had" == "=" ) then
      setenv $__mlenv_name "$__mlenv_old:q"
    else
      unsetenv $__mlenv_name
    endif
  endif
  @ __mlenv_i += 4
end
if ( $__mlenv_which == vars ) then
  set __mlenv_which = lists
  goto again
endif

unsetenv __MLENV_SESSION
if ( $?__mlenv_shown ) then
  if ( $?prompt ) then
    if ( "$prompt:q" == "$__mlenv_shown:q" ) set prompt = "$__mlenv_prompt:q"
  endif
  unset __mlenv_shown __mlenv_prompt
endif
done:
