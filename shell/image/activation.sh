
# What packages of the env want run when it is active. A line with mlenv_prefix stands in front.
# shellcheck disable=SC2154 # it is set there
CONDA_PREFIX=$mlenv_prefix
export CONDA_PREFIX
for mlenv_script in "$mlenv_prefix"/etc/conda/activate.d/*.sh; do
  # shellcheck disable=SC1090 # known at run time alone
  if [ -r "$mlenv_script" ]; then . "$mlenv_script"; fi
done
unset mlenv_script mlenv_prefix
