if [ -e "$1" ]; then printf '%s\n' yes; fi
