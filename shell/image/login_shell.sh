case ${PROMPT_COMMAND-} in *Apptainer*|*Singularity*) unset PROMPT_COMMAND ;; esac
for shell do
  if command -v "$shell" >/dev/null 2>&1; then SHELL=$(command -v "$shell"); export SHELL; exec "$shell" -l; fi
done
exec /bin/sh
