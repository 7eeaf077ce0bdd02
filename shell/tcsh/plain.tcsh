# What a plain `deactivate` runs. A venv's own activation calls what has the name with a word, and means itself.
set __mlenv_i = ( $argv:q )
if ( $#__mlenv_i ) then
  if ( "$__mlenv_i[1]:q" == nondestructive ) goto done
endif
source "$__mlenv_dir:q/verb.tcsh" -- deactivate
done:
