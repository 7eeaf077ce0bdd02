program=$1
shift
if command -v bash >/dev/null 2>&1; then exec bash --noprofile --norc -c "$program" mlenv "$@"; fi
exec /bin/sh -c "$program" mlenv "$@"
