HOME=$1; export HOME; shift; exec "$@"
