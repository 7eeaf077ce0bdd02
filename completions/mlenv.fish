# Completions of mlenv for fish. `mlenv completions fish` prints this file.
# The program itself knows what can come next: a line each, VALUE or VALUE<tab>WHAT IT IS.

function __mlenv_candidates
    set -l words (commandline --current-process --tokenize --cut-at-cursor) (commandline --current-token --cut-at-cursor)
    mlenv complete fish -- $words 2>/dev/null
end

complete --command mlenv --no-files --keep-order --arguments '(__mlenv_candidates)'
