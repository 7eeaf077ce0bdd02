# DIRECTORY: prints the paths of the programs in it, each with a NUL behind it.
for program in "${1%/}"/*; do
  if [ -f "$program" ] && [ -x "$program" ]; then printf '%s\000' "$program"; fi
done
