for path in "${CONDA_PREFIX:-/opt/conda}"/conda-meta/*.json /opt/conda/conda-meta/*.json \
  "${CONDA_PREFIX:-/opt/conda}"/lib/python3*/site-packages/*.dist-info \
  /opt/conda/lib/python3*/site-packages/*.dist-info \
  /usr/local/lib/python3*/site-packages/*.dist-info /usr/local/lib/python3*/dist-packages/*.dist-info \
  /usr/lib/python3*/site-packages/*.dist-info /usr/lib/python3/dist-packages/*.dist-info; do
  if [ -e "$path" ]; then printf '%s\n' "$path"; fi
done
