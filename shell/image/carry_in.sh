if command -v mlenv >/dev/null 2>&1; then exit 0; fi
target=/usr/local/bin/mlenv
[ -d /usr/local/bin ] || target=/usr/bin/mlenv
cat >"$target.new" && chmod 755 "$target.new" && "$target.new" --version >/dev/null 2>&1 && mv "$target.new" "$target" && exit 0
rm -f "$target.new"
exit 3
