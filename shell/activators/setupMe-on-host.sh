# shellcheck shell=sh
# Source this file to make the env active: `. ENV/setupMe-on-host.sh`. `deactivate` undoes it.

__mlenv_top=@ENV@
if [ -n "${BASH_VERSION-}" ]; then
  eval '__mlenv_file=${BASH_SOURCE[0]}'
elif [ -n "${ZSH_VERSION-}" ]; then
  eval '__mlenv_file=${(%):-%x}'
else
  __mlenv_file=$__mlenv_top/setupMe-on-host.sh
fi
case $__mlenv_file in
  */*) __mlenv_file=${__mlenv_file%/*} ;;
  *) __mlenv_file=. ;;
esac
if [ -f "$__mlenv_file/bin/activate" ]; then __mlenv_top=$__mlenv_file; fi
unset __mlenv_file
# shellcheck disable=SC1091
. "$__mlenv_top/bin/activate"
unset __mlenv_top
