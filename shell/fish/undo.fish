# Reads a session (src/plan/session.rs) with builtins alone: what is active, and how to undo it where the program is
# gone and this shell did not enter itself. Follows hook.fish.

if status is-interactive

    # Bytes of a session's text, into the variable $argv[1]. Only printf's own escapes are left after the check.
    function __mlenv_decode --no-scope-shadowing
        string match -qr '^[A-Za-z0-9_./+@,%-]*$' -- $argv[2]; or return 1
        set $argv[1] ''
        test -n "$argv[2]"; and builtin printf '%b' (string replace -a % '\\x' -- $argv[2]) | read -z $argv[1]
        return 0
    end

    function __mlenv_learn
        set -g __mlenv_known "$__MLENV_SESSION"
        set -g __mlenv_by ''
        set -g __mlenv_mark ''
        set -g __mlenv_prefix ''
        set -g __mlenv_birth ''
        set -g __mlenv_bin ''
        set -g __mlenv_guard ''
        for item in (string split ' ' -- $__mlenv_known)
            switch $item
                case 'o:'
                    set -g __mlenv_by hand
                case 'o:*'
                    set -g __mlenv_by marker
                    __mlenv_decode __mlenv_mark (string sub -s 3 -- $item)
                case 'e:*'
                    __mlenv_decode __mlenv_prefix (string sub -s 3 -- $item)
                    set -g __mlenv_birth $__mlenv_prefix/mlenv.toml
                case 'p:PATH:*'
                    test -n "$__mlenv_bin"; or __mlenv_decode __mlenv_bin (string sub -s 8 -- $item)
            end
        end
    end

    # Nothing is touched unless all of it can be read.
    function __mlenv_decode_and_undo
        set -l items (string split ' ' -- $__MLENV_SESSION)
        if test "$items[1]" != 1
            __mlenv_say 'this shell\'s session was written by another version of mlenv: start a new shell'
            return 1
        end
        set -e items[1]
        set -l intact 1
        for item in $items
            if not __mlenv_is_item $item
                __mlenv_say 'this shell\'s session is damaged: start a new shell'
                return 1
            end
            switch $item
                case 'v:CONDA_PREFIX:*' 'v:VIRTUAL_ENV:*'
                    __mlenv_is_ours $item; or set intact ''
            end
        end
        for item in $items
            string match -q 'p:*' -- $item; and __mlenv_take_out $item
        end
        # Scripts run only where this shell itself entered, not where somebody else has left already, and not where the
        # directory has another owner now.
        test -z "$__mlenv_guard" -o -O "$__mlenv_guard"; or set intact ''
        if test -n "$intact" -a "$__MLENV_SESSION" = "$__mlenv_mine"; and string match -q 'd:*' -- $items
            __mlenv_keep
            for item in $items
                string match -q 'd:*' -- $item; or continue
                __mlenv_decode item (string sub -s 3 -- $item)
                test -f $item; and source $item
            end
            __mlenv_restore
        end
        for item in $items[-1..1]
            string match -q 'v:*' -- $item; and __mlenv_is_ours $item; or continue
            set -l parts (string split : -- $item)
            if test $parts[4] = '!'
                set -eg $parts[2]
            else
                set -l old
                __mlenv_decode old (string sub -s 2 -- $parts[4])
                # A universal variable that ours hid is seen again.
                set -eg $parts[2]
                set -qUx $parts[2]; and test "$$parts[2]" = "$old"; or set -gx $parts[2] $old
            end
        end
        __mlenv_end
    end

    # True for an item that keeps the session's rules, so that a damaged one changes and runs nothing.
    function __mlenv_is_item
        set -l code '[A-Za-z0-9_./+@,%-]*'
        string match -qr "^(s:|o:(/$code)?|e:/$code|d:/$code/etc/conda/deactivate\.d/$code)\$" -- $argv[1]; and return 0
        string match -qr "^(v:[A-Za-z_][A-Za-z0-9_]*:(!|=$code):(!|=$code)|p:[A-Za-z_][A-Za-z0-9_]*:/$code)\$" -- $argv[1]
        or return 1
        set -l name (string split : -- $argv[1])[2]
        string match -q '__mlenv*' -- $name; and return 1
        string match -q '*_functions' -- $name; and return 1
        string match -q 'v:PATH:*' -- $argv[1]; and return 1
        contains -- $name _ argv history status pipestatus version umask PWD SHLVL IFS CDPATH hostname USER EUID fish_pid
        and return 1
        return 0
    end

    # True while the variable of `v:NAME:new:old` has the value that it was given.
    function __mlenv_is_ours
        set -l parts (string split : -- $argv[1])
        if test $parts[3] = '!'
            not set -q $parts[2]
        else
            set -l new
            __mlenv_decode new (string sub -s 2 -- $parts[3])
            # A list such as JUPYTER_PATH is joined as it is exported.
            set -q $parts[2]; and test "$$parts[2]" = "$new"
        end
    end

    # Takes the directory of `p:NAME:dir` out of the list NAME.
    function __mlenv_take_out
        set -l parts (string split : -- $argv[1])
        set -l dir
        __mlenv_decode dir $parts[3]
        __mlenv_drop $parts[2] $dir
    end
end
