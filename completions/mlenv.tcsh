# Completions of mlenv for tcsh 6.14 and later: `source` this file in ~/.tcshrc. `mlenv completions tcsh` prints it.
# The program itself knows what can come next; tcsh tells it the line in $COMMAND_LINE, and splits what it answers at blanks.
# So what may have blanks in it tcsh completes by itself: paths that were begun with a `/` in them, and names behind -n.

set __mlenv_envs = "$HOME/.local/share/mlenv/envs"
if ( $?XDG_DATA_HOME ) then
  set __mlenv_envs = "$XDG_DATA_HOME/mlenv/envs"
endif
if ( $?MLENV_ENVS ) then
  set __mlenv_envs = "$MLENV_ENVS"
endif
if ( "$__mlenv_envs" !~ *@* ) then
  complete mlenv 'C@*/*@d@' "n@-n@D:${__mlenv_envs}@@" 'p@*@`mlenv complete tcsh`@@'
else
  complete mlenv 'C@*/*@d@' 'p@*@`mlenv complete tcsh`@@'
endif
unset __mlenv_envs
