# Completions of mlenv for tcsh 6.14 and later: `source` this file in ~/.tcshrc. `mlenv completions tcsh` prints it.
# The program itself knows what can come next; tcsh tells it the line in $COMMAND_LINE. Names with blanks in them cannot
# be offered, since tcsh would split them.

complete mlenv 'p@*@`mlenv complete tcsh`@@'
