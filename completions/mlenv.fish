# Completions of mlenv for fish. `mlenv completions fish` prints this file.
# The program itself knows what can come next: a line each, VALUE or VALUE<tab>WHAT IT IS.

function __mlenv_candidates
    set -l words (commandline --current-process --tokenize --cut-at-cursor)
    set -l token (commandline --current-token --cut-at-cursor)
    # Blanks in it stand behind a backslash; what is begun with a quote stays as it is.
    string match -q -r '^[\'"]' -- $token; or set token (string unescape -- $token)
    mlenv complete fish -- $words "$token" 2>/dev/null
end

complete --command mlenv --no-files --keep-order --arguments '(__mlenv_candidates)'
