# Completions of mlenv for bash 3.2 and later. `mlenv completions bash` prints this file.
#
# The program itself knows what can come next. bash splits words at `:` and `=` too, so the whole line goes there,
# and with it the end of it that bash will replace.

_mlenv() {
  local at candidate line=${COMP_LINE:0:COMP_POINT}
  COMPREPLY=()
  while IFS= read -r candidate; do
    COMPREPLY+=("$candidate")
  done < <(mlenv complete bash --line "$line" --word "$2" 2>/dev/null)
  if [[ ${COMPREPLY[0]-} == */* ]]; then
    compopt -o filenames 2>/dev/null
  elif [[ ${COMP_WORDS[COMP_CWORD]-} != [\'\"]* ]]; then
    # What is no name of a file bash puts in as it is, blanks and all.
    for at in "${!COMPREPLY[@]}"; do
      printf -v 'COMPREPLY[at]' %q "${COMPREPLY[at]}"
    done
  fi
  [[ ${#COMPREPLY[@]} == 1 && ${COMPREPLY[0]} == */ ]] && compopt -o nospace 2>/dev/null
  return 0
}

complete -F _mlenv mlenv
