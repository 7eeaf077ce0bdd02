# What `mlenv shell` lets fish do after the user's files.
$__mlenv_shell_program activate --shell fish $__mlenv_shell_env | source
set -e __mlenv_shell_program __mlenv_shell_env
