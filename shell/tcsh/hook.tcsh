# mlenv's hook for tcsh 6.18 and later, sourced by what `mlenv hook tcsh` prints.
#
# tcsh cannot read a file without forking, so it compares change time, size and inode, which tell as much; while a
# marker is younger than two seconds the program says to look again. The test stands in an alias, written so that
# it cannot fail: tcsh removes a precmd that does. All else lies in the files beside this one, where a failure is
# only a message; no file is written and no loop is needed when nothing changed.
# Each command costs tcsh some twenty system calls, whatever it does: one `set` or `@` gives many variables a value.
# Names: __mlenv_f the marker, _near a project below its directory, _r the env's record, _a the user's answer, _n where a nearer marker may appear; _fc, _fs,
# _fi and so on their stamps.

if ( $?prompt ) then

  set __mlenv_exe = ::MLENV:: __mlenv_dir = ::DIR:: __mlenv_cwd = "" __mlenv_at = "" __mlenv_seen = "-" __mlenv_untold = ""
  set __mlenv_f = "" __mlenv_near = "" __mlenv_r = "" __mlenv_a = "" __mlenv_fc = -1 __mlenv_fs = -1 __mlenv_fi = -1
  set __mlenv_rc = -1 __mlenv_ri = -1 __mlenv_ac = -1 __mlenv_ai = -1
  # What the program told about the session.
  set __mlenv_session = "" __mlenv_guard = "" __mlenv_missing = "" __mlenv_owner = nobody __mlenv_env = "" __mlenv_bin = "" __mlenv_mark = ""
  set __mlenv_check = "" __mlenv_undo = "" __mlenv_scripts = () __mlenv_level = "" __mlenv_named = "" __mlenv_outer = ""
  if ( ! $?__mlenv_size ) set __mlenv_size = -1
  # Twelve names of nothing. An empty word would get lost when the list is copied.
  set __mlenv_none = ( /dev/null/x /dev/null/x /dev/null/x /dev/null/x /dev/null/x /dev/null/x )
  set __mlenv_none = ( $__mlenv_none $__mlenv_none )
  set __mlenv_n = ( $__mlenv_none:q )
  if ( ! $?__mlenv_told ) set __mlenv_told = ""
  # An env that came with the surroundings is looked at once, whatever lies here.
  set __mlenv_fault = none
  if ( $?__MLENV_SESSION ) set __mlenv_seen = "?" __mlenv_fault = first

  # The status is for what stands behind in the same alias; where the user has printexitvalue, to set it would print it.
  # One test with as little text as the place allows: tcsh reads an alias anew each time. look.tcsh picks it by how many
  # directories there are where a nearer marker may appear.
  set __mlenv_i = '"$cwd:q" != "$__mlenv_cwd:q" || "$?__MLENV_SESSION$?VIRTUAL_ENV$?CONDA_PREFIX $path:q" != "$__mlenv_at:q" || -C "$__mlenv_f:q" != $__mlenv_fc || -Z "$__mlenv_f:q" != $__mlenv_fs || -I "$__mlenv_f:q" != $__mlenv_fi || -C "$__mlenv_r:q" != $__mlenv_rc || -I "$__mlenv_r:q" != $__mlenv_ri || -C "$__mlenv_a:q" != $__mlenv_ac || -I "$__mlenv_a:q" != $__mlenv_ai'
  set __mlenv_first = 'set __mlenv_status = $status; if ( ('
  set __mlenv_last = ') && -r "$__mlenv_dir:q/look.tcsh" ) source "$__mlenv_dir:q/look.tcsh"; if ( ! $?printexitvalue ) set status = $__mlenv_status'
  set __mlenv_tests = ( "$__mlenv_first:q $__mlenv_i:q $__mlenv_last:q" )
  set __mlenv_i = "$__mlenv_i:q"' || -f "$__mlenv_n[1]:q" || -f "$__mlenv_n[2]:q" || -f "$__mlenv_n[3]:q" || -f "$__mlenv_n[4]:q"'
  set __mlenv_tests = ( $__mlenv_tests:q "$__mlenv_first:q $__mlenv_i:q $__mlenv_last:q" )
  set __mlenv_i = "$__mlenv_i:q"' || -f "$__mlenv_n[5]:q" || -f "$__mlenv_n[6]:q" || -f "$__mlenv_n[7]:q" || -f "$__mlenv_n[8]:q" || -f "$__mlenv_n[9]:q" || -f "$__mlenv_n[10]:q" || -f "$__mlenv_n[11]:q" || -f "$__mlenv_n[12]:q"'
  set __mlenv_tests = ( $__mlenv_tests:q "$__mlenv_first:q $__mlenv_i:q $__mlenv_last:q" )
  alias __mlenv_hook "$__mlenv_tests[3]:q"
  alias mlenv 'source "$__mlenv_dir:q/verb.tcsh" --'

  # A prompt that the rc file has set anew shows what is active as before.
  if ( $?__mlenv_label && $?__mlenv_shown ) then
    if ( "$prompt:q" != "$__mlenv_shown:q" ) then
      set __mlenv_prompt = "$prompt:q" prompt = "$__mlenv_label:q$prompt:q"
      set __mlenv_shown = "$prompt:q"
    endif
  endif

  # Before a precmd and a cwdcmd that are there already; each once.
  foreach __mlenv_i ( precmd cwdcmd )
    set __mlenv_old = "`alias $__mlenv_i`"
    if ( "$__mlenv_old:q" =~ *__mlenv_hook* ) continue
    if ( "$__mlenv_old:q" == "" ) then
      alias $__mlenv_i __mlenv_hook
    else
      alias $__mlenv_i "__mlenv_hook; $__mlenv_old:q"
    endif
  end
  unset __mlenv_i __mlenv_old __mlenv_first __mlenv_last
endif
