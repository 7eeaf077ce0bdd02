prefix=${CONDA_PREFIX:-/opt/conda}
[ -d "$prefix/conda-meta" ] || prefix=/opt/conda
if [ -d "$prefix/conda-meta" ]; then
  printf '@prefix %s\n@history\n' "$prefix"
  if [ -r "$prefix/conda-meta/history" ]; then cat "$prefix/conda-meta/history"; fi
  printf '\n@records\n'
  for file in "$prefix"/conda-meta/*.json; do
    if [ -e "$file" ]; then file=${file##*/}; printf '%s\n' "${file%.json}"; fi
  done
fi
printf '@dists\n'
for dir in "$prefix"/lib/python3*/site-packages/*.dist-info \
  /usr/local/lib/python3*/site-packages/*.dist-info /usr/local/lib/python3*/dist-packages/*.dist-info \
  /usr/lib/python3*/site-packages/*.dist-info; do
  [ -d "$dir" ] || continue
  installer='' requested=no url=''
  if [ -r "$dir/INSTALLER" ]; then read -r installer <"$dir/INSTALLER" || :; fi
  if [ -e "$dir/REQUESTED" ]; then requested=yes; fi
  if [ -r "$dir/direct_url.json" ]; then
    url=' '
    while read -r line || [ -n "$line" ]; do url="$url $line"; done <"$dir/direct_url.json"
    [ "$url" != ' ' ] || url='{'
  fi
  printf '%s\t%s\t%s\t%s\n' "$dir" "$installer" "$requested" "$url"
done
