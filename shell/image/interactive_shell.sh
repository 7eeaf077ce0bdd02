env=$1; shift
for shell do
  if command -v "$shell" >/dev/null 2>&1; then
    SHELL=$(command -v "$shell"); export SHELL
    case $shell in
      bash) __mlenv_rc=1; export __mlenv_rc; exec bash --rcfile "$env/setup-UserEnv-in-container.sh" -i ;;
      *) exec "$shell" -i ;;
    esac
  fi
done
exec /bin/sh -i
