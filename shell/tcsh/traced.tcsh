# Puts back what look.tcsh took away.
if ( $__mlenv_traced =~ ?1 ) set verbose
if ( $__mlenv_traced =~ 1? ) set echo
