prefix=$1
shift
for python in "$prefix/bin/python" "$prefix/bin/python3" python3 python; do
  if command -v "$python" >/dev/null 2>&1; then exec "$python" "$@"; fi
done
printf '%s\n' 'no Python in the image' >&2
exit 127
