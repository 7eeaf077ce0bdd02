verb=$1 prefix=$2
shift 2
for client in "${MAMBA_EXE:-}" micromamba mamba conda "$prefix/bin/mamba" "$prefix/bin/conda"; do
  if [ -n "$client" ] && command -v "$client" >/dev/null 2>&1; then exec "$client" "$verb" -y -p "$prefix" "$@"; fi
done
printf '%s\n' 'no conda client in the image' >&2
exit 127
