# Source this file in tcsh: `source ENV/bin/activate.csh`. It makes the env active; `deactivate` undoes it.
# Where mlenv is on PATH it does the work, and the env's own variables are set too; else this file does the essential.
# tcsh does not tell which file is read: the env is where it was made. Its patterns and quoted backquotes fail on some
# paths (`!`, backslash, letters that are not ASCII), so directories are listed by their name in a variable.

set __mlenv_act_env = @ENV@
set __mlenv_act_found = 1
if ( ! $?__mlenv_act_saved ) then
  ( \mlenv --version ) >& /dev/null
  set __mlenv_act_found = $status
endif

if ( $?__mlenv_act_saved ) then
  # Active by this file: leave. What was changed in between stays.
  setenv __MLENV_LIST "$__mlenv_act_env:q/etc/conda/deactivate.d"
  if ( -d "$__MLENV_LIST:q" ) then
    set __mlenv_act_files = ( "`printenv __MLENV_LIST | tr '\n' '\0' | xargs -0 ls`" )
    set __mlenv_act_count = $#__mlenv_act_files
    while ( $__mlenv_act_count > 0 )
      if ( "$__mlenv_act_files[$__mlenv_act_count]:q" =~ *.csh ) source "$__mlenv_act_env:q/etc/conda/deactivate.d/$__mlenv_act_files[$__mlenv_act_count]:q"
      @ __mlenv_act_count--
    end
    unset __mlenv_act_files __mlenv_act_count
  endif
  unsetenv __MLENV_LIST
  foreach __mlenv_act_bin ( @BINS@ )
    set __mlenv_act_path = ()
    foreach __mlenv_act_dir ( $path:q )
      if ( "$__mlenv_act_dir:q" == "$__mlenv_act_env:q/$__mlenv_act_bin" ) then
        set __mlenv_act_bin = /
      else
        set __mlenv_act_path = ( $__mlenv_act_path:q "$__mlenv_act_dir:q" )
      endif
    end
    set path = ( $__mlenv_act_path:q )
  end
  @RESTORE@
  if ( $?prompt && $?__mlenv_act_shown ) then
    if ( "$prompt:q" == "$__mlenv_act_shown:q" ) set prompt = "$__mlenv_act_prompt:q"
  endif
  unset __mlenv_act_saved __mlenv_act_path __mlenv_act_dir __mlenv_act_bin __mlenv_act_shown __mlenv_act_prompt
  unalias deactivate
else if ( ! -e "$__mlenv_act_env:q/baseEnv_dir/bin" ) then
  sh -c '{ echo "mlenv: this env was moved, or its base is gone"; echo "hint: run mlenv doctor on it"; } >&2'
else if ( $__mlenv_act_found == 0 ) then
  # By a file: quoted backquotes do not keep every byte.
  set __mlenv_act_file = "`mktemp`"
  \mlenv activate --shell tcsh:$tcsh $__mlenv_act_env:q >! $__mlenv_act_file:q
  if ( $status == 0 ) then
    source $__mlenv_act_file:q
    alias deactivate 'eval "`\mlenv deactivate --shell tcsh:$tcsh`"; unalias deactivate'
  endif
  \rm -f $__mlenv_act_file:q
  unset __mlenv_act_file
else
  set __mlenv_act_saved
  foreach __mlenv_act_bin ( @BINS_BACK@ )
    setenv PATH "$__mlenv_act_env:q/${__mlenv_act_bin}:${PATH:q}"
  end
  unset __mlenv_act_bin
  @VARIABLES@
  if ( $?prompt && ! $?MLENV_DISABLE_PROMPT && ! $?VIRTUAL_ENV_DISABLE_PROMPT ) then
    set __mlenv_act_prompt = "$prompt:q"
    set prompt = @LABEL@"$prompt:q"
    set __mlenv_act_shown = "$prompt:q"
  endif
  setenv __MLENV_LIST "$__mlenv_act_env:q/etc/conda/activate.d"
  if ( -d "$__MLENV_LIST:q" ) then
    foreach __mlenv_act_file ( "`printenv __MLENV_LIST | tr '\n' '\0' | xargs -0 ls`" )
      if ( "$__mlenv_act_file:q" =~ *.csh ) source "$__mlenv_act_env:q/etc/conda/activate.d/$__mlenv_act_file:q"
    end
    unset __mlenv_act_file
  endif
  unsetenv __MLENV_LIST
  alias deactivate @LEAVE@
endif
unset __mlenv_act_env __mlenv_act_found
