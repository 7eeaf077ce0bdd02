# Runs the program and evals its answer, if it is a whole one; __mlenv_failed tells. The command stands in single
# quotes, so that a directory's name is expanded by the child alone and never read as shell text. `endif` forgets the
# status.
set __mlenv_failed = 1 __mlenv_i = ( --marker "$__mlenv_f:q" )
if ( $__mlenv_by == hand || "$__mlenv_f:q" == "" ) set __mlenv_i = ()
if ( $__mlenv_by == hand && $__mlenv_lost == 2 ) set __mlenv_i = () __mlenv_fault = taken
if ( $__mlenv_by == hand && $__mlenv_lost == 3 ) set __mlenv_i = () __mlenv_fault = gone
# What an rc file has put before an env that came with the surroundings goes behind it, once.
set __mlenv_i = ( $__mlenv_i:q --lost $__mlenv_fault ) __mlenv_fault = none
if ( ! -x "$__mlenv_exe:q" ) then
  foreach __mlenv_d ( $path:q )
    if ( -x "$__mlenv_d:q/mlenv" && ! -d "$__mlenv_d:q/mlenv" ) then
      set __mlenv_exe = "$__mlenv_d:q/mlenv"
      break
    endif
  end
endif
# Words are for people: they go to a terminal or nowhere. tcsh's own echo knows no stderr.
if ( -x "$__mlenv_exe:q" ) then
  set __mlenv_code = "`"'"$__mlenv_exe:q" answer --shell "tcsh:$tcsh" --told "$__mlenv_told:q" $__mlenv_i:q'"`"
  set __mlenv_failed = $status
  if ( $__mlenv_failed == 0 ) eval $__mlenv_code:q
  if ( $__mlenv_failed > 2 ) /bin/sh -c 'if test -t 2; then echo "mlenv: $0" >&2; fi' "no answer about this directory (status $__mlenv_failed); nothing was changed"
else if ( ! $?__mlenv_gone ) then
  /bin/sh -c 'if test -t 2; then echo "mlenv: $0" >&2; fi' "the program is gone: envs are left, but not entered"
  set __mlenv_gone
endif
