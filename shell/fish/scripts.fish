# What packages' scripts change, found out with builtins alone, and written into the session, so that leaving gives it back.
# The program puts this before scripts, where there are any; a shell without the hook forgets it behind them. scripts.bash
# explains.

# Remembers all that is exported, but for what belongs to shells.
function __mlenv_keep
    set -g __mlenv_kept
    for name in (set -nx)
        contains -- $name @OWN@ CONDA_PREFIX VIRTUAL_ENV; and continue
        string match -qr '^(?!(?i)__mlenv)[A-Za-z_][A-Za-z0-9_]*(?<!_functions)$' -- $name; or continue
        set -a __mlenv_kept $name
        set -g __mlenv_value_$name $$name
    end
end

# Gives what was there its value back. A universal variable that scripts hid is seen again.
function __mlenv_restore
    for name in $__mlenv_kept
        set -l old __mlenv_value_$name
        if not set -qx $name; or test "$$name" != "$$old"
            set -eg $name
            set -qx $name; and test "$$name" = "$$old"; or set -gx $name $$old
        end
    end
    __mlenv_forget
end

function __mlenv_forget
    for name in $__mlenv_kept
        set -eg __mlenv_value_$name
    end
    set -eg __mlenv_kept
end

# Writes what is different now into the session.
function __mlenv_record
    set -l items
    set -l before $__mlenv_kept
    for name in $before
        set -l old __mlenv_value_$name
        set -qx $name; and test "$$name" = "$$old"; or set -a items (__mlenv_note $name "$$old")
    end
    __mlenv_forget
    for name in (set -nx)
        contains -- $name $before @OWN@ CONDA_PREFIX VIRTUAL_ENV; and continue
        string match -qr '^(?!(?i)__mlenv)[A-Za-z_][A-Za-z0-9_]*(?<!_functions)$' -- $name; or continue
        set -a items (__mlenv_note $name)
    end
    test -n "$items" -a -n "$__MLENV_SESSION"; and set -gx __MLENV_SESSION "$__MLENV_SESSION s: $items"
end

# NAME and what it was, if it was: items for a variable. Directories that were put around those of a list count one by one.
function __mlenv_note
    set -l name $argv[1]
    set -l new '!'
    set -l old '!'
    set -l more
    if set -qx $name; and string match -qr '(PATH|_DIRS)$' -- $name
        set -l now (string split : -- "$$name")
        if not set -q argv[2]
            set more $now
        else
            set -l was (string split : -- $argv[2])
            set -l front (math (count $now) - (count $was))
            if test $front -gt 0; and test (string join : -- $now[(math $front + 1)..-1] | string collect) = "$argv[2]"
                set more $now[1..$front]
            else if test $name = PATH
                for dir in $now
                    contains -- $dir $was; or set -a more $dir
                end
            end
        end
        string match -q '/*' -- $more; and not string match -qv '/*' -- $more; or set more
    end
    for dir in $more
        echo "p:$name:"(__mlenv_encode $dir)
    end
    test $name = PATH; or set -q more[1]; and return 0
    set -q argv[2]; and set old "="(__mlenv_encode $argv[2])
    set -qx $name; and set new "="(__mlenv_encode "$$name")
    echo "v:$name:$new:$old"
end

function __mlenv_encode
    test -n "$argv[1]"; or begin; echo; return; end
    string escape --style=url -- $argv[1] | string replace -a '~' %7E
end
