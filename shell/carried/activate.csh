# Source this file in tcsh: `source ENV/bin/activate.csh`. It makes the env active; `deactivate` undoes it.
# Where mlenv is on PATH it does the work, and the env's own variables are set too; else this file does the essential.
# tcsh does not tell which file is read: the env is where it was made. Its patterns and quoted backquotes fail on some
# paths (`!`, backslash, letters that are not ASCII), so directories are listed by their name in a variable.

set __mlenv_env = @ENV@
set __mlenv_found = 1
if ( ! $?__mlenv_saved ) then
  ( \mlenv --version ) >& /dev/null
  set __mlenv_found = $status
endif

if ( $?__mlenv_saved ) then
  # Active by this file: leave. What was changed in between stays.
  setenv __MLENV_LIST "$__mlenv_env:q/etc/conda/deactivate.d"
  if ( -d "$__MLENV_LIST:q" ) then
    set __mlenv_files = ( "`printenv __MLENV_LIST | tr '\n' '\0' | xargs -0 ls`" )
    set __mlenv_count = $#__mlenv_files
    while ( $__mlenv_count > 0 )
      if ( "$__mlenv_files[$__mlenv_count]:q" =~ *.csh ) source "$__mlenv_env:q/etc/conda/deactivate.d/$__mlenv_files[$__mlenv_count]:q"
      @ __mlenv_count--
    end
    unset __mlenv_files __mlenv_count
  endif
  unsetenv __MLENV_LIST
  foreach __mlenv_bin ( @BINS@ )
    set __mlenv_path = ()
    foreach __mlenv_dir ( $path:q )
      if ( "$__mlenv_dir:q" == "$__mlenv_env:q/$__mlenv_bin" ) then
        set __mlenv_bin = /
      else
        set __mlenv_path = ( $__mlenv_path:q "$__mlenv_dir:q" )
      endif
    end
    set path = ( $__mlenv_path:q )
  end
  @RESTORE@
  if ( $?prompt && $?__mlenv_shown ) then
    if ( "$prompt:q" == "$__mlenv_shown:q" ) set prompt = "$__mlenv_prompt:q"
  endif
  unset __mlenv_saved __mlenv_path __mlenv_dir __mlenv_bin __mlenv_shown __mlenv_prompt
  unalias deactivate
else if ( ! -e "$__mlenv_env:q/baseEnv_dir/bin" ) then
  sh -c 'echo "mlenv: this env was moved, or its base is gone"; echo "hint: run mlenv doctor on it"' >& /dev/stderr
else if ( $__mlenv_found == 0 ) then
  # By a file: quoted backquotes do not keep every byte.
  set __mlenv_file = "`mktemp`"
  \mlenv activate --shell tcsh:$tcsh $__mlenv_env:q > $__mlenv_file:q
  if ( $status == 0 ) then
    source $__mlenv_file:q
    alias deactivate 'eval "`\mlenv deactivate --shell tcsh:$tcsh`"; unalias deactivate'
  endif
  \rm -f $__mlenv_file:q
  unset __mlenv_file
else
  set __mlenv_saved
  foreach __mlenv_bin ( @BINS_BACK@ )
    setenv PATH "$__mlenv_env:q/${__mlenv_bin}:${PATH:q}"
  end
  unset __mlenv_bin
  @VARIABLES@
  if ( $?prompt && ! $?MLENV_DISABLE_PROMPT && ! $?VIRTUAL_ENV_DISABLE_PROMPT ) then
    set __mlenv_prompt = "$prompt:q"
    set prompt = @LABEL@"$prompt:q"
    set __mlenv_shown = "$prompt:q"
  endif
  setenv __MLENV_LIST "$__mlenv_env:q/etc/conda/activate.d"
  if ( -d "$__MLENV_LIST:q" ) then
    foreach __mlenv_file ( "`printenv __MLENV_LIST | tr '\n' '\0' | xargs -0 ls`" )
      if ( "$__mlenv_file:q" =~ *.csh ) source "$__mlenv_env:q/etc/conda/activate.d/$__mlenv_file:q"
    end
    unset __mlenv_file
  endif
  unsetenv __MLENV_LIST
  alias deactivate @LEAVE@
endif
unset __mlenv_env __mlenv_found
