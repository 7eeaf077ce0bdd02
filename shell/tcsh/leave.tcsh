# Leaves the active env without the program, by the text that it gave on entering, where every variable is as it left it
# then; where one was changed since, the program finds out what is still ours.

set __mlenv_whole = 0
if ( "$__mlenv_strange:q" == "" ) eval $__mlenv_check:q
# What scripts do to what was there only a process can find out.
if ( $#__mlenv_scripts && -x "$__mlenv_exe:q" ) set __mlenv_whole = 0
if ( ! $__mlenv_whole ) then
  set __mlenv_keep = "$__mlenv_f:q" __mlenv_f = ""
  source "$__mlenv_dir:q/ask.tcsh"
  set __mlenv_f = "$__mlenv_keep:q"
  goto done
endif

# Not where the directory has another owner now.
if ( "$__mlenv_guard:q" != "" && ! -o "$__mlenv_guard:q" ) set __mlenv_scripts = ()
foreach __mlenv_i ( $__mlenv_scripts:q )
  if ( -f "$__mlenv_i:q" && -r "$__mlenv_i:q" ) source "$__mlenv_i:q"
end
eval $__mlenv_undo:q
if ( $?__mlenv_shown ) then
  if ( $?prompt ) then
    if ( "$prompt:q" == "$__mlenv_shown:q" ) set prompt = "$__mlenv_prompt:q"
  endif
  unset __mlenv_shown __mlenv_prompt
endif
done:
