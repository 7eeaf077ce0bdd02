version=$1 one=$2 two=$3
shift 3
for program in "$two" "$one" mlenv; do
  if [ "$("$program" --version 2>/dev/null)" = "$version" ]; then exec "$program" "$@"; fi
done
for program in mlenv "$two" "$one"; do
  if "$program" --version >/dev/null 2>&1; then exec "$program" "$@"; fi
done
printf '%s\n' "mlenv: mlenv itself does not start in the image that this env lives in: \
\`mlenv run -p ENV -- python -m pip install PACKAGE\` works without" >&2
exit 2
