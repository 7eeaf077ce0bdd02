case $1 in /*) if [ -x "$1" ]; then printf '%s\n' "$1"; fi; exit ;; esac
IFS=:
for dir in $PATH; do
  if [ -f "$dir/$1" ] && [ -x "$dir/$1" ]; then printf '%s\n' "$dir/$1"; exit; fi
done
