# What people do to an env with conda clients and pip, by mlenv and by hand. Run by bash, in every mode of the base.
set -euo pipefail
cd "$WORK"
m() { "$MLENV" "$@" 2>>said; }
client() { "$CLIENT" "$@" -y -p "$WORK/env" >>said 2>&1; }
python() { env/bin/python "$@"; }

m create -q --no-save -p env --base "$BASE"
m install -p env app
test "$(env/bin/fresh-tool)" = "fresh $WORK/env"
m install -p env --pip 'greet>1'
test "$(env/bin/greet)" = "2.0 $WORK/env"
m unpin -p env tools
m install -p env 'tools>=3,<4'
test "$(env/bin/shelltool)" = "shell 3.0"
test "$(cat env/etc/image.conf)" = linked
# By hand, in an active env: the image's own settings are in force.
set +u
eval "$("$MLENV" activate --shell bash ./env)"
set -u
client install clobber
client update --all
test "$(env/bin/shelltool)" = "shell 4.0"
grep -q '"tools"' <(m packages --added --json env)
if grep -q '"python"' <(m packages --added --json env); then exit 4; fi
client remove six
python -m pip install -q --no-index --find-links "$WHEELS" fresh
python -m pip uninstall -q -y fresh greet
test ! -e env/bin/greet
if m doctor env; then exit 3; fi
m doctor --fix env
test "$(env/bin/greet)" = "1.0 $WORK/env"
m uninstall -p env tools clobber app fresh
test "$(env/bin/shelltool)" = shell
python -c 'import click, six, greet, sys; assert sys.prefix == "'"$WORK"'/env", sys.prefix'
test -z "$(m packages --added env)"
m doctor env
