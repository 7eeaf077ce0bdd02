# shellcheck shell=sh
# Starts a Jupyter kernel in an env. The words are: this mlenv, the env, --, the command. What the server has for its
# own Python is not for the env's. Without mlenv the env's own file does the essential.
unset PYTHONHOME PYTHONPATH
if [ -x "$0" ]; then exec "$0" run -p "$@"; fi
if command -v mlenv >/dev/null; then exec mlenv run -p "$@"; fi
echo "mlenv: $0 is gone: run \`mlenv jupyter install\` for $1 again" >&2
# shellcheck disable=SC1091 # In the env.
. "$1/bin/activate" && shift 2 && exec "$@"
