trap 'exit 0' TERM INT HUP
while read -r line; do
  case $line in *" $1 "*) while :; do sleep 86400 & wait $!; done ;; esac
done </proc/self/mountinfo
trap - TERM INT HUP
if command -v bash >/dev/null 2>&1; then exec bash; fi
exec /bin/sh
