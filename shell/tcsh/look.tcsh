# Something changed: find out what decides now, and act if that differs from the last decision. See hook.tcsh.

set __mlenv_traced = $?echo$?verbose __mlenv_cwd = "$cwd:q" __mlenv_d = "$cwd:q" __mlenv_below = "" __mlenv_end = "$home:q" __mlenv_mode = on __mlenv_w = () __mlenv_g = "" __mlenv_p = ""
# Tracing shows no more of all this than tcsh cannot be kept from.
if ( $__mlenv_traced != 00 ) unset echo verbose
# A variable in a one-line `if` is looked up also where the condition does not hold.
if ( $?MLENV_HOOK || $?MLENV_CEILING ) source "$__mlenv_dir:q/switches.tcsh"
if ( "$__mlenv_mode:q" == off ) goto quit

# Where a marker may lie: here and above, to $MLENV_CEILING or $HOME, never in / or where automounters live. A project that
# is nearer decides what uv is told.
while ( "$__mlenv_below:q" != "$__mlenv_end:q" && "$__mlenv_d:q" !~ {,/,/home,/net,/misc,/afs,/cvmfs,/nfs,/Users} && ! -f "$__mlenv_d:q/.mlenv.toml" )
  if ( "$__mlenv_p:q" == "" && -f "$__mlenv_d:q/pyproject.toml" ) set __mlenv_p = "$__mlenv_d:q"
  set __mlenv_w = ( $__mlenv_w:q "$__mlenv_d:q/.mlenv.toml" ) __mlenv_below = "$__mlenv_d:q" __mlenv_d = "$__mlenv_d:h"
end
if ( "$__mlenv_below:q" != "$__mlenv_end:q" && "$__mlenv_d:q" !~ {,/,/home,/net,/misc,/afs,/cvmfs,/nfs,/Users} ) set __mlenv_g = "$__mlenv_d:q/.mlenv.toml"
if ( "$__mlenv_g:q" == "" ) set __mlenv_p = ""
# The test at each prompt looks at the twelve nearest; a marker that appears deeper than that is seen at the next cd.
set __mlenv_n = ( $__mlenv_w:q $__mlenv_none:q )
@ __mlenv_i = 1 + ( $#__mlenv_w > 0 ) + ( $#__mlenv_w > 4 )
alias __mlenv_hook "$__mlenv_tests[$__mlenv_i]:q"

# Another directory, and nothing else.
if ( "$__mlenv_g:q" == "$__mlenv_f:q" && "$__mlenv_p:q" == "$__mlenv_near:q" && "$?__MLENV_SESSION$?VIRTUAL_ENV$?CONDA_PREFIX $path:q" == "$__mlenv_at:q" && "$__mlenv_seen:q" != "?" && -C "$__mlenv_f:q" == $__mlenv_fc && -Z "$__mlenv_f:q" == $__mlenv_fs && -I "$__mlenv_f:q" == $__mlenv_fi && -C "$__mlenv_r:q" == $__mlenv_rc && -I "$__mlenv_r:q" == $__mlenv_ri && -C "$__mlenv_a:q" == $__mlenv_ac && -I "$__mlenv_a:q" == $__mlenv_ai && "$__mlenv_mode:q" == on ) goto quit

set __mlenv_f = "$__mlenv_g:q" __mlenv_near = "$__mlenv_p:q"
source "$__mlenv_dir:q/state.tcsh"
source "$__mlenv_dir:q/stamp.tcsh"
# A refusal that was kept back, since stderr was no terminal, is told once it is one: look again until then.
if ( "$__mlenv_untold" != "" && -t 2 ) set __mlenv_seen = "?"
if ( "$__mlenv_key:q" != "$__mlenv_seen:q" ) source "$__mlenv_dir:q/change.tcsh"
if ( "$__mlenv_untold" != "" ) set __mlenv_fc = -9
# Only a cd counts: the test at each prompt gets nothing to look at.
if ( "$__mlenv_mode:q" == cd ) then
  set __mlenv_n = ( $__mlenv_none:q ) __mlenv_f = "" __mlenv_r = "" __mlenv_a = "" __mlenv_fc = -1 __mlenv_fs = -1 __mlenv_fi = -1
  set __mlenv_rc = -1 __mlenv_ri = -1 __mlenv_ac = -1 __mlenv_ai = -1
  alias __mlenv_hook "$__mlenv_tests[1]:q"
endif
quit:
if ( $__mlenv_traced != 00 ) source "$__mlenv_dir:q/traced.tcsh"
