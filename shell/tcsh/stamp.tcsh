# All that decides, as one text in __mlenv_key, and the stamps that the test at each prompt compares.
@ __mlenv_fc = ( -C "$__mlenv_f:q" ) __mlenv_fs = ( -Z "$__mlenv_f:q" ) __mlenv_fi = ( -I "$__mlenv_f:q" ) __mlenv_rc = ( -C "$__mlenv_r:q" ) __mlenv_ri = ( -I "$__mlenv_r:q" ) __mlenv_ac = ( -C "$__mlenv_a:q" ) __mlenv_ai = ( -I "$__mlenv_a:q" )
set __mlenv_key = "$__mlenv_f:q $__mlenv_fc $__mlenv_fs $__mlenv_fi $__mlenv_rc $__mlenv_ri $__mlenv_ac $__mlenv_ai $__mlenv_lost $__mlenv_by $__mlenv_strange:q $__mlenv_other:q $__mlenv_near:q"
if ( "$__mlenv_f:q$__mlenv_strange:q$__mlenv_other:q" == "" && $__mlenv_by == nobody ) set __mlenv_key = "-"
