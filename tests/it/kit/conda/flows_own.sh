# What people do to an env with mlenv's own installer of conda packages. Run by bash, in every mode of the base.
set -euo pipefail
cd "$WORK"
export MLENV_SITE=$WORK/no-site CONDARC=$WORK/condarc
printf 'channels:\n  - %s\n' "$TEST_CHANNELS" >condarc
m() { "$MLENV" "$@" 2>>said; }

m create -q --no-save -p own --base "$BASE"
m install -p own app
test "$(own/bin/fresh-tool)" = "fresh $WORK/own"
if m install -p own needs-tools; then exit 3; fi
m unpin -p own tools
m install -p own 'tools>=3,<4'
test "$(own/bin/shelltool)" = "shell 3.0"
m install -p own needs-tools
if m install -p own clobber; then exit 4; fi
m install -p own tools=4
test "$(own/bin/shelltool)" = "shell 4.0"
m install -p own --reinstall tools fresh
test ! -e own/etc/tools.installed
m doctor own
m export own -o own.toml
m create -q --no-save -p again --from own.toml --base "$BASE"
test "$(again/bin/shelltool)" = "shell 4.0"
m uninstall -p own tools app fresh
test "$(own/bin/shelltool)" = shell
own/bin/python -c 'import click, six, greet, sys; assert sys.prefix == "'"$WORK"'/own", sys.prefix'
test -z "$(m packages --added own)"
m doctor own
