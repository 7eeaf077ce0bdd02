# What `mlenv shell` gives bash in place of ~/.bashrc: the user's own, then the env. Read from a pipe, which closes.
if [[ -n ${__mlenv_shell_held-} ]]; then \builtin eval "\\builtin exec $__mlenv_shell_held<&-"; fi
# shellcheck disable=SC1090 # The user's.
if [[ -r ~/.bashrc ]]; then \builtin source ~/.bashrc; fi
# shellcheck disable=SC2154 # Exported by mlenv.
\builtin eval "$(\command "$__mlenv_shell_program" activate --shell bash "$__mlenv_shell_env")"
\builtin unset -v __mlenv_shell_held __mlenv_shell_program __mlenv_shell_env
