# A plain `deactivate` while an env is active, where nothing else has that name; taken back if it is still ours. tcsh tells
# what an alias is by printing it alone, and reads no file: the length tells.
if ( ! -w "$__mlenv_dir:q" ) goto done
alias deactivate >! "$__mlenv_dir:q/alias"
if ( $?__MLENV_SESSION ) then
  if ( ! -z "$__mlenv_dir:q/alias" ) goto done
  foreach __mlenv_i ( $path:q )
    if ( -x "$__mlenv_i:q/deactivate" && ! -d "$__mlenv_i:q/deactivate" ) goto done
  end
  alias deactivate 'source "$__mlenv_dir:q/plain.tcsh" \!*'
  alias deactivate >! "$__mlenv_dir:q/alias"
  @ __mlenv_size = ( -Z "$__mlenv_dir:q/alias" )
else if ( -Z "$__mlenv_dir:q/alias" == $__mlenv_size ) then
  unalias deactivate
  set __mlenv_size = -1
endif
done:
